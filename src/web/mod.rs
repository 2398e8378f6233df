//! What every page shares: the session, forms and their checks, errors, messages, and how times and numbers are written.

pub mod assets;
pub mod confirm;
pub mod csrf;
pub mod csv;
pub mod error;
pub mod error_page;
pub mod event_text;
pub mod flash;
pub mod form;
pub mod format;
pub mod late_form;
pub mod nav;
pub mod owner;
pub mod page;
pub mod paging;
pub mod query;
pub mod rate_limited;
pub mod reauth;
pub mod session;
pub mod toolbar;
