//! For container registries that speak the distribution token protocol: their clients bring a token here and get a short
//! proof of what it may do (`token`), which the registry checks by our certificate (`keys`); a proxy in front of the
//! registry asks at every request whether the token behind the proof still may (`forward`).

mod claims;
pub mod forward;
pub mod keys;
pub mod notifications;
mod proxy_headers;
mod refusal;
mod service;
pub mod token;

use crate::{
    packages::container::scope::Verbs,
    tokens::{
        FeedId, Kind,
        decision::{Action, Ask, Package},
    },
};

/// The question whether somebody may do one thing with a repository of a feed. It has no owners: writers push, and the
/// feed's owners delete.
fn decide_on<'a>(verb: Verbs, feed: Option<(&'a str, Option<FeedId>)>, repository: &'a str) -> Ask<'a> {
    let kind = Kind::Container;
    let (action, package) = match verb {
        Verbs::PULL => (Action::Pull(kind), Package::Unknown),
        Verbs::PUSH => (Action::Push(kind), Package::Own),
        _ => (Action::Delete(kind), Package::Others),
    };
    Ask { action, feed, name: Some(repository), package, is_served: true }
}
