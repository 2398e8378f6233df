//! What the log of the real program says, and what it keeps to itself.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use super::commands::told;
use crate::support::world::{World, on_both_engines, password_of};

on_both_engines! {
    a_json_log_is_json_throughout_and_holds_no_setup_link,
    a_request_is_logged_with_who_made_it_and_what_it_cost,
}

/// The program as a server beside the world's own, on the same database.
struct Server {
    process: Child,
    url: String,
    printed: BufReader<std::process::ChildStdout>,
}

impl Server {
    fn start(world: &World, more: &[(&str, &str)]) -> Self {
        let mut program = crate::portal::commands::program(world, &["serve", "--listen", "127.0.0.1:0"]);
        let mut process = program.envs(more.iter().copied()).stderr(Stdio::piped()).spawn().unwrap();
        let mut printed = BufReader::new(process.stdout.take().unwrap());
        let mut first = String::new();
        printed.read_line(&mut first).unwrap();
        let url = first.trim().strip_prefix("Latchkey is running at ").expect("where it runs").trim_end_matches('/');
        Self { url: url.to_owned(), process, printed }
    }

    /// Stops it; what it printed after the first line, and its log.
    fn stop(mut self) -> (String, String) {
        Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().unwrap();
        let mut printed = String::new();
        self.printed.read_to_string(&mut printed).unwrap();
        let log = self.process.wait_with_output().unwrap().stderr;
        (printed, String::from_utf8(log).unwrap())
    }
}

fn json_lines(log: &str) -> Vec<Value> {
    log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"))).collect()
}

async fn a_json_log_is_json_throughout_and_holds_no_setup_link(world: &World) {
    let server =
        Server::start(world, &[("LATCHKEY_LOG_FORMAT", "json"), ("LATCHKEY_DB_PORT_5432_TCP", "tcp://10.0.0.1:5432")]);
    let url = server.url.clone();
    let link = told(world, &["setup-link"], "");
    assert!(link.contains("/setup?link="), "{link}");
    let secret = link.split_once("link=").unwrap().1.to_owned();
    let (printed, log) = server.stop();
    assert!(!printed.contains(&secret) && !log.contains(&secret));
    let lines = json_lines(&log);
    let start = lines.iter().find(|line| line["fields"]["version"].is_string()).expect("a line for the start");
    assert_eq!(start["fields"]["version"], env!("CARGO_PKG_VERSION"));
    assert!(start["fields"]["schema"].is_number() && start["fields"]["message"].as_str().unwrap().contains(&url));
    assert!(log.contains("LATCHKEY_DB_PORT_5432_TCP is no setting") && log.contains("latchkey setup-link"), "{log}");

    // A start that fails is JSON too; with a text log the link is printed, and is the same one.
    let output = crate::portal::commands::run(
        world,
        &["serve", "--listen", "127.0.0.1:0"],
        "",
        &[("LATCHKEY_LOG_FORMAT", "json"), ("LATCHKEY_TYPO", "1")],
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(json_lines(&said)[0]["fields"]["message"].as_str().unwrap().contains("LATCHKEY_TYPO is no setting"));
    let (printed, _) = Server::start(world, &[]).stop();
    assert!(printed.contains(&secret), "{printed}");
    world.ada().await;
    assert!(crate::portal::commands::refused(world, &["setup-link"], "").contains("there are accounts already"));
}

async fn a_request_is_logged_with_who_made_it_and_what_it_cost(world: &World) {
    let key = world.ada().await.key(world, "CI").await;
    let server = Server::start(world, &[("LATCHKEY_LOG_FORMAT", "json"), ("LATCHKEY_LOG", "info")]);
    let http = reqwest::Client::builder().no_proxy().user_agent("Builder/7").build().unwrap();
    let get = http.get(format!("{}/v3/query", server.url)).bearer_auth(&key.secret).send().await.unwrap();
    let length = get.bytes().await.unwrap().len();
    let browser = world.browser_at(&server.url);
    assert_eq!(browser.sign_in("ada", "not the password of ada").await.status, 422);
    assert_eq!(browser.sign_in("hunter2 hunter2", &password_of("ada")).await.status, 422);
    let (_, log) = server.stop();
    assert!(!log.contains(&key.secret) && !log.contains("hunter2") && !log.contains("not the password"), "{log}");
    let lines = json_lines(&log);
    let read = lines.iter().find(|line| line["span"]["path"] == "/v3/query" && line["fields"]["status"] == 200);
    let read = read.unwrap_or_else(|| panic!("{log}"));
    assert_eq!((&read["span"]["account"], &read["span"]["key"]), (&"ada".into(), &key.secret[..7].into()));
    assert_eq!((&read["span"]["client"], &read["fields"]["sent"]), (&"Builder/7".into(), &length.into()));
    assert!(read["fields"]["micros"].is_number() && read["span"]["from"].is_string());
    assert!(
        log.contains("recorded: session.refused") && log.contains("sign-in failed: there is no such account"),
        "{log}"
    );
}
