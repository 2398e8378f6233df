//! Which part of the host answers and which does not: told by `/readyz`, `latchkey doctor` and the operator's page, each
//! with its cause.

use std::{fs, os::unix::fs::PermissionsExt};

use latchkey::health;

use super::{commands::run, operator::operator};
use crate::support::world::{World, on_both_engines};

on_both_engines! {
    a_package_store_that_cannot_be_written_is_named_everywhere_and_stops_nothing,
    files_that_are_missing_are_named,
    a_bucket_that_does_not_answer_is_told_of_once_and_in_one_line,
    a_mail_server_that_does_not_answer_is_named_with_its_cause,
    a_newer_schema_asks_for_a_newer_program_and_an_older_one_for_migrating,
    a_node_with_the_master_secret_of_before_is_told,
    what_a_push_meets_is_named_to_it_and_at_the_next_look,
}

async fn push(world: &World, key: &crate::support::person::Key) -> reqwest::Response {
    let push = reqwest::Client::builder().no_proxy().build().unwrap();
    let push = push.put(format!("http://{}/v3/package", world.address())).header("X-NuGet-ApiKey", &key.secret);
    let package = crate::support::nupkg::nupkg("Contoso.Core", "1.0.0");
    push.header("Content-Type", "application/octet-stream").body(package).send().await.unwrap()
}

async fn what_a_push_meets_is_named_to_it_and_at_the_next_look(world: &World) {
    let key = world.ada().await.key(world, "CI").await;
    assert_eq!(ready(world).await.1, "ready\n");
    let folder = world.folder().join("packages");
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "").unwrap();
    let answer = push(world, &key).await;
    assert_eq!(answer.status(), 503);
    let said = answer.text().await.unwrap();
    assert!(said.contains("The package store of this host does not work as it should"), "{said}");
    let told = world.browser().get("/readyz").await.body;
    assert!(told.contains("package store cannot be written\n"), "nobody waits for the next minute: {told}");
}

/// What `latchkey doctor` says, and whether all is well.
fn doctor(world: &World, more: &[(&str, &str)]) -> (bool, String) {
    let output = run(world, &["doctor"], "", more);
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

async fn ready(world: &World) -> (u16, String) {
    let app = world.app();
    app.health.refresh(&app.parts()).await;
    let page = world.browser().get("/readyz").await;
    (page.status, page.body)
}

async fn a_package_store_that_cannot_be_written_is_named_everywhere_and_stops_nothing(world: &World) {
    let ada = operator(world, "ada").await;
    assert_eq!(ready(world).await, (200, "ready\n".to_owned()));
    let (well, said) = doctor(world, &[]);
    assert!(well && said.contains("ok    package store: can be written"), "{said}");
    // A file where the folder was is in the way of root too.
    let folder = world.folder().join("packages");
    fs::remove_dir_all(&folder).unwrap();
    let (well, said) = doctor(world, &[]);
    assert!(!well && said.contains("WRONG package store cannot be opened: the folder"), "{said}");
    assert!(said.contains("is its disk mounted?") && !folder.exists(), "looking makes nothing: {said}");
    fs::write(&folder, "").unwrap();
    let (status, body) = ready(world).await;
    assert_eq!(status, 200, "keys need no package store");
    assert!(body.starts_with("ready\n") && body.contains("package store cannot be written\n"), "{body}");
    assert!(!body.contains(&folder.display().to_string()), "strangers learn no paths: {body}");
    let page = ada.get("/operator").await;
    let told = page.texts(".health tbody tr").join("\n");
    assert!(told.contains("Cannot be written:") && told.contains("Not a directory"), "{told}");
}

async fn files_that_are_missing_are_named(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    assert_eq!(push(world, &key).await.status(), 201);
    assert!(doctor(world, &[]).0);
    assert_eq!(ready(world).await.1, "ready\n");
    fs::remove_dir_all(world.folder().join("packages/nuget")).unwrap();
    let download =
        world.browser().bare_request(reqwest::Method::GET, "/v3/flat/contoso.core/1.0.0/contoso.core.1.0.0.nupkg");
    assert_eq!(download.header("X-NuGet-ApiKey", &key.secret).send().await.unwrap().status(), 503);
    let told = world.browser().get("/readyz").await.body;
    assert!(told.contains("package files 1 of 1 looked for are missing\n"), "nobody waits for the next minute: {told}");
    let (well, said) = doctor(world, &[]);
    assert!(
        !well && said.contains("WRONG package files 1 of 1 looked for are missing: such as Contoso.Core 1.0.0"),
        "{said}"
    );
    assert!(ready(world).await.1.contains("package files 1 of 1 looked for are missing\n"));
}

async fn a_bucket_that_does_not_answer_is_told_of_once_and_in_one_line(world: &World) {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("s3://packages/team?region=here&endpoint=http://{nobody}");
    let bucket =
        [("LATCHKEY_BLOB_URL", url.as_str()), ("AWS_ACCESS_KEY_ID", "ada"), ("AWS_SECRET_ACCESS_KEY", "hidden")];
    let output = run(world, &["doctor"], "", &bucket);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (said, log) = (text(output.stdout), text(output.stderr));
    let wrong: Vec<_> = said.lines().filter(|line| line.starts_with("WRONG")).collect();
    assert_eq!((wrong.len(), log.as_str()), (1, "latchkey: 1 of the checks found something wrong\n"), "{said}");
    assert!(wrong[0].starts_with("WRONG package store cannot be written: "), "{said}");
    assert!(wrong[0].ends_with("tcp connect error: Connection refused (os error 111)"), "{said}");
    assert!(wrong[0].len() < 400 && !said.contains("retr"), "{said}");
}

async fn a_mail_server_that_does_not_answer_is_named_with_its_cause(world: &World) {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("smtp://127.0.0.1:{nobody}?tls=none");
    let (well, said) = doctor(world, &[("LATCHKEY_SMTP_URL", &url)]);
    assert!(!well && said.contains("WRONG mail server takes no mail") && said.contains("refused"), "{said}");
    world.restart_with_mail_server().await;
    // Not by the command, for which this test would wait without letting its mail server answer.
    let check = health::mail_server(&world.app().mailer).await;
    assert_eq!(check.problem(), None, "{check:?}");
    assert!(world.post_office.borrow().as_ref().unwrap().taken().is_empty(), "no mail is sent for it");
}

async fn a_newer_schema_asks_for_a_newer_program_and_an_older_one_for_migrating(world: &World) {
    world.database.execute("UPDATE _sqlx_migrations SET version = 20991231000000 WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)", &[]).await;
    let (well, said) = doctor(world, &[]);
    assert!(
        !well && said.contains("WRONG schema is older than this version: start the server of this version"),
        "{said}"
    );
    let (status, body) = ready(world).await;
    assert_eq!((status, body.contains("latchkey migrate")), (503, true), "{body}");
    let ours = latchkey::store::migrate::migrator(world.app().store.engine());
    let last = ours.iter().last().unwrap();
    let copy = "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time)
        SELECT CAST($1 AS BIGINT), description, installed_on, success, checksum, execution_time FROM _sqlx_migrations WHERE version = 20991231000000";
    world.database.execute(copy, &[&last.version.to_string()]).await;
    let (well, said) = doctor(world, &[]);
    assert!(
        !well && said.contains("WRONG schema is newer than this version: a newer version has been here: upgrade"),
        "{said}"
    );
    assert_eq!(ready(world).await.0, 200, "this version can go on until it is upgraded");
    let output = run(world, &["migrate"], "", &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("upgrade this program"), "{said}");
}

async fn a_node_with_the_master_secret_of_before_is_told(world: &World) {
    assert_eq!(ready(world).await.1, "ready\n");
    let file = world.folder().join("new.secret");
    let output = run(world, &["secret", "rotate", "--to", file.to_str().unwrap()], "", &[]);
    assert!(output.status.success());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let page = world.browser().get("/readyz").await;
    assert_eq!(
        (page.status, page.body.contains("master secret is not the one in use\n")),
        (200, true),
        "{}",
        page.body
    );
}
