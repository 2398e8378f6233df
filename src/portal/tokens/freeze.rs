//! Freezing all of one's tokens in an emergency, and the undo that switches on again exactly what the freeze switched off.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;

use crate::{
    app::App,
    paths,
    store::StoreError,
    tokens::listing::{COUNTED, Filter},
    web::{
        confirm::{Confirm, ConfirmForm, Fact, Link, Piece},
        error::PageError,
        flash::Flash,
        form::{Form, Problems},
        format::{Time, counted},
        owner::Owner,
        page::{Page, SignedIn, answer, go_to},
        reauth,
    },
};

#[derive(Template)]
#[template(path = "portal/tokens/freeze.html")]
struct Freeze {
    page: Page,
    confirm: Confirm,
    /// How many tokens are switched off: "12 tokens are".
    live: String,
    frozen: Option<Time>,
    problems: Problems,
}

/// `GET /settings/tokens/freeze`
pub async fn ask_freeze(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
) -> Result<HttpResponse, PageError> {
    let live = app.store.count_tokens(owner.id, Filter::Active, me.now).await?;
    let frozen = app.store.frozen_since(owner.id).await?.map(|at| me.time(at));
    let confirm = Confirm {
        lede: "For a leaked key when you are not sure which one it is. Every key of yours that works is refused from then on; all settings stay, and you can undo it.".to_owned(),
        ..about("Freeze all tokens", paths::FREEZE_TOKENS)
    };
    if live == 0 {
        return nothing_to_freeze(confirm, frozen.is_some()).ask(&req);
    }
    let live = format!("{} {}", at_least(live), if live == 1 { "is" } else { "are" });
    answer(StatusCode::OK, &Freeze { page: confirm.page(&req), confirm, live, frozen, problems: Problems::default() })
}

/// `POST /settings/tokens/freeze`
pub async fn freeze_tokens(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    Form(_): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let (account, by, now) = (owner.id, me.actor.clone(), me.now);
    // Goes on to its end even if the browser gives up waiting.
    let frozen = tokio::spawn(async move { app.store.freeze_tokens(account, &by, now).await }).await;
    Ok(match frozen {
        // The list says above everything that the tokens are frozen; once is enough.
        Ok(Ok(_)) => go_to(&req, paths::TOKENS),
        Ok(Err(StoreError::SessionEnded)) => return Err(PageError::SignInFirst),
        _ => go_to(&req, Flash::CutShort.at(paths::FREEZE_TOKENS)),
    })
}

/// `GET /settings/tokens/unfreeze`
pub async fn ask_unfreeze(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
) -> Result<HttpResponse, PageError> {
    undo_question(&app, &me, owner).await?.ask(&req)
}

/// `POST /settings/tokens/unfreeze`
pub async fn unfreeze_tokens(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    Form(form): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    reauth::require(&req, &app, &me).await?;
    let question = undo_question(&app, &me, owner).await?;
    // A page that is older than the freeze must not end it. None at all: it is undone already, which is what was wanted.
    if question.version.is_some_and(|since| since.to_string() != form.version) {
        return question.refuse(&req, "Your tokens were frozen after this page was opened, so nothing was done.");
    }
    let (account, by, now) = (owner.id, me.actor.clone(), me.now);
    let thawed = tokio::spawn(async move { app.store.unfreeze_tokens(account, &by, now).await }).await;
    Ok(match thawed {
        Ok(Ok(_)) => go_to(&req, Flash::Unfrozen.at(paths::TOKENS)),
        Ok(Err(StoreError::SessionEnded)) => return Err(PageError::SignInFirst),
        _ => go_to(&req, Flash::CutShort.at(paths::UNFREEZE_TOKENS)),
    })
}

/// A question about all tokens.
fn about(title: &str, action: &str) -> Confirm {
    Confirm {
        section: "tokens",
        title: title.to_owned(),
        action: action.to_owned(),
        button: title.to_owned(),
        back: Link::new(paths::TOKENS, "Access tokens"),
        ..Confirm::default()
    }
}

fn nothing_to_freeze(question: Confirm, frozen: bool) -> Confirm {
    if frozen {
        let undo = Link::new(paths::UNFREEZE_TOKENS, "Undo the freeze");
        question.without_form("All your tokens are frozen.".to_owned(), Some(undo))
    } else {
        question.without_form("None of your tokens is on: there is nothing to freeze.".to_owned(), None)
    }
}

/// The page that asks before a freeze is undone. Its version is when the freeze was made; none if there is none.
async fn undo_question(app: &App, me: &SignedIn, owner: Owner) -> Result<Confirm, PageError> {
    let question = about("Undo the freeze", paths::UNFREEZE_TOKENS);
    let Some(since) = app.store.frozen_since(owner.id).await? else {
        return Ok(question.without_form("None of your tokens is frozen.".to_owned(), None));
    };
    let frozen = at_least(app.store.count_frozen(owner.id, COUNTED + 1).await?);
    Ok(Confirm {
        lede: "Reactivates exactly the tokens that the freeze deactivated, with the same keys. Keys that have expired stay refused. What you have reactivated or revoked since stays as it is. If one of them has leaked, revoke it first.".to_owned(),
        facts: vec![
            Fact::text("Frozen", frozen),
            Fact::new("Since", [Piece::Time(me.time(since))]),
        ],
        version: Some(since.timestamp_millis()),
        asks_proof: me.must_prove(),
        ..question
    })
}

fn at_least(count: i64) -> String {
    if count > COUNTED {
        "over 1,000 tokens".to_owned()
    } else {
        counted(usize::try_from(count).unwrap_or_default(), "token")
    }
}
