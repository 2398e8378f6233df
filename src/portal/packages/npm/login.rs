//! Letting npm in that waits at a terminal: whoever says yes gives it a token of theirs for half a day.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde::Deserialize;

use crate::{
    app::App,
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
    /// The hash of the secret that the client holds, in hexadecimal.
    code: String,
}

impl NpmLogin {
    fn code(&self) -> Result<Vec<u8>, PageError> {
        hex::decode(&self.code).ok().filter(|hash| hash.len() == 32).ok_or(PageError::NotFound)
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
    login.code()?;
    let visitor = Visitor::of(&req, &app, &login.feed).await?;
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
    let code = login.code()?;
    let visitor = Visitor::of(&req, &app, &login.feed).await?;
    reauth::require(&req, &app, &me).await?;
    let mut tx = me.begin(&app).await?;
    let is_first = tx.confirm_client_login(&code, me.account.id, visitor.feed.id, me.now).await?;
    if !is_first {
        let why = "This login was let in already. Run npm login again if npm still waits.";
        return question(&login, &visitor).cannot(&req, why);
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
