//! Why a tarball of an npm package is not taken.

use std::io;

use thiserror::Error;

/// Why a tarball cannot be taken. Each is one ASCII sentence for whoever reads what a client prints.
#[derive(Debug, Error)]
pub enum Unreadable {
    /// No gzip, cut short, or with a wrong checksum.
    #[error("The tarball is damaged: it is not a whole gzip file.")]
    Gzip,
    /// Something after the package.
    #[error("The tarball has bytes behind its end. Pack the package again.")]
    Trailing,
    /// A header that is none.
    #[error("The tarball is damaged: it is not a whole tar archive.")]
    Tar,
    /// Headers of which programs make different things.
    #[error("The tarball has headers that programs read differently. Pack the package with npm, pnpm or Yarn.")]
    Ambiguous,
    /// A bomb.
    #[error("The tarball unpacks to more than this host takes.")]
    TooLarge,
    /// Too many files.
    #[error("The tarball holds more files than this host takes.")]
    TooMany,
    /// A link, device or worse.
    #[error("The tarball holds something that is neither a file nor a folder. Pack the package without links.")]
    NotAFile,
    /// A path that leads out or that systems read differently.
    #[error("The tarball holds a file whose path is not plain, or leads out of the package.")]
    BadPath,
    /// npm strips the first folder off every path, whatever it is called.
    #[error("The files of the tarball are not all below one folder, as npm packs them.")]
    SeveralFolders,
    /// Two entries for one place.
    #[error(
        "The tarball holds a file twice, or two that some systems take for one: their paths differ only in case, in how letters are written or in dots at an end, or one lies below the other."
    )]
    Twice,
    /// Nothing to tell what it is.
    #[error("The tarball holds no package.json in its first folder.")]
    NoPackageJson,
    /// No object, or one with a field twice.
    #[error(
        "package.json in the tarball cannot be read: it must be an object in UTF-8 without a byte order mark, with each field once."
    )]
    BadPackageJson,
    /// Too much of it.
    #[error("package.json in the tarball is larger than 1 MiB.")]
    LargePackageJson,
    /// A fault of ours: the file on our disk.
    #[error("the tarball cannot be read from the disk")]
    Storage(#[source] io::Error),
}
