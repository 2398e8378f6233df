//! Where there is a mail server, whoever signed up or changed their address confirms it before they create or refresh a
//! token: nobody gets keys in somebody else's name, and warnings of their end arrive. Keys that there are go on working.

use crate::{
    app::App,
    web::{error::PageError, page::SignedIn},
};

pub(super) const CONFIRM_FIRST: &str = "Confirm your email address first. Nothing was created or changed.";

/// Whether the address is yet to be confirmed. Those of accounts that an operator made count as confirmed.
pub(super) async fn must_confirm(app: &App, me: &SignedIn) -> Result<bool, PageError> {
    Ok(app.must_confirm_address(me.account.id, me.now).await?)
}
