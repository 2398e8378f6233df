//! Reads the small part of XML that nuspec files use into a tree, with hard bounds and no way to name anything outside.

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::BadNuspec;

/// How many elements may lie in one another.
const DEEPEST: usize = 64;
/// Attributes of one element.
const MOST_ATTRIBUTES: usize = 64;
/// Elements of one file; a thousand dependencies and as many content files need a tenth of it.
const MOST_ELEMENTS: usize = 20_000;

/// The elements that clients read. They go by these names alone: in a namespace of its own such an element would be read
/// by some programs and not by others.
const FIELDS: [&str; 36] = [
    "package",
    "metadata",
    "id",
    "version",
    "title",
    "authors",
    "owners",
    "description",
    "summary",
    "tags",
    "projectUrl",
    "licenseUrl",
    "license",
    "iconUrl",
    "icon",
    "readme",
    "copyright",
    "language",
    "releaseNotes",
    "requireLicenseAcceptance",
    "developmentDependency",
    "serviceable",
    "repository",
    "packageTypes",
    "packageType",
    "dependencies",
    "dependency",
    "group",
    "references",
    "reference",
    "frameworkAssemblies",
    "frameworkAssembly",
    "frameworkReferences",
    "frameworkReference",
    "contentFiles",
    "files",
];

/// An element with all its content. Attributes with a prefix are left out, and so are elements of other namespaces.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    /// The default namespace within it.
    namespace: String,
    /// Whether it is of another namespace than what is around it.
    is_foreign: bool,
    attributes: Vec<(String, String)>,
    /// The text directly in this element, comments left out.
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

/// Reads a whole document and returns its root.
pub(super) fn parse(bytes: &[u8]) -> Result<Element, BadNuspec> {
    let (text, encoding) = decode(bytes)?;
    if !text.chars().all(is_xml) {
        return Err(BadNuspec::NotXml);
    }
    let mut reader = Reader::from_str(&text);
    reader.config_mut().check_comments = true;
    let mut tree = Tree::default();
    let mut is_first = true;
    loop {
        match reader.read_event().map_err(|_| BadNuspec::NotXml)? {
            Event::Decl(declaration) if is_first => check_declaration(&declaration, encoding)?,
            Event::Decl(_) => return Err(BadNuspec::NotXml),
            Event::DocType(_) => return Err(BadNuspec::DocType),
            // Both are read by nobody.
            Event::PI(_) | Event::Comment(_) => {}
            Event::Start(tag) => tree.open(&tag)?,
            Event::Empty(tag) => {
                tree.open(&tag)?;
                tree.close()?;
            }
            // The reader has checked that the names of begin and end are the same.
            Event::End(_) => tree.close()?,
            Event::Text(text) => tree.write(&text.xml10_content())?,
            Event::CData(text) => tree.write_marked(&text.xml10_content())?,
            Event::GeneralRef(reference) => tree.write_marked(&resolve(&reference)?)?,
            Event::Eof => return tree.finish(),
        }
        is_first = false;
    }
}

#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
}

impl Tree {
    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), BadNuspec> {
        self.elements += 1;
        if self.elements > MOST_ELEMENTS || self.open.len() >= DEEPEST {
            return Err(BadNuspec::TooComplex);
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(BadNuspec::NotXml);
        }
        let around = self.open.last().map_or("", |element| element.namespace.as_str());
        // Whatever namespace the first two declare is that of the file.
        let element = element(tag, around, self.open.len() >= 2)?;
        self.open.push(element);
        Ok(())
    }

    fn close(&mut self) -> Result<(), BadNuspec> {
        let done = self.open.pop().ok_or(BadNuspec::NotXml)?;
        match self.open.last_mut() {
            Some(_) if done.is_foreign => {}
            Some(parent) => parent.children.push(done),
            None => self.root = Some(done),
        }
        Ok(())
    }

    /// Adds text to the innermost element; outside of the root there may only be white space.
    fn write(&mut self, text: &str) -> Result<(), BadNuspec> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.chars().all(|letter| matches!(letter, ' ' | '\t' | '\r' | '\n')) => {}
            None => return Err(BadNuspec::NotXml),
        }
        Ok(())
    }

    /// Adds what came from a reference or CDATA, which cannot stand outside of the root at all.
    fn write_marked(&mut self, text: &str) -> Result<(), BadNuspec> {
        if self.open.is_empty() { Err(BadNuspec::NotXml) } else { self.write(text) }
    }

    fn finish(self) -> Result<Element, BadNuspec> {
        self.root.filter(|_| self.open.is_empty()).ok_or(BadNuspec::NotXml)
    }
}

fn element(tag: &BytesStart<'_>, around: &str, is_inner: bool) -> Result<Element, BadNuspec> {
    let mut element = Element { namespace: around.to_owned(), ..Element::default() };
    // The reader looks for doubles among those before, so the bound also bounds that.
    for (count, attribute) in tag.attributes().enumerate() {
        if count >= MOST_ATTRIBUTES {
            return Err(BadNuspec::TooComplex);
        }
        let attribute = attribute.map_err(|_| BadNuspec::NotXml)?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| BadNuspec::Reference)?;
        if !value.chars().all(is_xml) {
            return Err(BadNuspec::Reference);
        }
        match plain_name(attribute.key.as_ref())? {
            Some(key) if key == "xmlns" => element.namespace = value.into_owned(),
            Some(key) => element.attributes.push((key, value.into_owned())),
            None => {}
        }
    }
    let name = tag.name();
    let plain = plain_name(name.as_ref())?;
    element.is_foreign = plain.is_none() || (is_inner && element.namespace != around);
    element.name = plain.unwrap_or_else(|| name.as_ref().rsplit(':').next().unwrap_or_default().to_owned());
    let could_be_read = FIELDS.iter().any(|field| field.eq_ignore_ascii_case(&element.name));
    if element.is_foreign && could_be_read { Err(BadNuspec::Namespace) } else { Ok(element) }
}

/// The name, or `None` when it has a prefix.
fn plain_name(name: &str) -> Result<Option<String>, BadNuspec> {
    if name.is_empty() { Err(BadNuspec::NotXml) } else { Ok((!name.contains(':')).then(|| name.to_owned())) }
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, BadNuspec> {
    if let Some(letter) = reference.resolve_char_ref().map_err(|_| BadNuspec::Reference)? {
        return if is_xml(letter) { Ok(letter.into()) } else { Err(BadNuspec::Reference) };
    }
    resolve_predefined_entity(&reference.xml10_content()).map(str::to_owned).ok_or(BadNuspec::Reference)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Ascii,
    Utf8,
    Utf16,
    /// A code page, which the declaration named.
    Declared,
}

/// UTF-8 and UTF-16 with or without byte order mark, and the code pages that clients know where the declaration names one.
fn decode(bytes: &[u8]) -> Result<(String, Encoding), BadNuspec> {
    let utf16 = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units = pairs.iter().map(|pair| read(*pair));
        let text: Result<String, _> = char::decode_utf16(units).collect();
        text.ok().filter(|_| rest.is_empty()).map(|text| (text, Encoding::Utf16))
    };
    let utf8 = |bytes: &[u8], encoding| std::str::from_utf8(bytes).ok().map(|text| (text.to_owned(), encoding));
    let read = match bytes {
        [0xff, 0xfe, rest @ ..] | rest @ [b'<', 0, ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] | rest @ [0, b'<', ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest, Encoding::Utf8),
        bytes if bytes.is_ascii() => utf8(bytes, Encoding::Ascii),
        bytes => match declared_label(bytes) {
            Some(label) if label != "utf-8" => code_page(&label, bytes).map(|text| (text, Encoding::Declared)),
            _ => utf8(bytes, Encoding::Utf8),
        },
    };
    read.filter(|(text, _)| !text.contains('\0')).ok_or(BadNuspec::Encoding)
}

/// The encoding that the declaration names, in lower case. A declaration is ASCII in every encoding but UTF-16.
fn declared_label(bytes: &[u8]) -> Option<String> {
    let end = bytes.windows(2).take(200).position(|two| two == b"?>")?;
    let declaration = std::str::from_utf8(bytes.get(..end)?).ok()?.strip_prefix("<?xml")?;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let label = value.strip_prefix(['"', '\''])?.split(['"', '\'']).next()?;
    Some(label.to_ascii_lowercase())
}

/// Reads a code page in which ASCII is ASCII, so that every program sees the same elements.
fn code_page(label: &str, bytes: &[u8]) -> Option<String> {
    let encoding =
        encoding_rs::Encoding::for_label(label.as_bytes()).filter(|encoding| encoding.is_ascii_compatible())?;
    // Browsers take ASCII and ISO 8859 for code pages of Windows. Where these differ, programs do.
    let is_taken_for_windows =
        encoding.name().starts_with("windows") && !["125", "874"].iter().any(|page| label.contains(page));
    if label.contains("ascii") || (is_taken_for_windows && bytes.iter().any(|byte| matches!(byte, 0x80..=0x9f))) {
        return None;
    }
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(|text| text.into_owned())
}

fn check_declaration(declaration: &BytesDecl<'_>, encoding: Encoding) -> Result<(), BadNuspec> {
    let version = declaration.version().map_err(|_| BadNuspec::NotXml)?;
    if version != "1.0" {
        return Err(BadNuspec::NotXml);
    }
    let named = match declaration.encoding() {
        None => return Ok(()),
        Some(named) => named.map_err(|_| BadNuspec::Encoding)?.to_ascii_lowercase(),
    };
    let agrees = match encoding {
        // ASCII is the same in all of them.
        Encoding::Ascii => {
            encoding_rs::Encoding::for_label(named.as_bytes()).is_some_and(|encoding| encoding.is_ascii_compatible())
        }
        Encoding::Utf8 => named == "utf-8",
        Encoding::Utf16 => matches!(named.as_str(), "utf-16" | "utf-16le" | "utf-16be"),
        Encoding::Declared => true,
    };
    if agrees { Ok(()) } else { Err(BadNuspec::Encoding) }
}

/// The characters that XML 1.0 knows.
fn is_xml(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
