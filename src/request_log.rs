//! What the log says of requests: one line about each, where that is asked for, and what every line adds that is written
//! while a request is worked on. Neither queries nor headers but the client's name: they may hold what must not be logged.

use std::{
    borrow::Cow,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use tokio::time::Instant;
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Format, Full, Json, Writer},
    },
    registry::LookupSpan,
};

use crate::{
    auth::{RequestScope, clean_client_name},
    tokens::legacy::{Shape, looks_like_key},
};

/// Longest name of a client that is logged, in characters.
const MAX_CLIENT: usize = 80;
/// What follows in a path is private: the addresses of calendars, and of symbols for debuggers.
const PRIVATE: [&str; 2] = ["/calendar/", "/symbols/-/"];

/// What a line says of the request it is about, by name.
fn fields(scope: &RequestScope) -> Vec<(&'static str, String)> {
    let agent = scope.agent.as_ref().map_or(&b""[..], |agent| agent.as_bytes());
    let client: String = clean_client_name(agent, &scope.shapes).chars().take(MAX_CLIENT).collect();
    let mut fields = vec![
        ("id", scope.id.to_string()),
        ("method", short(scope.method.as_str()).to_owned()),
        ("path", escaped(scope.uri.path(), &scope.shapes)),
        ("from", scope.address.to_string()),
        ("client", client),
    ];
    fields.extend(scope.account().map(|account| ("account", account.to_owned())));
    fields.extend(scope.key().map(|key| ("key", key.to_owned())));
    fields
}

/// Lines for people: the request stands at the end, in braces.
#[derive(Debug, Default)]
pub struct TextLines(Format<Full>);

/// Lines for machines: one JSON object each, the request in `span`.
#[derive(Debug)]
pub struct JsonLines(Format<Json>);

impl TextLines {
    /// Without colours.
    pub fn new() -> Self {
        Self(Format::default().with_ansi(false))
    }
}

impl JsonLines {
    /// As the library writes them.
    #[expect(clippy::new_without_default, reason = "beside the other")]
    pub fn new() -> Self {
        Self(Format::default().json().with_current_span(false).with_span_list(false))
    }
}

impl<S, N> FormatEvent<S, N> for TextLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let Some(scope) = RequestScope::current() else { return self.0.format_event(ctx, writer, event) };
        let mut line = String::new();
        self.0.format_event(ctx, Writer::new(&mut line), event)?;
        write!(writer, "{} request{{", line.trim_end_matches('\n'))?;
        for (at, (name, value)) in fields(&scope).iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            match *name {
                "client" | "account" => write!(writer, "{space}{name}={value:?}")?,
                _ => write!(writer, "{space}{name}={value}")?,
            }
        }
        writeln!(writer, "}}")
    }
}

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let Some(scope) = RequestScope::current() else { return self.0.format_event(ctx, writer, event) };
        let mut line = String::new();
        self.0.format_event(ctx, Writer::new(&mut line), event)?;
        let request: Map<_, _> =
            fields(&scope).into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect();
        match line.trim_end_matches('\n').strip_suffix('}') {
            Some(open) => writeln!(writer, "{open},\"span\":{}}}", Value::Object(request)),
            None => write!(writer, "{line}"),
        }
    }
}

/// Lines about refused requests (429, 503) in a minute; the rest are counted. A flood would fill the disk with them.
const REFUSED_LINES: u32 = 120;

/// How many such lines this minute has had, and how many were left out since the last one.
struct RefusedLines {
    minute: Option<Instant>,
    written: u32,
    left_out: u64,
}

static REFUSED: Mutex<RefusedLines> = Mutex::new(RefusedLines { minute: None, written: 0, left_out: 0 });

impl RefusedLines {
    /// Whether one more is written, and how many were left out before it.
    fn one_more(&mut self, now: Instant) -> Option<u64> {
        if self.minute.is_none_or(|began| now - began >= Duration::from_secs(60)) {
            (self.minute, self.written) = (Some(now), 0);
        }
        if self.written == REFUSED_LINES {
            self.left_out += 1;
            return None;
        }
        self.written += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

/// The line about a request that was answered: its status, how long that took, and the bytes of the two bodies where they
/// are known beforehand. What goes well is written only if LATCHKEY_LOG asks for the target `requests`, as in
/// `info,requests=info` or plainly `info`.
pub fn log_answer(status: u16, took: Duration, received: Option<u64>, sent: Option<u64>) {
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    match status {
        429 | 503 => {
            let line = REFUSED.lock().unwrap_or_else(PoisonError::into_inner).one_more(Instant::now());
            if let Some(left_out) = line {
                tracing::warn!(target: "requests", status, micros, received, sent, left_out, "answered");
            }
        }
        500.. => tracing::error!(target: "requests", status, micros, received, sent, "answered"),
        _ => tracing::info!(target: "requests", status, micros, received, sent, "answered"),
    }
}

/// Characters of the secret of a private address.
const SECRET: usize = 43;

/// A path as the log may show it: decoded as the routes read it, printable ASCII, at most 200 characters. Keys that
/// somebody put into a path are cut, and so are private addresses, mistyped ones too. `shapes` are those of keys of older
/// systems that are here.
fn escaped(path: &str, shapes: &[Shape]) -> String {
    let path = without_secrets(&without_legacy_keys(single_slashes(&decoded(path)), shapes));
    let folded = path.to_ascii_lowercase();
    let key = folded.find("lk_");
    let private = PRIVATE.iter().filter_map(|before| Some(folded.find(before)? + before.len())).min();
    let cut = match (key, private) {
        (Some(at), Some(end)) if end <= at => format!("{}…", &path[..end]),
        (Some(at), _) => format!("{}lk_…", &path[..at]),
        (None, Some(end)) => format!("{}…", &path[..end]),
        (None, None) => path,
    };
    cut.chars().take(200).map(|c| if c.is_ascii_graphic() || c == '…' { c } else { '?' }).collect()
}

/// A path without slashes too many, which routes do not mind.
fn single_slashes(path: &str) -> String {
    let mut before = ' ';
    path.chars().filter(|c| std::mem::replace(&mut before, *c) != '/' || *c != '/').collect()
}

/// A path without the parts that may be the secret of a private address, wherever they stand.
fn without_secrets(path: &str) -> String {
    let may_be_secret = |part: &str| {
        part.len() == SECRET && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let parts = path.split_inclusive(['/', ';', '.', ':', '?', '=', ' ']);
    let hidden = parts.map(|part| match part.strip_suffix(['/', ';', '.', ':', '?', '=', ' ']) {
        Some(bare) if may_be_secret(bare) => format!("…{}", &part[bare.len()..]),
        None if may_be_secret(part) => "…".to_owned(),
        _ => part.to_owned(),
    });
    hidden.collect()
}

/// A path without the parts that look like keys of older systems.
fn without_legacy_keys(path: String, shapes: &[Shape]) -> String {
    if !looks_like_key(&path, shapes) {
        return path;
    }
    let parts = path.split('/').map(|part| if looks_like_key(part, shapes) { "…" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// How often a path is decoded; the routes do it once.
const DECODED: usize = 3;

/// A path without `%XX`, even if it was encoded more than once.
fn decoded(path: &str) -> String {
    let mut path = path.to_owned();
    for _ in 0..DECODED {
        match percent_decode_str(&path).decode_utf8_lossy() {
            Cow::Owned(plain) => path = plain,
            Cow::Borrowed(_) => break,
        }
    }
    path
}

/// A method as the log may show it: those that are in use are short.
fn short(method: &str) -> &str {
    method.get(..16).unwrap_or(method)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logged_path_shows_no_key_and_no_control_characters() {
        assert_eq!(escaped("/-/user/token/lk_AbcDef123", &[]), "/-/user/token/lk_…");
        assert_eq!(escaped("/x/lk%5FAbcDef123", &[]), "/x/lk_…");
        assert_eq!(escaped("/keys/calendar/Wq3_zz.ics", &[]), "/keys/calendar/…");
        assert_eq!(escaped("/settings/calendar", &[]), "/settings/calendar");
        assert_eq!(escaped("/a\u{1b}[31m\n", &[]), "/a?[31m?");
        for hidden in
            ["/%63alendar/SECRET.ics", "/calenda%72/SECRET.ics", "/%2563alendar%2fSECRET.ics", "/CALENDAR/SECRET"]
        {
            let shown = escaped(hidden, &[]);
            assert!(shown.ends_with("alendar/…") || shown.ends_with("ALENDAR/…"), "{hidden}: {shown}");
        }
        for hidden in [
            "/symbols/-/Wq3_zz/a.pdb/0/a.pdb",
            "/keys/feeds/team/symbols/-/Wq3_zz/a.pdb/0/a.pdb",
            "/symbols//-//Wq3_zz",
            "/symbol%73/%2d/Wq3_zz",
            "/symbols/-/Wlk_zz/a.pdb",
        ] {
            let shown = escaped(hidden, &[]);
            assert!(shown.ends_with("/symbols/-/…"), "{hidden}: {shown}");
        }
        let secret = "Wq3_zz-0".repeat(6)[..SECRET].to_owned();
        for mistyped in [
            "/symbols/S",
            "/symbols/main/S",
            "/symbols/./-/S/a.pdb",
            "/symbols/x/../-/S",
            "/symbols;x/-/S",
            "/calenda/S.ics",
        ] {
            let shown = escaped(&mistyped.replace('S', &secret), &[]);
            assert!(shown.contains('…') && !shown.contains("Wq3"), "{mistyped}: {shown}");
        }
        assert_eq!(escaped(&format!("/packages/{}", "a".repeat(44)), &[]).len(), 54, "names are shown");
        for key in ["/x/%6c%6b%5fAbcDef123", "/x/l%256b_AbcDef123", "/x/LK_AbcDef123"] {
            assert_eq!(escaped(key, &[]), "/x/lk_…", "{key}");
        }
        assert_eq!(escaped("/a%0d%0aGET%20/b%ff", &[]), "/a??GET?/b?");
        assert_eq!(escaped(&"/a".repeat(300), &[]).len(), 200);
        assert_eq!(escaped("/100%/%zz%", &[]), "/100%/%zz%");
        let guid = "5F1D2C3B-0000-4000-8000-00805F9B34FB";
        let path = format!("/v3/flat/{guid}/index.json");
        assert_eq!(escaped(&path, &[]), path, "no such keys are here");
        assert_eq!(escaped(&path, &[Shape::Guid]), "/v3/flat/…/index.json");
        assert_eq!(escaped(&path.replace('-', "%2d"), &[Shape::Guid]), "/v3/flat/…/index.json");
        let name = "/v3/flat/microsoft.extensions.configuration.abstractions/8.0.0/x";
        assert_eq!(escaped(name, &Shape::ALL), name);
    }

    #[test]
    fn a_flood_of_refusals_is_so_many_lines_a_minute() {
        let mut lines = RefusedLines { minute: None, written: 0, left_out: 0 };
        let now = Instant::now();
        let written = (0..1_000).filter(|_| lines.one_more(now).is_some()).count();
        assert_eq!(written, REFUSED_LINES as usize);
        assert_eq!(lines.one_more(now + Duration::from_secs(61)), Some(1_000 - u64::from(REFUSED_LINES)));
    }

    #[test]
    fn a_logged_line_is_short_whatever_was_sent() {
        assert_eq!(short("PROPFIND"), "PROPFIND");
        assert_eq!(short(&"M".repeat(100_000)).len(), 16);
        assert_eq!(escaped(&"/é".repeat(100_000), &[]).len(), 200);
    }
}
