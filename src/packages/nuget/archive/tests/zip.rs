//! Writes zips byte by byte, so that a test can bend any field of any record.

use std::io::Write;

use flate2::{Compression, write::DeflateEncoder};

/// An archive. Fields left at `None` say what is true.
#[derive(Clone)]
pub(super) struct Zip {
    pub(super) before: Vec<u8>,
    pub(super) items: Vec<Item>,
    pub(super) before_directory: Vec<u8>,
    pub(super) before_end: Vec<u8>,
    pub(super) end: End,
    pub(super) after: Vec<u8>,
}

/// What the end record says; the comment follows it.
#[derive(Clone, Default)]
pub(super) struct End {
    pub(super) disk: u16,
    pub(super) entries_here: Option<u16>,
    pub(super) entries: Option<u16>,
    pub(super) directory_size: Option<u32>,
    pub(super) directory_offset: Option<u32>,
    pub(super) comment: Vec<u8>,
}

/// One entry.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) name: Vec<u8>,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) packed: Vec<u8>,
    pub(super) sums: [u32; 3],
    pub(super) attributes: u32,
    pub(super) extra: Vec<u8>,
    pub(super) comment: Vec<u8>,
    pub(super) disk: u16,
    pub(super) offset: Option<u32>,
    pub(super) local: Local,
    /// Bytes between the content and the next entry.
    pub(super) descriptor: Vec<u8>,
    pub(super) in_directory: bool,
    pub(super) in_file: bool,
}

/// Where the local header differs.
#[derive(Clone, Default)]
pub(super) struct Local {
    pub(super) name: Option<Vec<u8>>,
    pub(super) flags: Option<u16>,
    pub(super) method: Option<u16>,
    pub(super) sums: Option<[u32; 3]>,
    pub(super) extra: Vec<u8>,
    pub(super) signature: Option<u32>,
}

impl Item {
    pub(super) fn stored(name: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Self {
        Self::new(name.as_ref(), 0, content.as_ref().to_vec(), content.as_ref())
    }

    pub(super) fn deflated(name: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Self {
        Self::new(name.as_ref(), 8, deflate(content.as_ref()), content.as_ref())
    }

    fn new(name: &[u8], method: u16, packed: Vec<u8>, content: &[u8]) -> Self {
        let sums = [crc32fast::hash(content), length(&packed), length(content)];
        Self {
            name: name.to_vec(),
            flags: 0,
            method,
            packed,
            sums,
            attributes: 0,
            extra: Vec::new(),
            comment: Vec::new(),
            disk: 0,
            offset: None,
            local: Local::default(),
            descriptor: Vec::new(),
            in_directory: true,
            in_file: true,
        }
    }

    /// As written to a pipe: sums are open in the local header and follow the content.
    pub(super) fn with_descriptor(mut self, signed: bool) -> Self {
        self.flags |= 8;
        self.local.sums = Some([0; 3]);
        if signed {
            self.descriptor.extend_from_slice(b"PK\x07\x08");
        }
        self.sums.iter().for_each(|sum| self.descriptor.extend_from_slice(&sum.to_le_bytes()));
        self
    }

    /// With a name that says it is UTF-8.
    pub(super) fn in_utf8(mut self) -> Self {
        self.flags |= 0x800;
        self
    }

    /// With sizes for zip64 in both headers, and none for zip.
    pub(super) fn in_zip64(mut self) -> Self {
        let [checksum, packed, unpacked] = self.sums;
        self.extra = zip64_field(&[unpacked.into(), packed.into()]);
        self.local.extra.clone_from(&self.extra);
        self.sums = [checksum, u32::MAX, u32::MAX];
        self
    }

    fn write_local(&self, out: &mut Vec<u8>) {
        let name = self.local.name.as_ref().unwrap_or(&self.name);
        put32(out, self.local.signature.unwrap_or(0x0403_4b50));
        put16(out, 20);
        put16(out, self.local.flags.unwrap_or(self.flags));
        put16(out, self.local.method.unwrap_or(self.method));
        put32(out, 0x5a21_0000);
        self.local.sums.unwrap_or(self.sums).iter().for_each(|sum| put32(out, *sum));
        put16(out, length(name) as u16);
        put16(out, length(&self.local.extra) as u16);
        for part in [name, &self.local.extra, &self.packed, &self.descriptor] {
            out.extend_from_slice(part);
        }
    }

    fn write_central(&self, out: &mut Vec<u8>, offset: u32) {
        put32(out, 0x0201_4b50);
        put32(out, 20 << 16 | 20);
        put16(out, self.flags);
        put16(out, self.method);
        put32(out, 0x5a21_0000);
        self.sums.iter().for_each(|sum| put32(out, *sum));
        [&self.name, &self.extra, &self.comment].iter().for_each(|part| put16(out, length(part) as u16));
        put16(out, self.disk);
        put16(out, 0);
        put32(out, self.attributes);
        put32(out, self.offset.unwrap_or(offset));
        [&self.name, &self.extra, &self.comment].iter().for_each(|part| out.extend_from_slice(part));
    }
}

impl Zip {
    pub(super) fn of(items: impl Into<Vec<Item>>) -> Self {
        Self {
            before: Vec::new(),
            items: items.into(),
            before_directory: Vec::new(),
            before_end: Vec::new(),
            end: End::default(),
            after: Vec::new(),
        }
    }

    /// The end of a zip64 archive: its record and locator before the usual end record.
    pub(super) fn end_in_zip64(&mut self) {
        let whole = self.bytes();
        let (end, of) = (&whole[whole.len() - 22..], |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap()));
        let (entries, size, offset) = (u64::from(end[10]), of(&end[12..16]), of(&end[16..20]));
        let mut out = [&b"PK\x06\x06\x2c\0\0\0\0\0\0\0\x2d\0\x2d\0"[..], &[0; 8]].concat();
        for value in [entries, entries, size.into(), offset.into()] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        out.extend_from_slice(b"PK\x06\x07\0\0\0\0");
        out.extend_from_slice(&u64::from(offset + size).to_le_bytes());
        put32(&mut out, 1);
        self.before_end = out;
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = self.before.clone();
        let mut offsets = Vec::new();
        for item in &self.items {
            offsets.push(length(&out));
            if item.in_file {
                item.write_local(&mut out);
            }
        }
        out.extend_from_slice(&self.before_directory);
        let directory = length(&out);
        for (item, offset) in self.items.iter().zip(offsets).filter(|(item, _)| item.in_directory) {
            item.write_central(&mut out, offset);
        }
        let size = length(&out) - directory;
        out.extend_from_slice(&self.before_end);
        self.write_end(&mut out, directory, size);
        out.extend_from_slice(&self.after);
        out
    }

    fn write_end(&self, out: &mut Vec<u8>, directory: u32, size: u32) {
        let end = &self.end;
        let counted = self.items.iter().filter(|item| item.in_directory).count() as u16;
        put32(out, 0x0605_4b50);
        put16(out, end.disk);
        put16(out, end.disk);
        put16(out, end.entries_here.unwrap_or(counted));
        put16(out, end.entries.unwrap_or(counted));
        put32(out, end.directory_size.unwrap_or(size));
        put32(out, end.directory_offset.unwrap_or(directory));
        put16(out, length(&end.comment) as u16);
        out.extend_from_slice(&end.comment);
    }
}

/// A field of 64-bit values, as headers carry it.
pub(super) fn zip64_field(values: &[u64]) -> Vec<u8> {
    let mut field = vec![1, 0, values.len() as u8 * 8, 0];
    values.iter().for_each(|value| field.extend_from_slice(&value.to_le_bytes()));
    field
}

pub(super) fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}

fn put16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}
