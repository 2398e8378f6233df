//! The records of an entry as they lie in the file (APPNOTE 4.3), read field by field, zip64 fields among them. What they
//! must say is decided by the callers.

use super::fields::Fields;

pub(super) const LOCAL: u32 = 0x0403_4b50;
pub(super) const CENTRAL: u32 = 0x0201_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;

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
