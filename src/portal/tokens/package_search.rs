//! Packages to tick on the form of a token, found by the index that every other search asks too.

use crate::{
    app::App,
    feeds::Membership,
    packages::{
        FoundPackage, PackageSearch, SearchScope, Shows,
        search::{NameRanges, SearchQuery},
    },
    tokens::{Kind, decision::Role},
    web::{error::PageError, owner::Owner},
};

/// Packages that are found at most.
const MOST: usize = 200;

/// What the token does with packages of a kind.
#[derive(Clone, Copy)]
pub(super) struct PackagesWanted {
    pub(super) kind: Kind,
    /// Whether it only changes them, so that those count alone that its account may change.
    pub(super) only_writes: bool,
}

/// The names of packages in these feeds that a search finds, those first that fit best. Nothing typed finds nothing.
pub(super) async fn find_packages(
    app: &App,
    owner: Owner,
    wanted: PackagesWanted,
    (feeds, typed): (&[&Membership], &str),
) -> Result<Vec<String>, PageError> {
    let query = SearchQuery::parse(typed);
    if !query.narrows() && query.owners.is_empty() {
        return Ok(Vec::new());
    }
    let search = PackageSearch {
        scope: SearchScope::Readable(Some(owner.id)),
        feed: None,
        kind: Some(wanted.kind),
        query: &query,
        completes: false,
        version_key: query.version.as_deref().unwrap_or_default(),
        owner: &query.owners.join(" "),
        shows: Shows::Any,
        package_type: "",
        deprecated: None,
        names: &NameRanges::all(),
        skip: 0,
        take: MOST,
    };
    let hits = {
        let _turn = app.searches.turn().await.ok_or(PageError::TooManyAtOnce)?;
        app.store.search(&search).await?.hits
    };
    let mut names = Vec::new();
    for hit in hits {
        let member = feeds.iter().find(|member| member.feed.id == hit.feed);
        let counts = match member {
            Some(member) if wanted.only_writes => may_change(app, owner, member, &hit).await?,
            member => member.is_some(),
        };
        if counts {
            names.push(hit.package.name);
        }
    }
    Ok(names)
}

async fn may_change(app: &App, owner: Owner, member: &Membership, hit: &FoundPackage) -> Result<bool, PageError> {
    if member.role != Some(Role::Writer) {
        return Ok(member.role == Some(Role::Owner));
    }
    let name = hit.package.name.to_ascii_lowercase();
    let found = app.store.package(hit.feed, hit.package.kind, &name, Some(owner.id)).await?;
    Ok(found.is_some_and(|package| package.owned))
}
