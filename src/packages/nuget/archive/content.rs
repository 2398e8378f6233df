//! Walks through the file once, from the first byte to the directory, and holds every header, byte and checksum against
//! the directory; and reads single entries by the same rules.

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};

use flate2::{Decompress, FlushDecompress, Status};

use super::{
    Unreadable,
    directory::{Directory, Entry},
    fields::fill,
    name::shown,
    records::{Local, parse_descriptor, read_extras},
};

/// Bytes read or inflated at a time.
const BUFFER: usize = 64 * 1024;

/// Checks all entries.
pub(super) fn check<R: Read + Seek>(source: &mut R, directory: &Directory) -> Result<(), Unreadable> {
    let mut walk = Walk::begin(source, directory, 0)?;
    let ends = directory.entries.iter().skip(1).map(|entry| entry.offset).chain([directory.offset]);
    for (entry, end) in directory.entries.iter().zip(ends) {
        walk.check_entry(entry, end)?;
    }
    Ok(())
}

/// The content of one entry, whose size the caller has bounded.
pub(super) fn read<R: Read + Seek>(source: &mut R, directory: &Directory, of: &Entry) -> Result<Vec<u8>, Unreadable> {
    let mut content = Vec::new();
    copy(source, directory, of, &mut content)?;
    Ok(content)
}

/// Writes the content of one entry.
pub(super) fn copy<R: Read + Seek>(
    source: &mut R,
    directory: &Directory,
    of: &Entry,
    to: &mut dyn Write,
) -> Result<(), Unreadable> {
    let mut walk = Walk::begin(source, directory, of.offset)?;
    walk.kept = Some(to);
    walk.check_header(of)?;
    walk.check_content(of)
}

struct Walk<'w, R> {
    source: BufReader<R>,
    /// Bytes of the file that are behind us.
    at: u64,
    inflater: Decompress,
    buffer: Vec<u8>,
    /// Where content goes, if it is kept.
    kept: Option<&'w mut dyn Write>,
}

impl<'r, R: Read + Seek> Walk<'_, std::io::Take<&'r mut R>> {
    fn begin(source: &'r mut R, directory: &Directory, at: u64) -> Result<Self, Unreadable> {
        source.seek(SeekFrom::Start(at))?;
        let source = source.take(directory.offset.saturating_sub(at));
        Ok(Self {
            source: BufReader::with_capacity(BUFFER, source),
            at,
            inflater: Decompress::new(false),
            buffer: vec![0; BUFFER],
            kept: None,
        })
    }
}

impl<R: Read> Walk<'_, R> {
    /// Checks one entry, which must begin here and end at `end`.
    fn check_entry(&mut self, entry: &Entry, end: u64) -> Result<(), Unreadable> {
        if entry.offset < self.at {
            return Err(Unreadable::Overlap { name: name(entry) });
        }
        if entry.offset > self.at {
            return Err(Unreadable::Gap { name: name(entry) });
        }
        self.check_header(entry)?;
        let behind = self.at.saturating_add(entry.facts.packed);
        let rest = end.checked_sub(behind).ok_or_else(|| Unreadable::Overlap { name: name(entry) })?;
        self.check_content(entry)?;
        self.check_descriptor(entry, rest)
    }

    fn check_header(&mut self, entry: &Entry) -> Result<(), Unreadable> {
        let differs = || Unreadable::Differs { name: name(entry) };
        let local = Local::parse(&self.take(entry)?).ok_or_else(differs)?;
        let mut names = vec![0; local.name_length];
        self.fill(&mut names, entry)?;
        let mut extra = vec![0; local.extra_length];
        self.fill(&mut extra, entry)?;
        let extras = read_extras(&extra).filter(|extras| entry.is_named_alike(extras));
        let extras = extras.ok_or_else(|| Unreadable::Extra { name: name(entry) })?;
        let facts = local.widen(&extras).ok_or_else(|| Unreadable::Sizes { name: name(entry) })?;
        // With a descriptor the sums may be left open, but only where deflate itself says where the content ends.
        let may_be_open = entry.has_descriptor() && (entry.is_deflated() || entry.facts.unpacked == 0);
        let sums_agree = facts.sums() == entry.facts.sums() || (may_be_open && facts.sums() == [0; 3]);
        let same_entry = names == entry.name.raw().as_bytes() && entry.agrees_with(&facts);
        match (same_entry, sums_agree) {
            (true, true) => Ok(()),
            (true, false) if entry.has_descriptor() && !entry.is_deflated() && facts.sums() == [0; 3] => {
                Err(Unreadable::OpenStored { name: name(entry) })
            }
            _ => Err(differs()),
        }
    }

    fn check_content(&mut self, entry: &Entry) -> Result<(), Unreadable> {
        let mut sum = Sum { entry, size: 0, checksum: crc32fast::Hasher::new() };
        let mut packed = entry.facts.packed;
        if entry.is_deflated() {
            self.inflater.reset(false);
            while self.inflate_some(&mut packed, &mut sum)? != Status::StreamEnd {}
            // Bytes behind the end of the stream would be read by nobody.
            if packed != 0 { Err(Unreadable::Damaged { name: name(entry) }) } else { sum.finish() }
        } else {
            while packed > 0 {
                self.copy_some(&mut packed, &mut sum)?;
            }
            sum.finish()
        }
    }

    /// Inflates at most one buffer. `packed` counts the packed bytes still ahead. Each call takes or gives at least a byte.
    fn inflate_some(&mut self, packed: &mut u64, sum: &mut Sum<'_>) -> Result<Status, Unreadable> {
        let damaged = || Unreadable::Damaged { name: name(sum.entry) };
        let input = self.source.fill_buf()?;
        let input = input.get(..clamp(*packed, input.len())).unwrap_or_default();
        let (taken, given) = (self.inflater.total_in(), self.inflater.total_out());
        let status = self.inflater.decompress(input, &mut self.buffer, FlushDecompress::None).map_err(|_| damaged())?;
        let (taken, given) = (self.inflater.total_in() - taken, self.inflater.total_out() - given);
        if taken == 0 && given == 0 && status != Status::StreamEnd {
            return Err(damaged());
        }
        let unpacked = self.buffer.get(..clamp(given, BUFFER)).unwrap_or_default();
        sum.add(unpacked)?;
        self.kept.as_mut().map_or(Ok(()), |kept| kept.write_all(unpacked))?;
        self.source.consume(clamp(taken, BUFFER));
        *packed = packed.saturating_sub(taken);
        self.at = self.at.saturating_add(taken);
        Ok(status)
    }

    fn copy_some(&mut self, packed: &mut u64, sum: &mut Sum<'_>) -> Result<(), Unreadable> {
        let input = self.source.fill_buf()?;
        let content = input.get(..clamp(*packed, input.len())).unwrap_or_default();
        if content.is_empty() {
            return Err(Unreadable::Overlap { name: name(sum.entry) });
        }
        sum.add(content)?;
        self.kept.as_mut().map_or(Ok(()), |kept| kept.write_all(content))?;
        let taken = content.len();
        self.source.consume(taken);
        *packed = packed.saturating_sub(taken as u64);
        self.at = self.at.saturating_add(taken as u64);
        Ok(())
    }

    /// The `rest` bytes before the next entry are a descriptor that agrees, where one is promised, or there are none.
    fn check_descriptor(&mut self, entry: &Entry, rest: u64) -> Result<(), Unreadable> {
        match (entry.has_descriptor(), rest) {
            (false, 0) => Ok(()),
            (false, _) => Err(Unreadable::Gap { name: name(entry) }),
            (true, 12) => self.compare::<12>(entry),
            (true, 16) => self.compare::<16>(entry),
            (true, 20) => self.compare::<20>(entry),
            (true, 24) => self.compare::<24>(entry),
            (true, _) => Err(Unreadable::Descriptor { name: name(entry) }),
        }
    }

    fn compare<const N: usize>(&mut self, entry: &Entry) -> Result<(), Unreadable> {
        let sums = parse_descriptor(&self.take::<N>(entry)?);
        if sums == Some(entry.facts.sums()) { Ok(()) } else { Err(Unreadable::Descriptor { name: name(entry) }) }
    }

    fn take<const N: usize>(&mut self, entry: &Entry) -> Result<[u8; N], Unreadable> {
        let mut bytes = [0; N];
        self.fill(&mut bytes, entry)?;
        Ok(bytes)
    }

    /// Fills the buffer; an entry that ends behind the directory's begin overlaps it.
    fn fill(&mut self, buffer: &mut [u8], entry: &Entry) -> Result<(), Unreadable> {
        fill(&mut self.source, buffer, || Unreadable::Overlap { name: name(entry) })?;
        self.at = self.at.saturating_add(buffer.len() as u64);
        Ok(())
    }
}

/// Counts and sums the content of one entry.
struct Sum<'a> {
    entry: &'a Entry,
    size: u64,
    checksum: crc32fast::Hasher,
}

impl Sum<'_> {
    /// Stops at the first byte more than the directory promised, so that all promises together bound our work.
    fn add(&mut self, content: &[u8]) -> Result<(), Unreadable> {
        self.size = self.size.saturating_add(content.len() as u64);
        if self.size > self.entry.facts.unpacked {
            return Err(Unreadable::Size { name: name(self.entry) });
        }
        self.checksum.update(content);
        Ok(())
    }

    fn finish(self) -> Result<(), Unreadable> {
        if self.size != self.entry.facts.unpacked {
            return Err(Unreadable::Size { name: name(self.entry) });
        }
        if self.checksum.finalize() != self.entry.facts.checksum {
            return Err(Unreadable::Checksum { name: name(self.entry) });
        }
        Ok(())
    }
}

fn clamp(wanted: u64, most: usize) -> usize {
    usize::try_from(wanted).map_or(most, |wanted| wanted.min(most))
}

fn name(entry: &Entry) -> String {
    shown(entry.name.raw().as_bytes())
}
