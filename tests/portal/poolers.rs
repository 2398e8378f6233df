//! Addresses of PostgreSQL that are not just one server: several hosts, a pooler in front, nobody there.

use std::{
    fs,
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use latchkey::store::{DatabaseUrl, Store};

use crate::support::{
    database::Engine,
    folder::Folder,
    world::{World, walk},
};

/// An address at which nobody listens.
fn nobody() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// The same database at other hosts.
fn at(url: &str, hosts: &str) -> String {
    let (before, rest) = url.rsplit_once('@').unwrap();
    format!("{before}@{hosts}/{}", rest.split_once('/').unwrap().1)
}

async fn opened(url: &str) -> Result<Store, String> {
    let opened = Store::connect(&DatabaseUrl::parse(url).unwrap()).await;
    opened.map_err(|error| error.to_string())
}

#[actix_web::test]
async fn of_several_hosts_the_one_that_answers_is_used() {
    walk(World::new(Engine::Postgres), async |world: &World| {
        let url = world.database.url();
        let server = url.rsplit_once('@').unwrap().1.split('/').next().unwrap();
        let hosts = format!("{},{server}", nobody());
        let store = opened(&format!("{}?target_session_attrs=read-write", at(url, &hosts))).await.unwrap();
        assert_eq!(store.schema_state().await.unwrap(), latchkey::store::SchemaState::Current);
        store.begin().await.unwrap().commit().await.unwrap();
        store.close().await;
    })
    .await;
}

/// A host that only hands on, and goes away when told.
async fn host(server: &str) -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, server) = (listener.local_addr().unwrap().to_string(), server.to_owned());
    let handing_on = tokio::spawn(async move {
        let mut lines = tokio::task::JoinSet::new();
        while let Ok((mut near, _)) = listener.accept().await {
            let mut far = tokio::net::TcpStream::connect(&server).await.unwrap();
            lines.spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
        }
    });
    (address, handing_on)
}

#[actix_web::test]
async fn when_the_host_in_use_goes_away_the_next_one_is_used() {
    walk(World::new(Engine::Postgres), async |world: &World| {
        let url = world.database.url();
        let (first, going) = host(url.rsplit_once('@').unwrap().1.split('/').next().unwrap()).await;
        let (second, _staying) = host(url.rsplit_once('@').unwrap().1.split('/').next().unwrap()).await;
        let store = opened(&at(url, &format!("{first},{second}"))).await.unwrap();
        store.begin().await.unwrap().commit().await.unwrap();
        going.abort();
        let begun = std::time::Instant::now();
        let changed = async || store.begin().await.ok()?.commit().await.ok();
        while changed().await.is_none() {
            assert!(begun.elapsed() < Duration::from_secs(60), "no other host was turned to");
        }
        assert!(store.ping().await.is_ok());
        store.close().await;
    })
    .await;
}

#[actix_web::test]
async fn a_database_that_refuses_connections_is_said_to_do_so() {
    let why = opened(&format!("postgres://ada:secret@{}/latchkey", nobody())).await.unwrap_err();
    assert!(why.contains("refused") && !why.contains("pool") && !why.contains("secret"), "{why}");
}

#[actix_web::test]
async fn a_wrong_password_is_said() {
    walk(World::new(Engine::Postgres), async |world: &World| {
        let server = world.database.url().rsplit_once('@').unwrap().1;
        let why = opened(&format!("postgres://postgres:wrong@{server}")).await.unwrap_err();
        assert!(why.contains("password authentication failed") && !why.contains("wrong"), "{why}");
    })
    .await;
}

/// pgbouncer in front of the server of the test run; it ends with this value.
struct Pooler {
    process: Child,
    address: String,
    _folder: Folder,
}

impl Pooler {
    async fn start(url: &str, mode: &str, more: &str) -> Self {
        let (user, rest) = url.split_once("://").unwrap().1.rsplit_once('@').unwrap();
        let (user, password) = user.split_once(':').unwrap();
        let (host, port) = rest.split('/').next().unwrap().split_once(':').unwrap();
        let folder = Folder::new();
        fs::set_permissions(folder.path(), readable()).unwrap();
        let address = nobody();
        let own = address.rsplit_once(':').unwrap().1;
        let settings = format!(
            "[databases]\n* = host={host} port={port} user={user} password={password}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {own}\nunix_socket_dir =\nauth_type = any\npool_mode = {mode}\nserver_tls_sslmode = disable\n\
             ignore_startup_parameters = extra_float_digits\n{more}"
        );
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, settings).unwrap();
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        let mut program = Command::new("pgbouncer");
        program.env("PATH", "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin");
        if fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
            program.args(["-u", "postgres"]); // it refuses to run as root
        }
        let process = program.arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let pooler = Self { process, address, _folder: folder };
        while tokio::net::TcpStream::connect(&pooler.address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        pooler
    }

    /// Whether this version can keep statements that were prepared in another transaction: since 1.21.
    fn is_new() -> bool {
        let told = Command::new("/usr/sbin/pgbouncer").arg("--version").output().unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        let version = told.split_whitespace().nth(1).unwrap();
        let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap());
        (numbers.next(), numbers.next()) >= (Some(1), Some(21))
    }
}

fn readable() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o755)
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[actix_web::test]
async fn behind_a_pooler_that_keeps_sessions_everything_works() {
    walk(World::new(Engine::Postgres), async |world: &World| {
        let pooler = Pooler::start(world.database.url(), "session", "").await;
        a_day_works(&at(world.database.url(), &pooler.address)).await;
    })
    .await;
}

#[actix_web::test]
async fn behind_a_pooler_of_transactions_everything_works_or_the_start_says_what_is_missing() {
    walk(World::new(Engine::Postgres), async |world: &World| {
        let more = if Pooler::is_new() { "max_prepared_statements = 200\n" } else { "" };
        let pooler = Pooler::start(world.database.url(), "transaction", more).await;
        let url = at(world.database.url(), &pooler.address);
        if Pooler::is_new() {
            a_day_works(&url).await;
        } else {
            let why = opened(&url).await.unwrap_err();
            assert!(why.contains("max_prepared_statements") && why.lines().count() == 1, "{why}");
        }
    })
    .await;
}

/// Reads and changes side by side, so that a pooler mixes its connections.
async fn a_day_works(url: &str) {
    let store = opened(url).await.unwrap();
    assert_eq!(store.schema_state().await.unwrap(), latchkey::store::SchemaState::Current);
    let one = async |number: usize| {
        let mut tx = store.begin().await.unwrap();
        let name = format!("fact {number}");
        assert_eq!(tx.keep_fact(&name, "kept").await.unwrap(), "kept");
        tx.commit().await.unwrap();
        assert_eq!(store.fact(&name).await.unwrap().as_deref(), Some("kept"));
    };
    futures_util::future::join_all((0..40).map(one)).await;
    store.close().await;
}
