//! What an npm package tells its readers, which is a file of its tarball.

use std::io::{self, BufRead};

use super::{
    tarball::{Limits, Tarball},
    unreadable::Unreadable,
};

/// Bytes that a tarball may unpack to, to be looked through whenever somebody looks at its page.
const LARGEST: u64 = 64 * 1024 * 1024;
/// How the file is called, the best name first.
const NAMES: [&str; 3] = ["file readme.md", "file readme.markdown", "file readme"];

/// The file in a tarball that tells what it is for: one of the usual names beside `package.json`.
///
/// # Errors
/// When the tarball cannot be read at all.
pub fn readme(tarball: impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut found: Option<(usize, String)> = None;
    let limits = Limits { unpacked: LARGEST, ..Limits::default() };
    let read = Tarball::read(tarball, &limits, &mut |place, text| {
        let place = place.to_ascii_lowercase();
        let rank = NAMES.iter().position(|name| *name == place);
        if let Some(rank) = rank.filter(|rank| found.as_ref().is_none_or(|(best, _)| rank < best)) {
            found = Some((rank, text.to_owned()));
        }
    });
    match read {
        Ok(_) => Ok(found.map(|(_, text)| text.into_bytes())),
        Err(Unreadable::Storage(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn tgz(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (path, content) in files {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, format!("package/{path}"), *content).unwrap();
        }
        archive.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn the_readme_stands_beside_package_json() {
        let json: (&str, &[u8]) = ("package.json", b"{}");
        for (files, found) in [
            (&[json, ("README.md", b"# A")][..], Some("# A")),
            (&[json, ("readme", b"b"), ("ReadMe.md", b"a")], Some("a")),
            (&[json, ("docs/README.md", b"a")], None),
            (&[json, ("README.html", b"a")], None),
            (&[json, ("README.md", b"\xff")], None),
            (&[json], None),
            (&[("README.md", b"a")], None),
        ] {
            let read = readme(tgz(files).as_slice()).unwrap();
            assert_eq!(read.as_deref(), found.map(str::as_bytes));
        }
        assert_eq!(readme(&b"no gzip"[..]).unwrap(), None);
    }
}
