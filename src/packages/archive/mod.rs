//! Reads an uploaded nupkg without unpacking it, and refuses every archive that two programs could read differently.
//!
//! The zip dialect: one disk, no zip64, no encryption, stored or deflated entries, no comments; the entries lie one behind
//! the other from the first byte of the file to the directory, the directory ends at the end record, and that ends the
//! file. Local headers, directory and data descriptors agree, and every byte is inflated once and held against its size
//! and checksum. Memory is bounded by [`Limits`], never by what the archive says of itself.
//!
//! A signature file is read like any other entry and not judged.

mod content;
mod directory;
mod error;
mod name;
mod records;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io::{Read, Seek};

pub use error::Unreadable;
pub use name::BadName;

use self::directory::{Directory, Entry};
use super::id::PackageId;
use super::nuspec::{License, Nuspec};
use super::version::Version;

const MIB: u64 = 1024 * 1024;

/// The package type of symbol packages, as `dotnet pack` writes it.
const SYMBOLS: &str = "SymbolsPackage";

/// How much an archive may cost. The defaults leave room for every package that people are known to publish.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the file; 250 MiB.
    pub file: u64,
    /// Bytes of all entries together, unpacked; 1 GiB.
    pub unpacked: u64,
    /// How many times larger than the file its entries may be, once they are larger than [`ratio_from`](Self::ratio_from).
    pub ratio: u64,
    /// Unpacked bytes up to which any ratio is fine; 64 MiB.
    pub ratio_from: u64,
    /// Entries, folders included; 10,000.
    pub entries: usize,
    /// Bytes of one entry's name; 240, so that a path still fits on Windows.
    pub name: usize,
    /// Bytes of the nuspec, unpacked; 1 MiB.
    pub nuspec: u64,
    /// Bytes of the readme, icon, licence file and signature, each; 1 MiB.
    pub extra: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file: 250 * MIB,
            unpacked: 1024 * MIB,
            ratio: 50,
            ratio_from: 64 * MIB,
            entries: 10_000,
            name: 240,
            nuspec: MIB,
            extra: MIB,
        }
    }
}

/// What an upload turned out to be.
#[derive(Clone, Debug)]
pub struct Nupkg {
    /// The package's own description.
    pub nuspec: Nuspec,
    /// The nuspec file itself, at most [`Limits::nuspec`] bytes.
    pub nuspec_file: Vec<u8>,
    /// The id that the nuspec gives.
    pub id: PackageId,
    /// The version that the nuspec gives.
    pub version: Version,
    /// Bytes of the file.
    pub size: u64,
    /// Entries in the archive, folders included.
    pub entries: usize,
}

impl Nupkg {
    /// Reads the whole archive once, from its first byte to its last. Blocks; call it where blocking is allowed.
    ///
    /// # Errors
    /// [`Unreadable`] says what is wrong with the archive; [`Unreadable::Storage`] alone is no fault of the sender.
    pub fn read<R: Read + Seek>(mut source: R, limits: &Limits) -> Result<Self, Unreadable> {
        let end = records::find_end(&mut source, limits)?;
        let directory = directory::read(&mut source, &end, limits)?;
        let nuspec_at = find_nuspec(&directory, limits)?;
        let text = content::check(&mut source, &directory, nuspec_at)?;
        let nuspec = Nuspec::parse(&text)?;
        check_against_entries(&nuspec, &directory, nuspec_at, limits)?;
        Ok(Self {
            id: nuspec.id.clone(),
            version: nuspec.version.clone(),
            nuspec,
            nuspec_file: text,
            size: end.file_size(),
            entries: directory.entries.len(),
        })
    }
}

/// The place of the one nuspec in the directory.
fn find_nuspec(directory: &Directory, limits: &Limits) -> Result<usize, Unreadable> {
    let is_nuspec = |entry: &Entry| entry.name.is_at_root() && entry.name.key().ends_with(".nuspec");
    let mut found = (0..).zip(&directory.entries).filter(|(_, entry)| is_nuspec(entry));
    let (place, entry) = found.next().ok_or(Unreadable::NoNuspec)?;
    if found.next().is_some() {
        return Err(Unreadable::SeveralNuspecs);
    }
    if entry.name.is_folder() || !entry.name.path().ends_with(".nuspec") {
        return Err(Unreadable::NoNuspec);
    }
    if entry.size > limits.nuspec {
        return Err(Unreadable::NuspecTooLarge { limit: limits.nuspec });
    }
    Ok(place)
}

fn check_against_entries(nuspec: &Nuspec, directory: &Directory, at: usize, limits: &Limits) -> Result<(), Unreadable> {
    let expected = format!("{}.nuspec", nuspec.id.key());
    if directory.entries.get(at).is_none_or(|entry| entry.name.key() != expected) {
        return Err(Unreadable::NuspecName { id: nuspec.id.to_string() });
    }
    if is_symbol_package(nuspec, directory) {
        return Err(Unreadable::SymbolPackage);
    }
    check_named_files(nuspec, directory, limits)
}

/// Symbol packages say so; old ones only hold `.pdb` files besides the furniture of every package.
fn is_symbol_package(nuspec: &Nuspec, directory: &Directory) -> bool {
    if nuspec.package_types.iter().any(|kind| kind.eq_ignore_ascii_case(SYMBOLS)) {
        return true;
    }
    let mut content = directory.entries.iter().filter(|entry| !is_furniture(entry)).peekable();
    content.peek().is_some() && content.all(|entry| entry.name.key().ends_with(".pdb"))
}

fn is_furniture(entry: &Entry) -> bool {
    let key = entry.name.key();
    entry.name.is_folder()
        || key == "[content_types].xml"
        || key == ".signature.p7s"
        || key.starts_with("_rels/")
        || key.starts_with("package/services/metadata/")
        || (entry.name.is_at_root() && key.ends_with(".nuspec"))
}

/// The readme, icon and licence that the nuspec names must be in the archive, and like the signature not be huge.
fn check_named_files(nuspec: &Nuspec, directory: &Directory, limits: &Limits) -> Result<(), Unreadable> {
    let sizes: HashMap<&str, u64> = directory
        .entries
        .iter()
        .filter(|entry| !entry.name.is_folder())
        .map(|entry| (entry.name.key(), entry.size))
        .collect();
    let licence = match &nuspec.license {
        Some(License::File(path)) => Some(path),
        _ => None,
    };
    let named = [("readme", nuspec.readme.as_ref()), ("icon", nuspec.icon.as_ref()), ("license", licence)];
    for (what, path) in named.into_iter().filter_map(|(what, path)| path.map(|path| (what, path))) {
        let size = sizes.get(path.to_lowercase().as_str()).ok_or(Unreadable::MissingFile { what })?;
        check_small(what, *size, limits)?;
    }
    sizes.get(".signature.p7s").map_or(Ok(()), |size| check_small("signature", *size, limits))
}

fn check_small(what: &'static str, size: u64, limits: &Limits) -> Result<(), Unreadable> {
    if size > limits.extra { Err(Unreadable::FileTooLarge { what, limit: limits.extra }) } else { Ok(()) }
}
