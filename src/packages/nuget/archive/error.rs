//! Why an upload is not a package we take: one ASCII sentence each, saying what to do.

use super::name::BadName;
use crate::packages::nuget::nuspec::BadNuspec;

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
        "The file does not begin like a zip; push the .nupkg file unchanged, as dotnet pack or nuget pack wrote it."
    )]
    NotAZip,
    /// There is no end record whose comment ends the file, or the comment holds a record of a zip.
    #[error(
        "The file does not end like a zip; it is cut short or there is other data behind its end: copy it once more."
    )]
    NoEnd,
    /// Parts of the archive are said to lie on other disks.
    #[error("The archive is split over several disks; a package is one file.")]
    Split,
    /// The end records of zip and zip64 differ, or one is missing.
    #[error(
        "The archive ends with records of zip and zip64 that differ, so programs would find different files in it."
    )]
    Zip64,
    /// The sizes of an entry in zip and in zip64 differ, or are missing.
    #[error("The entry {name} has other sizes for zip64 than for zip, so programs would find different content in it.")]
    Sizes {
        /// The entry.
        name: String,
    },
    /// More entries than [`Limits::entries`](super::Limits::entries).
    #[error("The archive has more than {limit} entries; split the package.")]
    TooManyEntries {
        /// Entries allowed.
        limit: usize,
    },
    /// The directory does not end where the end record begins.
    #[error("The zip directory does not lie right before the end record, so programs would find different files.")]
    Misplaced,
    /// The directory holds something else than the counted records.
    #[error(
        "The zip directory does not hold exactly the entries that it counts; the file is damaged: copy it once more."
    )]
    Directory,
    /// A name of more bytes than [`Limits::name`](super::Limits::name).
    #[error("An entry has a name longer than {limit} bytes; shorten the path.")]
    NameTooLong {
        /// Bytes allowed.
        limit: usize,
    },
    /// More bytes than [`Limits::names`](super::Limits::names).
    #[error("The names of all entries together are longer than {limit} bytes; split the package.")]
    NamesTooLong {
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
    #[error("The entry {name} is encrypted; nobody could install the package.")]
    Encrypted {
        /// The entry.
        name: String,
    },
    /// Flags beyond compression level, descriptor and UTF-8.
    #[error("The entry {name} uses a rare feature of zip that NuGet clients do not read.")]
    Flags {
        /// The entry.
        name: String,
    },
    /// Neither stored nor deflated.
    #[error(
        "The entry {name} is compressed with method {method}; only stored and deflated entries can be read everywhere."
    )]
    Method {
        /// The entry.
        name: String,
        /// The number of the method in the zip specification.
        method: u16,
    },
    /// Extra fields that are broken or give the entry a second name.
    #[error("The entry {name} has extra fields that are broken or give it a second name, so programs would differ.")]
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
    #[error("The folder {name} has content of its own, which some programs would show and others not.")]
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
    #[error("There are bytes next to the entry {name} that belong to nothing, so programs could find different files.")]
    Gap {
        /// The next entry, or the last.
        name: String,
    },
    /// Two entries share bytes, or one runs into the directory.
    #[error(
        "The entry {name} shares its bytes with another part of the archive, so programs could find different files."
    )]
    Overlap {
        /// The entry.
        name: String,
    },
    /// Local header and directory differ.
    #[error(
        "The entry {name} is described differently in its own header and in the zip directory; programs would differ."
    )]
    Differs {
        /// The entry.
        name: String,
    },
    /// A stored entry whose header leaves its size to the data descriptor behind it.
    #[error(
        "The entry {name} is stored and says its size only after its content, so a program that reads from the front cannot tell where it ends; deflate it."
    )]
    OpenStored {
        /// The entry.
        name: String,
    },
    /// A data descriptor that is broken or differs.
    #[error("The entry {name} has a data descriptor that differs from the zip directory; programs would differ.")]
    Descriptor {
        /// The entry.
        name: String,
    },
    /// Not a deflate stream of exactly the said length.
    #[error("The entry {name} cannot be inflated; the file is damaged: copy it once more.")]
    Damaged {
        /// The entry.
        name: String,
    },
    /// Unpacked size differs.
    #[error("The entry {name} has another size than the zip directory says; the file is damaged: copy it once more.")]
    Size {
        /// The entry.
        name: String,
    },
    /// CRC-32 differs.
    #[error("The entry {name} does not match its checksum; the file is damaged: copy it once more.")]
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
    /// The nuspec itself is refused.
    #[error(transparent)]
    Nuspec(#[from] BadNuspec),
    /// The nuspec names a file that is not there.
    #[error("The {what} file that the nuspec names is not in the package; add the file or remove the {what} element.")]
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
    /// A package of debugging symbols where another package belongs.
    #[error(
        "This is a symbol package; name it .snupkg and push it after its package, to the symbol address of the feed."
    )]
    SymbolPackage,
    /// Another package where one of debugging symbols belongs.
    #[error(
        "This is not a symbol package: its nuspec does not name the package type SymbolsPackage. Make it with dotnet pack -p:IncludeSymbols=true -p:SymbolPackageFormat=snupkg."
    )]
    NotSymbols,
    /// A symbol package with something that does not belong there.
    #[error("The entry {name} does not belong in a symbol package; only .pdb files do, and .xml files beside them.")]
    NotASymbolFile {
        /// The entry.
        name: String,
    },
    /// A symbol package without symbols.
    #[error("The symbol package holds no .pdb file.")]
    NoSymbols,
    /// A symbol package with more symbols than are taken at once.
    #[error("The symbol package holds {count} .pdb files; a package may have {most}. Split it into several packages.")]
    TooManySymbols {
        /// How many it has.
        count: usize,
        /// How many it may have.
        most: usize,
    },
    /// A symbol file that no debugger could use.
    #[error("The symbol file {name} cannot be taken: {why}.")]
    Pdb {
        /// The entry.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Our own disk failed; the sender did nothing wrong.
    #[error("The uploaded file could not be read back; try again later.")]
    Storage(#[from] std::io::Error),
}
