//! What stands before and after every page: the origin check, the browser's cookie, and the drawing of errors.

use actix_web::{
    Error, HttpMessage, HttpRequest, HttpResponse, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{ALLOW, CONTENT_TYPE, HeaderValue},
    },
    middleware::Next,
    web::Data,
};

use actix_session::SessionExt;
use url::form_urlencoded;

use super::{account::sign_in, tokens::open_refusals::count_for_menu};
use crate::{
    accounts::one_time_link,
    app::App,
    auth::RequestScope,
    tokens::secret,
    web::{
        csrf::{VisitId, comes_from_us},
        error::{Back, ErrorText, PageError},
        error_page::{Outage, draw},
        flash::Flash,
        form::receive,
        late_form::LateForm,
        page::{Page, Said, Who, below_prefix, go_to, own_path, sign_in_first, signed_in},
        query::with_query,
        rate_limited, reauth,
        session::{TypedSession, cookie, cookie_value},
    },
};

/// Wraps every page; goes inside the session's middleware.
pub async fn guard<B: MessageBody + 'static>(
    mut req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let app = req.app_data::<Data<App>>().cloned().expect("the server is built with an App");
    let known = cookie_value(req.request(), &app, "visit").filter(|visit| visit.len() == 43);
    let visit = known.clone().unwrap_or_else(|| one_time_link::generate(&mut crate::random::system()));
    req.extensions_mut().insert(VisitId(visit.clone()));
    // HEAD is GET without the body, which the server leaves out by itself.
    if req.method() == Method::HEAD {
        req.head_mut().method = Method::GET;
    }
    let safe = matches!(*req.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let res = if let Some(path) = without_keys(&req, &app).await.filter(|_| safe) {
        req.into_response(PageError::Redirect(path).error_response()).map_into_right_body()
    } else if safe || comes_from_us(&req, &app) {
        if req.method() == Method::POST {
            receive(&mut req).await;
        }
        count_for_menu(req.request(), &app).await.ok();
        sent_back(next.call(req).await?.map_into_left_body(), &app).await
    } else {
        req.into_response(PageError::NotFromUs.error_response()).map_into_right_body()
    };
    let mut res = drawn(rate_limited::answered(explained(res)));
    if res.request().extensions().get::<Said>().is_some() {
        res.response_mut().add_cookie(&Flash::spent(&app))?;
    }
    if safe && res.status().is_success() {
        TypedSession(res.request().get_session()).forget_late_form(); // its page had its chance
    }
    if known.is_none() {
        res.response_mut().add_cookie(&cookie(&app, "visit", visit, None))?;
    }
    Ok(res)
}

/// The asked address with every key in its query cut to its hint, if there is one: keys do not belong into addresses,
/// where pages would show them and browsers keep them.
async fn without_keys(req: &ServiceRequest, app: &App) -> Option<String> {
    let (mut pairs, mut has_key) = (Vec::new(), false);
    for (name, value) in form_urlencoded::parse(req.query_string().as_bytes()) {
        let (name, value) = (without_key(app, &name).await, without_key(app, &value).await);
        has_key |= name.is_err() || value.is_err();
        pairs.push((name.unwrap_or_else(|cut| cut), value.unwrap_or_else(|cut| cut)));
    }
    if !has_key {
        return None;
    }
    let path = below_prefix(req.request());
    let whole = with_query(&path, pairs);
    let safe = own_path(&whole).or_else(|| own_path(&path)).unwrap_or("/");
    Some(format!("{}{safe}", app.settings.public_url.path()))
}

/// The text itself, or as an error what is left of it without the key in it: a hint, or nothing of a legacy key. When the
/// database does not answer, the page will say so.
async fn without_key(app: &App, text: &str) -> Result<String, String> {
    if let Some(cut) = secret::cut(text) {
        return Err(cut);
    }
    let is_key = app.legacy.is_in(&app.store, text).await.unwrap_or_default();
    if is_key { Err(String::new()) } else { Ok(text.to_owned()) }
}

/// Wraps the session's middleware, whose store is the database too: what fails there shows as 503 like everywhere.
pub async fn outage<B: MessageBody>(req: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let app = req.app_data::<Data<App>>().cloned().expect("the server is built with an App");
    let reference = RequestScope::current_id();
    next.call(req).await.map_err(|error| {
        tracing::warn!(%error, "page not served");
        Outage::new(Page::bare(&app, ""), reference).into()
    })
}

/// Puts what was meant into an answer that says that somebody has to sign in first, that a form came too late, or that they have to prove who they are.
async fn sent_back<B: MessageBody + 'static>(
    res: ServiceResponse<EitherBody<B>>,
    app: &App,
) -> ServiceResponse<EitherBody<B>> {
    let back = res.response().extensions().get::<Back>().cloned();
    let answer = match back {
        Some(back) => way_back(res.request(), app, back).await.transpose(),
        None => None,
    };
    match answer {
        None => res,
        Some(answer) => {
            let answer = answer.unwrap_or_else(|error| error.error_response());
            res.into_response(answer.map_into_right_body())
        }
    }
}

/// To the sign-in page, with what was typed; to the form's own page, filled, for somebody who is signed in. None where
/// the answer says itself what there is to say.
async fn way_back(req: &HttpRequest, app: &App, back: Back) -> Result<Option<HttpResponse>, PageError> {
    if req.method() != Method::POST {
        return Ok(Some(PageError::Redirect(sign_in_first(req)).error_response()));
    }
    if let Back::Unproven(problem) = back {
        return Ok(Some(reauth::ask(req, problem)?));
    }
    let (session, late) = (TypedSession(req.get_session()), LateForm::of(req));
    if back == Back::Late && session.account().is_some() {
        return match late {
            Some(late) => Ok(Some(go_to(req, late.kept_in(&session, app).await?))),
            None => Ok(None),
        };
    }
    session.end();
    req.extensions_mut().remove::<Who>();
    Ok(Some(sign_in::first(req, app, late.as_ref())?))
}

/// Says what is meant when a page is asked by a method it does not have.
fn explained<B: MessageBody>(mut res: ServiceResponse<B>) -> ServiceResponse<B> {
    if res.status() == StatusCode::METHOD_NOT_ALLOWED {
        let reads =
            res.headers().get(ALLOW).and_then(|value| value.to_str().ok()).filter(|value| value.contains("GET"));
        if let Some(allow) = reads.and_then(|value| HeaderValue::from_str(&format!("{value}, HEAD")).ok()) {
            res.headers_mut().insert(ALLOW, allow);
        }
        res.response_mut().extensions_mut().insert(PageError::WrongMethod.text());
    }
    res
}

/// Puts the error page into an answer that carries an error's text.
fn drawn<B: MessageBody + 'static>(res: ServiceResponse<EitherBody<B>>) -> ServiceResponse<EitherBody<B>> {
    let text = res.response().extensions().get::<ErrorText>().cloned();
    let Some(text) = text else {
        return res;
    };
    let req = res.request().clone();
    let reference = RequestScope::current_id();
    let page = draw(Page::new(&req, ""), res.status(), text, reference);
    let mut res = res.map_body(|_, _| EitherBody::right(actix_web::body::BoxBody::new(page)));
    res.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    res
}

/// Any address that is no page.
pub async fn not_found(req: HttpRequest) -> Result<HttpResponse, PageError> {
    signed_in(&req).await?; // so that the page knows who looks at it
    Err(PageError::NotFound)
}
