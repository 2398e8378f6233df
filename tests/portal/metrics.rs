//! The numbers for Prometheus, as the real program tells them at an address of their own, and the dashboard of them.

use std::{collections::BTreeSet, net::TcpListener, process::Child};

use serde_json::Value;

use super::commands::program;
use crate::support::world::{World, on_both_engines};

on_both_engines! {
    what_happened_is_counted_and_told_at_an_address_of_its_own,
}

/// It ends with this value.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn get(url: &str, key: Option<&str>) -> Option<reqwest::Response> {
    let request = reqwest::Client::builder().no_proxy().build().unwrap().get(url);
    let request = key.into_iter().fold(request, |request, key| request.bearer_auth(key));
    request.send().await.ok()
}

async fn what_happened_is_counted_and_told_at_an_address_of_its_own(world: &World) {
    let key = world.ada().await.key(world, "CI").await;
    let (portal, numbers) = (format!("127.0.0.1:{}", free_port()), format!("127.0.0.1:{}", free_port()));
    let mut program = program(world, &["serve", "--listen", &portal, "--metrics-listen", &numbers]);
    let server =
        Server(program.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap());
    while get(&format!("http://{portal}/healthz"), None).await.is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let unknown = "lk_000000000000000000000000000000000000000000000";
    for (secret, status) in [(key.secret.as_str(), 200), (unknown, 401)] {
        let answer = get(&format!("http://{portal}/v3/query"), Some(secret)).await.unwrap();
        assert_eq!(answer.status(), status);
    }
    assert_eq!(get(&format!("http://{portal}/metrics"), None).await.unwrap().status(), 404, "not where people are");
    let answer = get(&format!("http://{numbers}/metrics"), None).await.unwrap();
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    let text = answer.text().await.unwrap();
    for line in [
        "latchkey_requests_total{door=\"nuget\",status=\"2xx\"} 1",
        "latchkey_requests_total{door=\"nuget\",status=\"4xx\"} 1",
        "latchkey_key_checks_total{door=\"nuget\",result=\"allowed\"} 1",
        "latchkey_key_checks_total{door=\"nuget\",result=\"not-a-token\"} 1",
        "latchkey_lookups_total 1",
        "latchkey_lookup_queries_total 1",
        "latchkey_notices_due 0",
        "latchkey_mails{state=\"failed\"} 0",
    ] {
        assert!(text.lines().any(|told| told == line), "{line} in\n{text}");
    }
    assert!(!text.contains("ada") && !text.contains("lk_"), "{text}");
    check_dashboard(&text);
    drop(server);
}

/// The dashboard asks for metrics that there are, and for all of them.
fn check_dashboard(text: &str) {
    let dashboard: Value = serde_json::from_str(include_str!("../../docs/grafana.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let asked: BTreeSet<_> = targets.flat_map(|target| names(target["expr"].as_str().unwrap())).collect();
    let told: BTreeSet<_> = text.lines().filter(|line| !line.starts_with('#')).flat_map(names).collect();
    let unknown: Vec<_> = asked.difference(&told).collect();
    assert!(unknown.is_empty(), "the dashboard asks for {unknown:?}");
    let family =
        |name: &str| name.trim_end_matches("_count").trim_end_matches("_sum").trim_end_matches("_bucket").to_owned();
    let shown: BTreeSet<_> = asked.iter().map(|name| family(name)).collect();
    let hidden: Vec<_> = told.iter().filter(|name| !shown.contains(&family(name))).collect();
    assert!(hidden.is_empty(), "the dashboard does not show {hidden:?}");
}

/// The names of metrics in a line.
fn names(line: &str) -> Vec<String> {
    let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("latchkey_")).map(str::to_owned).collect()
}
