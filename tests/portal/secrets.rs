//! Secrets stay where they belong: after a run of the real program with everything logged, none that was typed or
//! issued is in its files, its database or its log.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use reqwest::Method;

use crate::support::{
    database::Engine,
    folder::Folder,
    person::{Browser, newest_token},
    world::{MASTER_SECRET, World, on_both_engines, password_of},
};

on_both_engines! {
    no_secret_is_found_in_files_database_or_log,
}

/// The real program, with a folder and a log of its own; it ends with this value.
struct Program {
    process: Child,
    url: String,
    setup_link: String,
}

impl Program {
    fn start(world: &World, folder: &Path) -> Self {
        let secret = folder.join("secret");
        fs::write(&secret, MASTER_SECRET).unwrap();
        fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_latchkey"))
            .args(["--listen", "127.0.0.1:0", "--log", "trace", "--sign-up", "open"])
            .arg("--data-dir")
            .arg(folder.join("data"))
            .env_clear() // the test run's own variables are no settings
            .env("LATCHKEY_DATABASE_URL", world.database.url())
            .env("LATCHKEY_SECRET_FILE", &secret)
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut after = |start: &str| {
            let line = lines.next().expect("the program goes on").unwrap();
            line.strip_prefix(start).unwrap_or_else(|| panic!("{line}")).to_owned()
        };
        let url = after("Latchkey is running at ").trim_end_matches('/').to_owned();
        let setup_link = after("Create the first account: ").strip_prefix(&url).unwrap().to_owned();
        Self { process, url, setup_link }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

async fn no_secret_is_found_in_files_database_or_log(world: &World) {
    let folder = Folder::new();
    let program = Program::start(world, folder.path());
    let ada = world.browser_at(&program.url);
    let secrets = a_day_of_ada(world, &ada, &program.setup_link).await;
    assert!(secrets.len() > 15, "{}", secrets.len());

    let mut places = files(folder.path());
    places.extend(files(world.folder()));
    if world.database.engine == Engine::Postgres {
        let dump = Command::new("pg_dump").arg(world.database.url()).output().unwrap();
        assert!(dump.status.success() && dump.stdout.len() > 10_000, "{}", String::from_utf8_lossy(&dump.stderr));
        places.push(("the database".to_owned(), text(&dump.stdout)));
    }
    let log = &places.iter().find(|(name, _)| name.ends_with("/log")).unwrap().1;
    assert!(log.contains("TRACE") && log.contains("/settings/tokens"), "everything is logged");
    let stored = &places.iter().map(|(_, text)| text.len()).sum::<usize>();
    assert!(*stored > 50_000, "{stored}");
    drop(program);
    for (name, text) in places.iter().filter(|(name, _)| !name.ends_with("/secret")) {
        for (what, secret) in &secrets {
            assert!(!text.contains(secret), "{what} is in {name}");
        }
    }
}

/// What somebody does with an account of theirs; gives every secret on the way, with what it is.
async fn a_day_of_ada(world: &World, ada: &Browser, setup_link: &str) -> Vec<(String, String)> {
    let mut secrets = vec![("the setup link".to_owned(), setup_link.split_once('=').unwrap().1.to_owned())];
    let mut keep = |what: &str, secret: &str| {
        assert!(secret.len() > 10, "{what} is too short to be a secret: {secret}");
        secrets.push((what.to_owned(), secret.to_owned()));
    };
    let (first, second, wrong) = (password_of("ada"), "seven quiet lanterns drift", "not quite the right words");
    let page = ada.get(setup_link).await;
    keep("a form's value", &page.form_value());
    let form = page.form("/setup").set("username", "ada").set("email", "ada@example.com");
    ada.submit(form.clone().set("password", "a short one")).await;
    assert_eq!(ada.submit(form.set("password", &first)).await.status, 303);
    keep("a session", &ada.cookies.borrow()["latchkey-session"]);
    let page = ada.create("CI", |form| form).await;
    let key = page.secret().unwrap();
    keep("a key", &key);
    keep("the rest of a key", &key[8..]);
    keep("a session's form value", &page.form_value());
    let id = newest_token(world, "CI").await;
    let refreshed = ada.refresh(&id, "restart").await.secret().unwrap();
    keep("a refreshed key", &refreshed[8..]);
    let primary = ada.refresh(&newest_token(world, "Primary token").await, "restart").await.secret().unwrap();
    keep("the primary token's key", &primary[8..]);
    for key in [&key, &refreshed, &primary] {
        let request = ada.bare_request(Method::GET, "/api/v1/tokens/current");
        ada.send(request.bearer_auth(key)).await;
        let request = ada.bare_request(Method::GET, "/v3/query?q=x");
        ada.send(request.basic_auth("ada", Some(key))).await;
        let request = ada.bare_request(Method::PUT, "/v3/package").header("x-nuget-apikey", key.as_str());
        ada.send(request.body("no package")).await;
        let request = ada.bare_request(Method::GET, &format!("/v3/flat/{key}/index.json"));
        let agent = [("user-agent".parse().unwrap(), format!("build {key}").parse().unwrap())];
        ada.send(request.basic_auth("ada", Some(key)).headers(agent.into_iter().collect())).await;
        ada.get(&format!("/settings/tokens/{key}?key={key}")).await;
        ada.get(&format!("/{key}")).await;
        ada.act(&id, "edit", |form| form.set("version", "0").set("patterns", key)).await; // pasted, not saved
    }
    for text in [key.as_str(), &refreshed, &primary, &format!("{key}x"), &key[..40]] {
        ada.fill("/operator/tokens/find", |form| form.set("key", text)).await; // she runs the host, and looks a key up
        ada.get(&format!("/operator/events?token={text}&account={text}&package={text}")).await; // in the wrong place
    }
    let account = world.database.text("SELECT id FROM accounts WHERE username = 'ada'", &[]).await;
    let page = ada.fill(&format!("/operator/accounts/{account}/password"), |form| form).await;
    keep("a password link", page.texts("#link").concat().split_once('=').unwrap().1);
    ada.act(&id, "edit", |form| form.set("patterns", "Contoso.*")).await;
    let primary = newest_token(world, "Primary token").await;
    for (page, address) in
        [("/settings/calendar", "#address"), (&format!("/settings/tokens/{primary}/symbols"), "#address-1")]
    {
        let shown = ada.fill(page, |form| form).await.texts(address).concat();
        let secret = shown.rsplit('/').next().unwrap().trim_end_matches(".ics");
        keep(page, secret);
        for path in ["/calendar/{}.ics", "/%63alendar/{}.ics", "/symbols/-/{}/a.pdb/0/a.pdb", "/symbols//%2d/{}/a/0/a"]
        {
            ada.send(ada.bare_request(Method::GET, &path.replace("{}", secret))).await;
        }
    }
    let refusals = ada.get("/settings/refusals").await;
    assert!(refusals.body.contains("Read packages from main"), "what was refused is written: {}", refusals.body);
    ada.fill("/settings/password", |form| form.set("current", wrong).set("new", second)).await;
    ada.fill("/settings/password", |form| form.set("current", &first).set("new", second)).await;
    keep("the next session", &ada.cookies.borrow()["latchkey-session"]);
    ada.submit(ada.get("/settings/tokens").await.form("/sign-out")).await;
    ada.sign_in("ada", wrong).await;
    ada.sign_in(second, second).await; // typed into the wrong field
    assert_eq!(ada.sign_in("ada", second).await.status, 303);
    keep("the device's mark", &ada.cookies.borrow()["latchkey-device"]);
    keep("the visit", &ada.cookies.borrow()["latchkey-visit"]);
    for (what, password) in [
        ("the first password", first.as_str()),
        ("the second password", second),
        ("a wrong password", wrong),
        ("a refused password", "a short one"),
    ] {
        keep(what, password);
        let encoded: String = url::form_urlencoded::byte_serialize(password.as_bytes()).collect();
        keep(what, &encoded);
    }
    secrets
}

/// Every file below a folder, as text as far as it is text.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), text(&fs::read(&path).unwrap())));
        }
    }
    found
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
