//! Settings that are secrets: they come from the environment or a file, never from the command line, and never print.

use std::{
    collections::HashSet,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use hmac::{Hmac, KeyInit, Mac};
use rand::Rng;
use sha2::Sha512;
use zeroize::Zeroizing;

use super::BadSetting;

/// A master secret of fewer different characters was typed to fill the place. Random ones have more, in any alphabet.
const DIFFERENT: usize = 8;

/// A secret text. Prints as `…`.
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Wraps a text.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the place that reads secrets from the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The `AWS_…` variables, from which a bucket takes its credentials.
pub fn aws_variables() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("AWS_"))
        .collect()
}

/// Reads the variable `name`, or the file that `name_FILE` names.
pub fn read_secret(name: &'static str) -> Result<Option<SecretText>, BadSetting> {
    let file = variable(&format!("{name}_FILE"));
    match (variable(name), file) {
        (Some(_), Some(_)) => Err(BadSetting::Twice(name)),
        (Some(value), None) => Ok(Some(SecretText::new(value))),
        (None, Some(path)) => {
            let text = fs::read_to_string(&path).map_err(|error| BadSetting::File(path, error))?;
            Ok(Some(SecretText::new(text.trim_end().to_owned())))
        }
        (None, None) => Ok(None),
    }
}

/// The one secret that every other key is derived from.
#[derive(Clone)]
pub struct MasterSecret(SecretText);

impl MasterSecret {
    /// Reads the file named by `LATCHKEY_SECRET_FILE`, or the one in the data folder, which is made on first start.
    /// With PostgreSQL there may be several nodes, so the file must be named.
    pub fn load(data_dir: &Path, must_be_named: bool) -> Result<Self, BadSetting> {
        match Self::named_file() {
            Some(path) => Self::read(&path),
            None if must_be_named => Err(BadSetting::NoSecretFile),
            None => {
                let file = Self::file_in(data_dir);
                if !file.exists() {
                    private_folder(data_dir)
                        .map_err(|error| BadSetting::File(data_dir.display().to_string(), error))?;
                }
                Self::read_or_make(&file)
            }
        }
    }

    /// The file that `LATCHKEY_SECRET_FILE` names, if it does.
    pub fn named_file() -> Option<PathBuf> {
        variable("LATCHKEY_SECRET_FILE").map(PathBuf::from)
    }

    /// The file in a data folder.
    pub fn file_in(data_dir: &Path) -> PathBuf {
        data_dir.join("master.secret")
    }

    /// Reads a file, which is made with a random secret if it is not there. Its folder has to be, and stays as it is: it may
    /// be everybody's, or a disk that is not mounted.
    pub fn read_or_make(path: &Path) -> Result<Self, BadSetting> {
        make_unless_there(path).map_err(|error| BadSetting::File(path.display().to_string(), error))?;
        Self::read(path)
    }

    fn read(path: &Path) -> Result<Self, BadSetting> {
        let shown = || path.display().to_string();
        let failed = |error| BadSetting::File(shown(), error);
        if others_can_open(path).map_err(failed)? {
            return Err(BadSetting::OpenSecret(shown()));
        }
        let text = fs::read_to_string(path).map_err(failed)?;
        Self::new(text.trim()).ok_or_else(|| BadSetting::WeakSecret(shown()))
    }

    /// A master secret of at least 32 characters, of which at least [`DIFFERENT`] differ.
    pub fn new(text: &str) -> Option<Self> {
        let different = text.bytes().collect::<HashSet<_>>().len();
        (text.len() >= 32 && different >= DIFFERENT).then(|| Self(SecretText::new(text.to_owned())))
    }

    /// The key for one purpose: HMAC-SHA512 of its name. Different purposes share nothing.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 64]> {
        let mut mac =
            Hmac::<Sha512>::new_from_slice(self.0.reveal().as_bytes()).expect("HMAC takes keys of any length");
        mac.update(purpose.as_bytes());
        Zeroizing::new(mac.finalize().into_bytes().into())
    }

    /// By which nodes recognise that they share it, without telling it.
    pub fn fingerprint(&self) -> String {
        hex::encode(&self.derive("fingerprint")[..16])
    }
}

/// Whether somebody who is neither the file's owner nor of its group can read or change it: by its mode, and through every
/// folder on the way. What a container host mounts is everybody's in its container, where there is nobody else: secret
/// volumes of Kubernetes have mode 0644 and cannot be changed, and those of Docker and Podman have 0444.
fn others_can_open(path: &Path) -> io::Result<bool> {
    let mode = |path: &Path| Ok::<_, io::Error>(fs::metadata(path)?.permissions().mode());
    let real = fs::canonicalize(path)?;
    if mode(&real)? & 0o006 == 0 || is_mounted_by_container_host(path, &real) {
        return Ok(false);
    }
    for folder in real.ancestors().skip(1) {
        if mode(folder)? & 0o001 == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// In a volume of Kubernetes every file is a link through `..data`, which leads to a folder named after a time; Docker and
/// Podman mount secrets below `/run/secrets`.
fn is_mounted_by_container_host(path: &Path, real: &Path) -> bool {
    let is_volume = |folder: &Path| {
        let data = fs::read_link(folder.join("..data")).ok();
        let target = data.and_then(|to| fs::canonicalize(folder.join(to)).ok());
        target.is_some_and(|target| {
            real.starts_with(&target) && target.parent() == fs::canonicalize(folder).ok().as_deref()
        })
    };
    real.starts_with("/run/secrets") || path.parent().is_some_and(is_volume)
}

impl std::fmt::Debug for MasterSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// Makes a folder that nobody else on this machine can look into. One that is there already is closed to others too; if
/// it is not ours to close, the log says so.
pub fn private_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    if fs::metadata(path)?.permissions().mode() & 0o077 != 0
        && let Err(error) = fs::set_permissions(path, fs::Permissions::from_mode(0o700))
    {
        tracing::warn!(folder = %path.display(), %error, "other users of this machine can look into this folder: give it mode 0700");
    }
    Ok(())
}

/// Makes the file with 64 random bytes, mode 0600, durable before it counts. Two starts at once agree on one.
fn make_unless_there(path: &Path) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut bytes = Zeroizing::new([0; 64]);
    crate::random::system().fill_bytes(&mut *bytes);
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(hex::encode(*bytes).as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => File::open(folder)?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that nothing private lies around, wherever else the tests keep theirs.
    fn folder_that_others_reach() -> tempfile::TempDir {
        tempfile::tempdir_in("/tmp").unwrap()
    }

    #[test]
    fn the_first_start_makes_a_private_secret_and_the_next_one_finds_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = MasterSecret::load(folder.path(), false).unwrap();
        let next = MasterSecret::load(folder.path(), false).unwrap();
        assert_eq!(first.fingerprint(), next.fingerprint());
        let mode = fs::metadata(folder.path().join("master.secret")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_secret_that_everybody_can_read_is_refused() {
        let folder = folder_that_others_reach();
        let path = folder.path().join("master.secret");
        fs::write(&path, "0123456789abcdef".repeat(4)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(MasterSecret::load(folder.path(), false), Err(BadSetting::OpenSecret(_))));
    }

    #[test]
    fn a_secret_that_lies_open_where_nobody_else_gets_is_taken() {
        let folder = folder_that_others_reach();
        let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let text = "0123456789abcdef".repeat(4);
        // A private folder around it, however open those inside it are.
        let inside = folder.path().join("inside");
        fs::create_dir(&inside).unwrap();
        let path = inside.join("secret");
        fs::write(&path, &text).unwrap();
        for (outer, inner, file, taken) in [
            (0o700, 0o755, 0o644, true),
            (0o755, 0o700, 0o644, true),
            (0o755, 0o744, 0o644, true),
            (0o755, 0o750, 0o666, true),
            (0o755, 0o755, 0o640, true),
            (0o755, 0o755, 0o660, true),
            (0o755, 0o711, 0o644, false),
            (0o755, 0o755, 0o644, false),
            (0o755, 0o755, 0o602, false),
        ] {
            set(folder.path(), outer);
            set(&inside, inner);
            set(&path, file);
            assert_eq!(MasterSecret::read(&path).is_ok(), taken, "{outer:o} {inner:o} {file:o}");
        }
    }

    #[test]
    fn a_secret_volume_of_kubernetes_is_taken_as_it_is_mounted() {
        let folder = folder_that_others_reach();
        let volume = folder.path().join("volume");
        let data = volume.join("..2026_11_28_07_00_00.123");
        fs::create_dir_all(&data).unwrap();
        fs::write(data.join("secret"), "0123456789abcdef".repeat(4)).unwrap();
        for path in [folder.path(), &volume, &data, &data.join("secret")] {
            let mode = if path.is_dir() { 0o777 } else { 0o644 };
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, volume.join(name)).unwrap();
        link("..2026_11_28_07_00_00.123", "..data");
        link("..data/secret", "secret");
        assert!(MasterSecret::read(&volume.join("secret")).is_ok());
        // A link elsewhere beside such a volume is not in it.
        let open = folder.path().join("open");
        fs::write(&open, "0123456789abcdef".repeat(4)).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
        link("../open", "other");
        assert!(matches!(MasterSecret::read(&volume.join("other")), Err(BadSetting::OpenSecret(_))));
    }

    #[test]
    fn a_weak_secret_is_refused_and_none_prints() {
        for weak in ["short".to_owned(), "x".repeat(64), "0".repeat(32), "secret".repeat(12)] {
            assert!(MasterSecret::new(&weak).is_none(), "{weak}");
        }
        let master = MasterSecret::new(&"0123456789abcdef".repeat(2)).unwrap();
        assert_eq!(format!("{master:?}"), "…");
        assert_ne!(*master.derive("a"), *master.derive("b"));
    }
}
