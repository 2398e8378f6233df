//! What can be done with the token of a page: the one act that its state asks for in sight, all others in a menu, and what
//! ends something once more at the foot of the page.

use chrono::{DateTime, Utc};

use crate::tokens::{
    State, Token,
    act::{TokenAct, state_when_on},
    listing::REVOKED_LISTED,
    state::state,
};

/// The acts of a page.
pub(super) struct PageActs {
    /// What the state asks for.
    pub main: Option<Act>,
    /// What else can be done and undone.
    pub menu: Vec<Act>,
    /// What ends something.
    pub ending: Vec<Act>,
}

/// Something that can be done with a token.
pub(super) struct Act {
    act: TokenAct,
    pub verb: &'static str,
    pub label: &'static str,
    /// `final` for what cannot be undone.
    pub tone: &'static str,
}

impl PageActs {
    /// Of a token as it is now.
    pub fn of(token: &Token, now: DateTime<Utc>) -> Self {
        use TokenAct::{Deactivate, Delete, Duplicate, Edit, Reactivate, Refresh, Revoke};
        let can = |act: &TokenAct| act.check(token, now).is_ok();
        let first = main_acts(token, now).into_iter().find(can);
        let rest = |acts: &[TokenAct]| {
            let others = acts.iter().copied().filter(|act| can(act) && Some(*act) != first);
            others.map(Act::new).collect()
        };
        Self {
            main: first.map(Act::new),
            menu: rest(&[Refresh, Reactivate, Edit, Duplicate]),
            // What is off for a while can be given another end, but is first of all to be switched on.
            ending: if can(&Reactivate) { rest(&[Revoke, Delete]) } else { rest(&[Deactivate, Revoke, Delete]) },
        }
    }
}

/// What the state asks for most; the first that can be done is in sight.
fn main_acts(token: &Token, now: DateTime<Utc>) -> [TokenAct; 3] {
    let works_when_on = state_when_on(token, now).is_live();
    match state(token, now) {
        State::Deactivated if works_when_on => [TokenAct::Reactivate, TokenAct::Refresh, TokenAct::Duplicate],
        _ => [TokenAct::Refresh, TokenAct::Duplicate, TokenAct::Edit],
    }
}

impl Act {
    fn new(act: TokenAct) -> Self {
        let tone = if matches!(act, TokenAct::Revoke | TokenAct::Delete) { "final" } else { "" };
        Self { act, verb: act.as_str(), label: act.label(), tone }
    }

    /// What it does, in the menu.
    pub fn about(&self) -> &'static str {
        match self.act {
            TokenAct::Edit => "Name, note, packages, feeds; fewer permissions",
            TokenAct::Refresh => "A new key for the same token",
            TokenAct::Duplicate => "A new token with the same settings",
            TokenAct::Deactivate => "Can be undone",
            TokenAct::Reactivate => "Undo the deactivation",
            TokenAct::Revoke => "Cannot be undone",
            TokenAct::Delete => "Takes it off your list for good",
        }
    }

    /// What happens then, at the foot of the page.
    pub fn ending(&self) -> String {
        match self.act {
            TokenAct::Deactivate => {
                "Requests are refused until you reactivate it. This page will list every client that still tries to use it."
                    .to_owned()
            }
            TokenAct::Revoke => {
                let days = REVOKED_LISTED.num_days();
                format!("Its key is refused at once and for good. The token stays in your list for {days} days.")
            }
            TokenAct::Delete => "It disappears from your list at once. The host keeps the record of what it did.".to_owned(),
            _ => String::new(),
        }
    }
}
