//! What a package's row says of its versions is what the rules of their kind say.

use super::{both, now};
use crate::{
    packages::{newest, rules},
    store::packages::summaries::{counts, shown},
    tokens::{FeedId, Kind, PackageKey, VersionKey},
};

const NUMBERS: [(&str, bool); 12] = [
    ("1.0.0", true),
    ("1.0.0-beta", true),
    ("1.0.0-beta.2", true),
    ("1.2.0", false),
    ("1.10.0-rc-1", true),
    ("1.10.0-rc-1.2", false),
    ("2.0.0+build-7.1", true),
    ("2.1.0-a+b.c-d", true),
    ("3.0.0-0", false),
    ("3.0.0-alpha-.x", true),
    ("10.0.0", false),
    ("9.9.9", true),
];

#[tokio::test]
async fn versions_are_counted_as_their_kind_reads_them() {
    for database in both().await {
        let mut tx = database.store.begin().await.unwrap();
        let feed: String = sqlx::query_scalar("SELECT id FROM feeds").fetch_one(&mut *tx.inner).await.unwrap();
        let feed = FeedId::parse(&feed).unwrap();
        for kind in [Kind::NuGet, Kind::Npm] {
            let rules = rules(kind);
            let package = PackageKey::generate(now(), &mut crate::random::system());
            sqlx::query(
                "INSERT INTO packages (id, feed, kind, name, name_key, search_text, listed_versions, listed_stable_versions, downloads, created_at)
                 VALUES ($1, $2, $3, 'a', 'a', '', 0, 0, 0, 0)",
            )
            .bind(package.to_string())
            .bind(feed.to_string())
            .bind(kind.as_str())
            .execute(&mut *tx.inner)
            .await
            .unwrap();
            assert!(shown(&mut tx.inner, package).await.unwrap().is_none());
            let all: Vec<_> =
                NUMBERS.iter().filter_map(|(text, listed)| Some((rules.version(text)?, *listed))).collect();
            let mut expected = [0_i64; 5];
            for (known, (version, listed)) in all.iter().enumerate() {
                sqlx::query(
                    "INSERT INTO versions (id, package, version, version_key, sort_key, published_at, published_by, unlisted_at, size, sha512,
                        blob, manifest, downloads) VALUES ($1, $2, $3, $4, $5, 0, '', $6, 0, '', $7, '{}', 0)",
                )
                .bind(VersionKey::generate(now(), &mut crate::random::system()).to_string())
                .bind(package.to_string())
                .bind(version.text.as_str())
                .bind(version.key.as_str())
                .bind(version.sort_key.clone())
                .bind((!listed).then_some(1_i64))
                .bind("nuget/00/00000000000000000000000000000000.nupkg")
                .execute(&mut *tx.inner)
                .await
                .unwrap();
                let (stable, plain) = (!version.is_prerelease, version.is_plain);
                let found = [true, *listed, *listed && stable, *listed && plain, *listed && stable && plain];
                for (sum, one) in expected.iter_mut().zip(found) {
                    *sum += i64::from(one);
                }
                let counted = counts(&mut tx.inner, package, rules).await.unwrap();
                assert_eq!(counted.all(), expected, "{kind:?} {version}");
                let seen = || all[..=known].iter();
                let of_listed = newest(seen().filter(|(_, listed)| *listed).map(|(version, _)| version));
                let stands = of_listed.or_else(|| newest(seen().map(|(version, _)| version)));
                let shown = shown(&mut tx.inner, package).await.unwrap().map(|found| found.version.key);
                assert_eq!(shown.as_ref(), stands.map(|version| &version.key), "{kind:?} {version}");
            }
        }
        drop(tx);
        database.drop().await;
    }
}
