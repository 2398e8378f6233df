//! Editing a token: its key stays the same, permissions only shrink, the end only comes nearer. An edit that began from
//! an older version is not saved over the newer one: the page shows both.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{
    confirmed, feeds,
    fields::{Fields, TokenForm, Wanted},
    find, mend, path, view,
};
use crate::{
    app::App,
    portal::{
        error::PageError,
        form::{Form, Problems},
        page::{Done, Page, SignedIn, answer, go_to},
    },
    store::{Edited, Feed},
    tokens::{
        Token,
        change::{Edit, EditRefused},
    },
};

#[derive(Template)]
#[template(path = "portal/tokens/edit.html")]
struct EditPage {
    page: Page,
    token: view::Token,
    version: i64,
    conflict: Option<Conflict>,
    form: Fields,
    problems: Problems,
}

/// What is stored now, beside what was sent.
struct Conflict {
    theirs: Vec<Difference>,
    yours: Vec<Difference>,
}

struct Difference {
    label: &'static str,
    value: String,
    changed: bool,
}

/// `GET /settings/tokens/{id}/edit`; `?feed=` ticks one more feed.
pub async fn show(req: HttpRequest, app: Data<App>, me: SignedIn, id: Path<String>) -> Result<HttpResponse, PageError> {
    let token = find(&app, &me, &id).await?;
    let feeds = feeds(&app, &me).await?;
    let drawing = Drawing { req: &req, app: &app, me: &me, token: &token, feeds: &feeds };
    let mut form = TokenForm::of(&token);
    mend::tick_feed(&req, &feeds, &mut form.feed);
    drawing.answer(StatusCode::OK, form, None, false, Problems::default())
}

/// `POST /settings/tokens/{id}/edit`
pub async fn submit(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    id: Path<String>,
    Form(form): Form<TokenForm>,
) -> Result<HttpResponse, PageError> {
    let token = find(&app, &me, &id).await?;
    let feeds = feeds(&app, &me).await?;
    let drawing = Drawing { req: &req, app: &app, me: &me, token: &token, feeds: &feeds };
    if form.version != token.version.to_string() {
        return drawing.conflict(form);
    }
    let edit = match check(&app, &me, &form, &feeds, &token) {
        Ok(edit) => edit,
        Err(problems) => return drawing.answer(StatusCode::UNPROCESSABLE_ENTITY, form, None, false, problems),
    };
    if edit.widens(&token)
        && let Err(problems) = confirmed(&req, &app, &me, &form.password).await?
    {
        return drawing.answer(StatusCode::UNPROCESSABLE_ENTITY, form, None, true, problems);
    }
    let changed = match edit.apply(&token, me.now) {
        Ok(changed) => changed,
        Err(refused) => {
            let problems = Problems::one(field_of(refused, &form), refused);
            return drawing.answer(StatusCode::UNPROCESSABLE_ENTITY, form, None, false, problems);
        }
    };
    match app.store.edit_token(&changed, &me.actor, &what_changed(&token, &changed), me.now).await? {
        Edited::Done => Ok(go_to(&req, &Done::Saved.at(&path(&token)))),
        Edited::Stale => {
            let token = find(&app, &me, &id).await?;
            Drawing { token: &token, ..drawing }.conflict(form)
        }
    }
}

fn check(app: &App, me: &SignedIn, form: &TokenForm, feeds: &[Feed], token: &Token) -> Result<Edit, Problems> {
    let mut problems = Problems::default();
    let mut reachable: Vec<_> = feeds.iter().map(|feed| feed.id).collect();
    if let crate::tokens::Feeds::Some(ids) = &token.feeds {
        reachable.extend(ids);
    }
    let wanted = form.read(&reachable, &mut problems);
    let expires_at = match form.expiry() {
        Ok(None) => Some(token.expires_at),
        Ok(Some(choice)) => problems
            .keep(form.expiry_field(), choice.resolve(me.now, me.account.time_zone, app.settings.max_token_days)),
        Err((field, text)) => problems.keep(field, Err(text)),
    };
    match (wanted, expires_at, problems.is_empty()) {
        (Some(Wanted { name, note, permissions, patterns, feeds }), Some(expires_at), true) => {
            Ok(Edit { name, note, permissions, patterns, feeds, expires_at })
        }
        _ => Err(problems),
    }
}

fn field_of(refused: EditRefused, form: &TokenForm) -> &'static str {
    match refused {
        EditRefused::Revoked => "",
        EditRefused::MorePermissions | EditRefused::NoPermissions => "permission",
        EditRefused::LaterEnd | EditRefused::PastEnd => form.expiry_field(),
    }
}

/// What an edit changed, for the record.
pub(super) fn what_changed(before: &Token, after: &Token) -> String {
    let parts = [
        ("name", before.name != after.name),
        ("note", before.note != after.note),
        ("permissions", before.permissions != after.permissions),
        ("packages", before.patterns != after.patterns),
        ("feeds", before.feeds != after.feeds),
        ("end", before.expires_at != after.expires_at),
    ];
    parts.into_iter().filter(|(_, changed)| *changed).map(|(part, _)| part).collect::<Vec<_>>().join(", ")
}

/// All that the page is drawn from but the form.
struct Drawing<'a> {
    req: &'a HttpRequest,
    app: &'a App,
    me: &'a SignedIn,
    token: &'a Token,
    feeds: &'a [Feed],
}

impl Drawing<'_> {
    /// 409: both versions, and the form as it was sent, ready to be saved over the newer one.
    fn conflict(&self, form: TokenForm) -> Result<HttpResponse, PageError> {
        let theirs = summary(&TokenForm::of(self.token), self.feeds);
        let yours = summary(&form, self.feeds);
        let marked = |own: &[(&'static str, String)], other: &[(&'static str, String)]| {
            let lines = own.iter().zip(other);
            lines
                .map(|((label, value), (_, there))| Difference { label, value: value.clone(), changed: value != there })
                .collect()
        };
        let conflict = Conflict { theirs: marked(&theirs, &yours), yours: marked(&yours, &theirs) };
        self.answer(StatusCode::CONFLICT, form, Some(conflict), false, Problems::default())
    }

    fn answer(
        &self,
        status: StatusCode,
        form: TokenForm,
        conflict: Option<Conflict>,
        ask_password: bool,
        problems: Problems,
    ) -> Result<HttpResponse, PageError> {
        let fields = Fields::new(&form, self.me, self.feeds, self.app.settings.max_token_days, Some(self.token));
        let page = EditPage {
            page: Page::in_section(self.req, format!("Edit {}", self.token.name), "tokens"),
            token: view::Token::whole(self.token, self.feeds, self.me),
            version: self.token.version,
            conflict,
            form: Fields { ask_password, ..fields },
            problems,
        };
        answer(status, &page)
    }
}

/// A form in lines that can be compared.
fn summary(form: &TokenForm, feeds: &[Feed]) -> Vec<(&'static str, String)> {
    let chosen = feeds.iter().filter(|feed| form.feed.contains(&feed.id.to_string())).map(|feed| feed.name.as_str());
    let feeds = if form.feeds == "some" { chosen.collect::<Vec<_>>().join(", ") } else { "All feeds".to_owned() };
    let or_none = |text: String| if text.trim().is_empty() { "none".to_owned() } else { text };
    vec![
        ("Name", form.name.clone()),
        ("Note", or_none(form.note.replace("\r\n", "\n"))),
        ("May", or_none(form.permission.join(", "))),
        ("Packages", or_none(form.patterns.replace("\r\n", "\n"))),
        ("Feeds", feeds),
    ]
}
