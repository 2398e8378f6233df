//! A token as pages show it.

use chrono::{DateTime, Duration, Utc};

use super::sentence::{Reader, feed_names};
use crate::{
    feeds::Feed,
    tokens::{
        Kind, LastUse, Permission, Permissions, ServedKinds, State, Token as Row, TokenKind, Verb,
        act::{TokenAct, state_when_on},
        state::state,
    },
    web::{
        confirm::{Fact, Piece},
        format::{self, Time, sentence},
        page::SignedIn,
    },
};

/// Said beside what this host does not offer.
pub const NOT_SERVED: &str = "(not served here yet)";
/// Patterns shown in lists.
const FEW: usize = 3;

/// A token, ready for templates.
pub struct Token {
    pub id: String,
    pub name: String,
    pub hint: String,
    pub note: String,
    pub state: &'static str,
    pub tone: &'static str,
    /// Whether its key opens doors now.
    pub live: bool,
    /// Whether it has a key at all.
    pub issued: bool,
    /// Whether its key opens doors once the token is switched on.
    pub lives_when_on: bool,
    pub primary: bool,
    pub legacy: bool,
    pub may: Vec<May>,
    pub feeds: String,
    pub patterns: Vec<String>,
    pub patterns_left_out: usize,
    pub all_packages: bool,
    pub last_used: Option<Use>,
    pub ends: &'static str,
    pub expires: Option<Time>,
    pub lifetime: &'static str,
    /// What it can do; see `sentence`.
    pub sentence: Vec<Piece>,
    pub left: Option<u8>,
    pub acts: Vec<Act>,
    /// Whether it is switched off; a new key would be refused as well.
    pub off: bool,
    /// When it turns back on, if it is off for a while.
    pub on_again: Option<Time>,
}

/// Permissions in words, with the kinds they are about.
#[derive(Debug, PartialEq, Eq)]
pub struct May {
    pub words: String,
    pub kinds: Vec<String>,
}

/// A last use.
pub struct Use {
    pub time: Time,
    /// `NuGet 6.8, 203.0.113.7`.
    pub by: String,
    /// The client alone, else the address.
    pub client: String,
}

/// Something that can be done with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Act {
    pub verb: &'static str,
    pub label: &'static str,
    pub tone: &'static str,
}

impl Token {
    /// What pages that ask about it say of it.
    pub fn facts(&self) -> Vec<Fact> {
        let hint = Some(self.hint.clone()).filter(|hint| !hint.is_empty()).map(Piece::Hint);
        let name = [Some(Piece::Text(self.name.clone())), hint, Some(Piece::Badge(self.tone, self.state))];
        let used = match &self.last_used {
            Some(last) => vec![Piece::Time(last.time.clone()), Piece::Quiet(format!("by {}", last.by))],
            None => vec![Piece::Quiet("Never".to_owned())],
        };
        let note = Some(self.note.clone()).filter(|note| !note.is_empty());
        let note = note.map(|note| Fact::new("Note", [Piece::Lines(note)]));
        let facts = [Fact::new("Token", name.into_iter().flatten()), Fact::new("Last used", used)];
        facts.into_iter().chain(note).collect()
    }

    /// As a row of a list: a few patterns, the acts most asked for.
    pub fn in_list(token: &Row, feeds: &[Feed], me: &SignedIn) -> Self {
        let mut row = Self::whole(token, feeds, me);
        row.patterns_left_out = row.patterns.len().saturating_sub(FEW);
        row.patterns.truncate(FEW);
        row.acts.retain(|act| {
            (act.verb != "duplicate" || row.legacy) && (act.verb != "delete" || token.revoked_at.is_some())
        });
        row
    }

    /// With everything.
    pub fn whole(token: &Row, feeds: &[Feed], me: &SignedIn) -> Self {
        let (now, zone) = (me.now, me.account.time_zone);
        let state = state(token, now);
        let (ends, end) = match state {
            State::Revoked => ("Revoked", token.revoked_at),
            State::Expired => ("Expired", token.settings.expires_at),
            State::Retired => ("Retired", token.retires_at),
            _ if token.ends_by_retirement() => ("Retires", token.end()),
            _ => ("Expires", token.settings.expires_at),
        };
        Self {
            id: token.id.to_string(),
            name: token.settings.name.clone(),
            hint: token.hint.clone().unwrap_or_default(),
            note: token.settings.note.clone(),
            state: state.label(),
            tone: tone(state),
            live: state.is_live(),
            issued: token.issued_at.is_some(),
            lives_when_on: state_when_on(token, now).is_live(),
            primary: token.kind == TokenKind::Primary,
            legacy: token.kind == TokenKind::Legacy,
            may: may(token.settings.permissions, me.served),
            feeds: feed_names(&token.settings.feeds, feeds),
            patterns: token.settings.patterns.iter().map(str::to_owned).collect(),
            patterns_left_out: 0,
            all_packages: token.settings.patterns.covers_all(),
            last_used: token.last_use.as_ref().map(|last| Use::new(last, me)),
            ends,
            expires: end.map(|end| Time::end(end, now, zone)),
            lifetime: if state == State::NotIssued { "Starts with its first refresh" } else { "Never" },
            sentence: Reader { feeds, me }.of_token(token),
            left: left(token, state, me),
            acts: acts(token, state, now),
            off: state == State::Deactivated,
            on_again: token.reactivate_at.filter(|_| state == State::Deactivated).map(|at| Time::new(at, now, zone)),
        }
    }
}

impl Use {
    fn new(last: &LastUse, me: &SignedIn) -> Self {
        let client = format::client(&last.client);
        Self {
            time: me.time(last.at),
            by: by(&last.client, &last.address),
            client: if client.is_empty() { last.address.clone() } else { client },
        }
    }
}

fn tone(state: State) -> &'static str {
    match state {
        State::Active => "ok",
        State::ExpiresSoon => "warn",
        State::Expired | State::Retired => "bad",
        State::NotIssued | State::Deactivated | State::Revoked => "quiet",
    }
}

/// `NuGet 6.8, 203.0.113.7`, without what is not known.
pub fn by(client: &str, address: &str) -> String {
    [format::client(client).as_str(), address]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

/// The share of the life still to come, in per cent, while the token is running.
fn left(token: &Row, state: State, me: &SignedIn) -> Option<u8> {
    let (issued, end) = (token.issued_at?, token.end()?);
    // What was issued in another decade would seem to be nearly over for all the time it has left here.
    let issued = if token.kind == TokenKind::Legacy { issued.max(end - Duration::days(365)) } else { issued };
    let life = (end - issued).num_seconds().max(1);
    let ahead = (end - me.now).num_seconds().clamp(0, life);
    state.is_live().then(|| u8::try_from(ahead * 100 / life).unwrap_or(100))
}

/// Permissions in a few words; kinds with the same ones share a line.
fn may(permissions: Permissions, served: ServedKinds) -> Vec<May> {
    let mut lines: Vec<May> = Vec::new();
    let permissions = permissions.effective();
    for kind in Kind::ALL {
        let label = with_note(kind.label().to_owned(), served.has(kind));
        let words = verbs(permissions.iter().filter(|permission| permission.kind() == Some(kind)));
        match lines.iter_mut().find(|line| line.words == words) {
            _ if words.is_empty() => {}
            Some(line) => line.kinds.push(label),
            None => lines.push(May { words, kinds: vec![label] }),
        }
    }
    let api = match (permissions.has(Permission::ApiManage), permissions.has(Permission::ApiRead)) {
        (true, _) => Some("Use the management API"),
        (false, true) => Some("API: read only"),
        (false, false) => None,
    };
    lines.extend(api.map(|words| May { words: words.to_owned(), kinds: Vec::new() }));
    lines
}

/// A permission in words, with a note where nothing here asks for it.
pub fn permission_words(permission: Permission, served: ServedKinds) -> String {
    with_note(sentence(permission.words()), served.asks_for(permission))
}

/// Words for something that is offered, with a note where this host does not serve it.
pub fn with_note(words: String, is_served: bool) -> String {
    if is_served { words } else { format!("{words} {NOT_SERVED}") }
}

fn verbs(permissions: impl Iterator<Item = Permission>) -> String {
    let words: Vec<_> = permissions.filter_map(Permission::verb).map(Verb::in_brief).collect();
    sentence(&words.join(", "))
}

/// What can be done with a token, the most useful first.
fn acts(token: &Row, state: State, now: DateTime<Utc>) -> Vec<Act> {
    let toggle = if state == State::Deactivated { TokenAct::Reactivate } else { TokenAct::Deactivate };
    let all = [TokenAct::Refresh, TokenAct::Edit, TokenAct::Duplicate, toggle, TokenAct::Revoke, TokenAct::Delete];
    let possible = all.into_iter().filter(|act| act.check(token, now).is_ok());
    possible.map(|act| Act { verb: act.as_str(), label: act.label(), tone: tone_of(act, token, state) }).collect()
}

/// How an act's link looks: `main` for what the state asks for, `final` for what cannot be undone.
fn tone_of(act: TokenAct, token: &Row, state: State) -> &'static str {
    let ends = matches!(state, State::ExpiresSoon | State::Expired | State::Retired);
    match act {
        TokenAct::Refresh if ends => "main",
        TokenAct::Duplicate if ends && token.kind == TokenKind::Legacy => "main",
        TokenAct::Revoke | TokenAct::Delete => "final",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uploading_containers_brings_reading_them() {
        let lines = may(Permissions::parse("container:push").unwrap(), ServedKinds::default());
        assert_eq!(lines.iter().map(|line| line.words.as_str()).collect::<Vec<_>>(), ["Read, upload"]);
    }

    #[test]
    fn kinds_with_the_same_permissions_share_a_line() {
        let permissions = "nuget:pull nuget:push npm:pull npm:push container:pull api:read";
        let lines = may(Permissions::parse(permissions).unwrap(), ServedKinds::default());
        let texts: Vec<_> = lines.iter().map(|line| format!("{} {}", line.words, line.kinds.join("+"))).collect();
        assert_eq!(texts, ["Read, upload NuGet+npm", "Read Container (not served here yet)", "API: read only "]);
    }
}
