//! What every page needs: its title, who looks at it, how links are written, and the person behind a session.

use std::{future::Future, pin::Pin};

use actix_session::SessionExt;
use actix_web::{
    FromRequest, HttpMessage, HttpRequest, HttpResponse, dev::Payload, http::StatusCode, http::header::LOCATION,
    web::Data,
};
use askama::Template;
use chrono::{DateTime, Utc};

use super::{assets, csrf, error::PageError, session::TypedSession};
use crate::{
    access::{client_address, client_name},
    app::App,
    store::{Account, Actor},
};

/// The frame of a page.
pub struct Page {
    /// In the browser's tab.
    pub title: String,
    /// What forms carry; see [`csrf`].
    pub csrf: String,
    /// Who is signed in.
    pub who: Option<Who>,
    /// Which entry of the navigation is the present one.
    pub section: &'static str,
    /// What was just done, in one line.
    pub notice: Option<String>,
    prefix: String,
}

/// Who is signed in, for the frame.
#[derive(Clone)]
pub struct Who {
    /// The username.
    pub username: String,
    /// Whether the account runs the host.
    pub is_operator: bool,
}

impl Page {
    /// The frame of a page with this title.
    pub fn new(req: &HttpRequest, title: impl Into<String>) -> Self {
        let app = app(req);
        let who = req.extensions().get::<Who>().cloned();
        let notice = Done::of(req).map(Done::sentence).map(str::to_owned);
        Self {
            title: title.into(),
            csrf: csrf::value(req, &app),
            who,
            section: "",
            notice,
            prefix: app.settings.public_url.path().to_owned(),
        }
    }

    /// The frame where nothing is known of the request: nobody is signed in, nothing can be sent.
    pub fn bare(app: &App, title: impl Into<String>) -> Self {
        let prefix = app.settings.public_url.path().to_owned();
        Self { title: title.into(), csrf: String::new(), who: None, section: "", notice: None, prefix }
    }

    /// The same, in a section of the navigation.
    pub fn in_section(req: &HttpRequest, title: impl Into<String>, section: &'static str) -> Self {
        Self { section, ..Self::new(req, title) }
    }

    /// A path of ours as links write it.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// The address of a stylesheet, script or picture.
    pub fn asset(&self, file: &str) -> String {
        self.url(&assets::path(file))
    }
}

fn app(req: &HttpRequest) -> Data<App> {
    req.app_data::<Data<App>>().cloned().expect("the server is built with an App")
}

/// Answers with a page.
pub fn answer(status: StatusCode, page: &impl Template) -> Result<HttpResponse, PageError> {
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(page.render()?))
}

/// Answers with a redirect to a path of ours.
pub fn go_to(req: &HttpRequest, path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, format!("{}{path}", app(req).settings.public_url.path())))
        .finish()
}

/// What was just done; travels in the address of the next page as one of these words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// A token was edited.
    Saved,
    /// A token was narrowed to what it was used for.
    Narrowed,
    /// A token was switched off.
    Deactivated,
    /// A token was switched off for a while.
    Paused,
    /// A token was switched on.
    Reactivated,
    /// A token was ended.
    Revoked,
    /// A token was removed.
    Deleted,
    /// The password was changed.
    PasswordChanged,
    /// Nothing: the session had ended.
    SignedOut,
}

impl Done {
    const ALL: [(Self, &'static str, &'static str); 9] = [
        (Self::Saved, "saved", "Saved. It holds from the next request on."),
        (Self::Narrowed, "narrowed", "Narrowed to what it was used for. It holds from the next request on."),
        (Self::Deactivated, "deactivated", "Deactivated. Its key is refused from now on."),
        (Self::Paused, "paused", "Switched off for a while. This page lists whoever comes with its key meanwhile."),
        (Self::Reactivated, "reactivated", "Reactivated. Its key works again."),
        (Self::Revoked, "revoked", "Revoked. Its key is refused for good."),
        (Self::Deleted, "deleted", "Deleted. Its record stays."),
        (Self::PasswordChanged, "password-changed", "Password changed. You are signed out everywhere else."),
        (Self::SignedOut, "signed-out", "You were signed out, so nothing was changed. Sign in and do it again."),
    ];

    fn of(req: &HttpRequest) -> Option<Self> {
        let word = req.query_string().strip_prefix("done=")?;
        Self::ALL.iter().find(|(_, name, _)| *name == word).map(|(done, ..)| *done)
    }

    fn sentence(self) -> &'static str {
        Self::ALL.iter().find(|(done, ..)| *done == self).map_or("", |(_, _, sentence)| sentence)
    }

    /// The path of a page that says so.
    pub fn at(self, path: &str) -> String {
        let word = Self::ALL.iter().find(|(done, ..)| *done == self).map_or("", |(_, word, _)| word);
        format!("{path}?done={word}")
    }
}

/// The person behind a request. Pages that take one are for signed-in people only; others are sent to sign in.
pub struct SignedIn {
    /// The account.
    pub account: Account,
    /// The session.
    pub session: TypedSession,
    /// The time of the request.
    pub now: DateTime<Utc>,
    /// For the record.
    pub actor: Actor,
}

impl SignedIn {
    /// Whether a sensitive act has to ask for the password.
    pub fn must_prove(&self) -> bool {
        !self.session.is_proved(self.now)
    }
}

impl FromRequest for SignedIn {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { signed_in(&req).await?.ok_or_else(|| PageError::Redirect(sign_in_first(&req))) })
    }
}

/// Who is signed in, if anybody; pages for everybody ask this.
pub async fn signed_in(req: &HttpRequest) -> Result<Option<SignedIn>, PageError> {
    let app = app(req);
    let session = TypedSession(req.get_session());
    let account = match session.account() {
        Some(id) => app.store.account(id).await?,
        None => None,
    };
    Ok(account.map(|account| {
        req.extensions_mut().insert(Who { username: account.username.clone(), is_operator: account.is_operator });
        let actor = actor(req, &app, Some(&account));
        SignedIn { account, session, now: app.clock.now(), actor }
    }))
}

/// Who makes a request from a page, for the record.
pub fn actor(req: &HttpRequest, app: &App, account: Option<&Account>) -> Actor {
    let address = client_address(req, &app.settings.trusted_proxies).to_string();
    Actor { account: account.map(|account| account.id), token: None, address, client: client_name(req) }
}

/// The sign-in page, leading back to a page that was asked for by GET.
fn sign_in_first(req: &HttpRequest) -> String {
    let prefix = app(req).settings.public_url.path().to_owned();
    let path = req.path().strip_prefix(&prefix).unwrap_or("/");
    if req.method() == actix_web::http::Method::GET && own_path(path).is_some() {
        let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
        format!("{prefix}/sign-in?next={next}")
    } else {
        format!("{prefix}{}", Done::SignedOut.at("/sign-in"))
    }
}

/// A path of ours that a redirect may lead to: plain characters after a single slash. Anything else is none.
pub fn own_path(path: &str) -> Option<&str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.');
    let good = path.starts_with('/')
        && path.len() <= 300
        && path.bytes().all(plain)
        && !path.contains("//")
        && !path.contains("..");
    good.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_lead_to_our_own_pages_only() {
        assert_eq!(own_path("/settings/tokens/new"), Some("/settings/tokens/new"));
        let long = format!("/{}", "a".repeat(8000));
        for bad in [
            "",
            "//evil",
            "/\\evil",
            "/%5cevil",
            "https:evil",
            "https:///evil",
            "/%09/evil",
            "javascript:1",
            "data:",
            "/..//evil",
            "@evil",
            "%2f%2fevil",
            "/a\r\nb",
            "http://127.0.0.1/",
            "/a/../b",
            "settings",
            &long,
        ] {
            assert_eq!(own_path(bad), None, "{bad:?}");
        }
    }
}
