//! Portable PDB files: their id and checksum, as debuggers ask for them.
//!
//! Format: "Portable PDB v1.0" and ECMA-335 II.24.2. The file is a metadata root with named streams; the stream `#Pdb`
//! begins with the id, 16 bytes of GUID and 4 of stamp.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use sha2::{Digest, Sha256};
use thiserror::Error;
use uuid::Uuid;

/// `BSJB`, which begins every metadata root.
const SIGNATURE: [u8; 4] = *b"BSJB";
/// Bytes hashed at a time.
const BUFFER: usize = 64 * 1024;
/// Bytes of the id.
const ID: u64 = 20;
/// Longest version string and longest name of a stream that the format allows, in bytes.
const LONGEST_VERSION: u32 = 255;
const LONGEST_NAME: usize = 32;
/// Portable PDBs have six or seven streams.
const MOST_STREAMS: u16 = 32;

/// Why a file is not taken for a portable PDB.
#[derive(Debug, Error)]
pub enum BadPdb {
    /// Windows PDBs, which only Windows debuggers read.
    #[error("it is a Windows PDB; build with <DebugType>portable</DebugType>")]
    Windows,
    /// Anything else.
    #[error("it is not a portable PDB")]
    NotPortable,
    /// The file could not be read, which is no fault of its sender.
    #[error("it could not be read: {0}")]
    Storage(#[from] io::Error),
}

/// What debuggers know a portable PDB by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortablePdb {
    /// The GUID that the assembly's debug directory names too.
    pub guid: Uuid,
    /// SHA-256 of the file with its id taken as zeros, as the assembly's PDB checksum entry has it.
    pub sha256: [u8; 32],
}

impl PortablePdb {
    /// Reads a file once from its first byte to its last.
    ///
    /// # Errors
    /// [`BadPdb::Storage`] when reading fails; otherwise what the file is instead.
    pub fn read(source: &mut (impl Read + Seek)) -> Result<Self, BadPdb> {
        source.seek(SeekFrom::Start(0))?;
        let at = id_offset(source)?;
        let mut guid = [0; 16];
        source.seek(SeekFrom::Start(at))?;
        fill(source, &mut guid)?;
        Ok(Self { guid: Uuid::from_bytes_le(guid), sha256: checksum(source, at)? })
    }

    /// The key that debuggers ask with: the GUID's 32 hexadecimal digits and `ffffffff`, in lower case
    /// (Simple Symbol Query Protocol, "Portable PDB Signature").
    pub fn key(&self) -> String {
        format!("{}ffffffff", self.guid.simple())
    }
}

/// Where the id begins: at the start of the stream `#Pdb`.
fn id_offset(source: &mut impl Read) -> Result<u64, BadPdb> {
    let start: [u8; 16] = bytes(source)?;
    if start == *b"Microsoft C/C++ " {
        return Err(BadPdb::Windows);
    }
    let version_length = u32::from_le_bytes([start[12], start[13], start[14], start[15]]);
    if start[..4] != SIGNATURE || version_length > LONGEST_VERSION {
        return Err(BadPdb::NotPortable);
    }
    for _ in 0..version_length {
        bytes::<1>(source)?;
    }
    let [_, _, low, high] = bytes(source)?;
    for _ in 0..u16::from_le_bytes([low, high]).min(MOST_STREAMS) {
        let (offset, size, name) = stream_header(source)?;
        if name == b"#Pdb" && u64::from(size) >= ID {
            return Ok(offset.into());
        }
    }
    Err(BadPdb::NotPortable)
}

/// Offset, size and name of a stream; the name ends with zeros up to a multiple of four bytes.
fn stream_header(source: &mut impl Read) -> Result<(u32, u32, Vec<u8>), BadPdb> {
    let [a, b, c, d, e, f, g, h] = bytes(source)?;
    let mut name = Vec::new();
    while name.len() < LONGEST_NAME {
        name.extend_from_slice(&bytes::<4>(source)?);
        if let Some(end) = name.iter().position(|byte| *byte == 0) {
            name.truncate(end);
            break;
        }
    }
    Ok((u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]), name))
}

fn checksum(source: &mut (impl Read + Seek), id: u64) -> Result<[u8; 32], BadPdb> {
    source.seek(SeekFrom::Start(0))?;
    let mut sum = Sha256::new();
    hash(&mut sum, source.by_ref().take(id))?;
    fill(source, &mut [0; ID as usize])?;
    sum.update([0; ID as usize]);
    hash(&mut sum, source)?;
    Ok(sum.finalize().into())
}

fn hash(sum: &mut Sha256, source: impl Read) -> io::Result<()> {
    let mut source = BufReader::with_capacity(BUFFER, source);
    loop {
        let bytes = source.fill_buf()?;
        if bytes.is_empty() {
            return Ok(());
        }
        sum.update(bytes);
        let length = bytes.len();
        source.consume(length);
    }
}

fn bytes<const N: usize>(source: &mut impl Read) -> Result<[u8; N], BadPdb> {
    let mut bytes = [0; N];
    fill(source, &mut bytes)?;
    Ok(bytes)
}

/// A file that ends too early is not a PDB.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> Result<(), BadPdb> {
    source.read_exact(buffer).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => BadPdb::NotPortable,
        _ => error.into(),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// Built by the .NET SDK 10 from `Core.cs` beside it.
    const PDB: &[u8] = include_bytes!("../../../../tests/fixtures/symbols/Contoso.Core.pdb");

    fn read(bytes: &[u8]) -> Result<PortablePdb, BadPdb> {
        PortablePdb::read(&mut Cursor::new(bytes))
    }

    #[test]
    fn a_portable_pdb_tells_the_id_that_debuggers_ask_for() {
        let pdb = read(PDB).unwrap();
        let key = pdb.key();
        assert!(
            key.len() == 40 && key.ends_with("ffffffff") && key.starts_with(&pdb.guid.simple().to_string()),
            "{key}"
        );
    }

    #[test]
    fn the_checksum_does_not_depend_on_the_id() {
        let pdb = read(PDB).unwrap();
        let at = PDB.windows(16).position(|bytes| bytes == pdb.guid.to_bytes_le()).unwrap();
        let mut other = PDB.to_vec();
        other[at] ^= 1;
        let other = read(&other).unwrap();
        assert!(other.guid != pdb.guid && other.sha256 == pdb.sha256);
        let mut changed = PDB.to_vec();
        *changed.last_mut().unwrap() ^= 1;
        assert_ne!(read(&changed).unwrap().sha256, pdb.sha256);
    }

    #[test]
    fn a_windows_pdb_is_told_apart() {
        assert!(matches!(read(b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0"), Err(BadPdb::Windows)));
    }

    #[test]
    fn what_is_cut_off_or_something_else_is_no_pdb() {
        for length in [0, 3, 15, 30, 60, 90] {
            assert!(matches!(read(&PDB[..length]), Err(BadPdb::NotPortable)), "{length}");
        }
        assert!(matches!(read(&[0xff; 4096]), Err(BadPdb::NotPortable)));
        let mut endless = SIGNATURE.to_vec();
        endless.extend([0xff; 4096]);
        assert!(matches!(read(&endless), Err(BadPdb::NotPortable)));
    }
}
