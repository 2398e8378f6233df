//! What pages say about a line of the record. The record itself holds codes and facts.

use chrono::{DateTime, Utc};

use super::format::{browser, counted};
use crate::{
    audit::{Cause, DeprecationFacts, EventDetail, EventKind, TokenDetail},
    notifications::MailKind,
};

/// A line of the record and where it happened, as far as the line tells.
pub struct EventText<'a> {
    /// What happened.
    pub kind: EventKind,
    /// Its facts.
    pub detail: &'a EventDetail,
    /// In which feed.
    pub feed: Option<&'a str>,
    /// To which package.
    pub package: Option<&'a str>,
    /// To which version of it.
    pub version: Option<&'a str>,
}

impl EventText<'_> {
    /// More than the kind says, in a few words; empty if there is no more. `time` writes an instant for whoever reads it.
    pub fn detail(&self, time: impl Fn(DateTime<Utc>) -> String) -> String {
        let detail_text = self.detail_text(time);
        match (self.place(), self.package) {
            (place, _) if detail_text.is_empty() => place,
            (place, _) if place.is_empty() => detail_text,
            (place, Some(_)) => format!("{place}: {detail_text}"),
            (place, None) => format!("{detail_text} in {place}"),
        }
    }

    fn detail_text(&self, time: impl Fn(DateTime<Utc>) -> String) -> String {
        match self.detail {
            EventDetail::Nothing | EventDetail::Ownership { .. } => String::new(),
            EventDetail::Text { text } => text.clone(),
            EventDetail::Token(detail) => self.of_token(detail, time),
            EventDetail::TokenEnd { at } => self.of_end(&time(*at)),
            EventDetail::Account { username } => username.clone(),
            EventDetail::Address { address } => address.clone(),
            EventDetail::Addresses { from, to } => format!("from {from} to {to}"),
            EventDetail::Session { client: agent, address } => format!("{}, from {address}", browser(agent)),
            EventDetail::Sessions { count } => counted(usize::try_from(*count).unwrap_or(usize::MAX), "other session"),
            EventDetail::TimeZone { zone } => zone.clone(),
            EventDetail::Reminders { thirty_days, one_day } => reminders(*thirty_days, *one_day).to_owned(),
            EventDetail::Tag { tag } => tag.clone(),
            EventDetail::Role { role } => role.clone().unwrap_or_else(|| "none".to_owned()),
            EventDetail::Versions { count } => counted(usize::try_from(*count).unwrap_or(usize::MAX), "version"),
            EventDetail::Deprecation(facts) => deprecation(facts),
            EventDetail::Packages { count, from } => format!("{count} of {from}"),
            EventDetail::Mail { mail, recipient } => {
                let what = MailKind::parse(mail).map_or(mail.as_str(), |letter| letter.in_words());
                format!("{what} to {recipient}")
            }
        }
    }

    /// `Contoso.Core 1.0.0 in main`.
    fn place(&self) -> String {
        let package = [self.package, self.version].into_iter().flatten().collect::<Vec<_>>().join(" ");
        match (package.as_str(), self.feed) {
            ("", feed) => feed.unwrap_or_default().to_owned(),
            (package, Some(feed)) => format!("{package} in {feed}"),
            (package, None) => package.to_owned(),
        }
    }

    fn of_token(&self, detail: &TokenDetail, time: impl Fn(DateTime<Utc>) -> String) -> String {
        let gone = detail.token.as_ref().filter(|_| self.kind == EventKind::TokenDeleted);
        let changed: Vec<_> = detail.changed.iter().map(|field| field.words()).collect();
        let parts = [
            gone.map(|token| token.name.clone()),
            (!changed.is_empty()).then(|| changed.join(", ")),
            detail.until.map(|until| format!("until {}", time(until))),
            detail.cause.map(|cause| because(cause).to_owned()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    fn of_end(&self, end: &str) -> String {
        match self.kind {
            EventKind::ExpiredSent => format!("the token expired at {end}"),
            EventKind::TokenRetired => format!("nothing was pushed with it for a year; it ended at {end}"),
            _ => format!("the token expires at {end}"),
        }
    }
}

fn because(cause: Cause) -> &'static str {
    match cause {
        Cause::PauseOver => "by itself",
        Cause::WithOthers => "with others",
        Cause::Freeze => "all tokens were frozen",
        Cause::Unfreeze => "the freeze was undone",
        Cause::WithMaker => "with the token that made it",
        Cause::Restore => "after a backup was restored",
    }
}

fn deprecation(facts: &DeprecationFacts) -> String {
    let versions = match &facts.version {
        Some(_) => None,
        None => Some(counted(usize::try_from(facts.count).unwrap_or(usize::MAX), "version")),
    };
    let instead = facts.alternative.as_ref().map(|name| format!("use {name} instead"));
    [versions, facts.message.clone(), instead].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn reminders(thirty_days: bool, one_day: bool) -> &'static str {
    match (thirty_days, one_day) {
        (true, true) => "30 days and 1 day before",
        (true, false) => "30 days before",
        (false, true) => "1 day before",
        (false, false) => "none",
    }
}
