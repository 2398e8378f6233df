//! The documents that npm clients put: a version to publish with its tarball as base64, or the whole package with something
//! changed. Taken apart while it arrives, so that a tarball never lies in memory; what is left is read by serde.

use std::{collections::BTreeMap, io::Read};

use base64::{Engine, engine::general_purpose::STANDARD};
use memchr::memchr2;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use super::{name::PackageName, version};
use crate::packages::VersionNumber;

/// How deep a document may go.
const DEEPEST: usize = 100;
/// Bytes of a key that is compared with those that matter.
const LONGEST_KEY: usize = 512;
/// Bytes of the provenance of a version (a sigstore bundle is some 10 KiB).
pub const LONGEST_PROVENANCE: usize = 1 << 20;
/// The tag that clients install.
pub const LATEST: &str = "latest";
/// Characters of a tag.
const LONGEST_TAG: usize = 128;

/// Why a document cannot be taken. Each is one sentence for whoever reads what a client prints.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BadDocument {
    /// No JSON, or not of this shape.
    #[error("The document is not one that npm clients send: {0}.")]
    Malformed(String),
    /// Deeper than anything a client sends.
    #[error("The document is nested too deeply.")]
    TooDeep,
    /// The tarball is not base64.
    #[error("The tarball in the document is not base64.")]
    NotBase64,
    /// More than one, or one of them twice.
    #[error("The document holds more than one tarball. Publish one version at a time.")]
    SeveralTarballs,
    /// No tarball where there has to be one.
    #[error("The document holds no tarball. Attach it as {0}.")]
    NoTarball(String),
    /// Something beside the tarball and its provenance.
    #[error("The document holds an attachment that is neither the tarball nor its provenance.")]
    StrangeAttachment,
    /// What the client says of the tarball does not fit.
    #[error("The tarball is not what the document says: its {0} differs. Publish it again.")]
    OtherTarball(&'static str),
    /// The provenance is too long.
    #[error("The provenance is larger than 1 MiB.")]
    LongProvenance,
    /// It is about another package.
    #[error("The document is about another package than its address: {0}.")]
    OtherName(String),
    /// None or several.
    #[error("The document must hold exactly one version.")]
    NotOneVersion,
    /// Not SemVer.
    #[error("{0} is not a version. Use one such as 1.0.0 or 1.0.0-beta.1, without build metadata.")]
    BadVersion(String),
    /// None or several.
    #[error("A version is published under exactly one tag.")]
    NotOneTag,
    /// A tag that clients would take for a version, or that is no word.
    #[error("{0} cannot be a tag. Use a word such as beta, which no client takes for a version.")]
    BadTag(String),
    /// A tag of a version that is not published here.
    #[error("The tag points to another version than the one in the document.")]
    OtherTag,
}

/// Takes a document apart as it arrives: the tarball to one side, everything else to the other.
#[derive(Debug, Default)]
pub struct Splitter {
    /// What is open: objects (`true`) and arrays.
    open: Vec<bool>,
    /// Within an object, before a key.
    before_key: bool,
    text: Text,
    key: Vec<u8>,
    /// How far the path to a tarball has been followed: `_attachments`, its name, `data`.
    followed: usize,
    tarballs: usize,
    /// Base64 that is not decoded yet, fewer than four characters.
    left: Vec<u8>,
    /// Padding was read: nothing may follow.
    padded: bool,
}

/// What kind of text the next byte stands in.
#[derive(Debug, Default, PartialEq, Eq)]
enum Text {
    #[default]
    None,
    Key,
    Value,
    /// Of a tarball.
    Tarball,
    /// After a backslash.
    EscapedKey,
    EscapedValue,
    EscapedTarball,
}

/// Where the two sides go.
#[derive(Debug, Default)]
pub struct Sides {
    /// The document without the tarball, which is an empty text in it.
    pub rest: Vec<u8>,
    /// The tarball, decoded.
    pub tarball: Vec<u8>,
}

impl Splitter {
    /// Takes the next piece.
    ///
    /// # Errors
    /// When no client sends such a document.
    pub fn push(&mut self, mut piece: &[u8], sides: &mut Sides) -> Result<(), BadDocument> {
        while let Some((&byte, after)) = piece.split_first() {
            if self.text == Text::Tarball {
                let end = memchr2(b'"', b'\\', piece).unwrap_or(piece.len());
                let (inside, behind) = piece.split_at(end);
                self.decode(inside, sides)?;
                piece = behind;
                if let Some((&byte, after)) = behind.split_first() {
                    piece = after;
                    self.end_or_escape(byte, sides)?;
                }
                continue;
            }
            piece = after;
            self.take(byte, sides)?;
        }
        Ok(())
    }

    /// Whether the document has ended where it may.
    pub fn is_whole(&self) -> bool {
        self.open.is_empty() && self.text == Text::None
    }

    /// Whether it held a tarball.
    pub fn has_tarball(&self) -> bool {
        self.tarballs > 0
    }

    fn end_or_escape(&mut self, byte: u8, sides: &mut Sides) -> Result<(), BadDocument> {
        if byte == b'\\' {
            self.text = Text::EscapedTarball;
            return Ok(());
        }
        if !self.left.is_empty() {
            return Err(BadDocument::NotBase64);
        }
        self.text = Text::None;
        sides.rest.push(b'"');
        Ok(())
    }

    fn take(&mut self, byte: u8, sides: &mut Sides) -> Result<(), BadDocument> {
        match self.text {
            Text::EscapedTarball if byte == b'/' => {
                self.text = Text::Tarball;
                return self.decode(b"/", sides);
            }
            Text::EscapedTarball => return Err(BadDocument::NotBase64),
            Text::Key | Text::EscapedKey => self.take_key(byte),
            Text::Value if byte == b'"' => self.text = Text::None,
            Text::Value if byte == b'\\' => self.text = Text::EscapedValue,
            Text::EscapedValue => self.text = Text::Value,
            Text::Value | Text::Tarball => {}
            Text::None => self.take_outside(byte)?,
        }
        sides.rest.push(byte);
        Ok(())
    }

    fn take_key(&mut self, byte: u8) {
        match (&self.text, byte) {
            (Text::Key, b'"') => {
                self.text = Text::None;
                self.before_key = false;
                self.follow();
                return;
            }
            (Text::Key, b'\\') => self.text = Text::EscapedKey,
            _ => self.text = Text::Key,
        }
        if self.key.len() < LONGEST_KEY {
            self.key.push(byte);
        }
    }

    /// A key was read: does it lead on to a tarball?
    fn follow(&mut self) {
        let depth = self.open.len();
        if self.followed + 1 < depth {
            return;
        }
        let leads_on = match depth {
            1 => self.key == b"_attachments",
            2 => self.key.ends_with(b".tgz"),
            3 => self.key == b"data",
            _ => false,
        };
        self.followed = if leads_on { depth } else { depth - 1 };
    }

    fn take_outside(&mut self, byte: u8) -> Result<(), BadDocument> {
        match byte {
            b'"' if self.before_key => {
                self.key.clear();
                self.text = Text::Key;
            }
            b'"' if self.followed == 3 && self.open == [true; 3] => {
                self.tarballs += 1;
                if self.tarballs > 1 {
                    return Err(BadDocument::SeveralTarballs);
                }
                self.text = Text::Tarball;
            }
            b'"' => self.text = Text::Value,
            b'{' | b'[' => {
                if self.open.len() == DEEPEST {
                    return Err(BadDocument::TooDeep);
                }
                self.open.push(byte == b'{');
                self.before_key = byte == b'{';
            }
            b'}' | b']' => {
                self.open.pop();
                self.before_key = false;
                self.followed = self.followed.min(self.open.len());
            }
            b',' => self.before_key = self.open.last().copied().unwrap_or_default(),
            _ => {}
        }
        Ok(())
    }

    fn decode(&mut self, text: &[u8], sides: &mut Sides) -> Result<(), BadDocument> {
        if text.is_empty() {
            return Ok(());
        }
        if self.padded {
            return Err(BadDocument::NotBase64);
        }
        let (first, text) = text.split_at(text.len().min((4 - self.left.len()) % 4));
        self.left.extend_from_slice(first);
        if self.left.len() == 4 {
            let four = std::mem::take(&mut self.left);
            self.decode_fours(&four, sides)?;
        }
        let (fours, left) = text.split_at(text.len() / 4 * 4);
        if self.left.is_empty() || text.is_empty() {
            self.decode_fours(fours, sides)?;
            self.left.extend_from_slice(left);
        }
        Ok(())
    }

    fn decode_fours(&mut self, fours: &[u8], sides: &mut Sides) -> Result<(), BadDocument> {
        if fours.is_empty() {
            return Ok(());
        }
        if self.padded {
            return Err(BadDocument::NotBase64);
        }
        self.padded = fours.ends_with(b"=");
        STANDARD.decode_vec(fours, &mut sides.tarball).map_err(|_| BadDocument::NotBase64)
    }
}

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
}

/// A version in a document, as far as it counts: what it is follows from its tarball.
#[derive(Debug, Default, Deserialize)]
pub struct DocumentVersion {
    name: Option<String>,
    version: Option<String>,
    deprecated: Option<Value>,
    dist: Option<Dist>,
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
    /// Reads what a [`Splitter`] left.
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
        let tarball = self
            .attachments
            .remove(&format!("{stem}.tgz"))
            .ok_or_else(|| BadDocument::NoTarball(stem.clone() + ".tgz"))?;
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
    /// Holds what the client says of the tarball against what came. Hashes of other kinds than ours are nobody's business.
    ///
    /// # Errors
    /// With what differs.
    pub fn check(&self, size: u64, sha512: &str, sha1: &str) -> Result<(), BadDocument> {
        if self.length.is_some_and(|length| length != size) {
            return Err(BadDocument::OtherTarball("length"));
        }
        let own = format!("sha512-{sha512}");
        let hashes = self.integrity.iter().flat_map(|all| all.split_ascii_whitespace());
        let mut of_ours = hashes.filter(|hash| hash.starts_with("sha512-")).map(|hash| hash.split('?').next());
        if of_ours.any(|hash| hash != Some(own.as_str())) {
            return Err(BadDocument::OtherTarball("integrity"));
        }
        if self.shasum.as_ref().is_some_and(|sum| !sum.eq_ignore_ascii_case(sha1)) {
            return Err(BadDocument::OtherTarball("shasum"));
        }
        Ok(())
    }
}

impl DocumentVersion {
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
    if !is_word || !begins || is_range || tag.len() > LONGEST_TAG {
        return Err(BadDocument::BadTag(shown(tag)));
    }
    Ok(())
}

/// What a stranger typed, as a sentence may hold it.
fn shown(text: &str) -> String {
    let mut text: String = text.chars().map(|c| if c.is_ascii_graphic() { c } else { '?' }).take(100).collect();
    if text.is_empty() {
        text.push_str("nothing");
    }
    text
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
