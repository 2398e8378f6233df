//! After a backup was put back: what may have been revoked since is off until its owner has looked.

use chrono::{DateTime, Utc};
use latchkey::{package_store::Custody, packages::blobs::Ownership, tokens::decision::Reason};

use super::commands::{refused, told};
use crate::support::{
    person::newest_token,
    world::{World, on_both_engines},
};

on_both_engines! {
    what_a_backup_brings_back_is_off_until_its_owner_has_looked,
    mails_of_a_backup_wait_until_they_are_let_go,
    a_backup_was_made_before_it_was_restored,
}

async fn a_backup_was_made_before_it_was_restored(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let said = refused(world, &["restored", "--since", "2199-01-01T00:00:00Z"], "");
    assert!(said.contains("--since is in the future"), "{said}");
    let said = refused(world, &["restored", "--since", "2026-11-02"], "");
    assert!(said.contains("write the day and the time"), "{said}");
    assert_eq!(world.refusal(&key.secret).await, None);
    assert!(ada.is_signed_in().await, "nothing was done");
}

/// The program goes by the machine's clock, for which this world is in the future.
fn go_back(world: &World) {
    let past: DateTime<Utc> = "2026-11-02T09:00:00Z".parse().unwrap();
    world.pass(past - world.now());
}

async fn what_a_backup_brings_back_is_off_until_its_owner_has_looked(world: &World) {
    go_back(world);
    let (ada, bo) = (world.ada().await, world.bo().await);
    let (adas, bos) = (ada.key(world, "CI").await, bo.key(world, "Laptop").await);
    let off = ada.key(world, "Off").await;
    ada.fill(&format!("/settings/tokens/{}/deactivate", off.id), |form| form).await;
    let link = world.password_link("bo").await;
    ada.fill(&format!("/settings/tokens/{}/symbols", adas.id), |form| form).await;
    ada.fill("/settings/calendar", |form| form).await;
    let addresses = async || {
        let count = "SELECT (SELECT COUNT(*) FROM symbols_addresses) + (SELECT COUNT(*) FROM calendar_links)";
        world.database.number(count, &[]).await
    };
    assert_eq!(addresses().await, 2);
    latchkey::jobs::remove_orphans(&world.app()).await.unwrap();
    // Made after the restore, and so not in the backup.
    world.pass(chrono::Duration::hours(1));
    let fresh = world.sign_in("ada").await.key(world, "Fresh").await;
    let before = Custody::of(&world.app().store, &world.app().blobs).await.unwrap();

    let said = told(world, &["restored", "--since", "2026-11-02T09:30:00Z"], "");
    for key in [&adas, &bos] {
        assert!(said.contains(&key.secret[..7]), "{said}");
        assert_eq!(world.refusal(&key.secret).await, Some(Reason::Deactivated));
    }
    assert!(
        said.contains(&format!("ada\t{}\tCI", &adas.secret[..7])) && said.contains("Deactivated 2 tokens."),
        "{said}"
    );
    assert_eq!(world.refusal(&fresh.secret).await, None);
    assert!(said.contains("NOTE 1 tokens have keys that were issued after --since"), "{said}");
    assert!(!ada.is_signed_in().await && !bo.is_signed_in().await);
    assert_ne!(world.browser().get(&link).await.status, 200);
    assert!(said.contains("and 2 private addresses.") && addresses().await == 0, "{said}");
    let after = Custody::of(&world.app().store, &world.app().blobs).await.unwrap();
    assert_eq!(after.ownership, Ownership::Ours);
    assert_ne!(after.claim.installation, before.claim.installation, "every other copy is a stranger now");

    // Each owner decides for theirs.
    let ada = world.sign_in("ada").await;
    let list = ada.get("/settings/tokens").await;
    assert!(list.texts(".alerts").concat().contains("Frozen since"), "{}", list.body);
    assert_eq!(ada.fill("/settings/tokens/unfreeze", |form| form).await.status, 303);
    assert_eq!(world.refusal(&adas.secret).await, None);
    assert_eq!(world.refusal(&off.secret).await, Some(Reason::Deactivated), "it was off before");
    assert_eq!(world.refusal(&bos.secret).await, Some(Reason::Deactivated));
    assert!(!newest_token(world, "Fresh").await.is_empty());
}

async fn mails_of_a_backup_wait_until_they_are_let_go(world: &World) {
    go_back(world);
    world.ada().await;
    world.restart_with_mail_server().await;
    world.mails().await;
    let forgot = async || {
        world.browser().fill("/forgot", |form| form.set("email", "ada@example.com")).await;
    };
    forgot().await;
    told(world, &["restored", "--since", "2026-11-02T09:30:00Z"], "");
    assert!(world.mails().await.is_empty());
    assert_eq!(told(world, &["mail", "release", "--drop"], ""), "Dropped 1 mails; new ones go out again.");
    assert!(world.mails().await.is_empty());
    forgot().await;
    assert_eq!(world.mails().await.len(), 1);
    assert_eq!(told(world, &["mail", "release"], ""), "No mails are held.");
}
