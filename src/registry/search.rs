//! Searches of package clients: in their turn, so that they leave the rest of the host to others, and of no more than the
//! key may see.

use std::time::Instant;

use super::{
    error::{Dialect, DoorError},
    request::{FeedRequest, Reader},
};
use crate::{
    auth::client_address,
    packages::{
        FoundPackage, PackageSearch, SearchResult,
        search::{MOST_COUNTED, MOST_MATCHED, NameRanges},
    },
    tokens::PatternSet,
};

/// The packages that a search finds among those that the reader sees. Of more than a thousand, the total is the number
/// that the client knows of by then, and one more where there are more.
pub(super) async fn find<D: Dialect>(
    request: &FeedRequest<'_, D>,
    reader: &Reader,
    search: PackageSearch<'_>,
) -> Result<SearchResult<FoundPackage>, DoorError<D>> {
    if reader.token().is_none() {
        let address = client_address(request.req, &request.app.settings.trusted_proxies);
        if let Err(wait) = request.app.anonymous_searches.take(address, Instant::now()) {
            return Err(DoorError::too_many_searches(wait));
        }
    }
    let _turn = request.app.searches.turn().await.ok_or_else(DoorError::too_many_at_once)?;
    let names = reader.patterns().map_or_else(NameRanges::all, NameRanges::of);
    let (skip, take) = (search.skip, search.take);
    let found = match reader.patterns().filter(|_| !names.is_exact()) {
        None => request.app.store.search(&PackageSearch { names: &names, ..search }).await?,
        Some(patterns) => {
            let all = PackageSearch { names: &names, skip: 0, take: MOST_MATCHED, ..search };
            let mut found = request.app.store.search(&all).await?;
            let set = PatternSet::of(patterns);
            found.hits.retain(|hit| set.covers(&hit.package.name));
            found.total = found.hits.len();
            found.hits = found.hits.into_iter().skip(skip).take(take).collect();
            found
        }
    };
    let known = skip + found.hits.len() + usize::from(found.hits.len() == take && found.total > MOST_COUNTED);
    Ok(SearchResult { total: if found.total > MOST_COUNTED { known.max(found.total) } else { found.total }, ..found })
}
