//! Who was invited and has not chosen a password yet: a new link, or no account after all. Each is asked about first.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{
    Operator, ROWS,
    delete_account::{UNFIT, heir, heir_input, needs_heir},
    people, typed,
};
use crate::{
    accounts::{Account, AccountDeletion, InvitedAccount, OwnedAlone, people_list::LeftOut},
    app::App,
    tokens::AccountId,
    web::{
        confirm::{Confirm, Link},
        error::PageError,
        flash::Flash,
        form::{Form, FormError, Problems, or_again},
        format::Time,
        page::{Page, answer, go_to},
        paging::{Rows, limit},
        query::with_query,
        reauth,
        toolbar::Pager,
    },
};

const HERE: &str = "/operator/accounts/invitations";

#[derive(Template)]
#[template(path = "portal/operator/invitations.html")]
struct Invitations {
    page: Page,
    people: Vec<Pending>,
    pager: Pager,
}

struct Pending {
    id: String,
    username: String,
    email: String,
    invited_by: String,
    invited: Time,
    /// Until when the link works that they have.
    until: Option<Time>,
    mail_waits: bool,
    is_disabled: bool,
}

/// What the page sends: who gets what only the account owns, when it was asked.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InvitationForm {
    heir: String,
}

const DISABLED: &str = "This account is disabled, so its links do not work. Enable it first.";

/// Which page of the list.
#[derive(Debug, Default, Deserialize)]
pub struct InvitationPath {
    #[serde(default)]
    after: String,
}

/// `GET /operator/accounts/invitations`
pub async fn list_invitations(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    at: Option<Query<InvitationPath>>,
) -> Result<HttpResponse, PageError> {
    let after = typed(&at.map(Query::into_inner).unwrap_or_default().after);
    let found = Rows::new(app.store.invited_accounts(&after, limit(ROWS)).await?, ROWS);
    let next = found.next(|last| with_query(HERE, [("after", &last.account.username)]));
    let page = Invitations {
        page: Page::in_section(&req, "Invitations", "operator-accounts"),
        people: found.shown.into_iter().map(|one| pending(one, &me)).collect(),
        pager: Pager::onward(HERE, &[], after.is_empty(), next),
    };
    answer(StatusCode::OK, &page)
}

fn pending(one: InvitedAccount, me: &Operator) -> Pending {
    Pending {
        id: one.account.id.to_string(),
        username: one.account.username,
        email: one.account.email,
        invited_by: one.invited_by.unwrap_or_default(),
        invited: me.time(one.invited_at),
        until: one.link_until.filter(|until| *until > me.now).map(|until| me.time(until)),
        mail_waits: one.mail_waits,
        is_disabled: one.account.disabled_at.is_some(),
    }
}

/// `GET /operator/accounts/invitations/{id}/{verb}`
pub async fn ask_invitation_change(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    path: Path<(String, String)>,
) -> Result<HttpResponse, PageError> {
    question(&app, &me, &path, String::new()).await?.ask(&req)
}

/// `POST /operator/accounts/invitations/{id}/{verb}`
pub async fn change_invitation(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    path: Path<(String, String)>,
    Form(form): Form<InvitationForm>,
) -> Result<HttpResponse, PageError> {
    reauth::require(&req, &app, &me).await?;
    let outcome = if path.1 == "withdraw" {
        withdraw(&req, &app, &me, &path.0, &form.heir).await
    } else {
        resend(&req, &app, &me, &path.0).await
    };
    or_again(outcome, async |status, problems| {
        question(&app, &me, &path, form.heir).await?.draw(&req, status, problems)
    })
    .await
}

async fn withdraw(
    req: &HttpRequest,
    app: &App,
    me: &Operator,
    id: &str,
    name: &str,
) -> Result<HttpResponse, FormError> {
    let id = pending_account(app, id).await?.id;
    let mut problems = Problems::default();
    let heir = heir(app, id, name, &mut problems).await?;
    problems.or(Some(()))?;
    let mut tx = me.begin(app).await?;
    match tx.withdraw_invited_account(id, heir, &me.actor, me.now).await? {
        AccountDeletion::Done => {
            tx.commit().await?;
            Ok(go_to(req, Flash::AccountInvitationWithdrawn.at(HERE)))
        }
        AccountDeletion::NeedsHeir(alone) => Err(needs_heir(&alone)),
        AccountDeletion::UnfitHeir => Err(FormError::field("heir", UNFIT)),
        AccountDeletion::Gone | AccountDeletion::LastOperator => Err(PageError::NotFound.into()),
    }
}

async fn resend(req: &HttpRequest, app: &App, me: &Operator, id: &str) -> Result<HttpResponse, FormError> {
    let account = pending_account(app, id).await?;
    if account.disabled_at.is_some() {
        return Err(FormError::conflict(DISABLED));
    }
    let mut tx = me.begin(app).await?;
    let account = tx.invite_again(account.id, &me.actor, me.now).await?.ok_or(PageError::NotFound)?;
    let invited = people::again(app, &mut tx, me, &account).await?;
    tx.commit().await?;
    Ok(people::invited_page(req, app, vec![invited], &LeftOut::default())?)
}

async fn pending_account(app: &App, id: &str) -> Result<Account, PageError> {
    let id = AccountId::parse(id).ok_or(PageError::NotFound)?;
    let account = app.store.account(id).await?.filter(|account| account.password_hash.is_none());
    account.ok_or(PageError::NotFound)
}

async fn question(
    app: &App,
    me: &Operator,
    (id, verb): &(String, String),
    typed: String,
) -> Result<Confirm, PageError> {
    let Account { id, username, email, .. } = pending_account(app, id).await?;
    let withdraws = verb == "withdraw";
    let alone = if withdraws { app.store.owned_alone(id).await? } else { OwnedAlone::default() };
    let lede = match (withdraws, app.settings.smtp_url.is_none()) {
        (true, _) => format!(
            "The link stops working, and the account {username} is removed. The username and the address {email} are free again."
        ),
        (false, true) => format!(
            "You get a new link for {username} to hand over. It works for seven days; an earlier one stops working."
        ),
        (false, false) => {
            format!("{email} gets a mail with a new link. It works for seven days; an earlier one stops working.")
        }
    };
    Ok(Confirm {
        section: "operator-accounts",
        title: format!("{} {username}", if withdraws { "Withdraw the invitation of" } else { "Invite again:" }),
        lede,
        button: if withdraws { "Withdraw" } else { "Resend" }.to_owned(),
        is_danger: withdraws,
        action: format!("{HERE}/{id}/{verb}"),
        back: Link::new(HERE, "Invitations"),
        inputs: heir_input(&alone, typed).into_iter().collect(),
        asks_proof: me.must_prove(),
        ..Confirm::default()
    })
}
