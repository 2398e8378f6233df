//! What the tokens of one account may publish in all, where the host sets a bound.

use latchkey::serve::Patience;

use super::nuget_symbols;
use crate::support::{
    nupkg::nupkg,
    world::{World, on_both_engines},
};

on_both_engines! {
    |engine| World::published_with(engine, |settings| settings.account_quota = Some(3_000), Patience::default()) =>
    an_account_publishes_up_to_its_quota_and_others_go_on,
}

on_both_engines! {
    |engine| World::published_with(engine, |settings| settings.account_quota = Some(20_000), Patience::default()) =>
    symbols_count_as_well,
}

async fn an_account_publishes_up_to_its_quota_and_others_go_on(world: &World) {
    let (ada, bo) = (world.account("ada").await, world.account("bo").await);
    let (key, other) = (world.key(ada, "nuget:push", "*").await, world.key(ada, "nuget:push", "*").await);
    let size = nupkg("A", "1.0.0").len();
    let fits = 3_000 / size;
    for number in 1..=fits {
        assert_eq!(world.push(&key, &nupkg("A", &format!("{number}.0.0"))).await.status, 201, "{size} bytes each");
    }
    for key in [&key, &other] {
        let refused = world.push(key, &nupkg("A", "9.0.0")).await;
        assert_eq!((refused.status, refused.text().contains("of the 0.0 MiB that one account may")), (403, true));
    }
    assert_eq!(world.files("packages/nuget"), 2 * fits, "nothing of it is kept");
    let theirs = world.key(bo, "nuget:push", "*").await;
    assert_eq!(world.push(&theirs, &nupkg("B", "1.0.0")).await.status, 201);
    world.sql("UPDATE versions SET removed_at = 1 WHERE version = '1.0.0'").await;
    assert_eq!(world.push(&other, &nupkg("A", "9.0.0")).await.status, 201, "removed versions do not count");
}

async fn symbols_count_as_well(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:push", "*").await;
    let (package, symbols) = (nuget_symbols::package("1.0.0"), nuget_symbols::good_symbols("1.0.0"));
    assert_eq!(world.push(&key, &package).await.status, 201);
    assert_eq!(world.push_to("/v3/symbols", &key, &symbols).await.status, 201);
    let used = world.store().published_bytes(ada).await.unwrap();
    assert_eq!(used, (package.len() + nuget_symbols::PDB.len()) as u64, "as they are stored, not as they came");
    world.sql("UPDATE symbol_files SET size = 19000").await;
    let refused = world.push_to("/v3/symbols", &key, &symbols).await;
    assert_eq!((refused.status, refused.text().contains("one account may")), (403, true), "{}", refused.text());
    assert_eq!(world.files("uploads"), 0);
}
