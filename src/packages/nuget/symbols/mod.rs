//! Symbol packages (`.snupkg`): portable PDBs, each belonging to an assembly of a package that is published.

mod assembly;
mod pdb;

pub use self::{
    assembly::debug_guid,
    pdb::{BadPdb, PortablePdb},
};
