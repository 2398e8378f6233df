//! Reads the zip directory and decides, before any entry is opened, which entries an archive may have.

use std::collections::HashSet;
use std::io::{BufReader, Read, Seek, SeekFrom};

use super::{
    Limits, Unreadable,
    end::End,
    fields::fill,
    name::{Name, shown},
    records::{Central, Extras, Facts, ShortFacts, read_extras},
};

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

const ENCRYPTED: u16 = 1 << 0 | 1 << 6 | 1 << 13;
const DESCRIPTOR: u16 = 1 << 3;
const UTF8: u16 = 1 << 11;
/// Two bits of compression level, which say nothing to a reader.
const LEVEL: u16 = 1 << 1 | 1 << 2;

/// Volume label, device, reparse point.
const DOS_SPECIAL: u32 = 0x08 | 0x40 | 0x400;
const DOS_FOLDER: u32 = 0x10;

/// The entries of an archive, in the order in which they lie in the file.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) entries: Vec<Entry>,
    /// Where the directory begins, and so where the last entry must end.
    pub(super) offset: u64,
}

/// One entry as the directory describes it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: Name,
    /// Where its local header begins.
    pub(super) offset: u64,
    pub(super) facts: Facts,
}

impl Entry {
    pub(super) fn is_deflated(&self) -> bool {
        self.facts.method == DEFLATED
    }

    pub(super) fn has_descriptor(&self) -> bool {
        self.facts.flags & DESCRIPTOR != 0
    }

    /// Whether a local header says the same, apart from sums.
    pub(super) fn agrees_with(&self, local: &Facts) -> bool {
        // ASCII is read alike with the flag and without it.
        let told = if self.name.raw().is_ascii() { DESCRIPTOR } else { DESCRIPTOR | UTF8 };
        self.facts.flags & told == local.flags & told
            && local.flags & !(DESCRIPTOR | UTF8 | LEVEL) == 0
            && self.facts.method == local.method
    }

    /// Whether a name in an extra field, if there is one, is the name of the entry.
    pub(super) fn is_named_alike(&self, extras: &Extras<'_>) -> bool {
        extras.path.is_none_or(|path| path == self.name.raw().as_bytes())
    }
}

/// Reads all records, one at a time.
pub(super) fn read<R: Read + Seek>(source: &mut R, end: &End, limits: &Limits) -> Result<Directory, Unreadable> {
    source.seek(SeekFrom::Start(end.directory_offset))?;
    let mut records = BufReader::new(source.take(end.directory_size));
    // Grows with what was read, not with what was said.
    let (mut entries, mut letters) = (Vec::new(), 0);
    for _ in 0..end.entries {
        let entry = read_entry(&mut records, limits)?;
        letters += entry.name.raw().len();
        if letters > limits.names {
            return Err(Unreadable::NamesTooLong { limit: limits.names });
        }
        entries.push(entry);
    }
    if records.read(&mut [0])? != 0 {
        return Err(Unreadable::Directory);
    }
    check_names(&entries)?;
    check_sizes(&entries, end, limits)?;
    entries.sort_by_key(|entry| entry.offset);
    Ok(Directory { entries, offset: end.directory_offset })
}

fn read_entry<R: Read>(records: &mut R, limits: &Limits) -> Result<Entry, Unreadable> {
    let mut fixed = [0; Central::SIZE];
    fill(records, &mut fixed, || Unreadable::Directory)?;
    let central = Central::parse(&fixed).ok_or(Unreadable::Directory)?;
    let name = read_name(records, &central, limits)?;
    // A comment is read by people only.
    let mut extra = vec![0; central.extra_length + central.comment_length];
    fill(records, &mut extra, || Unreadable::Directory)?;
    extra.truncate(central.extra_length);
    let named = || shown(name.raw().as_bytes());
    let extras = read_extras(&extra).ok_or_else(|| Unreadable::Extra { name: named() })?;
    let (facts, offset) = central.widen(&extras).ok_or_else(|| Unreadable::Sizes { name: named() })?;
    let entry = Entry { name, offset, facts };
    if !entry.is_named_alike(&extras) {
        return Err(Unreadable::Extra { name: shown(entry.name.raw().as_bytes()) });
    }
    check_entry(&central, &entry)?;
    Ok(entry)
}

fn read_name<R: Read>(records: &mut R, central: &Central, limits: &Limits) -> Result<Name, Unreadable> {
    if central.name_length > limits.name {
        return Err(Unreadable::NameTooLong { limit: limits.name });
    }
    let mut bytes = vec![0; central.name_length];
    fill(records, &mut bytes, || Unreadable::Directory)?;
    let ShortFacts { flags, .. } = central.facts;
    Name::parse(&bytes, flags & UTF8 != 0).map_err(|why| Unreadable::Name { name: shown(&bytes), why })
}

fn check_entry(central: &Central, entry: &Entry) -> Result<(), Unreadable> {
    let name = || shown(entry.name.raw().as_bytes());
    check_features(&entry.facts, name)?;
    if central.disk != 0 {
        return Err(Unreadable::Split);
    }
    if !is_plain(central.attributes, entry.name.is_folder()) {
        return Err(Unreadable::NotAFile { name: name() });
    }
    if entry.name.is_folder() && entry.facts.unpacked != 0 {
        return Err(Unreadable::FolderWithContent { name: name() });
    }
    Ok(())
}

fn check_features(facts: &Facts, name: impl Fn() -> String) -> Result<(), Unreadable> {
    if facts.flags & ENCRYPTED != 0 {
        return Err(Unreadable::Encrypted { name: name() });
    }
    if facts.flags & !(DESCRIPTOR | UTF8 | LEVEL) != 0 {
        return Err(Unreadable::Flags { name: name() });
    }
    if ![STORED, DEFLATED].contains(&facts.method) {
        return Err(Unreadable::Method { name: name(), method: facts.method });
    }
    Ok(())
}

/// Writers leave either half of the attributes at zero; what is there must fit a file or a folder.
fn is_plain(attributes: u32, is_folder: bool) -> bool {
    let kind = attributes >> 28;
    let special_bits = attributes >> 25 & 0o7;
    let kind_fits = match kind {
        0 => true,
        0o04 => is_folder,
        0o10 => !is_folder,
        _ => false,
    };
    kind_fits && special_bits == 0 && attributes & DOS_SPECIAL == 0 && (is_folder || attributes & DOS_FOLDER == 0)
}

/// A folder may be listed twice, a file not.
fn check_names(entries: &[Entry]) -> Result<(), Unreadable> {
    let (mut folders, mut files) = (HashSet::new(), HashSet::new());
    for entry in entries {
        let (key, is_folder) = (entry.name.key(), entry.name.is_folder());
        let is_one_of_two = if is_folder {
            folders.insert(key);
            files.contains(key)
        } else {
            !files.insert(key) || folders.contains(key)
        };
        if is_one_of_two {
            return Err(Unreadable::Duplicate { name: shown(entry.name.raw().as_bytes()) });
        }
    }
    let below_file = entries.iter().find(|entry| entry.name.folders().any(|folder| files.contains(folder)));
    match below_file {
        Some(entry) => Err(Unreadable::FileAndFolder { name: shown(entry.name.raw().as_bytes()) }),
        None => Ok(()),
    }
}

/// The sizes are only promises here; the content is later read up to them and not a byte further.
fn check_sizes(entries: &[Entry], end: &End, limits: &Limits) -> Result<(), Unreadable> {
    let unpacked = entries.iter().fold(0, |sum: u64, entry| sum.saturating_add(entry.facts.unpacked));
    if unpacked > limits.unpacked {
        return Err(Unreadable::UnpackedTooLarge { limit: limits.unpacked });
    }
    if unpacked > limits.ratio_from && unpacked > end.file_size.saturating_mul(limits.ratio) {
        return Err(Unreadable::Ratio { limit: limits.ratio });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_and_folders_have_plain_attributes() {
        for (mode, dos, is_folder, plain) in [
            (0, 0, false, true),
            (0, 0x20, false, true),
            (0, 0x10, true, true),
            (0, 0x10, false, false),
            (0, 0x08, false, false),
            (0, 0x400, false, false),
            (0o100_644, 0, false, true),
            (0o100_755, 0, false, true),
            (0o644, 0, false, true),
            (0o040_755, 0x10, true, true),
            (0o040_755, 0, false, false),
            (0o100_644, 0, true, false),
            (0o120_777, 0, false, false),
            (0o020_644, 0, false, false),
            (0o060_644, 0, false, false),
            (0o010_644, 0, false, false),
            (0o140_644, 0, false, false),
            (0o104_755, 0, false, false),
            (0o102_755, 0, false, false),
            (0o101_755, 0, false, false),
        ] {
            assert_eq!(is_plain(mode << 16 | dos, is_folder), plain, "{mode:o} {dos:x} {is_folder}");
        }
    }
}
