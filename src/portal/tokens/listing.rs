//! What a list of tokens shows, as its address says it: which part, in which order, what was searched for, from where.
//! The words are read leniently: an address that was typed wrong shows the whole list, not an error.

use actix_web::HttpRequest;
use serde::Deserialize;

use crate::{
    paths,
    tokens::listing::{Filter, PageStart, Position, Sort},
    web::{
        query::{query, with_query_of},
        toolbar::{FilterLink, OrderLink},
    },
};

/// Longest text to search for, in characters.
const MAX_WORDS: usize = 100;

/// What a list shows.
#[derive(Clone, Debug, Default)]
pub(super) struct Listing {
    pub filter: Filter,
    pub sort: Sort,
    pub words: String,
    pub from: PageStart,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Address {
    state: String,
    sort: String,
    q: String,
    after: String,
    before: String,
}

impl Listing {
    /// What a request asks for.
    pub(super) fn of(req: &HttpRequest) -> Self {
        Self::parse(req.query_string())
    }

    /// Reads the part of an address behind the question mark.
    pub(super) fn parse(query: &str) -> Self {
        let address: Address = serde_html_form::from_str(query).unwrap_or_default();
        let sort = Sort::parse(&address.sort).unwrap_or_default();
        let after = Position::parse(&address.after, sort).map(PageStart::After);
        let before = Position::parse(&address.before, sort).map(PageStart::Before);
        Self {
            filter: Filter::parse(&address.state).unwrap_or_default(),
            sort,
            words: words(&address.q),
            from: after.or(before).unwrap_or_default(),
        }
    }

    /// The part of the address behind the question mark; what is as usual is left out.
    pub(super) fn query(&self) -> String {
        let place = match &self.from {
            PageStart::First => None,
            PageStart::After(place) => Some(("after", place.to_string())),
            PageStart::Before(place) => Some(("before", place.to_string())),
        };
        let pairs = [
            (self.filter != Filter::All).then(|| ("state", self.filter.as_str().to_owned())),
            (self.sort != Sort::Newest).then(|| ("sort", self.sort.as_str().to_owned())),
            (!self.words.is_empty()).then(|| ("q", self.words.clone())),
            place,
        ];
        query(pairs.into_iter().flatten())
    }

    /// The whole path.
    pub(super) fn path(&self) -> String {
        with_query_of(paths::TOKENS, &self.query())
    }

    /// Whether it shows less than everything.
    pub(super) fn is_narrowed(&self) -> bool {
        self.filter != Filter::All || !self.words.is_empty()
    }

    /// The same list from another place on.
    pub(super) fn from(&self, from: PageStart) -> Self {
        Self { from, ..self.clone() }
    }

    /// The part that is read: a search looks through everything.
    pub(super) fn shown_filter(&self) -> Filter {
        if self.filter == Filter::All && !self.words.is_empty() { Filter::Everything } else { self.filter }
    }

    /// The parts that stand in sight, with how many they hold.
    pub(super) const IN_SIGHT: [Filter; 4] = [Filter::All, Filter::Active, Filter::Expiring, Filter::Expired];
    /// The others.
    const MORE: [Filter; 5] =
        [Filter::Deactivated, Filter::Revoked, Filter::NeverUsed, Filter::Unused, Filter::Everything];

    /// Links to the parts of the list: those in sight, and those behind *More*.
    pub(super) fn filters(&self) -> (Vec<FilterLink>, Vec<FilterLink>) {
        let link = |filter: Filter| FilterLink {
            label: filter.label(),
            path: Self { filter, from: PageStart::First, ..self.clone() }.path(),
            count: None,
            is_chosen: filter == self.filter,
        };
        (Self::IN_SIGHT.map(link).into(), Self::MORE.map(link).into())
    }

    /// Its orders.
    pub(super) fn orders(&self) -> Vec<OrderLink> {
        let order = |sort: Sort| OrderLink { word: sort.as_str(), label: sort.label(), is_chosen: sort == self.sort };
        Sort::ALL.into_iter().map(order).collect()
    }

    /// What a search keeps of the address.
    pub(super) fn kept(&self) -> Vec<(&'static str, String)> {
        let state = (self.filter != Filter::All).then(|| ("state", self.filter.as_str().to_owned()));
        state.into_iter().collect()
    }
}

/// What is searched for: no control characters, runs of blanks as one.
fn words(text: &str) -> String {
    let text = text.replace(char::is_control, " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_as_it_was_written() {
        for query in [
            "",
            "state=never-used",
            "state=expired&sort=name&q=50%25+of+%26&after=0190a000-0000-7000-8000-000000000001.build+%26",
            "sort=used&before=0190a000-0000-7000-8000-000000000001",
        ] {
            assert_eq!(Listing::parse(query).query(), query);
        }
    }

    #[test]
    fn a_wrong_address_shows_the_whole_list() {
        for query in ["state=lost&sort=up", "q=a&q=b", "after=1&before=2", "%zz", "q=%00", "done=revoked"] {
            assert_eq!(Listing::parse(query).from(PageStart::First).filter, Filter::All, "{query}");
        }
    }
}
