//! The addresses of a token's pages, below the public path, for whoever leads there: pages, mails, calendars. `routes.rs`
//! says which handler answers them.

use std::fmt::Display;

/// The list of one's tokens; a form that is sent there creates one.
pub const TOKENS: &str = "/settings/tokens";
/// The form of a new token, which a query may fill in.
pub const NEW_TOKEN: &str = "/settings/tokens/new";
/// Asks what the form of a token comes to.
pub const TOKEN_PREVIEW: &str = "/settings/tokens/preview";
/// Asks before several tokens are changed, and changes them.
pub const SELECTED_TOKENS: &str = "/settings/tokens/selected";
/// Asks before all tokens are switched off, and switches them off.
pub const FREEZE_TOKENS: &str = "/settings/tokens/freeze";
/// Undoes that.
pub const UNFREEZE_TOKENS: &str = "/settings/tokens/unfreeze";

/// The page of a token.
pub fn token(id: impl Display) -> String {
    format!("{TOKENS}/{id}")
}

/// A page below that of a token, such as `refresh`, with its query if it has one.
pub fn of_token(id: impl Display, page: &str) -> String {
    format!("{TOKENS}/{id}/{page}")
}
