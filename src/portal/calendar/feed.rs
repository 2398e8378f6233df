//! The calendar itself, for programs that know its private address and have no cookies.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETag, EntityTag},
    web::{Data, Path},
};
use sha2::{Digest, Sha256};

use super::ics::{Entry, calendar};
use crate::{
    accounts::one_time_link,
    app::App,
    conditional::{Condition, condition},
    config::PublicUrl,
    paths,
    tokens::Token,
    web::error::PageError,
};

/// Ends that are told at most.
const MOST: i64 = 500;
/// Shown to whom it belongs, and asked for anew each time: a private address can be ended.
const PRIVATE: &str = "private, no-cache";

/// `GET /calendar/{secret}.ics`
pub async fn show_calendar_feed(
    req: HttpRequest,
    app: Data<App>,
    secret: Path<String>,
) -> Result<HttpResponse, PageError> {
    let Some(account) = app.store.calendar_account(&one_time_link::hash(&secret)).await? else {
        return Ok(nothing_here());
    };
    let now = app.clock.now();
    let tokens = app.store.coming_ends(account.id, now, MOST).await?;
    let public = &app.settings.public_url;
    let entries: Vec<_> = tokens.iter().filter_map(|token| entry(token, public)).collect();
    let text = calendar(&format!("Access tokens on {}", public.host()), &entries);
    let tag = EntityTag::new_strong(hex::encode(&Sha256::digest(text.as_bytes())[..16]));
    let condition = condition(&req, &tag);
    let mut answer = match condition {
        Condition::Send => HttpResponse::Ok(),
        Condition::NotModified => HttpResponse::NotModified(),
        Condition::Failed => HttpResponse::PreconditionFailed(),
    };
    answer.insert_header(ETag(tag)).insert_header((CACHE_CONTROL, PRIVATE));
    if condition != Condition::Send {
        return Ok(answer.finish());
    }
    Ok(answer
        .insert_header((CONTENT_TYPE, "text/calendar; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, "inline; filename=\"latchkey.ics\""))
        .insert_header(("X-Robots-Tag", "noindex"))
        .body(text))
}

/// The same for an address that never was one, one that ended, and one of a disabled account.
fn nothing_here() -> HttpResponse {
    let text = "There is no calendar at this address. Its owner finds the present one under Settings, Calendar.\n";
    HttpResponse::NotFound().insert_header((CONTENT_TYPE, "text/plain; charset=utf-8")).body(text)
}

fn entry(token: &Token, public: &PublicUrl) -> Option<Entry> {
    let at = token.end()?;
    let (act, advice) =
        if token.can_be_refreshed() { ("refresh", "Refresh it") } else { ("duplicate", "Make a new one in its place") };
    let what = if token.ends_by_retirement() { "is retired" } else { "expires" };
    let url = public.of(&paths::of_token(token.id, act));
    let key = token.hint.as_ref().map(|hint| format!("{hint}…, ")).unwrap_or_default();
    Some(Entry {
        uid: format!("{}-{}@{}", token.id, at.timestamp(), public.host().trim_matches(['[', ']'])),
        at,
        stamp: token.issued_at.unwrap_or(token.created_at),
        summary: format!("Access token “{}” {what}", token.settings.name),
        description: format!("{key}on {}.\n{advice}: {url}", public.host()),
        url,
    })
}
