//! The documents that npm clients put: a version to publish with its tarball as base64, or the whole package with something
//! changed. What a [`Splitter`](super::splitter::Splitter) leaves of them is read by serde.

use std::{borrow::Cow, collections::BTreeMap, io::Read};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    bad_document::BadDocument,
    fingerprint::{Fingerprint, fingerprint},
    hashes::Hashes,
    name::PackageName,
    version,
};
use crate::packages::VersionNumber;

/// Bytes of the provenance of a version (a sigstore bundle is some 10 KiB).
pub const LONGEST_PROVENANCE: usize = 1 << 20;
/// The tag that clients install.
pub const LATEST: &str = "latest";
/// Characters of a tag.
const LONGEST_TAG: usize = 128;
/// Words that stand for something in every object of JavaScript, so that clients would find a tag that is not there.
const NEVER_TAGS: [&str; 8] = [
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "prototype",
    "toLocaleString",
    "toString",
    "valueOf",
];

/// A document without its tarball.
#[derive(Debug, Default, Deserialize)]
pub struct Document {
    #[serde(rename = "_id")]
    id: Option<String>,
    name: Option<String>,
    /// What the client has read, if it changes something.
    #[serde(rename = "_rev")]
    pub revision: Option<String>,
    /// Versions by their tags.
    #[serde(rename = "dist-tags", default)]
    pub tags: BTreeMap<String, String>,
    /// What is said of each version.
    #[serde(default)]
    pub versions: BTreeMap<String, DocumentVersion>,
    #[serde(rename = "_attachments", default)]
    attachments: BTreeMap<String, Attachment>,
    time: Option<Value>,
    maintainers: Option<Value>,
}

/// A version in a document, as far as it counts: what it is follows from its tarball.
#[derive(Debug, Default, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct DocumentVersion {
    name: Option<String>,
    version: Option<String>,
    deprecated: Option<Value>,
    dist: Option<Dist>,
    /// Of everything but the deprecation.
    rest: Fingerprint,
}

impl TryFrom<Map<String, Value>> for DocumentVersion {
    type Error = serde_json::Error;

    fn try_from(mut fields: Map<String, Value>) -> Result<Self, serde_json::Error> {
        let deprecated = fields.remove("deprecated");
        let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
        Ok(Self {
            name: serde_json::from_value(field("name"))?,
            version: serde_json::from_value(field("version"))?,
            dist: serde_json::from_value(field("dist"))?,
            deprecated,
            rest: fingerprint(&Value::Object(fields)),
        })
    }
}

#[derive(Debug, Default, Deserialize)]
struct Dist {
    integrity: Option<String>,
    shasum: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Attachment {
    data: Option<String>,
    length: Option<u64>,
}

/// What a client says of the version that it publishes.
#[derive(Debug, PartialEq, Eq)]
pub struct Publication {
    /// Which version.
    pub version: VersionNumber,
    /// Under which tag.
    pub tag: String,
    /// A sigstore bundle, as it came.
    pub provenance: Option<String>,
    length: Option<u64>,
    integrity: Option<String>,
    shasum: Option<String>,
}

impl Document {
    /// Reads what a [`Splitter`](super::splitter::Splitter) left.
    ///
    /// # Errors
    /// When it is not JSON, or not of this shape.
    pub fn read(rest: impl Read) -> Result<Self, BadDocument> {
        serde_json::from_reader(rest).map_err(|error| BadDocument::Malformed(error.to_string()))
    }

    /// Whether something is attached to it.
    pub fn has_attachments(&self) -> bool {
        !self.attachments.is_empty()
    }

    /// What it says of the package as a whole in a field that nobody changes so.
    pub fn other(&self, field: &str) -> Option<Cow<'_, Value>> {
        match field {
            "time" => self.time.as_ref().map(Cow::Borrowed),
            "maintainers" => self.maintainers.as_ref().map(Cow::Borrowed),
            _ => (!self.tags.is_empty()).then(|| Cow::Owned(serde_json::json!(self.tags))),
        }
    }

    /// Whether it changes what is said of a package, and publishes nothing: clients send back what they read.
    pub fn is_change(&self) -> bool {
        self.revision.is_some() && !self.has_attachments()
    }

    /// Whether it is about this package.
    ///
    /// # Errors
    /// With what it is about instead.
    pub fn check_name(&self, name: &PackageName) -> Result<(), BadDocument> {
        let names = [&self.id, &self.name].into_iter().flatten();
        let others = names.chain(self.versions.values().filter_map(|version| version.name.as_ref()));
        match others.into_iter().find(|other| other.as_str() != name.as_str()) {
            Some(other) => Err(BadDocument::OtherName(shown(other))),
            None => Ok(()),
        }
    }

    /// What is published with it.
    ///
    /// # Errors
    /// When it is not one version with its tarball under one tag.
    pub fn into_publication(mut self, name: &PackageName) -> Result<Publication, BadDocument> {
        self.check_name(name)?;
        let one_version = (self.versions.len() == 1).then(|| self.versions.pop_first()).flatten();
        let (number, version) = one_version.ok_or(BadDocument::NotOneVersion)?;
        if version.version.as_ref().is_some_and(|own| *own != number) {
            return Err(BadDocument::NotOneVersion);
        }
        let read = version::parse(&number).ok_or_else(|| BadDocument::BadVersion(shown(&number)))?;
        let (tag, tagged) =
            (self.tags.len() == 1).then(|| self.tags.pop_first()).flatten().ok_or(BadDocument::NotOneTag)?;
        if tagged != number {
            return Err(BadDocument::OtherTag);
        }
        check_tag(&tag)?;
        let stem = format!("{name}-{number}");
        let tarball =
            self.attachments.remove(&format!("{stem}.tgz")).ok_or_else(|| BadDocument::no_tarball(name, &number))?;
        let provenance = self.attachments.remove(&format!("{stem}.sigstore")).and_then(|attached| attached.data);
        if !self.attachments.is_empty() {
            return Err(BadDocument::StrangeAttachment);
        }
        if provenance.as_ref().is_some_and(|text| text.len() > LONGEST_PROVENANCE) {
            return Err(BadDocument::LongProvenance);
        }
        let Dist { integrity, shasum } = version.dist.unwrap_or_default();
        Ok(Publication { version: read, tag, provenance, length: tarball.length, integrity, shasum })
    }
}

impl Publication {
    /// Holds what the client says of the tarball against what came: its bytes, and each hash of a kind that is known here.
    ///
    /// # Errors
    /// With what differs.
    pub fn check(&self, size: u64, hashes: &Hashes) -> Result<(), BadDocument> {
        if self.length.is_some_and(|length| length != size) {
            return Err(BadDocument::OtherTarball("length"));
        }
        let claims = self.integrity.iter().flat_map(|all| all.split_ascii_whitespace());
        // Behind a question mark there are options, which have no meaning yet.
        let mut claims = claims.filter_map(|claim| claim.split('?').next()?.split_once('-'));
        let differs = |(kind, hash): (&str, &str)| hashes.of(kind).is_some_and(|own| own != hash);
        if claims.any(differs) {
            return Err(BadDocument::OtherTarball("integrity"));
        }
        if self.shasum.as_ref().is_some_and(|sum| !sum.eq_ignore_ascii_case(&hashes.shasum())) {
            return Err(BadDocument::OtherTarball("shasum"));
        }
        Ok(())
    }
}

impl DocumentVersion {
    /// What tells it from others but for the deprecation.
    pub fn rest(&self) -> Fingerprint {
        self.rest
    }

    /// Why nobody should use the version any more; empty for nothing of the sort.
    pub fn deprecation(&self) -> &str {
        match &self.deprecated {
            Some(Value::String(text)) => text,
            Some(Value::Bool(true)) => "This version is deprecated.",
            _ => "",
        }
    }
}

/// Whether a word can be a tag: none that a client takes for a version or a range of them.
///
/// # Errors
/// With the word.
pub fn check_tag(tag: &str) -> Result<(), BadDocument> {
    let is_word = tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    let begins = tag.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    let without_v = tag.strip_prefix(['v', 'V']).unwrap_or(tag);
    let is_range = without_v.starts_with(|c: char| c.is_ascii_digit())
        || without_v.split('.').all(|part| part.eq_ignore_ascii_case("x") || part.is_empty());
    if !is_word || !begins || is_range || tag.len() > LONGEST_TAG || NEVER_TAGS.contains(&tag) {
        return Err(BadDocument::BadTag(shown(tag)));
    }
    Ok(())
}

/// What a stranger typed, as a sentence may hold it.
pub(super) fn shown(text: &str) -> String {
    let mut text: String = text.chars().map(|c| if c.is_ascii_graphic() { c } else { '?' }).take(100).collect();
    if text.is_empty() {
        text.push_str("nothing");
    }
    text
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
