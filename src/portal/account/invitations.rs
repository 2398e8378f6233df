//! What somebody was asked to own. They say yes or no; until then nothing changes.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::sign_out::Nothing;
use crate::{
    app::App,
    feeds::{Accepted, OwnerInvitation},
    portal::{package_path, visitor},
    tokens::InvitationId,
    web::{
        error::PageError,
        flash::Flash,
        form::{Form, Problems},
        format::Time,
        page::{Page, SignedIn, answer, go_to},
    },
};

const HERE: &str = "/settings/invitations";

#[derive(Template)]
#[template(path = "portal/account/invitations.html")]
struct Invitations {
    page: Page,
    invitations: Vec<InvitationView>,
    problems: Problems,
}

/// An invitation, ready for templates.
pub(in crate::portal) struct InvitationView {
    pub(in crate::portal) id: String,
    /// The package, or the feed.
    pub(in crate::portal) what: String,
    pub(in crate::portal) feed: String,
    pub(in crate::portal) is_package: bool,
    pub(in crate::portal) username: String,
    pub(in crate::portal) inviter: String,
    pub(in crate::portal) until: Time,
}

impl InvitationView {
    pub(in crate::portal) fn new(one: OwnerInvitation, me: &SignedIn) -> Self {
        Self {
            id: one.id.to_string(),
            is_package: one.package.is_some(),
            what: one.package.map_or_else(|| one.feed.name.clone(), |package| package.name),
            feed: one.feed.name,
            username: one.username,
            inviter: one.inviter_name,
            until: me.time(one.expires_at),
        }
    }
}

/// `GET /settings/invitations`
pub async fn list_invitations(req: HttpRequest, app: Data<App>, me: SignedIn) -> Result<HttpResponse, PageError> {
    draw(&req, &app, &me, StatusCode::OK, Problems::default()).await
}

/// `POST /settings/invitations/{id}/accept`
pub async fn accept_invitation(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    id: Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = InvitationId::parse(&id).ok_or(PageError::NotFound)?;
    let mut tx = me.begin(&app).await?;
    let why = match tx.accept_owner_invitation(id, me.account.id, &me.actor, me.now).await? {
        Accepted::Done(one) => {
            tx.commit().await?;
            let feed = &one.feed.name;
            let owned = match &one.package {
                Some(package) => package_path::path(feed, package.kind, &package.name),
                None => visitor::path(feed),
            };
            return Ok(go_to(&req, Flash::InvitationAccepted.at(&owned)));
        }
        Accepted::Gone => return Err(PageError::NotFound),
        Accepted::InviterLostRight(one) => format!(
            "{} may not make anybody an owner any more, so this invitation has ended. Ask another owner.",
            one.inviter_name
        ),
        Accepted::NotAWriter(one) => {
            drop(tx);
            let why = format!(
                "Owners of a package upload to its feed, and you may not upload to {}. Ask an owner of that feed first.",
                one.feed.name
            );
            return draw(&req, &app, &me, StatusCode::CONFLICT, Problems::one("", why)).await;
        }
    };
    tx.commit().await?; // the invitation is over
    draw(&req, &app, &me, StatusCode::CONFLICT, Problems::one("", why)).await
}

/// `POST /settings/invitations/{id}/decline`
pub async fn decline_invitation(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    id: Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<HttpResponse, PageError> {
    let id = InvitationId::parse(&id).ok_or(PageError::NotFound)?;
    let mut tx = me.begin(&app).await?;
    if !tx.decline_owner_invitation(id, me.account.id, &me.actor, me.now).await? {
        return Err(PageError::NotFound);
    }
    tx.commit().await?;
    Ok(go_to(&req, Flash::InvitationDeclined.at(HERE)))
}

async fn draw(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    status: StatusCode,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let found = app.store.owner_invitations_of(me.account.id, me.now).await?;
    let page = Page::in_section(req, "Invitations", "invitations");
    let invitations = found.into_iter().map(|one| InvitationView::new(one, me)).collect();
    answer(status, &Invitations { page, invitations, problems })
}
