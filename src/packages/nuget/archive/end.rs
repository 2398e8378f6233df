//! The end record of a zip (APPNOTE 4.3.16), with what zip64 puts before it: where the directory lies.

use std::io::{Read, Seek, SeekFrom};

use super::{
    Limits, Unreadable,
    fields::Fields,
    records::{CENTRAL, LOCAL},
};

const END: u32 = 0x0605_4b50;
const END64: u32 = 0x0606_4b50;
const LOCATOR: u32 = 0x0706_4b50;

const END_SIZE: usize = 22;
const END64_SIZE: usize = 56;
const LOCATOR_SIZE: usize = 20;
/// The end record, the longest comment behind it, and what zip64 puts before it.
const TAIL: usize = END64_SIZE + LOCATOR_SIZE + END_SIZE + u16::MAX as usize;

/// Where the directory lies and how many entries it counts.
#[derive(Debug)]
pub(super) struct End {
    pub(super) entries: usize,
    pub(super) directory_offset: u64,
    pub(super) directory_size: u64,
    /// Bytes of the whole file.
    pub(super) file_size: u64,
}

/// Finds the end record: the last one, whose comment, if it has any, ends the file and holds no record of a zip.
pub(super) fn find_end<R: Read + Seek>(source: &mut R, limits: &Limits) -> Result<End, Unreadable> {
    let file_size = source.seek(SeekFrom::End(0))?;
    if file_size > limits.file {
        return Err(Unreadable::TooLarge { limit: limits.file });
    }
    if read_at(source, 0, 4)? != LOCAL.to_le_bytes() {
        return Err(Unreadable::NotAZip);
    }
    let from = file_size.saturating_sub(TAIL as u64);
    let tail = read_at(source, from, TAIL as u64)?;
    let at = tail.windows(4).rposition(|four| four == END.to_le_bytes()).ok_or(Unreadable::NoEnd)?;
    let (before, end) = tail.split_at(at);
    let end = ShortEnd::parse(end).ok_or(Unreadable::NoEnd)?;
    end.widen(before, from + at as u64, file_size, limits)
}

fn read_at<R: Read + Seek>(source: &mut R, from: u64, most: u64) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = Vec::new();
    source.seek(SeekFrom::Start(from))?;
    source.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The end record without zip64.
struct ShortEnd {
    disks: [u16; 2],
    entries_here: u16,
    entries: u16,
    directory_size: u32,
    directory_offset: u32,
}

impl ShortEnd {
    /// Reads the record and its comment, which must be all there is.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let comment = bytes.get(END_SIZE..)?;
        let mut fields = Fields(bytes);
        let _signature = fields.u32();
        let read = Self {
            disks: [fields.u16(), fields.u16()],
            entries_here: fields.u16(),
            entries: fields.u16(),
            directory_size: fields.u32(),
            directory_offset: fields.u32(),
        };
        (fields.length() == comment.len() && !holds_a_record(comment)).then_some(read)
    }

    /// The same with what zip64 says, which must be the same wherever both say something.
    fn widen(&self, before: &[u8], at: u64, file_size: u64, limits: &Limits) -> Result<End, Unreadable> {
        if self.disks != [0; 2] || self.entries_here != self.entries {
            return Err(Unreadable::Split);
        }
        let (entries, directory_size, directory_offset) =
            (self.entries.into(), self.directory_size.into(), self.directory_offset.into());
        let short = End64 { entries, directory_size, directory_offset, at };
        let is_open = self.entries == u16::MAX || self.directory_size == u32::MAX || self.directory_offset == u32::MAX;
        let wide = match End64::find(before, at)? {
            Some(wide) if self.agrees_with(&wide) => wide,
            None if !is_open => short,
            _ => return Err(Unreadable::Zip64),
        };
        let entries = usize::try_from(wide.entries).unwrap_or(usize::MAX);
        if entries > limits.entries {
            return Err(Unreadable::TooManyEntries { limit: limits.entries });
        }
        if wide.directory_offset.checked_add(wide.directory_size) != Some(wide.at) {
            return Err(Unreadable::Misplaced);
        }
        let (directory_offset, directory_size) = (wide.directory_offset, wide.directory_size);
        Ok(End { entries, directory_offset, directory_size, file_size })
    }

    fn agrees_with(&self, wide: &End64) -> bool {
        (self.entries == u16::MAX || u64::from(self.entries) == wide.entries)
            && (self.directory_size == u32::MAX || u64::from(self.directory_size) == wide.directory_size)
            && (self.directory_offset == u32::MAX || u64::from(self.directory_offset) == wide.directory_offset)
    }
}

/// Whether a comment could be taken for a part of an archive.
fn holds_a_record(comment: &[u8]) -> bool {
    let records = [LOCAL, CENTRAL, END, END64, LOCATOR].map(u32::to_le_bytes);
    comment.windows(4).any(|four| records.iter().any(|record| four == record))
}

/// The end record of zip64.
struct End64 {
    entries: u64,
    directory_size: u64,
    directory_offset: u64,
    /// Where it lies, and so where the directory must end.
    at: u64,
}

impl End64 {
    /// Reads the record and its locator, which lie right before the end record, at `end`, or not at all.
    fn find(before: &[u8], end: u64) -> Result<Option<Self>, Unreadable> {
        let Some(locator) = before.len().checked_sub(LOCATOR_SIZE).map(|at| &before[at..]) else { return Ok(None) };
        let mut fields = Fields(locator);
        if fields.u32() != LOCATOR {
            return Ok(None);
        }
        let (disk, at, disks) = (fields.u32(), fields.u64(), fields.u32());
        let place = before.len().checked_sub(LOCATOR_SIZE + END64_SIZE).ok_or(Unreadable::Misplaced)?;
        if disk != 0 || disks > 1 || Some(at) != end.checked_sub((LOCATOR_SIZE + END64_SIZE) as u64) {
            return Err(Unreadable::Misplaced);
        }
        Self::parse(&before[place..], at).map(Some).ok_or(Unreadable::Misplaced)
    }

    fn parse(bytes: &[u8], at: u64) -> Option<Self> {
        let mut fields = Fields(bytes);
        let (signature, size, _versions) = (fields.u32(), fields.u64(), fields.u32());
        let (disks, here, entries) = ([fields.u32(), fields.u32()], fields.u64(), fields.u64());
        // Twelve bytes of the record are not counted in its size.
        let is_plain = signature == END64 && size == END64_SIZE as u64 - 12 && disks == [0; 2] && here == entries;
        is_plain.then(|| Self { entries, directory_size: fields.u64(), directory_offset: fields.u64(), at })
    }
}
