//! Creating a token, from nothing or as a duplicate of another, and the one answer that shows its key.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{
    already_done, confirmed, feeds,
    fields::{Fields, TokenForm},
    find, show_once,
};
use crate::{
    app::App,
    portal::{
        error::PageError,
        form::{Form, Problems},
        page::{Page, SignedIn, answer},
    },
    store::{Feed, Issued},
    tokens::{FormId, Permission, TokenId, change::NewToken},
};

#[derive(Template)]
#[template(path = "portal/tokens/new.html")]
struct New {
    page: Page,
    form_id: String,
    copied_from: String,
    form: Fields,
    problems: Problems,
}

/// `GET /settings/tokens/new`
pub async fn show(req: HttpRequest, app: Data<App>, me: SignedIn) -> Result<HttpResponse, PageError> {
    let feeds = feeds(&app, &me).await?;
    let form = TokenForm { form_id: form_id(&me), ..TokenForm::blank(app.settings.max_token_days) };
    draw(&req, &app, &me, &feeds, StatusCode::OK, form, String::new(), Problems::default())
}

/// `GET /settings/tokens/{id}/duplicate`: the same form, filled with another token's settings.
pub async fn duplicate(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    let token = find(&app, &me, &id).await?;
    let feeds = feeds(&app, &me).await?;
    let blank = TokenForm::blank(app.settings.max_token_days);
    let form = TokenForm {
        form_id: form_id(&me),
        version: String::new(),
        expires: blank.expires,
        name: copy_name(&token.name),
        ..TokenForm::of(&token)
    };
    draw(&req, &app, &me, &feeds, StatusCode::OK, form, token.name, Problems::default())
}

/// `POST /settings/tokens`
pub async fn submit(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    Form(form): Form<TokenForm>,
) -> Result<HttpResponse, PageError> {
    let feeds = feeds(&app, &me).await?;
    let checked = match check(&app, &me, &form, &feeds) {
        Ok(new) => confirmed(&req, &app, &me, &form.password).await?.map(|()| new),
        Err(problems) => Err(problems),
    };
    let new = match checked {
        Ok(new) => new,
        Err(problems) => {
            return draw(&req, &app, &me, &feeds, StatusCode::UNPROCESSABLE_ENTITY, form, String::new(), problems);
        }
    };
    let form_id = FormId::parse(&form.form_id).ok_or(PageError::NotFromUs)?;
    let token = new.into_token(TokenId::generate(me.now, &mut crate::random::system()), me.account.id, me.now);
    match app.store.create_token(token.clone(), &form_id.to_string(), &me.actor, me.now).await? {
        Issued::Secret(secret) => show_once(&req, &app, &me, &token, &feeds, &secret, false),
        Issued::AlreadyDone(id) => already_done(&req, &app, &me, id).await,
        Issued::Stale => Err(PageError::NotFound),
    }
}

fn check(app: &App, me: &SignedIn, form: &TokenForm, feeds: &[Feed]) -> Result<NewToken, Problems> {
    let mut problems = Problems::default();
    let reachable: Vec<_> = feeds.iter().map(|feed| feed.id).collect();
    let wanted = form.read(&reachable, &mut problems);
    if wanted.as_ref().is_some_and(|wanted| wanted.permissions.has(Permission::ApiIntrospect)) {
        problems.note("permission", "Only operators give the permission “api:introspect”.");
    }
    let expires_at = match form.expiry() {
        Ok(None) => problems.keep(form.expiry_field(), Err(crate::tokens::expiry::Refused::NotAChoice)),
        Ok(Some(choice)) => problems
            .keep(form.expiry_field(), choice.resolve(me.now, me.account.time_zone, app.settings.max_token_days)),
        Err((field, text)) => problems.keep(field, Err(text)),
    };
    match (wanted, expires_at, problems.is_empty()) {
        (Some(wanted), Some(expires_at), true) => {
            let super::fields::Wanted { name, note, permissions, patterns, feeds } = wanted;
            Ok(NewToken { name, note, permissions, patterns, feeds, expires_at })
        }
        _ => Err(problems),
    }
}

fn form_id(me: &SignedIn) -> String {
    FormId::generate(me.now, &mut crate::random::system()).to_string()
}

/// The name of a copy, within the bound.
fn copy_name(name: &str) -> String {
    let kept: String = name.chars().take(crate::tokens::change::MAX_NAME - " (copy)".len()).collect();
    format!("{kept} (copy)")
}

#[expect(clippy::too_many_arguments, reason = "a page is drawn from exactly these")]
fn draw(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    feeds: &[Feed],
    status: StatusCode,
    form: TokenForm,
    copied_from: String,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let title = if copied_from.is_empty() { "Create a token" } else { "Duplicate a token" };
    let fields = Fields::new(&form, me, feeds, app.settings.max_token_days, None);
    let page = New {
        page: Page::in_section(req, title, "tokens"),
        form: Fields { ask_password: me.must_prove(), ..fields },
        form_id: form.form_id,
        copied_from,
        problems,
    };
    answer(status, &page)
}
