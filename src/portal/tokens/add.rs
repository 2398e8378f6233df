//! Adding one pattern or one feed to a token, which mends a refusal: the page shows before and after, and has one button.

use actix_web::{HttpResponse, http::StatusCode, web::Query};
use askama::Template;
use serde::Deserialize;

use super::{
    confirm::{about, cannot},
    pattern_preview::{PatternLine, Preview},
    sentence::Reader,
    token_form::TokenForm,
    token_request::TokenRequest,
};
use crate::{
    feeds::Feed,
    tokens::{
        Edited, Feeds, Patterns, Token, TokenSettings,
        act::TokenAct,
        pattern::{BadPattern, Pattern},
    },
    web::{
        confirm::{Confirm, Piece},
        error::PageError,
        flash::Flash,
        form::{Form, Problems},
        late_form::typed,
        page::{Page, answer, go_to},
        reauth,
    },
};

/// Patterns or feeds that are shown beside the new one.
const SHOWN: usize = 10;

/// What is added: a pattern, or the id of a feed. The form says which version of the token its page showed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Addition {
    pattern: String,
    feed: String,
    version: String,
}

/// Before and after, ready for the template.
struct Difference {
    /// "Packages" or "Feeds".
    label: &'static str,
    /// What there is, as code if it is patterns.
    kept: Vec<String>,
    /// How many of it are not shown.
    left_out: usize,
    added: String,
    is_code: bool,
    /// How much the patterns cover then.
    coverage: Vec<PatternLine>,
}

#[derive(Template)]
#[template(path = "portal/tokens/add.html")]
struct AddPage {
    page: Page,
    confirm: Confirm,
    addition: Addition,
    difference: Difference,
    sentence: Vec<Piece>,
    problems: Problems,
}

/// Why nothing is added.
enum Nothing {
    /// It is there already.
    IsThere,
    /// What is wrong with the pattern.
    Bad(BadPattern),
    /// There is no such feed in reach.
    NoFeed,
}

impl Nothing {
    fn words(&self) -> String {
        match self {
            Self::IsThere => "There is nothing to add: the token covers it already.".to_owned(),
            Self::Bad(error) => error.to_string(),
            Self::NoFeed => "This feed does not exist, or you cannot reach it.".to_owned(),
        }
    }
}

/// `GET /settings/tokens/{id}/add?pattern=…`, or `?feed=` with an id.
pub async fn ask_addition(of: TokenRequest, Query(addition): Query<Addition>) -> Result<HttpResponse, PageError> {
    if let Err(why) = of.check(TokenAct::Edit) {
        return cannot(&of, TokenAct::Edit, why, StatusCode::OK).await;
    }
    let addition = typed(&of.req, &format!("{}/add", of.path())).unwrap_or(addition);
    draw(&of, addition, StatusCode::OK, Problems::default()).await
}

/// `POST /settings/tokens/{id}/add`
pub async fn add_to_token(of: TokenRequest, Form(addition): Form<Addition>) -> Result<HttpResponse, PageError> {
    if let Err(why) = of.check(TokenAct::Edit) {
        return cannot(&of, TokenAct::Edit, why, StatusCode::CONFLICT).await;
    }
    let feeds = of.feeds().await?;
    let settings = match with(&of.token, &addition, &feeds) {
        // Pressed twice, it is what was wanted.
        Err(Nothing::IsThere) => return Ok(go_to(&of.req, Flash::Unchanged.at(&of.path()))),
        Err(_) => return draw(&of, addition, StatusCode::UNPROCESSABLE_ENTITY, Problems::default()).await,
        Ok(settings) => settings,
    };
    if addition.version != of.token.version.to_string() {
        return changed(&of, addition).await;
    }
    reauth::require(&of.req, &of.app, &of.me).await?;
    let Ok(token) = settings.replace_in(&of.token, of.me.now) else { return changed(&of, addition).await };
    match of.app.store.edit_token(&token, &of.me.actor, of.me.now).await? {
        Edited::Stale => changed(&of.reloaded().await?, addition).await,
        Edited::Done | Edited::Unchanged => Ok(go_to(&of.req, Flash::Saved.at(&of.path()))),
    }
}

/// 409: somebody changed the token in between.
async fn changed(of: &TokenRequest, addition: Addition) -> Result<HttpResponse, PageError> {
    let text = "The token was changed after this page was opened, so nothing was added. This is how it looks now.";
    draw(of, addition, StatusCode::CONFLICT, Problems::one("", text)).await
}

/// The token's settings with what is added.
fn with(token: &Token, addition: &Addition, feeds: &[Feed]) -> Result<TokenSettings, Nothing> {
    let settings = token.settings.clone();
    if addition.feed.is_empty() {
        let patterns = with_pattern(&settings.patterns, &addition.pattern)?;
        return Ok(TokenSettings { patterns, ..settings });
    }
    let feed = feeds.iter().find(|feed| feed.id.to_string() == addition.feed).ok_or(Nothing::NoFeed)?;
    match &settings.feeds {
        Feeds::Some(ids) if !ids.contains(&feed.id) => {
            let feeds = Feeds::Some(ids.iter().copied().chain([feed.id]).collect());
            Ok(TokenSettings { feeds, ..settings })
        }
        _ => Err(Nothing::IsThere),
    }
}

fn with_pattern(patterns: &Patterns, text: &str) -> Result<Patterns, Nothing> {
    let pattern = Pattern::parse(text).map_err(Nothing::Bad)?;
    if patterns.covers(pattern.as_str()) {
        return Err(Nothing::IsThere);
    }
    Patterns::parse(&format!("{}\n{}", patterns.as_str(), pattern.as_str())).map_err(Nothing::Bad)
}

impl Difference {
    async fn of(of: &TokenRequest, addition: &Addition, after: &Token, feeds: &[Feed]) -> Result<Self, PageError> {
        let is_code = addition.feed.is_empty();
        let (mut kept, added) = if is_code {
            let patterns = of.token.settings.patterns.iter().map(str::to_owned).collect();
            (patterns, addition.pattern.trim().to_owned())
        } else {
            let name = |id: &str| feeds.iter().find(|feed| feed.id.to_string() == id).map(|feed| feed.name.clone());
            (names(&of.token, feeds), name(&addition.feed).unwrap_or_default())
        };
        let left_out = kept.len().saturating_sub(SHOWN);
        kept.truncate(SHOWN);
        let coverage = match is_code {
            true => Preview::of(&of.app, of.owner, &TokenForm::of(after), Some(of.token.id)).await?.lines,
            false => Vec::new(),
        };
        let label = if is_code { "Packages" } else { "Feeds" };
        Ok(Self { label, kept, left_out, added, is_code, coverage })
    }
}

fn names(token: &Token, feeds: &[Feed]) -> Vec<String> {
    let covered = feeds.iter().filter(|feed| token.settings.feeds.cover(Some(feed.id)));
    covered.map(|feed| feed.name.clone()).collect()
}

async fn draw(
    of: &TokenRequest,
    addition: Addition,
    status: StatusCode,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let feeds = of.feeds().await?;
    let what = if addition.feed.is_empty() { "pattern" } else { "feed" };
    let question = about(of, TokenAct::Edit, &of.summary().await?);
    let question = Confirm {
        title: format!("Add {what} to {}", of.token.settings.name),
        lede: "The key stays the same. The change takes effect with the next request.".to_owned(),
        sentence: Vec::new(),
        facts: Vec::new(),
        action: format!("{}/add", of.path()),
        button: format!("Add {what}"),
        asks_proof: of.me.must_prove(),
        ..question
    };
    let settings = match with(&of.token, &addition, &feeds) {
        Ok(settings) => settings,
        Err(why) => return question.without_form(why.words(), None).draw(&of.req, status, problems),
    };
    let after = Token { settings, ..of.token.clone() };
    let page = AddPage {
        page: question.page(&of.req),
        confirm: question,
        difference: Difference::of(of, &addition, &after, &feeds).await?,
        sentence: Reader { feeds: &feeds, me: &of.me }.of_settings("Can then", &after.settings),
        addition,
        problems,
    };
    answer(status, &page)
}
