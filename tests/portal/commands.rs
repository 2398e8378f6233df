//! The operator's commands beside a running portal: the real program, on the same database.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Command, Output, Stdio},
};

use latchkey::tokens::decision::Reason;

use super::operator::operator;
use crate::support::{
    folder::Folder,
    person::newest_token,
    world::{MASTER_SECRET, World, on_both_engines, password_of},
};

on_both_engines! {
    accounts_are_listed_disabled_enabled_and_deleted,
    a_password_is_set_from_standard_input_or_by_a_link,
    a_password_typed_at_a_terminal_is_asked_for_twice_and_not_shown,
    feeds_are_listed_and_deleted_and_members_removed,
    a_feed_of_removed_packages_says_what_it_keeps,
    tokens_are_listed_and_revoked_once,
    a_token_is_added_by_the_rules_of_the_form,
    a_misspelt_setting_stops_every_command,
    a_bad_value_of_a_setting_is_not_shown,
    an_answer_that_nobody_reads_to_its_end_is_no_error,
    a_time_to_act_at_is_a_time_or_a_day_that_exists,
    told_to_stop_once_it_waits_and_told_twice_it_does_not,
}

#[test]
fn in_a_wrong_folder_no_command_makes_a_new_host_but_the_one_that_adds_an_account() {
    let folder = Folder::new();
    let run = |arguments: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_latchkey"));
        let mut process = program
            .args(arguments)
            .env_clear()
            .env("LATCHKEY_DATA_DIR", folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = process.stdin.take().unwrap().write_all(b"plum orbit gravel whistle\n");
        process.wait_with_output().unwrap()
    };
    for command in [&["account", "list"][..], &["doctor"], &["jobs", "run", "expiry-warnings"], &["token", "find"]] {
        let output = run(command);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(&format!("there is no Latchkey in {}", folder.path().display())), "{command:?}: {said}");
        assert_eq!((output.status.code(), fs::read_dir(folder.path()).unwrap().count()), (Some(2), 0), "{command:?}");
    }
    assert!(run(&["account", "add", "--username", "ada", "--email", "ada@example.com"]).status.success());
    assert!(run(&["doctor"]).status.success());
}

/// The program, ready to run on the world's database.
pub fn program(world: &World, arguments: &[&str]) -> Command {
    let secret = world.folder().join("secret");
    fs::write(&secret, MASTER_SECRET).unwrap();
    fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    program
        .args(arguments)
        .env_clear() // the test run's own variables are no settings
        .env("LATCHKEY_DATA_DIR", world.folder())
        .env("LATCHKEY_DATABASE_URL", world.database.url())
        .env("LATCHKEY_SECRET_FILE", &secret)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    program
}

/// Runs the program with what is typed into it.
pub fn run(world: &World, arguments: &[&str], typed: &str, more: &[(&str, &str)]) -> Output {
    let mut process = program(world, arguments).envs(more.iter().copied()).spawn().unwrap();
    // A command that reads nothing may have ended by now.
    let _ = process.stdin.take().unwrap().write_all(typed.as_bytes());
    process.wait_with_output().unwrap()
}

/// What a command says that must succeed.
pub fn told(world: &World, arguments: &[&str], typed: &str) -> String {
    let output = run(world, arguments, typed, &[]);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// Why a command fails that must not succeed.
pub fn refused(world: &World, arguments: &[&str], typed: &str) -> String {
    let output = run(world, arguments, typed, &[]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap().trim_end().to_owned()
}

async fn accounts_are_listed_disabled_enabled_and_deleted(world: &World) {
    operator(world, "ada").await;
    let bo = world.bo().await;
    let key = bo.key(world, "CI").await;
    assert_eq!(told(world, &["account", "disable", "--username", "bo"], ""), "Disabled bo.");
    assert_eq!(told(world, &["account", "disable", "--username", "bo"], ""), "bo was disabled already.");
    assert_eq!(world.refusal(&key.secret).await, Some(Reason::AccountDisabled));
    assert!(!bo.is_signed_in().await);
    let list = told(world, &["account", "list"], "");
    assert_eq!(
        list,
        "ada\tada@example.com\toperator\t2027-03-01 09:00 UTC\nbo\tbo@example.com\tdisabled\t2027-03-01 09:00 UTC"
    );
    assert_eq!(told(world, &["account", "enable", "--username", "bo"], ""), "Enabled bo.");
    assert_eq!(world.refusal(&key.secret).await, None);
    for command in ["disable", "delete"] {
        let why = refused(world, &["account", command, "--username", "ada"], "");
        assert_eq!(why, "latchkey: ada is the only operator who is left; add another one first");
    }
    let why = refused(world, &["account", "delete", "--username", "bo", "--heir", "BO"], "");
    assert_eq!(why, "latchkey: name another heir than bo");
    told(world, &["feed", "add", "--name", "team", "--owner", "bo"], "");
    let why = refused(world, &["account", "delete", "--username", "bo"], "");
    let expected = "latchkey: nobody else owns the feed team: name who gets what only bo owns with --heir USERNAME";
    assert_eq!(why, expected);
    assert_eq!(told(world, &["account", "delete", "--username", "bo", "--heir", "ada"], ""), "Deleted bo.");
    let add = ["account", "add", "--username", "cy", "--email", "cy@example.com", "--operator"];
    assert_eq!(told(world, &add, "seven quiet lanterns drift"), "Added cy.");
    assert_eq!(refused(world, &["account", "enable", "--username", "bo"], ""), "latchkey: there is no account “bo”");
    let host = "SELECT verb FROM events WHERE actor IS NULL AND client LIKE 'latchkey account %' ORDER BY verb";
    assert_eq!(
        world.database.texts(host, &[]).await,
        [
            "account.created",
            "account.deleted",
            "account.disabled",
            "account.enabled",
            "account.operator_made",
            "feed.member_changed"
        ]
    );
}

async fn a_password_is_set_from_standard_input_or_by_a_link(world: &World) {
    let ada = world.ada().await;
    let set = ["account", "password", "--username", "ada"];
    assert!(refused(world, &set, "short\n").contains("at least 15 characters"));
    assert!(refused(world, &set, "").contains("give the password on standard input"));
    told(world, &set, "seven quiet lanterns drift\n");
    assert!(!ada.is_signed_in().await);
    assert_eq!(world.browser().sign_in("ada", &password_of("ada")).await.status, 422);
    assert_eq!(world.browser().sign_in("ada", "seven quiet lanterns drift").await.status, 303);
    let link = told(world, &[&set[..], &["--link"]].concat(), "");
    assert!(link.contains("/reset?link=") && !link.contains('\n'), "{link}");
    told(world, &["account", "disable", "--username", "ada"], "");
    assert!(refused(world, &[&set[..], &["--link"]].concat(), "").contains("enable it first"));
}

/// What a terminal shows while these lines are typed at it, and how the command ends.
fn at_a_terminal(world: &World, arguments: &[&str], typed: &[&str]) -> (String, bool) {
    let line = format!("{} {}", env!("CARGO_BIN_EXE_latchkey"), arguments.join(" "));
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env_clear(); // as in `program`
    script.envs(program(world, &[]).get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut terminal = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut keyboard, mut screen) = (terminal.stdin.take().unwrap(), terminal.stdout.take().unwrap());
    let mut shown = String::new();
    for (asked, text) in typed.iter().enumerate() {
        // A line typed before the question would be shown.
        while shown.matches(": ").count() <= asked {
            let mut bytes = [0; 256];
            let read = screen.read(&mut bytes).unwrap();
            assert!(read > 0, "the terminal closed after {shown}");
            shown.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
        std::thread::sleep(std::time::Duration::from_millis(300)); // the terminal stops showing after the question
        keyboard.write_all(format!("{text}\n").as_bytes()).unwrap();
    }
    screen.read_to_string(&mut shown).unwrap();
    (shown, terminal.wait().unwrap().success())
}

async fn a_password_typed_at_a_terminal_is_asked_for_twice_and_not_shown(world: &World) {
    world.ada().await;
    let password = "seven quiet lanterns drift";
    let add = ["account", "add", "--username", "bo", "--email", "bo@example.com"];
    let (shown, done) = at_a_terminal(world, &add, &[password, "seven quiet lanterns drown"]);
    assert!(!done && shown.contains("the two passwords differ"), "{shown}");
    let (shown, done) = at_a_terminal(world, &add, &[password, password]);
    assert!(done && shown.contains("Password: ") && shown.contains("Added bo."), "{shown}");
    assert!(!shown.contains("lanterns"), "{shown}");
    assert_eq!(world.browser().sign_in("bo", password).await.status, 303);
    let set = ["account", "password", "--username", "bo"];
    let (shown, done) = at_a_terminal(world, &set, &["a lantern for the late ferry", "a lantern for the late ferry"]);
    assert!(done && !shown.contains("ferry"), "{shown}");
    assert_eq!(world.browser().sign_in("bo", "a lantern for the late ferry").await.status, 303);
}

async fn feeds_are_listed_and_deleted_and_members_removed(world: &World) {
    world.ada().await;
    world.bo().await;
    told(world, &["feed", "add", "--name", "team", "--owner", "ada", "--public"], "");
    let member = ["feed", "member", "--feed", "team", "--account", "bo"];
    assert_eq!(told(world, &[&member[..], &["--role", "writer"]].concat(), ""), "bo is writer of team.");
    let changed = "SELECT COUNT(*) FROM events WHERE verb = 'feed.member_changed'";
    let before = world.database.number(changed, &[]).await;
    assert_eq!(told(world, &[&member[..], &["--role", "writer"]].concat(), ""), "bo is writer of team.");
    assert_eq!(world.database.number(changed, &[]).await, before, "he was");
    let list = told(world, &["feed", "list"], "");
    assert_eq!(list, "main\tprivate\t0 members\t0 packages\nteam\tpublic\t2 members\t0 packages");
    assert_eq!(told(world, &[&member[..], &["--remove"]].concat(), ""), "bo is no longer a member of team.");
    assert_eq!(refused(world, &[&member[..], &["--remove"]].concat(), ""), "latchkey: bo is no member of team");
    let owner = ["feed", "member", "--feed", "team", "--account", "ada", "--remove"];
    assert_eq!(refused(world, &owner, ""), "latchkey: ada is the only owner of team; give it another one first");
    assert_eq!(run(world, &member, "", &[]).status.code(), Some(2), "a role, or none at all");
    assert!(refused(world, &["feed", "delete", "--name", "main"], "").contains("main cannot be deleted"));
    assert_eq!(told(world, &["feed", "delete", "--name", "team"], ""), "Deleted the feed team.");
    assert!(refused(world, &["feed", "delete", "--name", "team"], "").contains("there is no feed"));
}

async fn a_token_is_added_by_the_rules_of_the_form(world: &World) {
    let ada = world.ada().await;
    let bo = world.bo().await;
    told(world, &["feed", "add", "--name", "team", "--owner", "bo"], "");
    let to = |account| ["token", "add", "--account", account, "--packages", "Contoso.*"];
    let add = |more: &[&'static str]| [&to("ada")[..], more].concat();
    let secret = told(world, &add(&["--expires-in", "365d", "--preset", "versions"]), "");
    assert_eq!(world.refusal(&secret).await, None);
    told(world, &add(&["--expires-in", "90d", "--allow", "nuget:pull nuget:push-version", "--morning"]), "");
    let sql = "SELECT DISTINCT permissions FROM tokens WHERE kind = 'personal'";
    assert_eq!(world.database.texts(sql, &[]).await, ["nuget:pull nuget:push-version"]);
    let names = "SELECT name FROM tokens WHERE kind = 'personal' ORDER BY LENGTH(name)";
    let names = world.database.texts(names, &[]).await;
    assert!(names[0].starts_with("NuGet token, "), "{names:?}");
    assert_eq!(names[1..], [format!("{} (2)", names[0])]);
    let long = "x".repeat(129).leak();
    let wrong = add(&["--expires-in", "0", "--allow", "nuget:fly", "--name", long]);
    assert_eq!(
        refused(world, &wrong, ""),
        "latchkey: --name: Use at most 128 characters.\n--allow: There is no permission “nuget:fly”.\n--expires-in: Choose a day that has not ended yet."
    );
    let limited = ["--expires-in", "90d", "--preset", "read", "--feed", "team"];
    let why = "latchkey: --feed: One of these feeds does not exist, or the account cannot reach it. Choose again.";
    assert_eq!(refused(world, &add(&limited), ""), why);
    told(world, &[&to("bo")[..], &limited].concat(), "");
    assert!(ada.is_signed_in().await && bo.is_signed_in().await);
}

async fn a_feed_of_removed_packages_says_what_it_keeps(world: &World) {
    let ada = world.publisher("ada").await;
    world.add_feed("team", "ada", false).await;
    ada.pushes("team", "Contoso.Core", "1.0.0").await;
    let refusal = async || refused(world, &["feed", "delete", "--name", "team"], "");
    assert!(refusal().await.contains("team holds packages"), "{}", refusal().await);
    told(world, &["package", "remove", "team", "Contoso.Core"], "");
    let said = refusal().await;
    assert!(said.contains("holds no package any more, but keeps the numbers"), "{said}");
}

async fn tokens_are_listed_and_revoked_once(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let id = newest_token(world, "CI").await;
    world.database.execute("UPDATE tokens SET created_at = created_at + 1 WHERE id = $1", &[&id]).await;
    let list = told(world, &["token", "list", "--account", "ada"], "");
    let [first, second] = list.lines().collect::<Vec<_>>()[..] else { panic!("{list}") };
    assert!(first.starts_with(&format!("{}\t", &key.secret[..7])) && first.contains("\tCI\t"), "{first}");
    assert!(second.starts_with("-\tnot issued\tPrimary token"), "{second}");
    let revoked = told(world, &["token", "revoke"], &key.secret);
    assert_eq!(revoked, format!("Revoked {} of ada.", &key.secret[..7]));
    let again = told(world, &["token", "revoke"], &key.secret);
    assert!(again.starts_with(&format!("{} of ada was revoked already, on ", &key.secret[..7])), "{again}");
    let events = world.database.events_of("ada").await;
    assert_eq!(events.iter().filter(|event| *event == "token revoked").count(), 1);
}

async fn a_bad_value_of_a_setting_is_not_shown(world: &World) {
    for (name, value, told) in [
        ("LATCHKEY_DATABASE_URL", "postgres://u:p@127.0.0.1:1/x?foo=hunter2", "LATCHKEY_DATABASE_URL must be like"),
        ("LATCHKEY_SECURITY_CONTACT", "hunter2 hunter2", "write mailto:"),
        ("LATCHKEY_TRUSTED_PROXIES", "hunter2", "write an address such as"),
        ("LATCHKEY_SIGN_UP", "hunter2", "closed, open"),
    ] {
        let output = run(world, &["doctor"], "", &[(name, value)]);
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!output.status.success() && said.contains(told) && !said.contains("hunter2"), "{name}: {said}");
    }
}

async fn a_misspelt_setting_stops_every_command(world: &World) {
    for name in ["LATCHKEY_MAX_TOKENS_DAYS", "LATCHKEY_SMPT_URL"] {
        let output = run(world, &["account", "list"], "", &[(name, "1")]);
        let said = String::from_utf8(output.stderr).unwrap();
        let expected = format!("latchkey: {name} is no setting: it may be misspelt (latchkey --help lists them all)\n");
        assert_eq!((output.status.code(), said.as_str(), output.stdout.len()), (Some(2), expected.as_str(), 0));
    }
    assert!(
        run(world, &["account", "list"], "", &[("LATCHKEY_DB_PORT_5432_TCP", "tcp://10.0.0.1:5432")]).status.success()
    );
}

async fn an_answer_that_nobody_reads_to_its_end_is_no_error(world: &World) {
    world.ada().await;
    let mut process = program(world, &["account", "list"]).spawn().unwrap();
    drop(process.stdout.take());
    let output = process.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
}

async fn a_time_to_act_at_is_a_time_or_a_day_that_exists(world: &World) {
    let at = |now: &str| {
        let now = format!("--now={now}");
        run(world, &["jobs", "run", "expiry-warnings", &now], "", &[("LATCHKEY_TIME_TRAVEL", "1")])
    };
    for good in ["2000-01-01", "2027-02-11", "2027-02-11T09:00:00Z", "9999-12-31T23:59:59Z"] {
        let output = at(good);
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{good}");
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b"0 notices\n"[..]), "{good}");
    }
    for bad in ["tomorrow", "1999-12-31", "+262142-12-31T23:59:59Z", "-262143-01-01T00:00:00Z"] {
        let output = at(bad);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("write a time such as 2027-02-11T09:00:00Z, or a day such as 2027-02-11"), "{said}");
        assert_eq!(output.status.code(), Some(2), "{bad}");
    }
}

async fn told_to_stop_once_it_waits_and_told_twice_it_does_not(world: &World) {
    world.ada().await; // so that no setup link is printed
    for (times, hurried) in [(1, false), (2, true)] {
        let mut process = program(world, &["serve", "--listen", "127.0.0.1:0"]).spawn().unwrap();
        let mut first = String::new();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        lines.read_line(&mut first).unwrap();
        let address = first.trim().strip_prefix("Latchkey is running at http://").unwrap().trim_end_matches('/');
        let mut request = TcpStream::connect(address).unwrap();
        if hurried {
            // A request that never ends by itself: its body does not come.
            let head = "POST /unsubscribe HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\nexpect: 100-continue\r\n\r\n";
            request.write_all(head.as_bytes()).unwrap();
            request.read_exact(&mut [0; 12]).unwrap(); // HTTP/1.1 100: it is under way
        }
        for _ in 0..times {
            let told = Command::new("kill").args(["-TERM", &process.id().to_string()]).status().unwrap();
            assert!(told.success());
            tokio::time::sleep(std::time::Duration::from_millis(300)).await; // two at once would be one
        }
        let output = process.wait_with_output().unwrap();
        let log = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), log.contains("without waiting")), (Some(0), hurried), "{log}");
        assert!(log.trim_end().ends_with("Latchkey stopped"), "{log}");
    }
}
