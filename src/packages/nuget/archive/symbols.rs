//! Symbol packages (`.snupkg`), and the assemblies that their files belong to.

use std::collections::HashSet;
use std::io::{Read, Seek};
use std::path::Path;

use tempfile::{NamedTempFile, TempPath};
use uuid::Uuid;

use super::{Archive, Limits, Unreadable, content, directory::Entry, is_furniture, name::shown, says_symbols};
use crate::packages::nuget::symbols::{BadPdb, PortablePdb, debug_guid};

/// A portable PDB of a symbol package, unpacked.
#[derive(Debug)]
pub struct SymbolFile {
    /// Its file name without folders, in lower case.
    pub name: String,
    /// Where its content is, in no open file, because there may be many; gone when this is dropped.
    pub file: TempPath,
    /// Its length in bytes.
    pub size: u64,
    /// What debuggers know it by.
    pub pdb: PortablePdb,
}

/// Symbol files in one package. All are entered in one change, and others wait for it.
const MOST_SYMBOLS: usize = 1_000;
/// How the name of a symbol file ends.
const PDB: &str = ".pdb";
/// What a symbol package may hold beside what every package has: nuget.org takes documentation of the code, too, which
/// `dotnet pack` puts beside the symbols.
const ALLOWED: [&str; 2] = [PDB, ".xml"];

impl<R: Read + Seek> Archive<R> {
    /// Reads the directory and the nuspec of a symbol package, as [`Archive::open`] does of other packages. Blocks.
    ///
    /// # Errors
    /// When one of them is not good, or there is anything but symbols.
    pub fn open_symbols(source: R, limits: &Limits) -> Result<Self, Unreadable> {
        let archive = Self::read(source, limits)?;
        if !says_symbols(&archive.package.nuspec) {
            return Err(Unreadable::NotSymbols);
        }
        let content = || archive.directory.entries.iter().filter(|entry| !is_furniture(entry));
        if let Some(entry) = content().find(|entry| !ALLOWED.iter().any(|ending| entry.name.key().ends_with(ending))) {
            return Err(Unreadable::NotASymbolFile { name: shown(entry.name.raw().as_bytes()) });
        }
        match content().filter(|entry| entry.name.key().ends_with(PDB)).count() {
            0 => Err(Unreadable::NoSymbols),
            1..=MOST_SYMBOLS => Ok(archive),
            count => Err(Unreadable::TooManySymbols { count, most: MOST_SYMBOLS }),
        }
    }

    /// Checks everything and unpacks the symbol files into a folder, each once however often it is there. Blocks.
    ///
    /// # Errors
    /// When anything is not what the directory says, or a file is no portable PDB.
    pub fn unpack_symbols(mut self, folder: &Path) -> Result<Vec<SymbolFile>, Unreadable> {
        content::check(&mut self.source, &self.directory)?;
        let (mut files, mut seen) = (Vec::new(), HashSet::new());
        for entry in self.directory.entries.iter().filter(|entry| entry.name.key().ends_with(PDB)) {
            let mut file = NamedTempFile::with_prefix_in("push-", folder)?;
            content::copy(&mut self.source, &self.directory, entry, &mut file)?;
            let pdb = PortablePdb::read(&mut file).map_err(|error| refused(entry, error))?;
            let name = file_name(entry).to_owned();
            if seen.insert((name.clone(), pdb.guid)) {
                let size = file.as_file().metadata()?.len();
                files.push(SymbolFile { name, file: file.into_temp_path(), size, pdb });
            }
        }
        Ok(files)
    }

    /// The debug ids of the assemblies that have the name of one of these symbol files; the assemblies are unpacked into
    /// a folder one at a time. Blocks.
    ///
    /// # Errors
    /// When the archive or the folder fails.
    pub fn debug_guids(&mut self, symbols: &[SymbolFile], folder: &Path) -> Result<HashSet<Uuid>, Unreadable> {
        let stems: HashSet<&str> = symbols.iter().filter_map(|file| file.name.strip_suffix(".pdb")).collect();
        let mut found = HashSet::new();
        let assemblies =
            self.directory.entries.iter().filter(|entry| assembly(entry).is_some_and(|stem| stems.contains(stem)));
        for entry in assemblies {
            let mut file = NamedTempFile::with_prefix_in("push-", folder)?;
            content::copy(&mut self.source, &self.directory, entry, &mut file)?;
            found.extend(debug_guid(file.reopen()?));
        }
        Ok(found)
    }
}

fn refused(entry: &Entry, error: BadPdb) -> Unreadable {
    let why = match error {
        BadPdb::Storage(error) => return error.into(),
        BadPdb::Windows => "it is a Windows PDB; build with <DebugType>portable</DebugType>",
        BadPdb::NotPortable => "it is not a portable PDB",
    };
    Unreadable::Pdb { name: shown(entry.name.raw().as_bytes()), why }
}

/// The last part of an entry's path, in lower case.
fn file_name(entry: &Entry) -> &str {
    let key = entry.name.key();
    key.rsplit('/').next().unwrap_or(key)
}

/// The name of an assembly without its ending, if the entry is one.
fn assembly(entry: &Entry) -> Option<&str> {
    let name = file_name(entry);
    [".dll", ".exe", ".winmd"].iter().find_map(|ending| name.strip_suffix(ending))
}
