//! What an account may be: disabled or enabled, operator or not. Each is asked about first.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};

use super::{BOUND, Operator, about_account, counted, find_account};
use crate::{
    accounts::{AccountChange, AccountSummary},
    app::App,
    paths,
    web::{
        confirm::{Confirm, ConfirmForm},
        error::PageError,
        flash::{Flash, To},
        form::Form,
        page::go_to,
        reauth,
    },
};

/// Said where the host would be left without anybody who runs it.
pub(super) const LAST: &str = "This is the only operator who is left. Make another account an operator first.";

/// What an account may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Disable,
    Enable,
    MakeOperator,
    UnmakeOperator,
}

impl Change {
    fn parse(verb: &str) -> Option<Self> {
        match verb {
            "disable" => Some(Self::Disable),
            "enable" => Some(Self::Enable),
            "make-operator" => Some(Self::MakeOperator),
            "unmake-operator" => Some(Self::UnmakeOperator),
            _ => None,
        }
    }

    fn done(self) -> Flash {
        match self {
            Self::Disable => Flash::AccountDisabled,
            Self::Enable => Flash::AccountEnabled,
            Self::MakeOperator => Flash::OperatorMade,
            Self::UnmakeOperator => Flash::OperatorUnmade,
        }
    }

    /// Begins the title, and stands on the button.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Disable => ("Disable", "Disable"),
            Self::Enable => ("Enable", "Enable"),
            Self::MakeOperator => ("Make operator:", "Make operator"),
            Self::UnmakeOperator => ("No longer operator:", "Take it away"),
        }
    }

    /// What happens then.
    fn lede(self, tokens: &str) -> String {
        match self {
            Self::Disable => format!("Its sessions end, its mailed links end, and its {tokens} are refused from the next request on. Nothing is lost: you can enable it again."),
            Self::Enable => format!("It can sign in again, and those of its {tokens} that are still live work from the next request on."),
            Self::MakeOperator => "An operator sees every account, token and event of this host, can disable and delete accounts, and can revoke tokens. It does not see keys or passwords.".to_owned(),
            Self::UnmakeOperator => "It keeps its account, tokens and packages, and no longer finds the operator pages.".to_owned(),
        }
    }
}

/// `GET /operator/accounts/{id}/{verb}`
pub async fn ask_account_status(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    path: Path<(String, String)>,
) -> Result<HttpResponse, PageError> {
    let (line, change) = asked(&app, &path).await?;
    question(&app, &me, &line, change, &path.1).await?.ask(&req)
}

/// `POST /operator/accounts/{id}/{verb}`
pub async fn change_account_status(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    path: Path<(String, String)>,
    Form(_): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let (line, change) = asked(&app, &path).await?;
    reauth::require(&req, &app, &me).await?;
    let (store, id) = (&app.store, line.account.id);
    let changed = match change {
        Change::Disable => store.disable_account(id, &me.actor, me.now).await?,
        Change::Enable => store.enable_account(id, &me.actor, me.now).await?,
        Change::MakeOperator => store.make_operator(id, &me.actor, me.now).await?,
        Change::UnmakeOperator => store.unmake_operator(id, &me.actor, me.now).await?,
    };
    match changed {
        AccountChange::Done | AccountChange::Already => Ok(go_to(&req, afterwards(&me, &line, change.done()))),
        AccountChange::Gone => Err(PageError::NotFound),
        AccountChange::LastOperator => question(&app, &me, &line, change, &path.1).await?.refuse(&req, LAST),
    }
}

async fn asked(app: &App, path: &(String, String)) -> Result<(AccountSummary, Change), PageError> {
    let (id, verb) = path;
    let change = Change::parse(verb).ok_or(PageError::NotFound)?;
    Ok((find_account(app, id).await?, change))
}

/// The page that says so; after such an act on oneself, one that can still be seen.
fn afterwards(me: &Operator, line: &AccountSummary, done: Flash) -> To {
    match done {
        Flash::AccountDisabled if line.account.id == me.account.id => {
            me.session.end();
            done.at("/sign-in")
        }
        Flash::OperatorUnmade if line.account.id == me.account.id => done.at(paths::TOKENS),
        _ => done.at(&format!("/operator/accounts/{}", line.account.id)),
    }
}

async fn question(
    app: &App,
    me: &Operator,
    line: &AccountSummary,
    change: Change,
    verb: &str,
) -> Result<Confirm, PageError> {
    let facts = app.store.account_facts(line.account.id, BOUND).await?;
    let (title, button) = change.words();
    let question = about_account(&line.account, title);
    Ok(Confirm {
        lede: change.lede(&counted(facts.tokens, "token")),
        button: button.to_owned(),
        is_danger: matches!(change, Change::Disable | Change::UnmakeOperator),
        action: format!("{}/{verb}", question.back.path),
        asks_proof: me.must_prove(),
        ..question
    })
}
