//! Symbol packages: taken in beside their package, served by the key that debuggers ask with, gone with it.

use base64::{Engine, engine::general_purpose::STANDARD};
use latchkey::{
    accounts::one_time_link,
    audit::Actor,
    jobs::{self, OrphanCleanup},
    package_store,
    packages::ChangeContext,
    tokens::Kind,
};

use crate::support::{
    accounts::Key,
    nupkg::zip,
    wire::Reply,
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    a_debugger_finds_the_symbols_of_a_published_assembly,
    documentation_beside_the_symbols_is_taken_and_alone_is_not,
    a_debugger_may_name_the_checksum_it_would_take,
    symbols_are_read_by_whoever_may_read_their_package,
    a_debugger_that_asks_for_a_password_reads_the_symbols_of_a_private_feed,
    symbols_that_belong_to_nothing_here_are_refused_with_the_reason,
    symbols_are_pushed_by_whoever_may_push_their_package,
    symbols_pushed_again_replace_what_was_there,
    symbols_are_kept_with_their_version_and_removed_with_it,
    a_private_address_reads_what_its_token_may_read_without_a_credential,
    a_private_address_ends_with_its_token_or_alone,
}

/// Built together by the .NET SDK 10 from `tests/fixtures/symbols/Core.cs`.
const DLL: &[u8] = include_bytes!("../fixtures/symbols/Contoso.Core.dll");
pub(super) const PDB: &[u8] = include_bytes!("../fixtures/symbols/Contoso.Core.pdb");
const LIB: &str = "lib/netstandard2.0/Contoso.Core";
const ALL: &str = "nuget:pull nuget:push";

fn nuspec(version: &str, elements: &str) -> String {
    format!(
        "<package><metadata><id>Contoso.Core</id><version>{version}</version><authors>Ada</authors><description>x</description>{elements}</metadata></package>"
    )
}

pub(super) fn package(version: &str) -> Vec<u8> {
    zip(&[("Contoso.Core.nuspec", nuspec(version, "").as_bytes()), (&format!("{LIB}.dll"), DLL)])
}

fn symbols(version: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let nuspec = nuspec(version, "<packageTypes><packageType name=\"SymbolsPackage\"/></packageTypes>");
    zip(&[&[("Contoso.Core.nuspec", nuspec.as_bytes())], files].concat())
}

pub(super) fn good_symbols(version: &str) -> Vec<u8> {
    symbols(version, &[(&format!("{LIB}.pdb"), PDB)])
}

/// A symbol package with so many files that are symbols by their names.
fn many_symbols(count: usize) -> Vec<u8> {
    let names: Vec<_> = (0..count).map(|number| format!("lib/net8.0/{number}.pdb")).collect();
    symbols("1.0.0", &names.iter().map(|name| (name.as_str(), b"x".as_slice())).collect::<Vec<_>>())
}

/// Where the GUID of the PDB is, and what a debugger makes of it.
fn guid() -> (usize, String) {
    let at = PDB.windows(4).position(|bytes| bytes == b"#Pdb").unwrap() - 8;
    let at = u32::from_le_bytes(PDB[at..at + 4].try_into().unwrap()) as usize;
    let bytes: [u8; 16] = PDB[at..at + 16].try_into().unwrap();
    (at, format!("{}ffffffff", uuid::Uuid::from_bytes_le(bytes).simple()))
}

/// The same PDB of another build.
fn foreign_pdb() -> Vec<u8> {
    let mut pdb = PDB.to_vec();
    pdb[guid().0] ^= 1;
    pdb
}

fn address(file: &str) -> String {
    format!("/symbols/{file}/{}/{file}", guid().1)
}

/// The checksum that debuggers read out of the assembly: of the file with 20 zeros for its id.
fn checksum() -> String {
    use sha2::Digest;
    let mut pdb = PDB.to_vec();
    pdb[guid().0..][..20].fill(0);
    hex::encode(sha2::Sha256::digest(&pdb))
}

impl World {
    async fn push_symbols(&self, key: &Key, file: &[u8]) -> Reply {
        self.push_to("/v3/symbols", key, file).await
    }

    /// A world with the package of these symbols, and a key that may do all.
    async fn with_package(&self) -> Key {
        let ada = self.account("ada").await;
        let key = self.key(ada, ALL, "*").await;
        assert_eq!(self.push(&key, &package("1.0.0")).await.status, 201);
        key
    }
}

async fn a_debugger_finds_the_symbols_of_a_published_assembly(world: &World) {
    let key = world.with_package().await;
    let pushed = world.push_symbols(&key, &good_symbols("1.0.0")).await;
    assert_eq!((pushed.status, pushed.text().as_str()), (201, "The symbols of Contoso.Core 1.0.0 are published."));
    for path in [
        address("Contoso.Core.pdb"),
        address("contoso.core.pdb"),
        address("CONTOSO.CORE.PDB").to_uppercase().replace("/SYMBOLS", "/symbols"),
        address("Contoso.Core.pdb").replace("/symbols", "/feeds/main/symbols"),
    ] {
        let found = world.get(&path, &key).await;
        assert_eq!((found.status, found.body.as_slice()), (200, PDB), "{path}");
    }
    assert_eq!(world.files("uploads"), 0, "nothing stays behind");
}

async fn documentation_beside_the_symbols_is_taken_and_alone_is_not(world: &World) {
    let key = world.with_package().await;
    let (pdb, xml) = (format!("{LIB}.pdb"), format!("{LIB}.xml"));
    let alone = world.push_symbols(&key, &symbols("1.0.0", &[(&xml, b"<doc/>")])).await;
    assert_eq!((alone.status, alone.text().contains("no .pdb file")), (400, true), "{}", alone.text());
    let both = world.push_symbols(&key, &symbols("1.0.0", &[(&xml, b"<doc/>"), (&pdb, PDB)])).await;
    assert_eq!(both.status, 201, "{}", both.text());
}

async fn a_debugger_may_name_the_checksum_it_would_take(world: &World) {
    let key = world.with_package().await;
    assert_eq!(world.push_symbols(&key, &good_symbols("1.0.0")).await.status, 201);
    let bearer = format!("Bearer {}", key.text);
    let right = format!("SHA1:00;sha256:{}", checksum().to_uppercase());
    for (asked, status) in [(right.as_str(), 200), ("SHA256:00", 404), ("SHA512:00", 200)] {
        let headers = [("Authorization", bearer.as_str()), ("SymbolChecksum", asked)];
        let found = world.ask(&format!("GET {}", address("contoso.core.pdb")), &headers).await;
        assert_eq!(found.status, status, "{asked}");
    }
}

async fn symbols_are_read_by_whoever_may_read_their_package(world: &World) {
    let key = world.with_package().await;
    assert_eq!(world.push_symbols(&key, &good_symbols("1.0.0")).await.status, 201);
    let path = address("contoso.core.pdb");
    assert_eq!(world.ask(&format!("GET {path}"), &[]).await.status, 401, "no credential on a private feed");
    let other = world.key(key.token.account, "nuget:pull", "Fabrikam.*").await;
    let covered = world.get(&path, &other).await;
    assert_eq!((covered.status, covered.header("x-nuget-warning")), (404, None), "debuggers ask for every file");
    let pusher = world.key(key.token.account, "nuget:push", "*").await;
    assert_eq!(world.get(&path, &pusher).await.status, 403);
    world.revoke(key.token.id).await;
    assert_eq!(world.get(&path, &key).await.status, 401);

    let ada = key.token.account;
    world.feed("open", true, ada).await;
    let all = world.key(ada, ALL, "*").await;
    let (to, symbols) = ("/feeds/open/nuget/v3", good_symbols("1.0.0"));
    assert_eq!(world.push_to(&format!("{to}/package"), &all, &package("1.0.0")).await.status, 201);
    assert_eq!(world.push_to(&format!("{to}/symbols"), &all, &symbols).await.status, 201);
    let open = path.replace("/symbols", "/feeds/open/symbols");
    assert_eq!(world.ask(&format!("GET {open}"), &[]).await.status, 200, "a public feed is read by anybody");
}

async fn a_debugger_that_asks_for_a_password_reads_the_symbols_of_a_private_feed(world: &World) {
    let key = world.with_package().await;
    assert_eq!(world.push_symbols(&key, &good_symbols("1.0.0")).await.status, 201);
    let line = format!("GET {}", address("contoso.core.pdb"));
    let asked = world.ask(&line, &[]).await;
    let challenge = asked.header("www-authenticate").unwrap_or_default().to_owned();
    assert!(asked.status == 401 && challenge.starts_with("Basic "), "{challenge}");
    let basic = format!("Basic {}", STANDARD.encode(format!("api:{}", key.text)));
    let found = world.ask(&line, &[("Authorization", basic.as_str())]).await;
    assert_eq!((found.status, found.body.as_slice()), (200, PDB));
}

async fn symbols_that_belong_to_nothing_here_are_refused_with_the_reason(world: &World) {
    let key = world.with_package().await;
    let (pdb, foreign) = (format!("{LIB}.pdb"), foreign_pdb());
    let windows = [b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0".as_slice(), &[0; 64]].concat();
    let no_type = zip(&[("Contoso.Core.nuspec", nuspec("1.0.0", "").as_bytes()), (&pdb, PDB)]);
    for (what, file, status, word) in [
        ("not published", good_symbols("2.0.0"), 404, "Push its .nupkg first"),
        ("another build", symbols("1.0.0", &[(&pdb, &foreign)]), 400, "belongs to no assembly"),
        ("another name", symbols("1.0.0", &[("lib/netstandard2.0/Other.pdb", PDB)]), 400, "belongs to no assembly"),
        (
            "one of two",
            symbols("1.0.0", &[(&pdb, PDB), ("lib/net8.0/Contoso.Core.pdb", &foreign)]),
            400,
            "belongs to no assembly",
        ),
        ("a Windows PDB", symbols("1.0.0", &[(&pdb, &windows)]), 400, "Windows PDB"),
        ("no PDB", symbols("1.0.0", &[(&pdb, b"BSJB and no more")]), 400, "not a portable PDB"),
        ("an assembly", symbols("1.0.0", &[(&pdb, PDB), (&format!("{LIB}.dll"), DLL)]), 400, "only .pdb files do"),
        ("more than a thousand", many_symbols(1_001), 400, "1001 .pdb files"),
        ("nothing", symbols("1.0.0", &[]), 400, "holds no .pdb file"),
        ("no type", no_type, 400, "SymbolsPackage"),
        ("a package", package("1.0.0"), 400, "SymbolsPackage"),
        ("no zip", b"not a zip".to_vec(), 400, ""),
    ] {
        let refused = world.push_symbols(&key, &file).await;
        let warning = refused.header("x-nuget-warning").unwrap_or_default();
        assert_eq!((refused.status, warning.contains(word)), (status, true), "{what}: {warning}");
    }
    let misplaced = world.push(&key, &good_symbols("1.0.0")).await;
    assert_eq!(misplaced.status, 400, "{:?}", misplaced.told());
    assert!(misplaced.text().contains("symbol package"), "{}", misplaced.text());
    assert_eq!((world.files("uploads"), world.get(&address("contoso.core.pdb"), &key).await.status), (0, 404));
}

async fn symbols_are_pushed_by_whoever_may_push_their_package(world: &World) {
    let key = world.with_package().await;
    let ada = key.token.account;
    for (permissions, patterns, status) in
        [("nuget:pull", "*", 403), ("nuget:push", "Fabrikam.*", 403), ("nuget:push-version", "Contoso.*", 201)]
    {
        let other = world.key(ada, permissions, patterns).await;
        let pushed = world.push_symbols(&other, &good_symbols("1.0.0")).await;
        assert_eq!(pushed.status, status, "{permissions} {patterns}");
    }
    let bo = world.account("bo").await;
    let stranger = world.key(bo, ALL, "*").await;
    assert_eq!(world.push_symbols(&stranger, &good_symbols("1.0.0")).await.status, 403, "the package is ada's");
}

async fn symbols_pushed_again_replace_what_was_there(world: &World) {
    let key = world.with_package().await;
    let before = world.files("packages");
    for _ in 0..2 {
        assert_eq!(world.push_symbols(&key, &good_symbols("1.0.0")).await.status, 201);
    }
    assert_eq!(world.files("packages"), before + 1, "the bytes of the replaced file are gone");
    let twice = symbols("1.0.0", &[(&format!("{LIB}.pdb"), PDB), ("lib/net8.0/Contoso.Core.pdb", PDB)]);
    assert_eq!(world.push_symbols(&key, &twice).await.status, 201, "the same file twice is kept once");
    assert_eq!(world.files("packages"), before + 1);
    assert_eq!(world.get(&address("contoso.core.pdb"), &key).await.status, 200);
}

async fn symbols_are_kept_with_their_version_and_removed_with_it(world: &World) {
    let before = world.files("packages");
    let key = world.with_package().await;
    assert_eq!(world.push_symbols(&key, &good_symbols("1.0.0")).await.status, 201);
    let report = jobs::clean_up_orphans(&world.app(), OrphanCleanup { dry_run: true, allow_many: true }).await.unwrap();
    assert_eq!((report.files, report.thrown_away.len(), report.problem), (3, 0, None), "package, nuspec and symbols");

    let feed = world.store().feed("main", None).await.unwrap().unwrap().feed.id;
    let package = world.store().package(feed, Kind::NuGet, "contoso.core", None).await.unwrap().unwrap();
    let by = Actor::host("test");
    let context = ChangeContext { feed_name: "main", token: None, by: &by, now: world.now() };
    let mut tx = world.tx().await;
    let removed = tx.remove_version(&context, &package, "1.0.0").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.get(&address("contoso.core.pdb"), &key).await.status, 404);
    package_store::discard(&world.store(), &world.app().blobs, &removed.blobs).await;
    assert_eq!(world.files("packages"), before, "no bytes stay behind");
    assert_eq!(world.push_symbols(&key, &good_symbols("1.0.0")).await.status, 404);
}

/// Gives a token an address; the secret in it.
async fn private_address(world: &World, key: &Key) -> String {
    let secret = one_time_link::generate(&mut latchkey::random::system());
    let mut tx = world.tx().await;
    let hash = one_time_link::hash(&secret);
    tx.set_symbols_address(&key.token, &hash, &Actor::host("test"), world.now()).await.unwrap();
    tx.commit().await.unwrap();
    secret
}

/// What a debugger without a credential gets below a private address.
async fn debugs(world: &World, secret: &str) -> Reply {
    let path = address("contoso.core.pdb").replace("/symbols/", &format!("/symbols/-/{secret}/"));
    world.ask(&format!("GET {path}"), &[]).await
}

async fn a_private_address_reads_what_its_token_may_read_without_a_credential(world: &World) {
    let key = world.with_package().await;
    assert_eq!(world.push_symbols(&key, &good_symbols("1.0.0")).await.status, 201);
    let ada = key.token.account;
    let path = address("contoso.core.pdb");
    for (permissions, patterns, status, body) in [
        ("nuget:pull", "Contoso.*", 200, Some(PDB)),
        ("nuget:pull", "Fabrikam.*", 404, None),
        ("nuget:push", "*", 403, None),
    ] {
        let token = world.key(ada, permissions, patterns).await;
        let found = debugs(world, &private_address(world, &token).await).await;
        assert_eq!(found.status, status, "{permissions} {patterns}: {}", found.text());
        assert!(found.header("www-authenticate").is_none(), "a debugger is never asked for a password");
        assert!(body.is_none_or(|body| found.body == body));
    }
    let secret = private_address(world, &key).await;
    for path in [
        path.replace("/symbols/", &format!("/feeds/main/symbols/-/{secret}/")),
        path.replace("/symbols/", &format!("/symbols/-/{secret}//")),
    ] {
        assert_eq!(world.ask(&format!("GET {path}"), &[]).await.status, 200, "{path}");
    }
    for path in [
        path.replace("/symbols/", &format!("/feeds/nowhere/symbols/-/{secret}/")),
        path.replace("contoso", "fabrikam").replace("/symbols/", &format!("/symbols/-/{secret}/")),
        path.replace("/symbols/", &format!("/symbols/-/{}/", key.text)),
        format!("/symbols/-/{secret}"),
        format!("/v3/flat/-/{secret}/index.json"),
    ] {
        let missing = world.ask(&format!("GET {path}"), &[]).await;
        assert!(matches!(missing.status, 401 | 404), "{path}: {}", missing.status);
        assert!(!missing.text().contains(&secret) && !missing.head().contains(&secret), "{path}: {}", missing.text());
    }
    for other in ["index2.txt", "pingme.txt", "a.pdb/0/file.ptr"] {
        let missing = world.ask(&format!("GET /symbols/-/{secret}/{other}"), &[]).await;
        assert_eq!((missing.status, missing.header("www-authenticate")), (404, None), "{other}");
    }
    world.app().usage_buffer.write(&world.store()).await.unwrap();
    assert!(world.read(key.token.id).await.last_use.is_some(), "it counts as a use of the token");
}

async fn a_private_address_ends_with_its_token_or_alone(world: &World) {
    let key = world.with_package().await;
    assert_eq!(world.push_symbols(&key, &good_symbols("1.0.0")).await.status, 201);
    let before = private_address(world, &key).await;
    let secret = private_address(world, &key).await;
    let status = async |secret: &str| debugs(world, secret).await.status;
    assert_eq!((status(&before).await, status(&secret).await), (404, 200), "a new address replaces the one before");
    world.refresh(key.token.id, false).await;
    assert_eq!(status(&secret).await, 200, "it stays with the token, whatever key that has");
    world.deactivate(key.token.id).await;
    let refused = debugs(world, &secret).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("Reactivate"), "{}", refused.text());
    world.reactivate(key.token.id).await;
    world.set_account_disabled(key.token.account, true).await;
    assert_eq!(status(&secret).await, 403);
    world.set_account_disabled(key.token.account, false).await;
    assert_eq!(status(&secret).await, 200);
    let mut tx = world.tx().await;
    tx.end_symbols_address(&key.token, &Actor::host("test"), world.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(status(&secret).await, 404, "alone");
    let secret = private_address(world, &key).await;
    world.clock.advance(chrono::Duration::days(91));
    assert_eq!(status(&secret).await, 403, "expired");
    world.revoke(key.token.id).await;
    assert_eq!(status(&secret).await, 403, "revoked");
    world.delete(key.token.id).await;
    assert_eq!(status(&secret).await, 404, "deleted");
    assert_eq!(world.database.number("SELECT COUNT(*) FROM symbols_addresses", &[]).await, 0);
}
