//! Try it: the decision about something the token might do, in words, without doing it. Nothing is changed or recorded.

use actix_web::{HttpResponse, http::StatusCode};
use serde::Deserialize;

use super::{
    fields::FeedChoice,
    remedy::remedy_for,
    show,
    token_request::TokenRequest,
    view::{permission_words, with_note},
};
use crate::{
    auth::{AccessCheck, BadAccessCheck},
    feeds::{Feed, Membership},
    tokens::{
        Kind, Permission, ServedKinds, State, Token, TokenLookup,
        decision::{Action, Ask, Decision, Package, Reason, decide},
        secret,
        state::state,
    },
    usage::RefusedUse,
    web::{
        error::PageError,
        form::{Form, Problems},
        page::SignedIn,
    },
};

/// What the form sends.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TryForm {
    action: String,
    feed: String,
    package: String,
}

/// The section of the page: the form as it was sent, and the answer.
pub(super) struct Trial {
    pub actions: Vec<Group>,
    pub feeds: Vec<FeedChoice>,
    pub package: String,
    pub verdict: Option<Verdict>,
    pub problems: Problems,
}

/// The actions of one kind.
pub(super) struct Group {
    pub label: &'static str,
    pub choices: Vec<FeedChoice>,
}

/// The answer.
pub(super) struct Verdict {
    pub allowed: bool,
    pub sentence: String,
    /// What the button says that mends it, and where it leads.
    pub step: Option<(String, String)>,
}

impl Trial {
    /// Whether it was asked, or could not be.
    pub fn is_asked(&self) -> bool {
        self.verdict.is_some() || !self.problems.is_empty()
    }

    /// The form before anything was tried: the first thing the token may do, in the first feed.
    pub fn blank(token: &Token, feeds: &[Feed], served: ServedKinds) -> Self {
        let first = token.settings.permissions.iter().find_map(|permission| Action::parse(permission.scope()));
        let form =
            TryForm { action: first.unwrap_or(Action::Pull(Kind::NuGet)).scope().to_owned(), ..TryForm::default() };
        let main = feeds.iter().find(|feed| feed.is_main()).map(|feed| feed.name.clone());
        let form = TryForm { feed: main.unwrap_or_default(), ..form };
        Self::of(form, token, (feeds, served), None, Problems::default())
    }

    /// The form as it was filled, before it is tried.
    pub fn untried(form: TryForm, token: &Token, feeds: &[Feed], served: ServedKinds) -> Self {
        Self::of(form, token, (feeds, served), None, Problems::default())
    }

    fn of(
        form: TryForm,
        token: &Token,
        (feeds, served): (&[Feed], ServedKinds),
        verdict: Option<Verdict>,
        problems: Problems,
    ) -> Self {
        let TryForm { action, feed, package } = form;
        let choice = |value: String, label, chosen: &str| FeedChoice {
            checked: value == chosen,
            value,
            label,
            hint: String::new(),
        };
        let of_kind = |kind: Kind| Group {
            label: kind.label(),
            choices: [(Action::Pull(kind), "Read"), (Action::Push(kind), "Upload"), (Action::Delete(kind), "Delete")]
                .map(|(verb_of, verb)| {
                    let label = with_note(format!("{verb} {}", kind.packages()), served.has(kind));
                    choice(verb_of.scope().to_owned(), label, &action)
                })
                .into(),
        };
        let api = Group {
            label: "API",
            choices: [(Action::Look, Permission::ApiRead), (Action::Manage, Permission::ApiManage)]
                .map(|(act, permission)| choice(act.scope().to_owned(), permission_words(permission, served), &action))
                .into(),
        };
        // Of the kinds that have no door yet, only those that the token is about are of interest.
        let is_offered = |kind: &Kind| served.has(*kind) || token.settings.permissions.kinds().any(|own| own == *kind);
        let feeds = feeds.iter().map(|of| choice(of.name.clone(), of.name.clone(), &feed)).collect();
        let actions = Kind::ALL.into_iter().filter(is_offered).map(of_kind).chain([api]).collect();
        Self { actions, feeds, package, verdict, problems }
    }
}

/// `POST /settings/tokens/{id}/try`
pub async fn check_access(of: TokenRequest, Form(form): Form<TryForm>) -> Result<HttpResponse, PageError> {
    let feeds = of.feeds().await?;
    let is_legacy_key = of.app.legacy.is_in(&of.app.store, &form.package).await?;
    let (form, asked) = without_key(form, is_legacy_key);
    let (status, verdict, problems) = match asked.and_then(|()| question(&form)) {
        Ok(question) => (StatusCode::OK, Some(put(&of, &question).await?), Problems::default()),
        Err(problems) => (StatusCode::UNPROCESSABLE_ENTITY, None, problems),
    };
    let trial = Trial::of(form, &of.token, (&feeds, of.me.served), verdict, problems);
    show::draw(&of, &feeds, status, trial).await
}

/// A key that was pasted by mistake is neither shown again nor put into a link.
fn without_key(form: TryForm, is_legacy_key: bool) -> (TryForm, Result<(), Problems>) {
    if is_legacy_key || secret::is_in(&form.package) {
        let problem = Problems::one("package", "This is a key, not a package name. Keep keys where they are used.");
        (TryForm { package: String::new(), ..form }, Err(problem))
    } else {
        (form, Ok(()))
    }
}

/// What the form asks. A package's name is left out where the action is about none.
fn question(form: &TryForm) -> Result<AccessCheck<'_>, Problems> {
    let name = Some(form.package.trim()).filter(|name| !name.is_empty());
    let about_packages = Permission::parse(&form.action).and_then(Permission::kind).is_some();
    AccessCheck::parse(&form.action, &form.feed, name.filter(|_| about_packages)).map_err(|error| match error {
        BadAccessCheck::Action => Problems::one("action", "Choose what to try."),
        BadAccessCheck::Feed => Problems::one("feed", "Choose one of your feeds."),
        BadAccessCheck::NoPackage => Problems::one("package", error),
        BadAccessCheck::Package(_) => Problems::one("package", "No package of this kind can have this name."),
    })
}

/// Asks the decision, from the facts a door would have at this moment if the token's present key were used there.
async fn put(of: &TokenRequest, question: &AccessCheck<'_>) -> Result<Verdict, PageError> {
    let TokenRequest { app, me, owner, token, .. } = of;
    let known = app.store.lookup_token_by_id(owner.id, token.id, question.feed).await?.ok_or(PageError::NotFound)?;
    let ask = question.ask(&known, question.facts(&app.store, &known).await?, app.settings.served_kinds());
    Ok(match decide(Some(known.presented()), &known.holder, &ask, me.now) {
        Decision::Allow => Verdict { allowed: true, sentence: allowed(&known, &ask), step: None },
        Decision::Deny(_) if state(&known.token, me.now) == State::NotIssued => no_key(token),
        Decision::Deny(reason) => denied(&known, reason, &ask, &app.store.feeds_of(owner.id).await?, me),
    })
}

fn no_key(token: &Token) -> Verdict {
    Verdict {
        allowed: false,
        sentence: "This token has no key yet, so nobody can use it. Its first refresh makes one.".to_owned(),
        step: Some(("Refresh".to_owned(), format!("{}/refresh", super::path(token)))),
    }
}

/// The sentence that a client would be told, and the step that would put it right, had it happened.
fn denied(known: &TokenLookup, reason: Reason, ask: &Ask<'_>, memberships: &[Membership], me: &SignedIn) -> Verdict {
    let line = RefusedUse {
        reason,
        occasion: None,
        action: Some(ask.action),
        feed: ask.feed.map(|(feed, _)| feed.to_owned()).unwrap_or_default(),
        package: ask.name.unwrap_or_default().to_owned(),
        client: String::new(),
        address: String::new(),
        first_at: me.now,
        last_at: me.now,
        times: 1,
    };
    let remedy = remedy_for(&known.token, &line, memberships, me.now);
    let step = remedy.step().map(|(label, path)| (label.to_owned(), path.to_owned()));
    Verdict { allowed: false, sentence: reason.sentence(Some(&known.token), ask, me.now), step }
}

fn allowed(known: &TokenLookup, ask: &Ask<'_>) -> String {
    let key = known.token.called();
    let action = ask.action.words();
    let place = ask.feed.map(|(feed, _)| format!(" in {feed}")).unwrap_or_default();
    let Some(name) = ask.name else { return format!("{key} may {action}{place}.") };
    let state = match ask.package {
        Package::New if matches!(ask.action, Action::Push(_)) => {
            " It does not exist there yet; the first upload makes it yours."
        }
        Package::New => " It does not exist there yet.",
        Package::Unknown | Package::Own | Package::Others => "",
    };
    format!("{key} may {action}{place}, and {name} is covered.{state}")
}
