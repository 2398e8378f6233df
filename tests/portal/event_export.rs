//! The record as a file, as the real program writes it.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

use serde_json::Value;

use super::commands::{program, told};
use crate::support::world::{World, on_both_engines, password_of};

on_both_engines! {
    the_record_is_exported_the_oldest_event_first,
    what_a_server_records_is_appended_to_its_audit_log,
}

async fn what_a_server_records_is_appended_to_its_audit_log(world: &World) {
    world.ada().await;
    let path = world.folder().join("audit.jsonl");
    let mut server = program(world, &["serve", "--listen", "127.0.0.1:0", "--audit-log", path.to_str().unwrap()]);
    let mut server = server.stderr(Stdio::null()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
    let url = first.trim().strip_prefix("Latchkey is running at ").unwrap().trim_end_matches('/');
    let ada = world.browser_at(url);
    assert_eq!(ada.sign_in("ada", &password_of("ada")).await.status, 303);
    // What it still has to write it writes when it is stopped.
    Command::new("kill").args(["-TERM", &server.id().to_string()]).status().unwrap();
    assert!(server.wait().unwrap().success());
    let written = fs::read_to_string(&path).unwrap();
    assert!(written.contains("\"event\":\"session.started\""), "{written}");
    let exported = told(world, &["events", "export", "--since", "2000-01-01"], "");
    for line in written.lines() {
        assert!(exported.lines().any(|told| told == line), "{line} in\n{exported}");
    }
    assert!(exported.lines().count() > written.lines().count(), "what was before is in the record alone");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

async fn the_record_is_exported_the_oldest_event_first(world: &World) {
    world.ada().await;
    world.pass(chrono::Duration::minutes(20));
    let ada = world.sign_in("ada").await;
    let key = ada.key(world, "=CI").await;
    let export = |more: &[&str]| told(world, &[&["events", "export", "--since", "2027-03-01"][..], more].concat(), "");
    let lines: Vec<Value> = export(&[]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| lines.iter().map(|line| line[name].as_str().unwrap_or_default()).collect::<Vec<_>>();
    assert!(of("at").is_sorted() && of("id").is_sorted(), "{lines:#?}");
    let made = lines.iter().find(|line| line["event"] == "token.created").expect("the new token");
    assert_eq!(
        (&made["account"], &made["actor"], &made["hint"]),
        (&"ada".into(), &"ada".into(), &key.secret[..7].into())
    );
    assert!(made["detail"].is_object() && !export(&[]).contains(&key.secret));

    let later = told(world, &["events", "export", "--since", "2027-03-01T09:10:00Z"], "");
    assert!(later.contains("token.created") && !later.contains("account.created"), "{later}");
    let before = export(&["--until", "2027-03-01T09:10:00Z"]);
    assert!(!before.contains("token.created") && !before.is_empty(), "{before}");

    let table = export(&["--format", "csv"]);
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    assert_eq!(rows.headers().unwrap().iter().take(4).collect::<Vec<_>>(), ["at", "id", "event", "account"]);
    assert_eq!(rows.records().count(), lines.len());
    assert!(super::commands::refused(world, &["events", "export", "--since", "soon"], "").contains("--since"));
}
