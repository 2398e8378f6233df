//! Another master secret, in the place of the present one or of one that is lost.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::commands::{refused, run, told};
use crate::support::{
    folder::Folder,
    world::{MASTER_SECRET, World, on_both_engines, password_of},
};

on_both_engines! {
    after_a_rotation_keys_and_mailed_links_go_on_working_and_people_sign_in_again,
    a_lost_master_secret_is_replaced_when_told_to,
    a_new_master_secret_leaves_the_folder_it_is_put_into_as_it_is,
}

/// The server starts with another master secret.
async fn restart_with_master_secret(world: &World, secret: &str) {
    world.master_secret.replace(secret.to_owned());
    world.restart_with(&[]).await;
}

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

async fn after_a_rotation_keys_and_mailed_links_go_on_working_and_people_sign_in_again(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    world.restart_with_mail_server().await;
    world.mails().await;
    // One link is mailed before, and one is in a mail that waits.
    let visitor = world.browser();
    visitor.fill("/forgot", |form| form.set("email", "ada@example.com")).await;
    let reset = world.mail().await.link(world);
    let form = visitor.get("/sign-up").await.form("/sign-up").set("username", "cy").set("email", "cy@example.com");
    assert_eq!(visitor.submit(form.set("password", &password_of("cy"))).await.status, 200);

    let why = refused(world, &["secret", "rotate"], "");
    assert!(why.contains("give the file of the new one with --to FILE"), "{why}");
    let file = world.folder().join("new.secret");
    let name = file.display().to_string();
    let said = told(world, &["secret", "rotate", "--to", &name], "");
    assert!(said.contains("on every node") && said.contains("Everybody signs in again"), "{said}");
    let secret = fs::read_to_string(&file).unwrap();
    assert!(secret.len() >= 64 && !said.contains(&secret) && mode(&file) == 0o600);

    let why = refused(world, &["account", "list"], "");
    assert!(why.contains("if it was rotated, use the new one"), "{why}");
    assert!(run(world, &["account", "list"], "", &[("LATCHKEY_SECRET_FILE", &name)]).status.success());
    restart_with_master_secret(world, &secret).await;
    assert_eq!(world.refusal(&key.secret).await, None);
    assert!(!ada.is_signed_in().await);
    assert_eq!(world.browser().get(&reset).await.status, 200, "what was mailed before works");
    let confirm = world.mail().await.link(world);
    let cy = world.browser();
    let page = cy.fill(&confirm, |form| form.set("password", &password_of("cy"))).await;
    assert_eq!((page.status, page.location()), (303, "/sign-in"), "what waited works too");
    world.sign_in("ada").await;
}

async fn a_lost_master_secret_is_replaced_when_told_to(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    assert!(refused(world, &["secret", "lost"], "").contains("nothing is lost"));
    let (file, new) = (world.folder().join("new.secret"), format!("another {MASTER_SECRET}"));
    fs::write(&file, &new).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let with_new = [("LATCHKEY_SECRET_FILE", file.to_str().unwrap())];
    let output = run(world, &["account", "list"], "", &with_new);
    assert!(String::from_utf8(output.stderr).unwrap().contains("if it is lost for good, run latchkey secret lost"));
    let output = run(world, &["secret", "lost"], "", &with_new);
    assert!(String::from_utf8(output.stdout).unwrap().contains("Everybody signs in again; keys go on working."));
    restart_with_master_secret(world, &new).await;
    assert_eq!((world.refusal(&key.secret).await, ada.is_signed_in().await), (None, false));
    world.sign_in("ada").await;
}

async fn a_new_master_secret_leaves_the_folder_it_is_put_into_as_it_is(world: &World) {
    let missing = world.folder().join("mounted/later");
    let name = missing.join("new.secret").display().to_string();
    let why = refused(world, &["secret", "rotate", "--to", &name], "");
    assert_eq!(why, format!("latchkey: there is no folder {}: make it first, or name another file", missing.display()));
    assert!(!missing.parent().unwrap().exists(), "a disk that is not mounted is not a folder to make");
    assert!(told(world, &["account", "list"], "").is_empty(), "nothing was changed");
    fs::create_dir_all(&missing).unwrap();
    fs::set_permissions(&missing, fs::Permissions::from_mode(0o755)).unwrap();
    told(world, &["secret", "rotate", "--to", &name], "");
    assert_eq!((mode(&missing), mode(Path::new(&name))), (0o755, 0o600), "the folder may be others' too");
}

#[test]
fn the_secret_in_a_data_folder_is_replaced_and_the_old_one_kept_beside_it() {
    let folder = Folder::new();
    let latchkey = |arguments: &[&str]| {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_latchkey"));
        program.args(arguments).env_clear().env("LATCHKEY_DATA_DIR", folder.path()).output().unwrap()
    };
    assert!(latchkey(&["migrate"]).status.success());
    let file = folder.path().join("master.secret");
    let before = fs::read_to_string(&file).unwrap();
    let output = latchkey(&["secret", "rotate"]);
    assert!(output.status.success(), "{output:?}");
    assert_ne!(fs::read_to_string(&file).unwrap(), before);
    let old = folder.path().join("master.secret.old");
    assert_eq!((fs::read_to_string(&old).unwrap(), mode(&file), mode(&old)), (before, 0o600, 0o600));
    assert!(latchkey(&["account", "list"]).status.success());
    // The first secret is needed for the oldest backups, so it stays whatever is rotated later.
    let (first, second) = (fs::read_to_string(&old).unwrap(), fs::read_to_string(&file).unwrap());
    let said = latchkey(&["secret", "rotate"]);
    assert!(String::from_utf8_lossy(&said.stdout).contains("master.secret.old.2"), "{said:?}");
    let kept = fs::read_to_string(folder.path().join("master.secret.old.2")).unwrap();
    assert_eq!((fs::read_to_string(&old).unwrap(), kept), (first, second));
}
