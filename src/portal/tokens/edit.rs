//! Editing a token: its key stays the same, permissions only shrink, the end only comes nearer. An edit that began from
//! an older version is not saved over the newer one: the page shows both.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;
use strum::VariantArray;

use super::{
    confirm::cannot,
    fields::Fields,
    pattern_preview::Preview,
    prefill::PrefillLink,
    remedy,
    sentence::Reader,
    token_form::{TokenForm, rules},
    token_request::TokenRequest,
    view,
};
use crate::{
    feeds::Feed,
    tokens::{Edited, FeedId, Permission, Token, TokenField, TokenSettings, act::TokenAct, draft::FieldError},
    web::{
        error::PageError,
        flash::Flash,
        form::{Form, Problems},
        format::{Time, sentence},
        late_form::typed,
        page::{Page, answer, go_to},
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
    label: String,
    value: String,
    changed: bool,
}

/// `GET /settings/tokens/{id}/edit`; `?add=` puts one more pattern into the form, `?feed=` ticks one more feed.
pub async fn show_edit_token(of: TokenRequest) -> Result<HttpResponse, PageError> {
    if let Err(why) = of.check(TokenAct::Edit) {
        return cannot(&of, TokenAct::Edit, why, StatusCode::OK).await;
    }
    let feeds = of.feeds().await?;
    let drawing = Drawing { of: &of, feeds: &feeds };
    if let Some(form) = typed(&of.req, &format!("{}/edit", of.path())) {
        return drawing.answer(StatusCode::OK, form, Remarks::default()).await;
    }
    let mut form = TokenForm::of(&of.token);
    remedy::tick_feed(&of.req, &feeds, &mut form.feed);
    let remarks = match PrefillLink::of(&of.req).add(&mut form) {
        Ok(added) => Remarks { added, ..Remarks::default() },
        Err(error) => Problems::one("patterns", error).into(),
    };
    drawing.answer(StatusCode::OK, form, remarks).await
}

/// `POST /settings/tokens/{id}/edit`
pub async fn edit_token(of: TokenRequest, Form(form): Form<TokenForm>) -> Result<HttpResponse, PageError> {
    if let Err(why) = of.check(TokenAct::Edit) {
        return cannot(&of, TokenAct::Edit, why, StatusCode::CONFLICT).await;
    }
    let feeds = of.feeds().await?;
    let drawing = Drawing { of: &of, feeds: &feeds };
    if form.only_shows() {
        return drawing.answer(StatusCode::OK, form, Remarks::default()).await;
    }
    if form.version != of.token.version.to_string() {
        return drawing.conflict(form).await;
    }
    let pasted = of.app.legacy.in_draft(&of.app.store, &form.draft()).await?;
    let (edit, changed) = match check(&of, &form, &feeds) {
        Ok(checked) if pasted.is_empty() => checked,
        Ok(_) => return drawing.refuse(form, &pasted).await,
        Err(errors) => return drawing.refuse(form, &errors).await,
    };
    if edit.widens(&of.token.settings) {
        reauth::require(&of.req, &of.app, &of.me).await?;
    }
    match of.app.store.edit_token(&changed, &of.me.actor, of.me.now).await? {
        Edited::Done => Ok(go_to(&of.req, Flash::Saved.at(&of.path()))),
        Edited::Unchanged => Ok(go_to(&of.req, Flash::Unchanged.at(&of.path()))),
        Edited::Stale => Drawing { of: &of.reloaded().await?, feeds: &feeds }.conflict(form).await,
    }
}

/// The edit that a form asks for, and the token after it.
fn check(of: &TokenRequest, form: &TokenForm, feeds: &[Feed]) -> Result<(TokenSettings, Token), Vec<FieldError>> {
    let reachable: Vec<FeedId> = feeds.iter().map(|feed| feed.id).collect();
    let edit = form.draft().edit(&of.token, &rules(&of.app, &of.me, &reachable))?;
    let changed = edit.clone().replace_in(&of.token, of.me.now).map_err(|refused| vec![refused.into()])?;
    Ok((edit, changed))
}

/// All that the page is drawn from but the form.
struct Drawing<'a> {
    of: &'a TokenRequest,
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
        let theirs = self.summary(&TokenForm::of(&self.of.token));
        let yours = self.summary(&form);
        let marked = |own: &[(TokenField, String)], other: &[(TokenField, String)]| {
            let lines = own.iter().zip(other);
            let line = |((field, value), (_, there)): (&(TokenField, String), &(TokenField, String))| Difference {
                label: sentence(field.words()),
                value: value.clone(),
                changed: value != there,
            };
            lines.map(line).collect()
        };
        let conflict = Conflict { theirs: marked(&theirs, &yours), yours: marked(&yours, &theirs) };
        self.answer(StatusCode::CONFLICT, form, Remarks { conflict: Some(conflict), ..Remarks::default() }).await
    }

    /// A form in lines that can be compared, one for each setting.
    fn summary(&self, form: &TokenForm) -> Vec<(TokenField, String)> {
        TokenField::VARIANTS.iter().map(|field| (*field, or_none(self.setting(*field, form)))).collect()
    }

    fn setting(&self, field: TokenField, form: &TokenForm) -> String {
        let lines = |text: &str| text.trim().replace("\r\n", "\n");
        match field {
            TokenField::Name => form.name.trim().to_owned(),
            TokenField::Note => lines(&form.note),
            TokenField::Permissions => {
                form.permission.iter().map(|scope| in_words(scope)).collect::<Vec<_>>().join("\n")
            }
            TokenField::Patterns => lines(&form.all_patterns()),
            TokenField::Feeds => self.feeds_of(form),
            TokenField::End => self.end_of(form),
        }
    }

    fn feeds_of(&self, form: &TokenForm) -> String {
        let chosen = self.feeds.iter().filter(|feed| form.feed.contains(&feed.id.to_string()));
        let names: Vec<_> = chosen.map(|feed| feed.name.as_str()).collect();
        match form.feeds.as_str() {
            "some" => names.join(", "),
            _ => "All feeds".to_owned(),
        }
    }

    /// The end that a form asks for; what cannot be read is shown as it was sent.
    fn end_of(&self, form: &TokenForm) -> String {
        match form.draft().end(&rules(&self.of.app, &self.of.me, &[]), Some(&self.of.token)) {
            Ok(Some(end)) => Time::end(end, self.of.me.now, self.of.me.account.time_zone).text,
            Ok(None) => "Never".to_owned(),
            Err(_) if form.expires == "date" => form.expires_on.clone(),
            Err(_) => form.expires.clone(),
        }
    }

    async fn answer(&self, status: StatusCode, form: TokenForm, remarks: Remarks) -> Result<HttpResponse, PageError> {
        let Remarks { conflict, added, problems } = remarks;
        let preview = Preview::of(&self.of.app, self.of.owner, &form, Some(self.of.token.id)).await?;
        let preview = preview.without(&problems);
        let reader = Reader { feeds: self.feeds, me: &self.of.me };
        let fields = Fields::new(form, &self.of.app, reader, Some(&self.of.token), preview);
        let page = Page::in_section(&self.of.req, format!("Edit {}", self.of.token.settings.name), "tokens");
        let page = EditPage {
            action: page.url(&format!("{}/edit", self.of.path())),
            page,
            token: view::Token::whole(&self.of.token, self.feeds, &self.of.me),
            version: self.of.token.version,
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

fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}
