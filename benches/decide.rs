//! What a decision costs once the token is known: no HTTP, no database.

use std::hint::black_box;

use chrono::{DateTime, Duration, Utc};
use criterion::{Criterion, criterion_group, criterion_main};
use latchkey::tokens::{
    AccountId, FeedId, Kind, Patterns, Permissions, Secret, Token, TokenId, TokenSettings,
    decision::{Action, Ask, Holder, Package, Presented, Role, decide},
};

const ID: &str = "0190a000-0000-7000-8000-000000000001";

fn now() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().expect("an instant")
}

fn token(patterns: &str) -> Token {
    let permissions = Permissions::parse("nuget:pull nuget:push").expect("scopes");
    let new = TokenSettings {
        patterns: Patterns::parse(patterns).expect("patterns"),
        expires_at: Some(now() + Duration::days(90)),
        ..TokenSettings::for_everything("CI", permissions)
    };
    new.into_token(TokenId::parse(ID).expect("an id"), AccountId::parse(ID).expect("an id"), now())
}

fn bench(c: &mut Criterion) {
    let holder = Holder { disabled: false, role: Some(Role::Writer), feed_is_public: false };
    let ask = Ask {
        action: Action::Push(Kind::NuGet),
        feed: Some(("main", FeedId::parse(ID))),
        name: Some("Contoso.Service.Billing"),
        package: Package::Own,
        is_served: true,
    };
    let hundred = (0..100).map(|i| format!("Contoso.Team{i}.*")).collect::<Vec<_>>().join("\n");
    let hostile = format!("{}b", "a*".repeat(60));
    let name = "a".repeat(100);
    for (case, token, ask) in [
        ("two patterns", token("Fabrikam.*\nContoso.Service.*"), ask),
        ("a hundred patterns", token(&hundred), ask),
        ("a hostile pattern", token(&hostile), Ask { name: Some(&name), ..ask }),
    ] {
        c.bench_function(&format!("decide/{case}"), |b| {
            b.iter(|| decide(black_box(Some(Presented { token: &token, replaced: false })), &holder, &ask, now()));
        });
    }
    let secret = Secret::generate(&mut latchkey::random::system());
    c.bench_function("secret/parse and hash", |b| {
        b.iter(|| Secret::parse(black_box(secret.reveal())).map(|secret| secret.hash()))
    });
    c.bench_function("secret/refuse a mistyped one", |b| {
        b.iter(|| Secret::parse(black_box("lk_0000000000000000000000000000000000000000000000")))
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
