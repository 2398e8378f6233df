//! Letting npm in that waits at a terminal: whoever says yes gives it a token of theirs for half a day.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde::Deserialize;

use crate::{
    app::App,
    packages::npm::login_code::{LIFE, LOGINS, LoginCode},
    portal::visitor::Visitor,
    web::{
        confirm::{Confirm, ConfirmForm, Fact, Link},
        error::PageError,
        form::{Form, Problems},
        page::SignedIn,
        reauth,
    },
};

/// What the address says.
#[derive(Debug, Deserialize)]
pub struct NpmLogin {
    feed: String,
    /// Which client, and until when; see [`LoginCode`].
    code: String,
}

/// What is said where the client is let in no more.
const OVER: &str = "This login has ended: npm waits for ten minutes. Run npm login again.";
const DONE: &str = "This login was let in already. Run npm login again if npm still waits.";

impl NpmLogin {
    fn code(&self, app: &App) -> Result<LoginCode, PageError> {
        let seal = app.settings.master.derive(LOGINS);
        LoginCode::open(&self.code, &*seal, &self.feed).ok_or(PageError::NotFound)
    }
}

/// `GET /settings/npm-login/{feed}/{code}`
pub async fn ask_login(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    login: Path<NpmLogin>,
) -> Result<HttpResponse, PageError> {
    let login = login.into_inner();
    let code = login.code(&app)?;
    let visitor = Visitor::of(&req, &app, &login.feed).await?;
    if code.is_over(me.now) {
        return question(&login, &visitor).cannot(&req, OVER);
    }
    Confirm { asks_proof: me.must_prove(), ..question(&login, &visitor) }.ask(&req)
}

/// `POST /settings/npm-login/{feed}/{code}`
pub async fn confirm_login(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    login: Path<NpmLogin>,
    Form(_): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let login = login.into_inner();
    let code = login.code(&app)?;
    let visitor = Visitor::of(&req, &app, &login.feed).await?;
    reauth::require(&req, &app, &me).await?;
    if code.is_over(me.now) {
        return question(&login, &visitor).cannot(&req, OVER);
    }
    let mut tx = me.begin(&app).await?;
    let client = (code.secret_hash.as_slice(), LIFE);
    if !tx.confirm_client_login(client, me.account.id, visitor.feed.id, me.now).await? {
        return question(&login, &visitor).cannot(&req, DONE);
    }
    tx.commit().await?;
    let done = "npm goes on by itself now: go back to your terminal. Its token is called npm login; revoke it when you are done.";
    let page = Confirm { title: "npm is let in".to_owned(), ..question(&login, &visitor) };
    page.without_form(done.to_owned(), None).draw(&req, StatusCode::OK, Problems::default())
}

fn question(login: &NpmLogin, visitor: &Visitor) -> Confirm {
    Confirm {
        section: "tokens",
        title: "Let npm in".to_owned(),
        lede: "Somebody runs npm login and waits. Go on only if that is you, on your own machine, just now: \
               whoever waits gets a key that reads and publishes your npm packages."
            .to_owned(),
        facts: vec![
            Fact::text("Feed", visitor.feed.name.clone()),
            Fact::text("May", "Read and publish npm packages"),
            Fact::text("For", "12 hours"),
        ],
        action: format!("/settings/npm-login/{}/{}", login.feed, login.code),
        button: "Let npm in".to_owned(),
        back: Link::new("/settings/tokens", "Access tokens"),
        ..Confirm::default()
    }
}
