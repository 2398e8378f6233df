//! A token's life as a picture: uses and refusals of each day on one scale, and the steps of its life above them.

use chrono::{DateTime, Datelike, Duration, NaiveDate, Utc};

use crate::web::format::thousands;

/// Days in the picture, the present one last.
pub const DAYS: i64 = 90;
/// Height of the bars' ground in its own units; its width is ten a day.
const HEIGHT: i64 = 1200;
/// The least height of a bar that stands for anything at all.
const LEAST: i64 = 20;
/// Month names this near to the right edge would run into the word for the present day.
const LAST_MONTH_AT: i64 = 76;

/// What happened on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChartDay {
    /// The day, in UTC.
    pub date: NaiveDate,
    /// Requests that were allowed.
    pub uses: i64,
    /// Requests that were refused.
    pub refusals: i64,
}

/// A step of a token's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChartEvent {
    /// A key was issued for the first time, or again.
    Issued(&'static str),
    /// Switched off.
    Off,
    /// Switched on again.
    On,
}

/// The picture, ready for its template.
pub struct UsageChart {
    pub bars: Vec<Bar>,
    /// Where bars begin, in the ground's units from its top.
    pub baseline: i64,
    pub most_uses: i64,
    pub most_refusals: i64,
    pub refusals: i64,
    pub months: Vec<EventMark>,
    pub issued: Vec<EventMark>,
    pub off: Vec<Span>,
    /// One sentence that says what is seen.
    pub summary: String,
    /// The same as a table, the newest day first.
    pub rows: Vec<EventRow>,
}

/// The bars of a day, in the ground's units.
pub struct Bar {
    pub x: i64,
    pub up: i64,
    pub down: i64,
    pub top: i64,
    pub title: String,
}

/// Something at a place along the picture, in per cent of its width.
pub struct EventMark {
    pub x: String,
    pub label: String,
}

/// A stretch of time along the picture, in per cent.
pub struct Span {
    pub x: String,
    pub width: String,
    pub label: String,
}

/// A day of the table.
pub struct EventRow {
    pub day: String,
    pub uses: i64,
    pub refusals: i64,
}

impl UsageChart {
    /// Draws the days up to `now`. `days` and `steps` come in order; others than the last [`DAYS`] are left out.
    pub fn of(days: &[ChartDay], steps: &[(DateTime<Utc>, ChartEvent)], now: DateTime<Utc>) -> Self {
        let today = now.date_naive();
        let first = today - Duration::days(DAYS - 1);
        let days: Vec<ChartDay> = days.iter().copied().filter(|day| (first..=today).contains(&day.date)).collect();
        let most = |count: fn(&ChartDay) -> i64| days.iter().map(count).max().unwrap_or_default();
        let sum = |count: fn(&ChartDay) -> i64| days.iter().map(count).sum();
        let (most_uses, most_refusals) = (most(|day| day.uses), most(|day| day.refusals));
        let (uses, refusals) = (sum(|day| day.uses), sum(|day| day.refusals));
        let scale = Scale::of(most_uses, most_refusals);
        Self {
            bars: days.iter().map(|day| bar(day, first, scale)).collect(),
            baseline: scale.baseline,
            most_uses,
            most_refusals,
            refusals,
            months: months(first, today),
            issued: issued(steps, first),
            off: off(steps, first, now),
            summary: summary(&days, uses, refusals),
            rows: days
                .iter()
                .rev()
                .map(|day| EventRow { day: text(day.date), uses: day.uses, refusals: day.refusals })
                .collect(),
        }
    }

    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.bars.is_empty()
    }

    /// The count that reaches the top.
    pub fn top_label(&self) -> String {
        thousands(self.most_uses)
    }

    /// The count that reaches the bottom.
    pub fn bottom_label(&self) -> String {
        thousands(self.most_refusals)
    }

    /// Where bars begin, in pixels from the top of the whole picture.
    pub fn baseline_at(&self) -> String {
        format!("{}.5", 12 + self.baseline / 10)
    }
}

/// One scale for both directions: a refusal is as tall as a use.
#[derive(Clone, Copy)]
struct Scale {
    baseline: i64,
    most: i64,
    room: i64,
}

impl Scale {
    fn of(most_uses: i64, most_refusals: i64) -> Self {
        if most_refusals == 0 {
            return Self { baseline: HEIGHT, most: most_uses.max(1), room: HEIGHT };
        }
        let down = share(most_refusals, most_uses + most_refusals, HEIGHT).clamp(LEAST * 2, HEIGHT - LEAST * 2);
        let up = HEIGHT - down;
        // The side that has less room for its most sets the scale.
        if most_uses * down >= most_refusals * up {
            Self { baseline: up, most: most_uses.max(1), room: up }
        } else {
            Self { baseline: up, most: most_refusals, room: down }
        }
    }

    fn height(self, count: i64) -> i64 {
        if count == 0 { 0 } else { share(count, self.most, self.room).max(LEAST) }
    }
}

/// `part` of `whole` as a part of `room`, without overflow.
fn share(part: i64, whole: i64, room: i64) -> i64 {
    i64::try_from(i128::from(part) * i128::from(room) / i128::from(whole.max(1))).unwrap_or(room)
}

fn bar(day: &ChartDay, first: NaiveDate, scale: Scale) -> Bar {
    let (up, down) = (scale.height(day.uses), scale.height(day.refusals));
    let title = format!("{}: {}", text(day.date), counts(day.uses, day.refusals));
    Bar { x: (day.date - first).num_days() * 10 + 1, up, down, top: scale.baseline - up, title }
}

fn counts(uses: i64, refusals: i64) -> String {
    let uses = format!("{} use{}", thousands(uses), if uses == 1 { "" } else { "s" });
    if refusals == 0 { uses } else { format!("{uses}, {} refused", thousands(refusals)) }
}

fn text(date: NaiveDate) -> String {
    date.format("%-d %b %Y").to_string()
}

fn summary(days: &[ChartDay], uses: i64, refusals: i64) -> String {
    let busiest = days.iter().max_by_key(|day| (day.uses, day.refusals, day.date));
    match busiest.filter(|day| day.uses > 0) {
        Some(day) => {
            format!("{} in {DAYS} days; most on {}: {}.", counts(uses, refusals), text(day.date), thousands(day.uses))
        }
        None => format!("{} in {DAYS} days.", counts(uses, refusals)),
    }
}

/// The beginnings of months, as far as their names fit.
fn months(first: NaiveDate, today: NaiveDate) -> Vec<EventMark> {
    let days = first.iter_days().take_while(|day| *day <= today).enumerate();
    let begin = days.filter(|(n, day)| day.day() == 1 && i64::try_from(*n).is_ok_and(|n| n <= LAST_MONTH_AT));
    begin.map(|(n, day)| EventMark { x: percent(n as f64), label: day.format("%b").to_string() }).collect()
}

/// A number of days as a part of the picture's width.
fn percent(days: f64) -> String {
    format!("{:.2}%", (days * 100.0 / DAYS as f64).clamp(0.0, 100.0))
}

/// The days between the picture's left edge and an instant.
fn along(at: DateTime<Utc>, first: NaiveDate) -> f64 {
    (at - first.and_time(chrono::NaiveTime::MIN).and_utc()).num_minutes() as f64 / (24.0 * 60.0)
}

fn issued(steps: &[(DateTime<Utc>, ChartEvent)], first: NaiveDate) -> Vec<EventMark> {
    let within = steps.iter().filter(|(at, _)| at.date_naive() >= first);
    let at = within.filter_map(|(at, step)| match step {
        ChartEvent::Issued(word) => {
            Some(EventMark { x: percent(along(*at, first)), label: format!("{word} {}", text(at.date_naive())) })
        }
        ChartEvent::Off | ChartEvent::On => None,
    });
    at.collect()
}

/// The stretches in which it was off. One that began before the picture begins at its edge; one without end ends now.
fn off(steps: &[(DateTime<Utc>, ChartEvent)], first: NaiveDate, now: DateTime<Utc>) -> Vec<Span> {
    let mut since = None;
    let mut spans = Vec::new();
    let mut end = |since: &mut Option<DateTime<Utc>>, until: DateTime<Utc>| {
        let Some(from) = since.take().filter(|_| until.date_naive() >= first) else { return };
        let (left, right) = (along(from, first).max(0.0), along(until, first));
        let label = format!("Off from {} to {}", text(from.date_naive()), text(until.date_naive()));
        spans.push(Span { x: percent(left), width: percent(right - left), label });
    };
    for (at, step) in steps {
        match step {
            ChartEvent::Off => since = since.or(Some(*at)),
            ChartEvent::On => end(&mut since, *at),
            ChartEvent::Issued(_) => {}
        }
    }
    end(&mut since, now);
    spans
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn ago(days: i64, uses: i64, refusals: i64) -> ChartDay {
        ChartDay { date: now().date_naive() - Duration::days(days), uses, refusals }
    }

    #[test]
    fn a_refusal_is_as_tall_as_a_use() {
        let picture = UsageChart::of(&[ago(89, 30, 0), ago(1, 10, 10), ago(0, 0, 1)], &[], now());
        let bars: Vec<_> = picture.bars.iter().map(|bar| (bar.x, bar.up, bar.down)).collect();
        assert_eq!(bars, [(1, 900, 0), (881, 300, 300), (891, 0, 30)]);
        assert_eq!((picture.baseline, picture.most_uses, picture.most_refusals), (900, 30, 10));
        assert_eq!(picture.summary, "40 uses, 11 refused in 90 days; most on 26 Aug 2026: 30.");
        assert_eq!(picture.bars[1].title, "22 Nov 2026: 10 uses, 10 refused");
    }

    #[test]
    fn what_is_older_is_left_out() {
        let picture =
            UsageChart::of(&[ago(90, 1, 0)], &[(now() - Duration::days(91), ChartEvent::Issued("Created"))], now());
        assert!(picture.is_empty() && picture.issued.is_empty());
    }

    #[test]
    fn months_begin_where_they_begin_and_never_run_into_today() {
        let at = |text: &str| {
            let picture = UsageChart::of(&[], &[], text.parse().unwrap());
            picture.months.into_iter().map(|month| format!("{} {}", month.label, month.x)).collect::<Vec<_>>()
        };
        assert_eq!(at("2026-11-23T12:00:00Z"), ["Sep 6.67%", "Oct 40.00%", "Nov 74.44%"]);
        assert_eq!(at("2026-11-02T12:00:00Z"), ["Sep 30.00%", "Oct 63.33%"]);
    }

    #[test]
    fn times_off_are_seen_from_their_beginning_to_their_end() {
        let days = |n| now() - Duration::days(n);
        let steps = [
            (days(100), ChartEvent::Off),
            (days(80), ChartEvent::On),
            (days(40), ChartEvent::Issued("Refreshed")),
            (days(9), ChartEvent::Off),
        ];
        let picture = UsageChart::of(&[], &steps, now());
        let spans: Vec<_> = picture.off.iter().map(|span| (span.x.as_str(), span.width.as_str())).collect();
        assert_eq!(spans, [("0.00%", "10.56%"), ("89.44%", "10.00%")]);
        assert_eq!(picture.issued[0].label, "Refreshed 14 Oct 2026");
    }

    proptest! {
        #[test]
        fn every_bar_stays_in_the_picture_and_none_that_counts_is_invisible(
            counts in proptest::collection::vec((0i64..i64::MAX / 4000, 0i64..i64::MAX / 4000), 1..20),
        ) {
            let days: Vec<_> = counts.iter().zip(0..).map(|(&(uses, refusals), n)| ago(n, uses, refusals)).collect();
            let picture = UsageChart::of(&days, &[], now());
            for (bar, day) in picture.bars.iter().zip(&days) {
                prop_assert!(bar.top >= 0 && bar.top + bar.up == picture.baseline, "{day:?}");
                prop_assert!(picture.baseline + bar.down <= HEIGHT, "{day:?}");
                prop_assert_eq!((bar.up > 0, bar.down > 0), (day.uses > 0, day.refusals > 0));
            }
        }
    }
}
