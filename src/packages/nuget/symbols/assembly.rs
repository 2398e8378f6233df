//! The debug id of a .NET assembly: the GUID of the PDB that was written beside it.

use std::io::{Read, Seek};

use object::pe::{ImageNtHeaders32, ImageNtHeaders64};
use object::read::{Object, ReadCache, ReadRef, pe::ImageNtHeaders, pe::PeFile};
use uuid::Uuid;

/// The GUID in the CodeView entry of an assembly's debug directory; none where the file is no PE file, or one built
/// without symbols.
pub fn debug_guid(assembly: impl Read + Seek) -> Option<Uuid> {
    let cache = ReadCache::new(assembly);
    let guid = guid_of::<ImageNtHeaders32, _>(&cache).or_else(|| guid_of::<ImageNtHeaders64, _>(&cache))?;
    Some(Uuid::from_bytes_le(guid))
}

fn guid_of<'d, H: ImageNtHeaders, D: ReadRef<'d>>(data: D) -> Option<[u8; 16]> {
    Some(PeFile::<'d, H, D>::parse(data).ok()?.pdb_info().ok()??.guid())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::PortablePdb;
    use super::*;

    const DLL: &[u8] = include_bytes!("../../../../tests/fixtures/symbols/Contoso.Core.dll");
    const PDB: &[u8] = include_bytes!("../../../../tests/fixtures/symbols/Contoso.Core.pdb");

    #[test]
    fn an_assembly_names_its_pdb() {
        let pdb = PortablePdb::read(&mut Cursor::new(PDB)).unwrap();
        assert_eq!(debug_guid(Cursor::new(DLL)), Some(pdb.guid));
    }

    #[test]
    fn what_is_no_assembly_names_none() {
        for bytes in [&b""[..], b"MZ", &DLL[..200], PDB] {
            assert_eq!(debug_guid(Cursor::new(bytes)), None);
        }
    }
}
