//! Editing a token: its key stays the same, permissions only shrink, the end only comes nearer. An edit that began from
//! an older version is not saved over the newer one: the page shows both.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{
    confirm::cannot,
    feeds,
    fields::Fields,
    find, path,
    pattern_preview::Preview,
    prefill::PrefillLink,
    remedy,
    token_form::{TokenForm, rules},
    view,
};
use crate::{
    app::App,
    feeds::Feed,
    tokens::{Edited, FeedId, Permission, Token, act::TokenAct, draft::FieldError, lifecycle::Edit},
    web::{
        error::PageError,
        flash::Flash,
        form::{Form, Problems},
        format::Time,
        late_form::typed,
        owner::Owner,
        page::{Page, SignedIn, answer, go_to},
        reauth,
    },
};

#[derive(Template)]
#[template(path = "portal/tokens/edit.html")]
struct EditPage {
    page: Page,
    action: String,
    token: view::Token,
    version: i64,
    conflict: Option<Conflict>,
    /// Patterns that a link added to the form.
    added: Vec<String>,
    form: Fields,
    problems: Problems,
}

/// What is said about a form that is shown.
#[derive(Default)]
struct Remarks {
    conflict: Option<Conflict>,
    added: Vec<String>,
    problems: Problems,
}

impl From<Problems> for Remarks {
    fn from(problems: Problems) -> Self {
        Self { problems, ..Self::default() }
    }
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

/// `GET /settings/tokens/{id}/edit`; `?add=` puts one more pattern into the form, `?feed=` ticks one more feed.
pub async fn show_edit_token(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    let token = find(&app, owner, &id).await?;
    if let Err(why) = TokenAct::Edit.check(&token, me.now) {
        return cannot(&req, &app, &me, owner, &token, (TokenAct::Edit, why), StatusCode::OK).await;
    }
    let feeds = feeds(&app, owner).await?;
    let drawing = Drawing { req: &req, app: &app, me: &me, owner, token: &token, feeds: &feeds };
    if let Some(form) = typed(&req, &format!("{}/edit", path(&token))) {
        return drawing.answer(StatusCode::OK, form, Remarks::default()).await;
    }
    let mut form = TokenForm::of(&token);
    remedy::tick_feed(&req, &feeds, &mut form.feed);
    let remarks = match PrefillLink::of(&req).add(&mut form) {
        Ok(added) => Remarks { added, ..Remarks::default() },
        Err(error) => Problems::one("patterns", error).into(),
    };
    drawing.answer(StatusCode::OK, form, remarks).await
}

/// `POST /settings/tokens/{id}/edit`
pub async fn edit_token(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    id: Path<String>,
    Form(form): Form<TokenForm>,
) -> Result<HttpResponse, PageError> {
    let token = find(&app, owner, &id).await?;
    if let Err(why) = TokenAct::Edit.check(&token, me.now) {
        return cannot(&req, &app, &me, owner, &token, (TokenAct::Edit, why), StatusCode::CONFLICT).await;
    }
    let feeds = feeds(&app, owner).await?;
    let drawing = Drawing { req: &req, app: &app, me: &me, owner, token: &token, feeds: &feeds };
    if form.only_shows() {
        return drawing.answer(StatusCode::OK, form, Remarks::default()).await;
    }
    if form.version != token.version.to_string() {
        return drawing.conflict(form).await;
    }
    let pasted = app.legacy.in_draft(&app.store, &form.draft()).await?;
    let (edit, changed) = match check(&app, &me, &form, &feeds, &token) {
        Ok(checked) if pasted.is_empty() => checked,
        Ok(_) => return drawing.refuse(form, &pasted).await,
        Err(errors) => return drawing.refuse(form, &errors).await,
    };
    if edit.widens(&token) {
        reauth::require(&req, &app, &me).await?;
    }
    match app.store.edit_token(&changed, &me.actor, me.now).await? {
        Edited::Done => Ok(go_to(&req, Flash::Saved.at(&path(&token)))),
        Edited::Unchanged => Ok(go_to(&req, Flash::Unchanged.at(&path(&token)))),
        Edited::Stale => {
            let token = find(&app, owner, &id).await?;
            Drawing { token: &token, ..drawing }.conflict(form).await
        }
    }
}

/// The edit that a form asks for, and the token after it.
fn check(
    app: &App,
    me: &SignedIn,
    form: &TokenForm,
    feeds: &[Feed],
    token: &Token,
) -> Result<(Edit, Token), Vec<FieldError>> {
    let reachable: Vec<FeedId> = feeds.iter().map(|feed| feed.id).collect();
    let edit = form.draft().edit(token, &rules(app, me, &reachable))?;
    let changed = edit.clone().apply(token, me.now).map_err(|refused| vec![refused.into()])?;
    Ok((edit, changed))
}

/// All that the page is drawn from but the form.
struct Drawing<'a> {
    req: &'a HttpRequest,
    app: &'a App,
    me: &'a SignedIn,
    owner: Owner,
    token: &'a Token,
    feeds: &'a [Feed],
}

impl Drawing<'_> {
    /// 422: the form as it was sent, with what is wrong beside its fields.
    async fn refuse(&self, form: TokenForm, errors: &[FieldError]) -> Result<HttpResponse, PageError> {
        let problems = form.problems(errors);
        self.answer(StatusCode::UNPROCESSABLE_ENTITY, form, problems.into()).await
    }

    /// 409: both versions, and the form as it was sent, ready to be saved over the newer one.
    async fn conflict(&self, form: TokenForm) -> Result<HttpResponse, PageError> {
        let theirs = self.summary(&TokenForm::of(self.token));
        let yours = self.summary(&form);
        let marked = |own: &[(&'static str, String)], other: &[(&'static str, String)]| {
            let lines = own.iter().zip(other);
            lines
                .map(|((label, value), (_, there))| Difference { label, value: value.clone(), changed: value != there })
                .collect()
        };
        let conflict = Conflict { theirs: marked(&theirs, &yours), yours: marked(&yours, &theirs) };
        self.answer(StatusCode::CONFLICT, form, Remarks { conflict: Some(conflict), ..Remarks::default() }).await
    }

    /// A form in lines that can be compared.
    fn summary(&self, form: &TokenForm) -> Vec<(&'static str, String)> {
        let lines = |text: &str| text.trim().replace("\r\n", "\n");
        let or_none = |text: String| if text.is_empty() { "none".to_owned() } else { text };
        vec![
            ("Name", or_none(form.name.trim().to_owned())),
            ("Note", or_none(lines(&form.note))),
            ("May", or_none(form.permission.iter().map(|scope| in_words(scope)).collect::<Vec<_>>().join("\n"))),
            ("Packages", or_none(lines(&form.all_patterns()))),
            ("Feeds", self.feeds_of(form)),
            ("Expires", self.end_of(form)),
        ]
    }

    fn feeds_of(&self, form: &TokenForm) -> String {
        let chosen = self.feeds.iter().filter(|feed| form.feed.contains(&feed.id.to_string()));
        let names: Vec<_> = chosen.map(|feed| feed.name.as_str()).collect();
        match form.feeds.as_str() {
            "some" if names.is_empty() => "none".to_owned(),
            "some" => names.join(", "),
            _ => "All feeds".to_owned(),
        }
    }

    /// The end that a form asks for; what cannot be read is shown as it was sent.
    fn end_of(&self, form: &TokenForm) -> String {
        match form.draft().end(&rules(self.app, self.me, &[]), Some(self.token)) {
            Ok(Some(end)) => Time::end(end, self.me.now, self.me.account.time_zone).text,
            Ok(None) => "Never".to_owned(),
            Err(_) if form.expires == "date" => form.expires_on.clone(),
            Err(_) => form.expires.clone(),
        }
    }

    async fn answer(&self, status: StatusCode, form: TokenForm, remarks: Remarks) -> Result<HttpResponse, PageError> {
        let Remarks { conflict, added, problems } = remarks;
        let preview = Preview::of(self.app, self.owner, &form, Some(self.token.id)).await?;
        let max_days = self.app.settings.max_token_days;
        let fields = Fields::new(&form, self.me, self.feeds, max_days, Some(self.token), preview);
        let page = Page::in_section(self.req, format!("Edit {}", self.token.name), "tokens");
        let page = EditPage {
            action: page.url(&format!("{}/edit", path(self.token))),
            page,
            token: view::Token::whole(self.token, self.feeds, self.me),
            version: self.token.version,
            conflict,
            added,
            form: fields,
            problems,
        };
        answer(status, &page)
    }
}

/// A permission in words; what is none as it was sent.
fn in_words(scope: &str) -> String {
    Permission::parse(scope).map_or_else(|| scope.to_owned(), |permission| permission.words().to_owned())
}
