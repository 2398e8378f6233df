//! Reads an uploaded nupkg without unpacking it, and refuses every archive that two programs could read differently.
//!
//! What is only unusual is taken: comments, zip64, names in any script, a nuspec of any name. What is refused: parts on
//! other disks, encryption, other methods than stored and deflated, bytes that belong to no entry, and whatever local
//! headers, directory, data descriptors and zip64 records say differently. Every byte is inflated once and held against its
//! size and checksum. Memory is bounded by [`Limits`], never by what the archive says of itself. `tests/shapes.rs` is the
//! table of shapes, with the reason for each verdict.
//!
//! A signature file is read like any other entry and not judged. It covers the archive byte for byte, so no advice here
//! asks to pack a package again that somebody else has signed.

mod content;
mod directory;
mod end;
mod error;
mod fields;
mod name;
mod records;
mod symbols;
#[cfg(test)]
mod tests;

use std::io::{Read, Seek};

pub use error::Unreadable;
pub use name::BadName;
pub use symbols::SymbolFile;

use self::directory::{Directory, Entry};
use super::{
    id::PackageId,
    nuspec::{License, Nuspec},
    version::Version,
};

const MIB: u64 = 1024 * 1024;

/// The package type of symbol packages, as `dotnet pack` writes it.
const SYMBOLS: &str = "SymbolsPackage";
/// The entry in which a package is signed.
const SIGNATURE: &str = ".signature.p7s";

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
    /// Entries, folders included; 65,535.
    pub entries: usize,
    /// Bytes of one entry's name; 2,048, room for 200 percent-encoded letters of any script.
    pub name: usize,
    /// Bytes of all names together; 8 MiB.
    pub names: usize,
    /// Bytes of the nuspec, unpacked; 1 MiB.
    pub nuspec: u64,
    /// Bytes of the readme, icon, licence file and signature, each; 1 MiB.
    pub extra: u64,
}

impl Limits {
    /// The same for a package that was taken before, whatever the limits were then.
    pub fn of_any_size() -> Self {
        Self { file: u64::MAX, unpacked: u64::MAX, ratio: u64::MAX, ..Self::default() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file: 250 * MIB,
            unpacked: 1024 * MIB,
            ratio: 50,
            ratio_from: 64 * MIB,
            entries: 65_535,
            name: 2_048,
            names: 8 << 20,
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
    pub fn read<R: Read + Seek>(source: R, limits: &Limits) -> Result<Self, Unreadable> {
        Archive::open(source, limits)?.check()
    }
}

/// An archive of which only the directory and the nuspec were read. Whether somebody may publish it can be decided before
/// all of it is inflated.
pub struct Archive<R> {
    source: R,
    directory: Directory,
    package: Nupkg,
}

impl<R> Archive<R> {
    /// What the package says of itself. Its bytes are not checked yet.
    pub fn package(&self) -> &Nupkg {
        &self.package
    }

    /// The names of all entries, as written and decoded.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.directory.entries.iter().map(|entry| (entry.name.raw(), entry.name.path()))
    }
}

impl<R: Read + Seek> Archive<R> {
    /// Reads the directory and the nuspec. Blocks.
    ///
    /// # Errors
    /// When one of them is not good, or they contradict each other.
    pub fn open(source: R, limits: &Limits) -> Result<Self, Unreadable> {
        let mut archive = Self::read(source, limits)?;
        check_against_entries(&mut archive.package.nuspec, &archive.directory, limits)?;
        Ok(archive)
    }

    fn read(mut source: R, limits: &Limits) -> Result<Self, Unreadable> {
        let end = end::find_end(&mut source, limits)?;
        let directory = directory::read(&mut source, &end, limits)?;
        let nuspec_file = content::read(&mut source, &directory, find_nuspec(&directory, limits)?)?;
        let nuspec = Nuspec::parse(&nuspec_file)?;
        let package = Nupkg {
            id: nuspec.id.clone(),
            version: nuspec.version.clone(),
            nuspec,
            nuspec_file,
            size: end.file_size,
            entries: directory.entries.len(),
        };
        Ok(Self { source, directory, package })
    }

    /// Checks everything, from the first byte to the last. Blocks.
    ///
    /// # Errors
    /// When anything is not what the directory says.
    pub fn check(mut self) -> Result<Nupkg, Unreadable> {
        content::check(&mut self.source, &self.directory)?;
        Ok(self.package)
    }
}

/// One file of a package that was checked when it was published, found as [`Nuspec::icon`] and its like are; `None` when
/// there is none of this path, or it is larger than [`Limits::extra`]. Reads the directory and that file alone. Blocks.
///
/// # Errors
/// When the source fails, or is no package.
pub fn read_file<R: Read + Seek>(mut source: R, path: &str, limits: &Limits) -> Result<Option<Vec<u8>>, Unreadable> {
    let end = end::find_end(&mut source, limits)?;
    let directory = directory::read(&mut source, &end, limits)?;
    let found = find_file(&directory, path).filter(|entry| entry.facts.unpacked <= limits.extra);
    found.map(|entry| content::read(&mut source, &directory, entry)).transpose()
}

/// The one nuspec in the directory. Its name may be any: clients look for the ending.
fn find_nuspec<'d>(directory: &'d Directory, limits: &Limits) -> Result<&'d Entry, Unreadable> {
    let is_nuspec = |entry: &&Entry| entry.name.is_at_root() && entry.name.key().ends_with(".nuspec");
    let mut found = directory.entries.iter().filter(is_nuspec);
    let entry = found.next().ok_or(Unreadable::NoNuspec)?;
    if found.next().is_some() {
        return Err(Unreadable::SeveralNuspecs);
    }
    // Clients do not look for it behind `./`.
    if entry.name.path().contains('/') {
        return Err(Unreadable::NoNuspec);
    }
    if entry.facts.unpacked > limits.nuspec {
        return Err(Unreadable::NuspecTooLarge { limit: limits.nuspec });
    }
    Ok(entry)
}

fn check_against_entries(nuspec: &mut Nuspec, directory: &Directory, limits: &Limits) -> Result<(), Unreadable> {
    if is_symbol_package(nuspec, directory) {
        return Err(Unreadable::SymbolPackage);
    }
    check_named_files(nuspec, directory, limits)
}

/// Symbol packages say so; old ones only hold `.pdb` files besides the furniture of every package.
fn is_symbol_package(nuspec: &Nuspec, directory: &Directory) -> bool {
    if says_symbols(nuspec) {
        return true;
    }
    let mut content = directory.entries.iter().filter(|entry| !is_furniture(entry)).peekable();
    content.peek().is_some() && content.all(|entry| entry.name.key().ends_with(".pdb"))
}

fn says_symbols(nuspec: &Nuspec) -> bool {
    nuspec.package_types.iter().any(|kind| kind.name.eq_ignore_ascii_case(SYMBOLS))
}

fn is_furniture(entry: &Entry) -> bool {
    let key = entry.name.key();
    entry.name.is_folder()
        || key == "[content_types].xml"
        || key == SIGNATURE
        || key.starts_with("_rels/")
        || key.starts_with("package/services/metadata/")
        || (entry.name.is_at_root() && key.ends_with(".nuspec"))
}

/// The readme, icon and licence that the nuspec names must be in the archive, and like the signature not be huge. The
/// nuspec gets their paths as the archive has them.
fn check_named_files(nuspec: &mut Nuspec, directory: &Directory, limits: &Limits) -> Result<(), Unreadable> {
    let licence = match &mut nuspec.license {
        Some(License::File(path)) => Some(path),
        _ => None,
    };
    let named = [("readme", nuspec.readme.as_mut()), ("icon", nuspec.icon.as_mut()), ("license", licence)];
    for (what, path) in named.into_iter().filter_map(|(what, path)| path.map(|path| (what, path))) {
        let entry = find_file(directory, path).ok_or(Unreadable::MissingFile { what })?;
        check_small(what, entry.facts.unpacked, limits)?;
        entry.name.path().clone_into(path);
    }
    let signature = directory.entries.iter().find(|entry| entry.name.key() == SIGNATURE);
    signature.map_or(Ok(()), |entry| check_small("signature", entry.facts.unpacked, limits))
}

/// The file of a path in any case and spelling, first as it stands, then with percent signs decoded: packers write both.
fn find_file<'d>(directory: &'d Directory, path: &str) -> Option<&'d Entry> {
    let find = |key: String| directory.entries.iter().find(|entry| !entry.name.is_folder() && entry.name.key() == key);
    find(name::key(path)).or_else(|| find(name::key(&name::decode(path).ok()?)))
}

fn check_small(what: &'static str, size: u64, limits: &Limits) -> Result<(), Unreadable> {
    if size > limits.extra { Err(Unreadable::FileTooLarge { what, limit: limits.extra }) } else { Ok(()) }
}
