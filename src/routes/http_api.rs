//! The addresses of the management API.

use super::line::{Line, delete, patch, post, read};
use crate::{api, openapi};

/// The same under two prefixes.
pub(super) fn http_api_lines() -> Vec<Line> {
    vec![
        read("/openapi.json", openapi::show_description),
        read("/packages", api::packages::list_packages),
        read("/tokens", api::tokens::list::list_tokens),
        post("/tokens", api::tokens::create::create_token),
        read("/tokens/current", api::current::show_current_token),
        read("/tokens/current/can", api::can::check_access),
        read("/tokens/{id}", api::tokens::list::show_token),
        patch("/tokens/{id}", api::tokens::edit::edit_token),
        delete("/tokens/{id}", api::tokens::acts::delete_token),
        post("/tokens/{id}/refresh", api::tokens::acts::refresh_token),
        post("/tokens/{id}/deactivate", api::tokens::acts::deactivate_token),
        post("/tokens/{id}/reactivate", api::tokens::acts::reactivate_token),
        post("/tokens/{id}/revoke", api::tokens::acts::revoke_token),
    ]
}
