//! What a registry tells of its images (distribution, "Work with notifications"): an envelope of events.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use thiserror::Error;

use super::name;

/// Events of one envelope that are looked at. Registries send one at a time.
const MOST: usize = 1000;
/// Characters of the longest tag (OCI distribution specification 1.1).
const LONGEST_TAG: usize = 128;

/// What is no envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("This is not an envelope of a registry's notifications.")]
pub struct BadEnvelope;

/// What happened to an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageEvent {
    /// What was done.
    pub action: ImageAction,
    /// Its repository's whole name.
    pub repository: String,
    /// Its tag; none if it was named by its digest.
    pub tag: Option<String>,
    /// Its digest; none if a tag alone was deleted.
    pub digest: Option<String>,
    /// Bytes of all that it consists of.
    pub size: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// The subject of the proof by which it was done: a username, a slash and a token's id; empty for anybody.
    pub actor: String,
}

/// What was done to an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageAction {
    /// It was pushed.
    Push,
    /// It was pulled, not only looked at.
    Pull,
    /// It, or a tag of it, was deleted.
    Delete,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    timestamp: DateTime<Utc>,
    action: String,
    target: Target,
    #[serde(default)]
    request: Request,
    #[serde(default)]
    actor: Actor,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Target {
    #[serde(default)]
    media_type: String,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    size: i64,
    #[serde(default)]
    repository: String,
    #[serde(default)]
    tag: String,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    size: i64,
}

#[derive(Default, Deserialize)]
struct Request {
    #[serde(default)]
    method: String,
}

#[derive(Default, Deserialize)]
struct Actor {
    #[serde(default)]
    name: String,
}

/// Reads the events about images of repositories here; what is told of layers, and of anything unknown, is passed over.
///
/// # Errors
/// The text is no envelope.
pub fn read(envelope: &[u8]) -> Result<Vec<ImageEvent>, BadEnvelope> {
    let envelope: Envelope = serde_json::from_slice(envelope).map_err(|_| BadEnvelope)?;
    Ok(envelope.events.into_iter().take(MOST).filter_map(Event::about_image).collect())
}

impl Event {
    fn about_image(self) -> Option<ImageEvent> {
        let Self { timestamp, action, target, request, actor } = self;
        let action = match action.as_str() {
            "push" => ImageAction::Push,
            "pull" if request.method == "GET" => ImageAction::Pull,
            "delete" => ImageAction::Delete,
            _ => return None,
        };
        name::check(&target.repository).ok()?;
        let size = target.references.iter().fold(target.size.max(0), |sum, one| sum.saturating_add(one.size.max(0)));
        let (tag, digest) =
            (Some(target.tag).filter(|tag| is_tag(tag)), Some(target.digest).filter(|text| is_digest(text)));
        // Layers are told of alike, without a tag and with another type. Of a deletion no type is told.
        let is_image = ["manifest", "image.index"].iter().any(|word| target.media_type.contains(word));
        let is_named = match action {
            ImageAction::Push => is_image && tag.is_some() && digest.is_some(),
            ImageAction::Pull => is_image && (tag.is_some() || digest.is_some()),
            ImageAction::Delete => tag.is_some() || digest.is_some(),
        };
        let repository = target.repository;
        is_named.then_some(ImageEvent { action, repository, tag, digest, size, at: timestamp, actor: actor.name })
    }
}

/// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`
fn is_tag(text: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    (1..=LONGEST_TAG).contains(&text.len()) && !text.starts_with(['.', '-']) && text.bytes().all(is_plain)
}

/// `sha256:` and hexadecimal digits, or another algorithm's.
fn is_digest(text: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric());
    text.len() <= 160 && text.split_once(':').is_some_and(|(algorithm, hash)| is_word(algorithm) && is_word(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(action: &str, target: &str) -> String {
        format!(
            r#"{{"id":"1","timestamp":"2027-03-01T09:00:00.5Z","action":"{action}","target":{target},
               "request":{{"method":"GET"}},"actor":{{"name":"ada/1"}},"source":{{}}}}"#
        )
    }

    fn read_one(event: &str) -> Option<ImageEvent> {
        read(format!(r#"{{"events":[{event}]}}"#).as_bytes()).unwrap().pop()
    }

    const MANIFEST: &str =
        r#""mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:aa","size":100"#;

    #[test]
    fn an_image_is_as_large_as_what_it_consists_of() {
        let target =
            format!(r#"{{{MANIFEST},"repository":"main/app","tag":"v1","references":[{{"size":7}},{{"size":3}}]}}"#);
        let image = read_one(&event("push", &target)).unwrap();
        assert_eq!((image.action, image.size, image.tag.as_deref()), (ImageAction::Push, 110, Some("v1")));
        assert_eq!((image.repository.as_str(), image.actor.as_str()), ("main/app", "ada/1"));
    }

    #[test]
    fn layers_strangers_and_looks_are_passed_over() {
        let layer = r#"{"mediaType":"application/octet-stream","digest":"sha256:aa","size":1,"repository":"main/app"}"#;
        for action in ["push", "pull", "mount"] {
            assert_eq!(read_one(&event(action, layer)), None, "{action}");
        }
        for target in [
            format!(r#"{{{MANIFEST},"repository":"app","tag":"v1"}}"#),
            format!(r#"{{{MANIFEST},"repository":"main/../app","tag":"v1"}}"#),
            format!(r#"{{{MANIFEST},"repository":"main/app","tag":"<script>"}}"#),
            format!(r#"{{{MANIFEST},"repository":"main/app"}}"#),
        ] {
            assert_eq!(read_one(&event("push", &target)), None, "{target}");
        }
        let image = format!(r#"{{{MANIFEST},"repository":"main/app"}}"#);
        assert!(read_one(&event("pull", &image)).is_some());
        assert_eq!(read_one(&event("pull", &image).replace("GET", "HEAD")), None);
        assert!(read_one(&event("delete", r#"{"digest":"sha256:aa","repository":"main/app"}"#)).is_some());
        for bad in ["", "null", r#"{"events":[{}]}"#, r#"{"events":{}}"#, "\u{0}"] {
            assert_eq!(read(bad.as_bytes()), Err(BadEnvelope), "{bad}");
        }
        assert_eq!(read(br#"{"events":[]}"#), Ok(Vec::new()));
    }
}
