//! A clean stop under load: what was acknowledged is kept, and what was used is counted.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use super::commands::program;
use crate::support::{
    nupkg::nupkg,
    world::{World, on_both_engines},
};

on_both_engines! {
    a_stop_under_load_loses_nothing_that_was_acknowledged_or_used,
}

/// Stops in one run; `LATCHKEY_TEST_STOPS` asks for more.
fn stops() -> usize {
    #[expect(clippy::disallowed_methods, reason = "tests are told by the environment how long to go on")]
    let asked = std::env::var("LATCHKEY_TEST_STOPS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(4)
}

/// What clients did and what they were told.
#[derive(Default)]
struct Load {
    asked: AtomicI64,
    answered: AtomicI64,
    pushed: AtomicI64,
}

impl Load {
    /// Waits until more was answered and pushed.
    async fn until_more_than(&self, (answered, pushed): (i64, i64)) {
        for _ in 0..3_000 {
            if self.answered.load(Relaxed) > answered && self.pushed.load(Relaxed) > pushed {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the load does not grow: {answered} answered, {pushed} pushed");
    }

    /// Looks at its own key again and again.
    async fn looks(self: Arc<Self>, base: String, key: String) {
        let client = client();
        loop {
            self.asked.fetch_add(1, Relaxed);
            let request = client.get(format!("{base}/api/v1/tokens/current")).bearer_auth(&key);
            match request.send().await {
                Ok(answer) if answer.status() == 200 => drop(self.answered.fetch_add(1, Relaxed)),
                Ok(answer) => not_now(answer).await,
                Err(_) => return,
            }
        }
    }

    /// Pushes one package after the other.
    async fn pushes(self: Arc<Self>, base: String, key: String, name: String) {
        let client = client();
        for number in 1.. {
            let push = client.put(format!("{base}/v3/package")).header("X-NuGet-ApiKey", &key);
            match push.body(nupkg(&name, &format!("{number}.0.0"))).send().await {
                Ok(answer) if answer.status() == 201 => drop(self.pushed.fetch_add(1, Relaxed)),
                Ok(answer) => not_now(answer).await,
                Err(_) => return,
            }
        }
    }
}

/// A busy machine may ask to come back in a moment; nothing was promised then.
async fn not_now(answer: reqwest::Response) {
    let status = answer.status();
    assert_eq!(status, 503, "{}", answer.text().await.unwrap_or_default());
    tokio::time::sleep(Duration::from_millis(50)).await;
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap()
}

/// Starts the server; gives its address too.
fn serve(world: &World) -> (Child, String) {
    let mut process =
        program(world, &["serve", "--listen", "127.0.0.1:0"]).env("LATCHKEY_LOG", "warn").spawn().unwrap();
    let mut first = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let base = first.trim().strip_prefix("Latchkey is running at ").unwrap().trim_end_matches('/');
    (process, base.to_owned())
}

fn signal(process: &Child, name: &str) {
    let told = Command::new("kill").args([name, &process.id().to_string()]).status().unwrap();
    assert!(told.success());
}

async fn stop(process: Child, name: &str) {
    signal(&process, name);
    let output = tokio::task::spawn_blocking(move || process.wait_with_output().unwrap()).await.unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{log}");
    assert!(!log.contains("being shutdown") && !log.contains("could not be"), "{log}");
}

async fn a_stop_under_load_loses_nothing_that_was_acknowledged_or_used(world: &World) {
    let ada = world.ada().await;
    let (looks, pushes) = (ada.key(world, "Looks").await.secret, ada.key(world, "Pushes").await.secret);
    let load = Arc::<Load>::default();
    for round in 0..stops() {
        let (process, base) = serve(world);
        for name in ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM"] {
            signal(&process, &format!("-{}", &name[3..]));
        }
        let looking = (0..6).map(|_| tokio::spawn(Arc::clone(&load).looks(base.clone(), looks.clone())));
        let pushing = (0..3).map(|number| {
            let name = format!("Contoso.Round{round}.Of{number}");
            tokio::spawn(Arc::clone(&load).pushes(base.clone(), pushes.clone(), name))
        });
        let clients: Vec<_> = looking.chain(pushing).collect();
        let before = (load.answered.load(Relaxed), load.pushed.load(Relaxed));
        load.until_more_than((before.0 + 20, before.1 + 2)).await;
        stop(process, ["-TERM", "-QUIT"][round % 2]).await;
        for client in clients {
            client.await.unwrap();
        }
    }
    let (asked, answered, pushed) = (load.asked.load(Relaxed), load.answered.load(Relaxed), load.pushed.load(Relaxed));
    let sql = "SELECT CAST(SUM(d.uses) AS BIGINT) FROM token_days d JOIN tokens t ON t.id = d.token WHERE t.name = $1";
    let counted = world.database.number(sql, &["Looks"]).await;
    assert!((answered..=asked).contains(&counted), "{answered} answered, {asked} asked, {counted} counted");
    let kept = world.database.number("SELECT COUNT(*) FROM versions", &[]).await;
    assert!(answered > 0 && pushed > 0 && kept >= pushed, "{answered} answered, {pushed} pushed, {kept} kept");
}
