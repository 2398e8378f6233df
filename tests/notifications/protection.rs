//! A real mail server with TLS and sign-in takes warnings; one whose protection is not what it should be gets none.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use chrono::Duration;

use super::world::World;
use crate::support::{database::Engine, folder::Folder};

/// Needs the Python packages that `bin/test` puts into `$LATCHKEY_CACHE/python`.
#[tokio::test]
async fn a_real_mail_server_takes_warnings_after_starttls_and_sign_in() {
    let Some(python) = python() else {
        eprintln!("skipped: LATCHKEY_CACHE is not set, so there is no Python with aiosmtpd");
        return;
    };
    let folder = Folder::new();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/smtp/sink.py");
    let complaints = fs::File::create(folder.path().join("stderr")).unwrap();
    let mut command = Command::new(python);
    command.arg("-W").arg("ignore").arg(script).arg(folder.path()).stdout(Stdio::piped()).stderr(complaints);
    let mut server = Ended(command.spawn().unwrap());
    let mut ports = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut ports).unwrap();
    let ports: BTreeMap<String, u16> = serde_json::from_str(&ports).expect("the server tells its ports");
    let (starttls, tls) = (ports["starttls"], ports["tls"]);
    let ca = folder.path().join("ca.pem");

    let mails = || fs::read_to_string(folder.path().join("mails.jsonl")).unwrap_or_default();
    let of = |scheme: &str, user: &str, port: u16| {
        format!("{scheme}://{user}localhost:{port}?timeout=30&ca={}", ca.display())
    };
    let known = "mailer:s%40cret@";
    for (url, expected) in [
        (of("smtp", known, starttls), "mailed"),
        (of("smtps", known, tls), "mailed"),
        (of("smtp", "mailer:wrong@", starttls), "sign-in: 535 "),
        (of("smtps", "mailer:wrong@", tls), "sign-in: 535 "),
        (format!("smtp://{known}localhost:{starttls}"), "STARTTLS: "),
        (format!("smtps://{known}localhost:{tls}"), "connection: "),
        (format!("smtp://localhost:{starttls}?tls=none"), "sender: 530 "),
        (of("smtps", known, ports["ended"]), "connection: invalid peer certificate: certificate expired"),
        (of("smtps", known, ports["another-name"]), "invalid peer certificate: certificate not valid for name"),
        (of("smtps", known, ports["nobody"]), "invalid peer certificate: UnknownIssuer"),
        (of("smtps", known, ports["old"]), "connection: "),
        (of("smtp", known, ports["slipped-in"]), "will be tried again: "),
        (of("smtps", known, ports["endless"]), "sign-in: "),
    ] {
        let world = World::mailing_by(Engine::Sqlite, |_| Some(url.clone())).await;
        for owner in ["ada", "bo"] {
            let owner = world.account(owner).await;
            world.token(owner, "CI").await;
        }
        world.pass(Duration::days(20));
        let report = world.tick().await.to_string();
        assert!(report.contains(expected), "{url}: {report}");
        assert!(!report.contains("s@cret") && !report.contains("s%40cret"), "{report}");
        // Where nobody is let in, others are not tried after the first: one attempt at a time.
        assert_eq!(report.matches("\"CI\"").count(), if expected == "mailed" { 2 } else { 1 }, "{url}: {report}");
    }
    let sign_ins = fs::read_to_string(folder.path().join("sign-ins")).unwrap();
    assert_eq!(sign_ins.lines().count(), 6, "one a mail where they are taken, one a tick where not");
    let mails: Vec<serde_json::Value> = mails().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(mails.len(), 4);
    for mail in mails {
        assert_eq!((&mail["tls"], &mail["signed_in"]), (&true.into(), &true.into()));
        assert_eq!(mail["subject"], "[Latchkey] Your access token “CI” expires on 23 Dec 2026");
        assert!(mail["text"].as_str().unwrap().contains("Hello "));
        assert!(mail["html"].as_str().unwrap().contains("Refresh this token"));
    }
}

/// A process that does not outlive its test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn python() -> Option<PathBuf> {
    let cache = std::env::var_os("LATCHKEY_CACHE")?;
    let python = Path::new(&cache).join("python/bin/python");
    assert!(python.exists(), "{} is missing: run bin/install-test-tools", python.display());
    Some(python)
}
