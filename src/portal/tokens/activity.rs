//! How a token's life went: the picture of its days, and the places it was used from.

use chrono::{DateTime, Utc};

use super::usage_chart::{self, ChartEvent, DAYS, UsageChart};
use crate::{
    app::App,
    audit::EventKind,
    tokens::Token,
    usage::day_of,
    web::{
        error::PageError,
        format::{self, Time, thousands},
        page::SignedIn,
    },
};

/// Places that are shown.
const PLACES: i64 = 20;
/// Steps of its life that can be in the picture.
const STEPS: i64 = 200;

/// A place a token was used from.
pub(super) struct ClientRow {
    pub client: String,
    pub address: String,
    pub last: Time,
    pub uses: String,
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

/// The places of the last days, newest first.
pub(super) async fn places(app: &App, me: &SignedIn, token: &Token) -> Result<Vec<ClientRow>, PageError> {
    let places = app.store.places_of(token.id, PLACES).await?;
    let shown = places.into_iter().map(|place| ClientRow {
        client: or_unnamed(format::client(&place.client)),
        address: place.address,
        last: me.time(place.last_at),
        uses: thousands(place.uses),
    });
    Ok(shown.collect())
}

fn or_unnamed(client: String) -> String {
    if client.is_empty() { "A client that does not say its name".to_owned() } else { client }
}
