//! One token in full: what it may do, how its life went, where it was used, what it published, and its record.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

use super::{
    activity::{self, ClientRow},
    acts::PageActs,
    history::Record,
    narrow::Advice,
    pattern_preview::{self, Preview},
    published::{self, VersionRow},
    refusals::TokenIssues,
    symbols,
    token_form::TokenForm,
    token_request::TokenRequest,
    try_it::Trial,
    usage_chart::UsageChart,
    view,
};
use crate::{
    app::App,
    feeds::Feed,
    tokens::{Token, act::TokenAct},
    web::{
        error::PageError,
        format::Time,
        late_form::typed,
        owner::Owner,
        page::{Page, answer},
    },
};

/// Lines of each part that are shown; all of them have pages of their own.
const FEW: usize = 5;

#[derive(Template)]
#[template(path = "portal/tokens/show.html")]
struct ShowToken {
    page: Page,
    token: view::Token,
    acts: PageActs,
    can_be_edited: bool,
    words: Vec<String>,
    coverage: Vec<pattern_preview::PatternLine>,
    reads_symbols: bool,
    created: Time,
    issued: Option<Time>,
    made_by: Option<MadeBy>,
    trouble: TokenIssues,
    advice: Option<Advice>,
    picture: UsageChart,
    clients: Vec<ClientRow>,
    more_clients: bool,
    trial: Trial,
    published: Vec<VersionRow>,
    more_versions: bool,
    record: Record,
}

/// The token that made it.
struct MadeBy {
    id: String,
    /// None once it is deleted.
    name: Option<String>,
}

/// `GET /settings/tokens/{id}`
pub async fn show_token(of: TokenRequest) -> Result<HttpResponse, PageError> {
    let of = of.with_latest_uses().await?;
    let feeds = of.feeds().await?;
    let trial = match typed(&of.req, &format!("{}/try", of.path())) {
        Some(form) => Trial::untried(form, &of.token, &feeds, of.me.served),
        None => Trial::blank(&of.token, &feeds, of.me.served),
    };
    draw(&of, &feeds, StatusCode::OK, trial).await
}

/// Draws the page with something tried on it, or nothing.
pub(super) async fn draw(
    of: &TokenRequest,
    feeds: &[Feed],
    status: StatusCode,
    trial: Trial,
) -> Result<HttpResponse, PageError> {
    let TokenRequest { req, app, me, owner, token } = of;
    let time = |at| me.time(at);
    let (clients, more_clients) = activity::clients(app, me, token, FEW).await?;
    let (published, more_versions) = published::versions(app, me, token, FEW).await?;
    let page = ShowToken {
        page: Page::in_section(req, token.settings.name.clone(), "tokens"),
        token: view::Token::whole(token, feeds, me),
        acts: PageActs::of(token, me.now),
        can_be_edited: TokenAct::Edit.check(token, me.now).is_ok(),
        words: token.settings.permissions.iter().map(|one| view::permission_words(one, me.served)).collect(),
        reads_symbols: token.revoked_at.is_none() && symbols::may_read_symbols(token),
        coverage: Preview::of(app, *owner, &TokenForm::of(token), Some(token.id)).await?.lines,
        created: time(token.created_at),
        issued: token.issued_at.filter(|at| *at != token.created_at).map(time),
        made_by: made_by(app, *owner, token).await?,
        trouble: TokenIssues::of(app, me, *owner, token).await?,
        advice: Advice::about(app, me, token, feeds).await?,
        picture: activity::picture(app, me, token).await?,
        clients,
        more_clients,
        trial,
        published,
        more_versions,
        record: Record::newest(app, me, token, FEW).await?,
    };
    answer(status, &page)
}

async fn made_by(app: &App, owner: Owner, token: &Token) -> Result<Option<MadeBy>, PageError> {
    let Some(id) = token.made_by else { return Ok(None) };
    let maker = app.store.token_of(owner.id, id).await?;
    Ok(Some(MadeBy { id: id.to_string(), name: maker.map(|maker| maker.settings.name) }))
}
