//! Why an upload is not a package we take: one ASCII sentence each, saying what to do.

use super::name::BadName;
use crate::packages::nuspec::BadNuspec;

/// Why an archive is refused. The texts are ASCII and safe to show: names in them are escaped and short.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// More bytes than [`Limits::file`](super::Limits::file).
    #[error("The file is larger than {limit} bytes; split the package.")]
    TooLarge {
        /// Bytes allowed.
        limit: u64,
    },
    /// The first bytes are not those of a zip entry.
    #[error(
        "The file does not begin like a zip; push the .nupkg file that dotnet pack or nuget pack wrote, unchanged."
    )]
    NotAZip,
    /// The last 22 bytes are not an end record without comment.
    #[error(
        "The file does not end with the end record of a zip; it is cut short or has a comment or other data behind its end: \
         pack it again."
    )]
    NoEnd,
    /// Parts of the archive are said to lie on other disks.
    #[error("The archive is split over several disks; pack it again as one file.")]
    Split,
    /// Any trace of zip64.
    #[error(
        "The archive uses zip64, which no package of allowed size needs; pack it again with dotnet pack or nuget pack."
    )]
    Zip64,
    /// More entries than [`Limits::entries`](super::Limits::entries).
    #[error("The archive has more than {limit} entries; split the package.")]
    TooManyEntries {
        /// Entries allowed.
        limit: usize,
    },
    /// The directory does not end where the end record begins.
    #[error("The zip directory does not lie right before the end record; pack the package again.")]
    Misplaced,
    /// The directory holds something else than the counted records.
    #[error("The zip directory does not hold exactly the entries that it counts; pack the package again.")]
    Directory,
    /// An entry has a comment.
    #[error("The entry {name} has a comment, which packages do not need; pack the package again without it.")]
    Comment {
        /// The entry.
        name: String,
    },
    /// A name of more bytes than [`Limits::name`](super::Limits::name).
    #[error("An entry has a name longer than {limit} bytes; shorten the path.")]
    NameTooLong {
        /// Bytes allowed.
        limit: usize,
    },
    /// A name that could leave its place or be read two ways.
    #[error("The entry name \"{name}\" {why}")]
    Name {
        /// The name, escaped and cut.
        name: String,
        /// The rule it breaks.
        why: BadName,
    },
    /// Two entries that are one on some disks.
    #[error("The entry {name} is there twice, or in two spellings that are one file on some disks; keep one of them.")]
    Duplicate {
        /// The second one.
        name: String,
    },
    /// A path goes through a file.
    #[error("The entry {name} lies in a folder that is also a file; rename one of them.")]
    FileAndFolder {
        /// The entry below.
        name: String,
    },
    /// Any kind of encryption.
    #[error("The entry {name} is encrypted; pack the package again without a password.")]
    Encrypted {
        /// The entry.
        name: String,
    },
    /// Flags beyond compression level, descriptor and UTF-8.
    #[error("The entry {name} uses a rare feature of zip; pack the package again with dotnet pack or nuget pack.")]
    Flags {
        /// The entry.
        name: String,
    },
    /// Neither stored nor deflated.
    #[error(
        "The entry {name} is compressed with method {method}; only stored and deflated entries are read: pack it again."
    )]
    Method {
        /// The entry.
        name: String,
        /// The number of the method in the zip specification.
        method: u16,
    },
    /// Extra fields that are broken or give the entry a second name.
    #[error("The entry {name} has extra fields that are broken or name it a second time; pack the package again.")]
    Extra {
        /// The entry.
        name: String,
    },
    /// Links, devices, special permission bits.
    #[error(
        "The entry {name} is a link, a device or has special permission bits; only plain files and folders are taken."
    )]
    NotAFile {
        /// The entry.
        name: String,
    },
    /// A folder with bytes.
    #[error("The folder {name} has content of its own; pack the package again.")]
    FolderWithContent {
        /// The entry.
        name: String,
    },
    /// More than [`Limits::unpacked`](super::Limits::unpacked).
    #[error("The archive unpacks to more than {limit} bytes; split the package.")]
    UnpackedTooLarge {
        /// Bytes allowed.
        limit: u64,
    },
    /// More than [`Limits::ratio`](super::Limits::ratio).
    #[error("The archive unpacks to more than {limit} times its size; packages do not, archives made to harm do.")]
    Ratio {
        /// The ratio allowed.
        limit: u64,
    },
    /// Bytes that belong to no entry.
    #[error("There are bytes before the entry {name} or behind the last entry that belong to nothing; pack it again.")]
    Gap {
        /// The next entry, or the last.
        name: String,
    },
    /// Two entries share bytes, or one runs into the directory.
    #[error("The entry {name} shares its bytes with another part of the archive; pack the package again.")]
    Overlap {
        /// The entry.
        name: String,
    },
    /// Local header and directory differ.
    #[error("The entry {name} is described differently in its own header and in the zip directory; pack it again.")]
    Differs {
        /// The entry.
        name: String,
    },
    /// A data descriptor that is broken or differs.
    #[error("The entry {name} has a data descriptor that differs from the zip directory; pack the package again.")]
    Descriptor {
        /// The entry.
        name: String,
    },
    /// Not a deflate stream of exactly the said length.
    #[error("The entry {name} cannot be inflated; the file is damaged: pack it again.")]
    Damaged {
        /// The entry.
        name: String,
    },
    /// Unpacked size differs.
    #[error("The entry {name} has another size than the zip directory says; the file is damaged: pack it again.")]
    Size {
        /// The entry.
        name: String,
    },
    /// CRC-32 differs.
    #[error("The entry {name} does not match its checksum; the file is damaged: send it again.")]
    Checksum {
        /// The entry.
        name: String,
    },
    /// No file `*.nuspec` at the root.
    #[error("There is no .nuspec file at the root of the archive; push a package made by dotnet pack or nuget pack.")]
    NoNuspec,
    /// Two of them.
    #[error("There is more than one .nuspec file at the root of the archive; keep one.")]
    SeveralNuspecs,
    /// Larger than [`Limits::nuspec`](super::Limits::nuspec).
    #[error("The .nuspec file is larger than {limit} bytes; shorten it.")]
    NuspecTooLarge {
        /// Bytes allowed.
        limit: u64,
    },
    /// Two names for one package.
    #[error("The .nuspec file names the package {id}, so it must be called {id}.nuspec; rename it.")]
    NuspecName {
        /// The id in the nuspec.
        id: String,
    },
    /// The nuspec itself is refused.
    #[error(transparent)]
    Nuspec(#[from] BadNuspec),
    /// The nuspec names a file that is not there.
    #[error("The nuspec names a {what} file that is not in the package; add the file or remove the {what} element.")]
    MissingFile {
        /// `readme`, `icon` or `license`.
        what: &'static str,
    },
    /// A named file is larger than [`Limits::extra`](super::Limits::extra).
    #[error("The {what} file is larger than {limit} bytes; make it smaller.")]
    FileTooLarge {
        /// `readme`, `icon`, `license` or `signature`.
        what: &'static str,
        /// Bytes allowed.
        limit: u64,
    },
    /// A package of debugging symbols.
    #[error("This is a symbol package, and this feed keeps none; push only the .nupkg, for example with --no-symbols.")]
    SymbolPackage,
    /// Our own disk failed; the sender did nothing wrong.
    #[error("The uploaded file could not be read back; try again later.")]
    Storage(#[from] std::io::Error),
}
