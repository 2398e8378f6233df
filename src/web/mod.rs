//! What every page shares: the session, forms and their checks, errors, messages, and how times and numbers are written.

pub mod csrf;
pub mod error;
pub mod event_text;
pub mod flash;
pub mod form;
pub mod format;
pub mod guard;
pub mod late_form;
pub mod nav;
pub mod page;
pub mod paging;
pub mod query;
pub mod session;
pub mod upload_form;
