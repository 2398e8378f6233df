//! A disk that is full: changes fail and are told why, keys and pages go on, and once there is room all is as before,
//! without a restart.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use chrono::Duration;
use reqwest::Method;

use super::operator::operator;
use crate::support::{
    database::Engine,
    nupkg::nupkg,
    person::{Browser, Key},
    program::Program,
    world::{World, password_of, walk},
};

/// SQLite rolls a transaction back by itself when it cannot write, and this does the same at the first write of any.
const NO_ROOM: [&str; 3] = [
    "CREATE TRIGGER no_event BEFORE INSERT ON events BEGIN SELECT RAISE(ROLLBACK, 'no room'); END",
    "CREATE TRIGGER no_use BEFORE UPDATE ON sessions BEGIN SELECT RAISE(ROLLBACK, 'no room'); END",
    "CREATE TRIGGER no_run BEFORE INSERT ON token_days BEGIN SELECT RAISE(ROLLBACK, 'no room'); END",
];
const ROOM: [&str; 3] = ["DROP TRIGGER no_event", "DROP TRIGGER no_use", "DROP TRIGGER no_run"];

async fn reads(browser: &Browser, key: &Key) -> u16 {
    let request = browser.bare_request(Method::GET, "/api/v1/tokens/current").bearer_auth(&key.secret);
    request.send().await.unwrap().status().as_u16()
}

#[actix_web::test]
async fn a_change_that_sqlite_rolled_back_by_itself_leaves_no_trace_in_the_pool() {
    walk(World::new(Engine::Sqlite), async |world: &World| {
        let ada = operator(world, "ada").await;
        let key = ada.key(world, "CI").await;
        for statement in NO_ROOM {
            world.database.execute(statement, &[]).await;
        }
        for _ in 0..8 {
            assert_eq!(ada.create("Another", |form| form).await.status, 503);
            world.pass(Duration::seconds(90)); // in all below the quarter of an hour after which keys ask for a password
            let page = ada.get("/settings/tokens").await;
            assert_eq!(page.status, 200, "its last use cannot be noted: {}", page.body);
            assert_eq!(reads(&ada, &key).await, 200);
            let _ = latchkey::jobs::write_usage(&world.app()).await;
        }
        assert!(world.app().store.writes_fail());
        let told = ada.get("/readyz").await.body;
        assert!(told.starts_with("ready") && told.contains("full or broken"), "{told}");
        assert!(ada.get("/operator").await.body.contains("full or broken"));
        for statement in ROOM {
            world.database.execute(statement, &[]).await;
        }
        for number in 0..8 {
            ada.key(world, &format!("After {number}")).await;
        }
        ada.must(&key.id, "revoke").await;
        assert_eq!(reads(&ada, &key).await, 401);
        assert!(!world.app().store.writes_fail());
        let told = ada.get("/readyz").await.body;
        assert!(told.starts_with("ready") && !told.contains("full"), "{told}");
    })
    .await;
}

/// A process that may write no file beyond a size meets at every write what it meets on a full disk.
#[actix_web::test]
async fn a_host_that_could_not_write_works_again_when_it_can() {
    let world = World::empty(Engine::Sqlite).await;
    let program = Program::start(&world, world.database.url()).await;
    let ada = program.browser(&world);
    let form = ada.get("/sign-up").await.form("/sign-up").set("username", "ada").set("email", "ada@example.com");
    let page = ada.submit(form.set("password", &password_of("ada"))).await;
    assert_eq!(page.status, 303, "{}", page.body);
    let key = ada.key(&world, "CI").await;
    let push = async |version: &str| {
        let request = ada.bare_request(Method::PUT, "/v3/package").header("x-nuget-apikey", &key.secret);
        let request = request.header("content-type", "application/octet-stream");
        request.body(nupkg("Contoso.Core", version)).send().await.unwrap().status().as_u16()
    };
    assert_eq!(push("1.0.0").await, 201);
    program.limit_files(Some(fs::metadata(world.folder().join("latchkey.db-wal")).unwrap().len()));
    for number in 0..12 {
        let page = ada.create("Another", |form| form).await;
        assert_eq!((page.status, page.heading().as_str()), (503, "The disk is full"), "{}", page.body);
        assert_eq!(push(&format!("2.0.{number}")).await, 503);
        assert_eq!(ada.get("/settings/tokens").await.status, 200);
        assert_eq!(reads(&ada, &key).await, 200);
    }
    let told = ada.get("/readyz").await.body;
    assert!(told.contains("full or broken"), "{told}");
    program.limit_files(None);
    for number in 0..12 {
        assert_eq!(push(&format!("3.0.{number}")).await, 201);
        ada.key(&world, &format!("After {number}")).await;
    }
    ada.must(&key.id, "revoke").await;
    assert_eq!(reads(&ada, &key).await, 401);
    drop(program);
    world.end().await;
}

/// Where the tests may mount something; elsewhere the limit above is the twin.
#[actix_web::test]
async fn a_disk_that_was_full_is_written_again_when_there_is_room() {
    let world = World::empty(Engine::Sqlite).await;
    let Some(disk) = SmallDisk::mount(world.folder()) else {
        return world.end().await;
    };
    let program =
        Program::start(&world, &format!("sqlite://{}?mode=rwc", world.folder().join("latchkey.db").display())).await;
    let ada = program.browser(&world);
    let form = ada.get("/sign-up").await.form("/sign-up").set("username", "ada").set("email", "ada@example.com");
    assert_eq!(ada.submit(form.set("password", &password_of("ada"))).await.status, 303);
    let key = ada.key(&world, "CI").await;
    disk.fill();
    for _ in 0..12 {
        // Some still fit into what the database has.
        ada.create("Another", |form| form).await;
        assert_eq!(ada.get("/settings/tokens").await.status, 200);
        assert_eq!(reads(&ada, &key).await, 200);
    }
    let told = ada.get("/readyz").await.body;
    assert!(told.contains("is full: 0 MiB of 24 MiB are free"), "{told}");
    disk.make_room();
    for number in 0..12 {
        ada.key(&world, &format!("After {number}")).await;
    }
    ada.must(&key.id, "revoke").await;
    assert_eq!(reads(&ada, &key).await, 401);
    let told = ada.get("/readyz").await.body;
    assert!(told.starts_with("ready") && !told.contains("full"), "{told}");
    drop(program);
    drop(disk); // the folder it is mounted on cannot be removed before
    world.end().await;
}

/// A disk of 24 MiB in a folder; it is gone with this value.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(folder: &Path) -> Option<Self> {
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=24m,mode=700", "tmpfs"]).arg(folder).output();
        mount.is_ok_and(|done| done.status.success()).then(|| Self(folder.to_owned()))
    }

    fn fill(&self) {
        let mut file = fs::File::create(self.0.join("filler")).unwrap();
        let mut size = 1 << 20;
        while size > 0 {
            if file.write_all(&vec![0; size]).is_err() {
                size /= 2;
            }
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
