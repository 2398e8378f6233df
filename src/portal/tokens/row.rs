//! A token as a row of a table: its name first, one act that its state asks for, the others in a menu.

use chrono::{DateTime, Utc};

use super::{
    sentence::feed_names,
    view::{self, Act, Use},
};
use crate::{
    feeds::Feed,
    paths,
    tokens::{Feeds, Permission, ServedKinds, State, Token, TokenKind, Verb, act::TokenAct, state::state},
    web::{
        format::{Time, sentence},
        page::SignedIn,
    },
};

/// A row, ready for `templates/portal/tokens/_row.html`.
pub struct TokenRow {
    pub id: String,
    pub name: String,
    /// Name and note, for whoever points at the name.
    pub title: String,
    pub hint: String,
    pub state: &'static str,
    pub tone: &'static str,
    /// Whether its key opens nothing now.
    pub is_off: bool,
    /// Whether it has ended, by its date or by hand.
    pub has_ended: bool,
    /// Whether it is the first of those, so that a heading stands before it.
    pub begins_ended: bool,
    pub primary: bool,
    pub legacy: bool,
    /// What it may do: "Read, upload".
    pub access: String,
    pub packages: Packages,
    pub last_used: Option<Use>,
    /// How often it was refused lately, if that is not mended yet.
    pub refused: i64,
    /// "Expires", "Expired", "Retires", "Retired" or "Revoked".
    pub ends: &'static str,
    pub end: Option<Time>,
    /// Where there is no end: "Never", or that the first key starts it.
    pub lifetime: &'static str,
    /// Per cent of its life still to come.
    pub left: Option<u8>,
    /// What its state asks for.
    pub act: RowAct,
    /// All else that can be done, in the order of the menu.
    pub acts: Vec<Act>,
    /// What ends something.
    pub ending_acts: Vec<Act>,
    /// Whether the line of alerts counts it as expired.
    pub can_dismiss: bool,
}

/// Which packages, in one line.
pub struct Packages {
    /// The first pattern; none for all packages.
    pub first: Option<String>,
    /// How many more patterns there are.
    pub more: usize,
    /// The feeds it is limited to; empty for all.
    pub feeds: String,
    /// Everything, for whoever points at it.
    pub title: String,
}

/// The one act in sight.
#[derive(Debug, PartialEq, Eq)]
pub struct RowAct {
    pub label: String,
    /// Below the public path.
    pub path: String,
    /// Whether the state asks for it; otherwise it is just what people do most.
    pub is_due: bool,
}

impl TokenRow {
    /// A row about somebody's own token.
    pub fn new(token: &Token, feeds: &[Feed], me: &SignedIn) -> Self {
        let seen = view::Token::whole(token, feeds, me);
        let state = state(token, me.now);
        let title = if token.settings.note.is_empty() {
            token.settings.name.clone()
        } else {
            format!("{}\n{}", token.settings.name, token.settings.note)
        };
        let (ending_acts, acts) = seen.acts.iter().copied().partition(|act| is_ending(act.verb));
        Self {
            act: act_for(token, state, me.now),
            title,
            is_off: !state.is_live(),
            has_ended: matches!(state, State::Expired | State::Retired | State::Revoked)
                || token.end().is_some_and(|end| end <= me.now),
            begins_ended: false,
            access: access(token, me.served),
            packages: Packages::of(token, feeds),
            refused: 0,
            id: seen.id,
            name: seen.name,
            hint: seen.hint,
            state: seen.state,
            tone: seen.tone,
            primary: seen.primary,
            legacy: seen.legacy,
            last_used: seen.last_used,
            ends: seen.ends,
            end: seen.expires,
            lifetime: seen.lifetime,
            left: seen.left,
            acts,
            ending_acts,
            can_dismiss: false,
        }
    }

    /// The same with what it was refused lately: how often, and the page that mends it, if there is one.
    #[must_use]
    pub fn refused(mut self, times: i64, mends: Option<(&str, &str)>) -> Self {
        self.refused = times;
        if let Some((_, path)) = mends.filter(|_| !self.act.is_due) {
            self.act = RowAct { label: "Fix".to_owned(), path: path.to_owned(), is_due: true };
        }
        self
    }
}

fn is_ending(verb: &str) -> bool {
    matches!(verb, "deactivate" | "revoke" | "delete")
}

/// What the state asks for, else what people do most.
fn act_for(token: &Token, state: State, now: DateTime<Utc>) -> RowAct {
    let of = |act: TokenAct, label: &str, is_due| RowAct {
        label: label.to_owned(),
        path: paths::of_token(token.id, act.as_str()),
        is_due,
    };
    let usual = |act: TokenAct, is_due| of(act, act.label(), is_due);
    match state {
        State::Revoked => usual(TokenAct::Delete, false),
        State::Expired | State::Retired if token.last_use.is_none() && TokenAct::Delete.check(token, now).is_ok() => {
            usual(TokenAct::Delete, true)
        }
        State::Expired | State::ExpiresSoon if token.can_be_refreshed() => usual(TokenAct::Refresh, true),
        State::Deactivated if TokenAct::Reactivate.check(token, now).is_ok() => usual(TokenAct::Reactivate, true),
        State::NotIssued => usual(TokenAct::Refresh, false),
        _ if token.kind == TokenKind::Legacy => of(TokenAct::Duplicate, "Replace", true),
        State::Active | State::ExpiresSoon => usual(TokenAct::Edit, false),
        _ if token.can_be_refreshed() => usual(TokenAct::Refresh, true),
        _ => usual(TokenAct::Duplicate, false),
    }
}

/// What it may do in a few words: "Read, upload"; kinds are named where they differ.
pub fn access(token: &Token, served: ServedKinds) -> String {
    let permissions = token.settings.permissions.effective();
    let mut lines: Vec<(String, Vec<&'static str>)> = Vec::new();
    for kind in served.iter() {
        let words = verbs(permissions.iter().filter(|permission| permission.kind() == Some(kind)));
        match lines.iter_mut().find(|(known, _)| *known == words) {
            _ if words.is_empty() => {}
            Some((_, kinds)) => kinds.push(kind.label()),
            None => lines.push((words, vec![kind.label()])),
        }
    }
    let all = served.iter().count();
    let parts = lines.into_iter().map(|(words, kinds)| match kinds.len() {
        of if of == all => words,
        _ => format!("{words} ({})", kinds.join(", ")),
    });
    let api = match (permissions.has(Permission::ApiManage), permissions.has(Permission::ApiRead)) {
        (true, _) => Some("API: read and write".to_owned()),
        (false, true) => Some("API: read only".to_owned()),
        (false, false) => None,
    };
    let parts: Vec<_> = parts.chain(api).collect();
    if parts.is_empty() { "Nothing".to_owned() } else { parts.join("; ") }
}

fn verbs(permissions: impl Iterator<Item = Permission>) -> String {
    let words = permissions.filter_map(Permission::verb).map(|verb| match verb {
        Verb::Pull => "read",
        Verb::Push => "upload",
        Verb::PushVersion => "upload versions",
        Verb::Delete => "delete",
    });
    sentence(&words.collect::<Vec<_>>().join(", "))
}

impl Packages {
    fn of(token: &Token, feeds: &[Feed]) -> Self {
        let patterns: Vec<_> = token.settings.patterns.iter().collect();
        let names = match &token.settings.feeds {
            Feeds::All => String::new(),
            limited => feed_names(limited, feeds),
        };
        let all = if token.settings.patterns.covers_all() { "All packages".to_owned() } else { patterns.join(", ") };
        Self {
            first: patterns.first().filter(|_| !token.settings.patterns.covers_all()).map(|first| (*first).to_owned()),
            more: if token.settings.patterns.covers_all() { 0 } else { patterns.len().saturating_sub(1) },
            title: if names.is_empty() { all } else { format!("{all}, in {names}") },
            feeds: names,
        }
    }
}
