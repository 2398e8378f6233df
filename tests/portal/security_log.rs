//! Settings, Security log: what touched one's account and tokens, deleted ones too.

use chrono::Duration;

use crate::support::world::{World, on_both_engines};

on_both_engines! {
    the_log_tells_of_tokens_that_are_deleted,
    the_log_shows_a_part_and_goes_on,
    nobody_reads_anothers_log,
    the_log_is_a_file_for_spreadsheets,
}

const LOG: &str = "/settings/security-log";

async fn the_log_tells_of_tokens_that_are_deleted(world: &World) {
    let ada = world.ada().await;
    world.pass(Duration::minutes(1));
    let key = ada.key(world, "CI").await;
    world.pass(Duration::minutes(1));
    ada.must(&key.id, "delete").await;
    let page = ada.get(LOG).await;
    let events = page.texts(".board tbody th .top");
    assert_eq!(events[..2], ["Token deleted", "Token created"]);
    assert!(page.texts(".board tbody th .sub")[0].contains("CI"), "{:?}", page.texts(".board tbody th"));
    let of_token = page.attributes(".board tbody td a", "href")[0].clone();
    assert_eq!(ada.get(&of_token).await.texts(".board tbody th .top"), ["Token deleted", "Token created"]);
}

async fn the_log_shows_a_part_and_goes_on(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    world.pass(Duration::minutes(1));
    for n in 0..60 {
        let name = format!("CI {n}");
        assert_eq!(ada.act(&key.id, "edit", |form| form.set("name", &name)).await.status, 303);
    }
    let page = ada.get(&format!("{LOG}?what=tokens")).await;
    assert_eq!(page.texts(".board tbody tr").len(), 50);
    let older = ada.get(&page.attributes(".end a", "href").concat()).await;
    assert_eq!(older.texts(".board tbody th .top").last().map(String::as_str), Some("Token created"));
    assert!(ada.get(&format!("{LOG}?what=packages")).await.texts(".board tbody tr").is_empty());
    assert!(ada.get(&format!("{LOG}?to=2001-01-01")).await.texts(".board").is_empty());
    let odd = ada.get(&format!("{LOG}?what=x&from=y&to=z&before=%00&token=q")).await;
    assert_eq!((odd.status, odd.texts(".board tbody tr").len()), (200, 50), "what cannot be read asks for nothing");
}

async fn nobody_reads_anothers_log(world: &World) {
    let (ada, bo) = (world.ada().await, world.bo().await);
    let key = ada.key(world, "Ada's own").await;
    let hint = &key.secret[..7];
    assert!(ada.get(LOG).await.body.contains(hint));
    for page in [LOG.to_owned(), format!("{LOG}?token={}", key.id), format!("{LOG}.csv")] {
        assert!(!bo.get(&page).await.body.contains(hint), "{page}");
    }
}

async fn the_log_is_a_file_for_spreadsheets(world: &World) {
    let ada = world.ada().await;
    ada.key(world, "CI").await;
    let file = ada.get(&format!("{LOG}.csv?what=tokens")).await;
    let lines: Vec<_> = file.body.lines().collect();
    assert_eq!((file.status, lines[0]), (200, "time,event,details,by,token,client,address"));
    assert!(lines[1].contains("Token created") && lines[1].contains("You"), "{lines:?}");
    assert_eq!(lines.len(), 2);
}
