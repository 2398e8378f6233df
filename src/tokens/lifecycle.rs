//! How a token comes to be and what may change about it: the rules behind create, edit and refresh.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use thiserror::Error;

use super::{
    AccountId, Feeds, Patterns, Permission, Permissions, Token, TokenId, TokenKind,
    expiry::{self, whole_second},
    is_invisible, secret,
};

/// Longest name, in characters.
pub const MAX_NAME: usize = 128;
/// Longest note, in characters.
pub const MAX_NOTE: usize = 500;

/// Everything a new token needs but its id and secret.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// See [`name`].
    pub name: String,
    /// See [`note`].
    pub note: String,
    /// At least one.
    pub permissions: Permissions,
    /// At least one pattern.
    pub patterns: Patterns,
    /// All, or at least one feed.
    pub feeds: Feeds,
    /// In the future, within the operator's bound; `None` for never.
    pub expires_at: Option<DateTime<Utc>>,
}

impl NewToken {
    /// The token it becomes; its secret and hint are made when it is stored.
    pub fn into_token(self, id: TokenId, account: AccountId, now: DateTime<Utc>) -> Token {
        let Self { name, note, permissions, patterns, feeds, expires_at } = self;
        let now = whole_second(now);
        Token {
            id,
            account,
            kind: TokenKind::Personal,
            name,
            note,
            permissions,
            patterns,
            feeds,
            hint: None,
            created_at: now,
            issued_at: Some(now),
            lifetime: lifetime(now, expires_at),
            expires_at,
            deactivated_at: None,
            reactivate_at: None,
            revoked_at: None,
            retires_at: None,
            last_use: None,
            made_by: None,
            version: 1,
        }
    }
}

/// Why a name or note is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadText {
    /// No name.
    #[error("Give the token a name, such as what it is used for.")]
    NoName,
    /// Over the bound.
    #[error("Use at most {0} characters.")]
    TooLong(usize),
    /// Somebody pasted a key.
    #[error("This contains a key. Keep keys where they are used; nobody can read them out of here.")]
    Key,
    /// Characters that would garble pages, mails or logs.
    #[error("Leave out control characters, invisible ones, and marks that change the direction of text.")]
    Control,
}

/// Reads a name: trimmed, 1 to [`MAX_NAME`] characters, one line.
pub fn name(text: &str) -> Result<String, BadText> {
    let text = text.trim();
    if text.is_empty() { Err(BadText::NoName) } else { bounded(text, MAX_NAME, |_| false) }
}

/// The name of a token whose maker gives none: `NuGet token, 28 Nov`.
pub fn default_name(permissions: Permissions, day: NaiveDate) -> String {
    let kinds: Vec<_> = permissions.kinds().collect();
    let what = match kinds[..] {
        [kind] => kind.label(),
        [] if !permissions.is_empty() => "API",
        _ => "Package",
    };
    format!("{what} token, {}", day.format("%-d %b"))
}

/// That name as it is the `number`th time it is needed, counted from one.
pub fn numbered(name: &str, number: usize) -> String {
    if number <= 1 { name.to_owned() } else { format!("{name} ({number})") }
}

/// Reads a note: trimmed, up to [`MAX_NOTE`] characters, line ends allowed.
pub fn note(text: &str) -> Result<String, BadText> {
    bounded(&text.trim().replace("\r\n", "\n"), MAX_NOTE, |c| c == '\n')
}

fn bounded(text: &str, most: usize, also: impl Fn(char) -> bool) -> Result<String, BadText> {
    if text.chars().count() > most {
        return Err(BadText::TooLong(most));
    }
    if text.chars().any(|c| is_invisible(c) && !also(c)) {
        return Err(BadText::Control);
    }
    if secret::is_in(text) {
        return Err(BadText::Key);
    }
    Ok(text.to_owned())
}

/// The permissions of every primary token: NuGet, read and write (MyGet).
pub fn primary_permissions() -> Permissions {
    [Permission::NuGetPull, Permission::NuGetPush].into_iter().collect()
}

/// What an edit leaves as it should be. Everything not named here cannot be edited.
#[derive(Clone, Debug)]
pub struct Edit {
    /// New name.
    pub name: String,
    /// New note.
    pub note: String,
    /// What is left of the permissions.
    pub permissions: Permissions,
    /// New patterns.
    pub patterns: Patterns,
    /// New feeds.
    pub feeds: Feeds,
    /// New end, no later than the old one.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Why an edit is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EditRefused {
    /// The token is final.
    #[error("A revoked token cannot be edited. Duplicate it instead.")]
    Revoked,
    /// A permission was added.
    #[error("Permissions can be taken away, not added. Duplicate the token to give the copy more.")]
    MorePermissions,
    /// No permission is left.
    #[error("Keep at least one permission. To stop the token, deactivate or revoke it.")]
    NoPermissions,
    /// The end was put off.
    #[error("The end can be brought forward, not put off. Refresh the token to restart its lifetime.")]
    LaterEnd,
    /// The end is in the past.
    #[error("Choose a day that has not ended yet. To stop the token now, deactivate or revoke it.")]
    PastEnd,
}

impl Edit {
    /// The token after the edit.
    pub fn apply(self, token: &Token, now: DateTime<Utc>) -> Result<Token, EditRefused> {
        if token.revoked_at.is_some() {
            return Err(EditRefused::Revoked);
        }
        if self.permissions.is_empty() {
            return Err(EditRefused::NoPermissions);
        }
        if !self.permissions.within(token.permissions) {
            return Err(EditRefused::MorePermissions);
        }
        if self.expires_at != token.expires_at {
            let earlier = self.expires_at.is_some_and(|new| token.expires_at.is_none_or(|old| new < old));
            if !earlier {
                return Err(EditRefused::LaterEnd);
            }
            if self.expires_at.is_some_and(|new| new <= now) {
                return Err(EditRefused::PastEnd);
            }
        }
        let Self { name, note, permissions, patterns, feeds, expires_at } = self;
        Ok(Token { name, note, permissions, patterns, feeds, expires_at, version: token.version + 1, ..token.clone() })
    }

    /// Whether the edit lets the token reach packages or feeds it did not reach before; such an edit asks for the
    /// password again.
    pub fn widens(&self, token: &Token) -> bool {
        self.patterns.adds_to(&token.patterns) || self.feeds.adds_to(&token.feeds)
    }
}

/// Why a refresh is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RefreshRefused {
    /// The token is final.
    #[error("A revoked token cannot be refreshed. Duplicate it instead.")]
    Revoked,
    /// Imported keys are replaced, not renewed.
    #[error("A legacy key cannot be refreshed. Create a new token and delete this one.")]
    Legacy,
}

/// The token after a refresh, but for its hint: same permissions, patterns, feeds and end (nuget.org's rule), or a
/// restarted lifetime. An expired token, and one that has no end yet because it was never issued, must restart.
/// The operator's maximum then holds for the new life; a kept end is brought forward to it.
pub fn refresh(
    token: &Token,
    restart: bool,
    now: DateTime<Utc>,
    max_days: Option<i64>,
) -> Result<Token, RefreshRefused> {
    if token.revoked_at.is_some() {
        return Err(RefreshRefused::Revoked);
    }
    if token.kind == TokenKind::Legacy {
        return Err(RefreshRefused::Legacy);
    }
    let now = whole_second(now);
    let wanted =
        if restart || must_restart(token, now) { token.lifetime.map(|life| now + life) } else { token.expires_at };
    let furthest = max_days.map(|days| now + Duration::days(days));
    let expires_at = match (wanted, furthest) {
        (Some(wanted), Some(furthest)) => Some(wanted.min(furthest)),
        (wanted, furthest) => wanted.or(furthest),
    };
    Ok(Token { issued_at: Some(now), expires_at, version: token.version + 1, ..token.clone() })
}

/// Whether a refresh cannot keep the end, because it has passed or the token has never run.
pub fn must_restart(token: &Token, now: DateTime<Utc>) -> bool {
    token.issued_at.is_none() || token.expires_at.is_some_and(|end| end <= now)
}

/// The lifetime that a token with this end restarts with.
pub fn lifetime(now: DateTime<Utc>, expires_at: Option<DateTime<Utc>>) -> Option<Duration> {
    expires_at.map(|end| end - whole_second(now))
}

/// The lifetime of a primary token: 90 days, or the operator's maximum if that is less.
pub fn primary_lifetime(max_days: Option<i64>) -> Duration {
    Duration::days(max_days.unwrap_or(expiry::DEFAULT_DAYS).min(expiry::DEFAULT_DAYS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn token() -> Token {
        let id = "0190a000-0000-7000-8000-000000000001";
        let new = NewToken {
            name: "CI".to_owned(),
            note: String::new(),
            permissions: Permissions::parse("nuget:pull nuget:push").unwrap(),
            patterns: Patterns::parse("Contoso.*").unwrap(),
            feeds: Feeds::All,
            expires_at: Some(now() + Duration::days(10)),
        };
        new.into_token(TokenId::parse(id).unwrap(), AccountId::parse(id).unwrap(), now() - Duration::days(80))
    }

    fn edit() -> Edit {
        let Token { name, note, permissions, patterns, feeds, expires_at, .. } = token();
        Edit { name, note, permissions, patterns, feeds, expires_at }
    }

    #[test]
    fn permissions_can_be_taken_away_but_never_added() {
        let fewer = Edit { permissions: Permissions::parse("nuget:pull").unwrap(), ..edit() };
        assert_eq!(fewer.apply(&token(), now()).unwrap().permissions.to_string(), "nuget:pull");
        let more = Edit { permissions: Permissions::parse("nuget:pull nuget:delete").unwrap(), ..edit() };
        assert_eq!(more.apply(&token(), now()).unwrap_err(), EditRefused::MorePermissions);
        let none = Edit { permissions: Permissions::default(), ..edit() };
        assert_eq!(none.apply(&token(), now()).unwrap_err(), EditRefused::NoPermissions);
    }

    #[test]
    fn the_end_can_be_brought_forward_but_never_put_off() {
        let ending = |expires_at| Edit { expires_at, ..edit() }.apply(&token(), now()).map(|token| token.expires_at);
        let sooner = Some(now() + Duration::days(1));
        assert_eq!(ending(sooner), Ok(sooner));
        assert_eq!(ending(None), Err(EditRefused::LaterEnd));
        assert_eq!(ending(Some(now() + Duration::days(11))), Err(EditRefused::LaterEnd));
        assert_eq!(ending(Some(now())), Err(EditRefused::PastEnd));
    }

    #[test]
    fn other_patterns_or_feeds_are_a_wider_token() {
        let narrower = Edit { patterns: Patterns::parse("contoso.*").unwrap(), ..edit() };
        assert!(!narrower.widens(&token()));
        let wider = Edit { patterns: Patterns::parse("Contoso.*\nFabrikam.*").unwrap(), ..edit() };
        assert!(wider.widens(&token()));
    }

    #[test]
    fn a_refresh_keeps_the_end_unless_it_has_passed_or_a_restart_is_asked_for() {
        let end = |token: &Token, restart, max| {
            refresh(token, restart, now(), max).unwrap().expires_at.map(|end| (end - now()).num_days())
        };
        assert_eq!(end(&token(), false, None), Some(10));
        assert_eq!(end(&token(), true, None), Some(90));
        let expired = Token { expires_at: Some(now()), ..token() };
        assert_eq!(end(&expired, false, None), Some(90));
        let endless = Token { expires_at: None, lifetime: None, ..token() };
        assert_eq!(end(&endless, true, None), None);
    }

    #[test]
    fn a_lowered_maximum_holds_from_the_next_refresh_on() {
        let end = |token: &Token, restart| {
            refresh(token, restart, now(), Some(7)).unwrap().expires_at.map(|end| (end - now()).num_days())
        };
        let endless = Token { expires_at: None, lifetime: None, ..token() };
        assert_eq!(end(&token(), false), Some(7));
        assert_eq!(end(&token(), true), Some(7));
        assert_eq!(end(&endless, false), Some(7));
    }

    #[test]
    fn revoked_and_legacy_tokens_cannot_be_refreshed() {
        let revoked = Token { revoked_at: Some(now()), ..token() };
        assert_eq!(refresh(&revoked, true, now(), None).unwrap_err(), RefreshRefused::Revoked);
        let legacy = Token { kind: TokenKind::Legacy, ..token() };
        assert_eq!(refresh(&legacy, true, now(), None).unwrap_err(), RefreshRefused::Legacy);
    }

    #[test]
    fn a_default_name_tells_the_kind_and_the_day() {
        let named = |scopes| default_name(Permissions::parse(scopes).unwrap(), now().date_naive());
        assert_eq!(named("nuget:pull nuget:push"), "NuGet token, 23 Nov");
        assert_eq!(named("npm:pull api:read"), "npm token, 23 Nov");
        assert_eq!(named("nuget:pull npm:pull"), "Package token, 23 Nov");
        assert_eq!(named("api:read"), "API token, 23 Nov");
        assert_eq!(numbered("NuGet token, 23 Nov", 1), "NuGet token, 23 Nov");
        assert_eq!(numbered("NuGet token, 23 Nov", 2), "NuGet token, 23 Nov (2)");
    }

    #[test]
    fn a_name_is_one_line_of_visible_text() {
        assert_eq!(name("  GitHub Actions  "), Ok("GitHub Actions".to_owned()));
        assert_eq!(name("<script>"), Ok("<script>".to_owned()));
        assert_eq!(name(" "), Err(BadText::NoName));
        assert_eq!(name(&"é".repeat(128)).map(|n| n.chars().count()), Ok(128));
        assert_eq!(name(&"é".repeat(129)), Err(BadText::TooLong(128)));
        for bad in ["a\nb", "a\0b", "a\u{1b}[31m", "a\u{202E}b", "\u{200B}\u{200B}", "\u{FEFF}"] {
            assert_eq!(name(bad), Err(BadText::Control), "{bad:?}");
        }
        assert_eq!(note("a\r\nb\n"), Ok("a\nb".to_owned()));
    }
}
