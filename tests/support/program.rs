//! The real program as a process of its own, on a world's database and in its folder.

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{
    person::Browser,
    world::{MASTER_SECRET, World},
};

/// What a process has of the machine's memory, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    pub now: u64,
    /// The most it ever had.
    pub peak: u64,
}

/// It ends with this value.
pub struct Program {
    process: Child,
    pub url: String,
}

impl Program {
    /// Starts it and waits until it answers.
    pub async fn start(world: &World, database: &str) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}");
        let secret = world.folder().join("secret");
        fs::write(&secret, MASTER_SECRET).unwrap();
        fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_latchkey"))
            .env_clear() // the test run's own variables are no settings
            .env("LATCHKEY_DATABASE_URL", database)
            .env("LATCHKEY_DATA_DIR", world.folder())
            .env("LATCHKEY_SECRET_FILE", &secret)
            .env("LATCHKEY_LISTEN", format!("127.0.0.1:{port}"))
            .env("LATCHKEY_PUBLIC_URL", &url)
            .env("LATCHKEY_SIGN_UP", "open")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let program = Self { process, url };
        program.answers().await;
        program
    }

    async fn answers(&self) {
        let begun = Instant::now();
        let url = format!("{}/healthz", self.url);
        while reqwest::get(&url).await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the program does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Its pages in a browser nobody used yet.
    pub fn browser(&self, world: &World) -> Browser {
        world.browser_at(&self.url)
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.process.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// What it has of the machine's memory.
    pub fn memory(&self) -> Memory {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
        };
        Memory { now: of("VmRSS:"), peak: of("VmHWM:") }
    }

    /// Most bytes of any file it writes from now on; none for no limit.
    pub fn limit_files(&self, bytes: Option<u64>) {
        let size = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
        let process = self.process.id().to_string();
        let done = Command::new("prlimit").args(["--pid", &process, &format!("--fsize={size}:")]).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
