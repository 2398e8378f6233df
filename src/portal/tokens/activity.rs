//! How a token's life went: the picture of its days, and the places it was used from.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;
use chrono::{DateTime, Utc};

use super::{
    token_request::TokenRequest,
    usage_chart::{self, ChartEvent, DAYS, UsageChart},
    view,
};
use crate::{
    app::App,
    audit::EventKind,
    tokens::Token,
    usage::day_of,
    web::{
        error::PageError,
        format::{self, Time, thousands},
        page::{Page, SignedIn, answer},
    },
};

/// Clients on the page of all of them.
const MOST: usize = 500;
/// Steps of its life that can be in the picture.
const STEPS: i64 = 200;

/// A client that used a token, and from where.
pub(super) struct ClientRow {
    pub client: String,
    pub address: String,
    pub last: Time,
    pub uses: String,
}

#[derive(Template)]
#[template(path = "portal/tokens/activity/clients.html")]
struct Clients {
    page: Page,
    token: view::Token,
    clients: Vec<ClientRow>,
    more_clients: bool,
}

/// `GET /settings/tokens/{id}/clients`
pub async fn list_clients(of: TokenRequest) -> Result<HttpResponse, PageError> {
    let of = of.with_latest_uses().await?;
    let (clients, _) = clients(&of.app, &of.me, &of.token, MOST).await?;
    let title = format!("Clients of {}", of.token.settings.name);
    let page = Page::in_section(&of.req, title, "tokens");
    answer(StatusCode::OK, &Clients { page, token: of.summary().await?, clients, more_clients: false })
}

/// The picture of the last days.
pub(super) async fn picture(app: &App, me: &SignedIn, token: &Token) -> Result<UsageChart, PageError> {
    let days = app.store.days_of(token.id, day_of(me.now) - DAYS + 1).await?;
    let days: Vec<_> = days.iter().filter_map(day).collect();
    let life = app.store.life_of_token(token.id, STEPS).await?;
    let steps: Vec<_> = life.iter().filter_map(step).collect();
    Ok(UsageChart::of(&days, &steps, me.now))
}

fn day(day: &crate::usage::DailyUse) -> Option<usage_chart::ChartDay> {
    let date = DateTime::<Utc>::from_timestamp(day.day.checked_mul(86_400)?, 0)?.date_naive();
    Some(usage_chart::ChartDay { date, uses: day.uses, refusals: day.refusals })
}

fn step(event: &crate::audit::Event) -> Option<(DateTime<Utc>, ChartEvent)> {
    const STEPS: [(EventKind, ChartEvent); 5] = [
        (EventKind::TokenCreated, ChartEvent::Issued("Created")),
        (EventKind::TokenRefreshed, ChartEvent::Issued("Refreshed")),
        (EventKind::TokenDeactivated, ChartEvent::Off),
        (EventKind::TokenReactivated, ChartEvent::On),
        (EventKind::TokenRevoked, ChartEvent::Off),
    ];
    let step = STEPS.iter().find(|(kind, _)| *kind == event.kind);
    step.map(|(_, step)| (event.at, *step))
}

/// The clients that used it last, and whether there are more.
pub(super) async fn clients(
    app: &App,
    me: &SignedIn,
    token: &Token,
    most: usize,
) -> Result<(Vec<ClientRow>, bool), PageError> {
    let mut places = app.store.places_of(token.id, i64::try_from(most + 1).unwrap_or(i64::MAX)).await?;
    let more = places.len() > most;
    places.truncate(most);
    let shown = places.into_iter().map(|place| ClientRow {
        client: or_unnamed(format::client(&place.client)),
        address: place.address,
        last: me.time(place.last_at),
        uses: thousands(place.uses),
    });
    Ok((shown.collect(), more))
}

fn or_unnamed(client: String) -> String {
    if client.is_empty() { "A client that does not say its name".to_owned() } else { client }
}
