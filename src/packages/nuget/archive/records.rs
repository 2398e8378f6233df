//! The records of a zip as they lie in the file (APPNOTE 4.3), read field by field, zip64 fields among them. What they
//! must say is decided by the callers.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

use super::{Limits, Unreadable};

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;
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

/// The fixed part of a directory record.
#[derive(Debug)]
pub(super) struct Central {
    pub(super) facts: ShortFacts,
    pub(super) name_length: usize,
    pub(super) extra_length: usize,
    pub(super) comment_length: usize,
    pub(super) disk: u16,
    /// MS-DOS attributes in the low bytes, Unix mode in the high ones.
    pub(super) attributes: u32,
    offset: u32,
}

impl Central {
    pub(super) const SIZE: usize = 46;

    /// Reads the record, or `None` when other bytes than one begin here.
    pub(super) fn parse(bytes: &[u8; Self::SIZE]) -> Option<Self> {
        let mut fields = Fields(bytes);
        if fields.u32() != CENTRAL {
            return None;
        }
        let _versions = fields.u32();
        let facts = ShortFacts::read(&mut fields);
        let (name_length, extra_length, comment_length) = (fields.length(), fields.length(), fields.length());
        let (disk, _internal, attributes, offset) = (fields.u16(), fields.u16(), fields.u32(), fields.u32());
        Some(Self { facts, name_length, extra_length, comment_length, disk, attributes, offset })
    }

    /// What it says together with its zip64 field: the facts, and where the local header begins.
    pub(super) fn widen(&self, extras: &Extras<'_>) -> Option<(Facts, u64)> {
        let [unpacked, packed, offset] = widen([self.facts.unpacked, self.facts.packed, self.offset], extras.zip64)?;
        Some((self.facts.with_sizes(packed, unpacked), offset))
    }
}

/// The fixed part of a local header.
#[derive(Debug)]
pub(super) struct Local {
    facts: ShortFacts,
    pub(super) name_length: usize,
    pub(super) extra_length: usize,
}

impl Local {
    pub(super) const SIZE: usize = 30;

    /// Reads the header, or `None` when other bytes than one begin here.
    pub(super) fn parse(bytes: &[u8; Self::SIZE]) -> Option<Self> {
        let mut fields = Fields(bytes);
        if fields.u32() != LOCAL {
            return None;
        }
        let _version = fields.u16();
        let facts = ShortFacts::read(&mut fields);
        Some(Self { facts, name_length: fields.length(), extra_length: fields.length() })
    }

    /// What it says together with its zip64 field.
    pub(super) fn widen(&self, extras: &Extras<'_>) -> Option<Facts> {
        let [unpacked, packed] = widen([self.facts.unpacked, self.facts.packed], extras.zip64)?;
        Some(self.facts.with_sizes(packed, unpacked))
    }
}

/// What both headers of an entry say about it, before zip64.
#[derive(Clone, Copy, Debug)]
pub(super) struct ShortFacts {
    pub(super) flags: u16,
    method: u16,
    checksum: u32,
    packed: u32,
    unpacked: u32,
}

impl ShortFacts {
    fn read(fields: &mut Fields<'_>) -> Self {
        let (flags, method, _time) = (fields.u16(), fields.u16(), fields.u32());
        Self { flags, method, checksum: fields.u32(), packed: fields.u32(), unpacked: fields.u32() }
    }

    fn with_sizes(self, packed: u64, unpacked: u64) -> Facts {
        Facts { flags: self.flags, method: self.method, checksum: self.checksum, packed, unpacked }
    }
}

/// What both headers of an entry say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) checksum: u32,
    pub(super) packed: u64,
    pub(super) unpacked: u64,
}

impl Facts {
    /// Checksum and sizes, the part that may come in a data descriptor behind the bytes.
    pub(super) fn sums(&self) -> [u64; 3] {
        [self.checksum.into(), self.packed, self.unpacked]
    }
}

/// The sums in a data descriptor of 12 bytes, or of 20 with the sizes of zip64, or four more with a signature; `None` for
/// any other.
pub(super) fn parse_descriptor(bytes: &[u8]) -> Option<[u64; 3]> {
    let mut fields = Fields(bytes);
    match bytes.len() {
        12 | 20 => {}
        16 | 24 if fields.u32() == DESCRIPTOR => {}
        _ => return None,
    }
    let checksum = fields.u32().into();
    let sizes =
        if bytes.len() < 20 { [fields.u32().into(), fields.u32().into()] } else { [fields.u64(), fields.u64()] };
    Some([checksum, sizes[0], sizes[1]])
}

/// The extra fields that say something about content or name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extras<'a> {
    zip64: Option<&'a [u8]>,
    /// The name once more, in UTF-8.
    pub(super) path: Option<&'a [u8]>,
}

/// Looks through extra fields: times, owners, comments and padding are harmless. `None` when they are broken, say
/// something twice, or speak of encryption.
pub(super) fn read_extras(bytes: &[u8]) -> Option<Extras<'_>> {
    let (mut rest, mut found) = (bytes, Extras::default());
    while let [id_low, id_high, low, high, after @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high]));
        let (content, next) = after.split_at_checked(length)?;
        let twice = match u16::from_le_bytes([*id_low, *id_high]) {
            // Strong encryption, AES.
            0x0017 | 0x9901 => return None,
            0x0001 => found.zip64.replace(content),
            // A version and a checksum come before the name.
            0x7075 => found.path.replace(content.get(5..)?),
            _ => None,
        };
        if twice.is_some() {
            return None;
        }
        rest = next;
    }
    // Some writers pad with fewer zeros than a field has bytes.
    rest.iter().all(|byte| *byte == 0).then_some(found)
}

/// The sizes of a header and its zip64 field, in the order of that field. A reader that takes every value of the field
/// and one that takes only those that the header leaves open must see the same; else `None`.
fn widen<const N: usize>(short: [u32; N], zip64: Option<&[u8]>) -> Option<[u64; N]> {
    let (values, rest) = zip64.unwrap_or_default().as_chunks::<8>();
    let mut wide = short.map(u64::from);
    let mut given = values.iter().map(|value| u64::from_le_bytes(*value));
    for value in wide.iter_mut().filter(|value| **value == u64::from(u32::MAX)) {
        *value = given.next()?;
    }
    let mut all = values.iter().map(|value| u64::from_le_bytes(*value)).zip(wide);
    let agrees = given.len() == 0 || (values.len() <= N && all.all(|(given, read)| given == read));
    (agrees && rest.is_empty()).then_some(wide)
}

/// Fills the buffer; a source that ends too early is the fault `early`, anything else that of our disk.
pub(super) fn fill<R: Read>(
    source: &mut R,
    buffer: &mut [u8],
    early: impl FnOnce() -> Unreadable,
) -> Result<(), Unreadable> {
    source.read_exact(buffer).map_err(|error: io::Error| match error.kind() {
        ErrorKind::UnexpectedEof => early(),
        _ => error.into(),
    })
}

/// Little-endian fields from the front of a record. Behind its end there are zeros, which no signature is.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk::<N>() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => [0; N],
        }
    }

    fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }

    fn length(&mut self) -> usize {
        self.u16().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extra_fields_fill_their_place_and_say_nothing_twice() {
        for (bytes, zip64, path) in [
            (&b""[..], None, None),
            (b"\x20\xa2\x02\x00\x00\x00", None, None),
            (b"UT\x01\x00\x00ux\x00\x00", None, None),
            (b"uc\x01\x00x", None, None),
            (b"\0\0\0", None, None),
            (b"UT\x00\x00\x01\x00\x00\x00", Some(&b""[..]), None),
            (b"up\x06\x00\x01\0\0\0\0b", None, Some(&b"b"[..])),
        ] {
            assert_eq!(read_extras(bytes), Some(Extras { zip64, path }), "{}", bytes.escape_ascii());
        }
        for bytes in
            [&b"UT\x02\x00\x00"[..], b"\x01", b"up\x00\x00", b"\x01\x99\0\0", b"\x17\x00\0\0", b"\x01\0\0\0\x01\0\0\0"]
        {
            assert_eq!(read_extras(bytes), None, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_descriptor_has_short_or_long_sizes_and_may_have_a_signature() {
        assert_eq!(parse_descriptor(b"\x01\0\0\0\x02\0\0\0\x03\0\0\0"), Some([1, 2, 3]));
        assert_eq!(parse_descriptor(b"PK\x07\x08\x01\0\0\0\x02\0\0\0\x03\0\0\0"), Some([1, 2, 3]));
        assert_eq!(parse_descriptor(b"\x01\0\0\0\x02\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0"), Some([1, 2, 3]));
        assert_eq!(parse_descriptor(b"PK\x07\x09\x01\0\0\0\x02\0\0\0\x03\0\0\0"), None);
        assert_eq!(parse_descriptor(b"PK\x07\x08\x01\0\0\0\x02\0\0"), None);
    }

    #[test]
    fn both_ways_of_reading_a_zip64_field_see_the_same() {
        let field = |values: &[u64]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
        for (short, values, wide) in [
            ([5, 6], &[][..], Some([5, 6])),
            ([u32::MAX, u32::MAX], &[5, 6], Some([5, 6])),
            ([u32::MAX, 6], &[5], Some([5, 6])),
            ([5, u32::MAX], &[6], Some([5, 6])),
            ([5, 6], &[5, 6], Some([5, 6])),
            ([5, 6], &[5], Some([5, 6])),
            ([u32::MAX, 6], &[5, 6], Some([5, 6])),
            ([5, 6], &[5, 7], None),
            ([5, 6], &[5, 6, 0], None),
            ([5, u32::MAX], &[5, 6], None),
            ([u32::MAX, u32::MAX], &[5], None),
        ] {
            assert_eq!(widen(short, Some(&field(values))), wide, "{short:?} {values:?}");
        }
        assert_eq!(widen([u32::MAX], None), None);
        assert_eq!(widen([1], Some(&[1, 0, 0])), None);
    }
}
