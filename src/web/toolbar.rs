//! What stands around every list: a line of alerts above it, the search with filters and orders, the way to its other
//! pages below it.

use super::query::with_query;

/// One thing that needs somebody: a count and the way to it. Drawn by `templates/web/_alerts.html`.
#[derive(Clone, Debug)]
pub struct Alert {
    /// `bad`, or empty for a warning.
    pub tone: &'static str,
    /// Such as "2 expired".
    pub text: String,
    /// Where it is looked at, below the public path.
    pub path: String,
    /// The link's word.
    pub verb: &'static str,
}

impl Alert {
    /// Something that is wrong now.
    pub fn bad(text: impl Into<String>, path: impl Into<String>) -> Self {
        Self { tone: "bad", text: text.into(), path: path.into(), verb: "Review" }
    }

    /// Something that will go wrong if nobody looks.
    pub fn warn(text: impl Into<String>, path: impl Into<String>) -> Self {
        Self { tone: "", ..Self::bad(text, path) }
    }
}

/// A link to a part of a list.
#[derive(Clone, Debug)]
pub struct FilterLink {
    /// What the part is called.
    pub label: &'static str,
    /// Below the public path.
    pub path: String,
    /// How many there are, where that is counted.
    pub count: Option<String>,
    /// Whether this part is shown.
    pub is_chosen: bool,
}

/// An order of a list.
#[derive(Clone, Debug)]
pub struct OrderLink {
    /// The word in addresses.
    pub word: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// Whether the list is shown in it.
    pub is_chosen: bool,
}

/// Search, filters and order of a list; all of it is in the address. Drawn by `templates/web/_toolbar.html`.
#[derive(Clone, Debug, Default)]
pub struct Toolbar {
    /// The path of the list, below the public path.
    pub action: String,
    /// What was searched for.
    pub words: String,
    /// What the search looks through: "Name, key or package". Empty for a list without search.
    pub placeholder: &'static str,
    /// Whether the list is searched while one types: what is found is drawn in `#found`.
    pub is_live: bool,
    /// What the search keeps of the address: names and values.
    pub kept: Vec<(&'static str, String)>,
    /// Filters in sight.
    pub filters: Vec<FilterLink>,
    /// Filters behind *More*.
    pub more: Vec<FilterLink>,
    /// Orders; none for a list with one order.
    pub orders: Vec<OrderLink>,
}

impl Toolbar {
    /// The chosen filter, if it is one behind *More*: it is shown beside the others.
    pub fn chosen_more(&self) -> Option<&FilterLink> {
        self.more.iter().find(|filter| filter.is_chosen)
    }
}

/// The foot of a list: how much is shown, and the ways on. Drawn by `templates/web/_pager.html`.
#[derive(Clone, Debug, Default)]
pub struct Pager {
    /// Such as "25 of 201"; may be empty.
    pub shown: String,
    /// The page before: its label and path.
    pub earlier: Option<(&'static str, String)>,
    /// The page after.
    pub later: Option<(&'static str, String)>,
}

impl Pager {
    /// A list that is walked in one direction, with a way back to its first page.
    pub fn onward(action: &str, kept: &[(&str, &str)], is_first: bool, later: Option<String>) -> Self {
        let earlier = (!is_first).then(|| ("First page", with_query(action, kept.iter().copied())));
        Self { shown: String::new(), earlier, later: later.map(|path| ("Next", path)) }
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty() && self.earlier.is_none() && self.later.is_none()
    }
}
