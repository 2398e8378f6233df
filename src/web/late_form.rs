//! Forms that come too late: their sender was signed out, or signed in anew, while they were typed. What was typed goes back
//! to whoever typed it: through the page that asks them to sign in, and then through their session to the page of the form.
//! Nothing is stored for anybody who is not signed in, and secrets are not kept at all.

use actix_session::SessionExt;
use actix_web::{HttpMessage, HttpRequest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    error::PageError,
    flash::{Flash, To},
    form::{MAX_KEPT, Sent, parse},
    page::{below_prefix, own_path},
    query::{query, with_query_of},
    session::TypedSession,
};
use crate::{app::App, paths, tokens::secret};

/// Fields that are never kept, whatever they hold.
const SECRETS: [&str; 6] = ["password", "current", "new", "link", "setup", "key"];
/// Marks, in the place of the page to go to after signing in, a form that came too late.
const MARK: char = '~';

/// What was typed into a form that came too late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateForm {
    /// Where it was sent to, below the public path.
    action: String,
    /// Its fields but for the form value, those that hold secrets empty.
    fields: Vec<(String, String)>,
}

impl LateForm {
    /// What was typed into the form of this request; none if it could not be read, or is too long to be kept.
    pub fn of(req: &HttpRequest) -> Option<Self> {
        let action = own_path(&below_prefix(req))?.to_owned();
        let sent = req.extensions().get::<Sent>().cloned()?;
        let fields = sent.fields.iter().map(|(name, value)| (name.clone(), without_secret(name, value))).collect();
        Some(Self { action, fields }).filter(Self::is_small)
    }

    fn is_small(&self) -> bool {
        self.fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() <= MAX_KEPT
    }

    /// Whether there is anything in it but hidden marks and buttons that were pressed.
    pub(crate) fn has_text(&self) -> bool {
        let hidden = ["form_id", "version", "copy_of", "token", "step", "from", "after"];
        self.fields.iter().any(|(name, value)| !value.is_empty() && !hidden.contains(&name.as_str()))
    }

    /// As it travels through the page where its sender signs in.
    pub fn to_text(&self) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        format!("{MARK}{}", URL_SAFE_NO_PAD.encode(json))
    }

    /// Reads what [`Self::to_text`] wrote; anybody may have written it.
    pub fn parse(text: &str) -> Option<Self> {
        let json = URL_SAFE_NO_PAD.decode(text.strip_prefix(MARK)?).ok()?;
        let late: Self = serde_json::from_slice(&json).ok()?;
        let is_ours = own_path(&late.action).is_some() && !late.action.contains('?');
        Some(late).filter(|late| is_ours && late.is_small())
    }

    /// Keeps it in the session of its sender, if there is anything to keep; gives the page that shows it, and what that
    /// says. Keys of older systems, which only the database knows, are not kept.
    pub async fn kept_in(mut self, session: &TypedSession, app: &App) -> Result<To, PageError> {
        for (_, value) in &mut self.fields {
            if app.legacy.is_in(&app.store, value).await? {
                value.clear();
            }
        }
        let done = if self.has_text() { Flash::Typed } else { Flash::NotSent };
        if done == Flash::Typed {
            session.keep_late_form(&self)?;
        }
        Ok(done.at(&page_of(&self.action, &self.fields)))
    }
}

/// The path of the page that shows the form of these fields, which is sent to `action`.
pub(super) fn page_of(action: &str, fields: &[(String, String)]) -> String {
    if let Some((owned, _)) = action.split_once("/invitations/").filter(|(owned, _)| owned.starts_with("/feeds/")) {
        return format!("{owned}/{}", if owned.contains("/packages/") { "owners" } else { "members" });
    }
    match action {
        paths::TOKENS | paths::TOKEN_PREVIEW => paths::NEW_TOKEN.to_owned(),
        paths::SELECTED_TOKENS | "/operator/tokens/selected" => with_query_of(action, &asked(fields)),
        "/settings/calendar/end" => "/settings/calendar".to_owned(),
        "/operator/feeds" => "/operator/feeds/new".to_owned(),
        "/sign-out" => paths::TOKENS.to_owned(),
        _ if action.ends_with("/symbols/end") => action.trim_end_matches("/end").to_owned(),
        _ if action.ends_with("/deprecation/lift") => action.trim_end_matches("/lift").to_owned(),
        _ if action.ends_with("/dismiss") => paths::TOKENS.to_owned(),
        _ if action.starts_with("/settings/profile/") => "/settings/profile".to_owned(),
        _ if action.starts_with("/settings/invitations/") => "/settings/invitations".to_owned(),
        _ if action.starts_with("/settings/devices/") => "/settings/sessions".to_owned(),
        _ if action.starts_with("/settings/sessions/") => "/settings/sessions".to_owned(),
        _ => action.strip_suffix("/try").unwrap_or(action).to_owned(),
    }
}

fn asked(fields: &[(String, String)]) -> String {
    query(fields.iter().filter(|(name, _)| ["step", "token", "from"].contains(&name.as_str())).cloned())
}

fn without_secret(name: &str, value: &str) -> String {
    if SECRETS.contains(&name) || secret::is_in(value) { String::new() } else { value.to_owned() }
}

/// What was typed into the form for `action` before its sender had to sign in, once: for the page that shows that form.
pub fn typed<T: DeserializeOwned>(req: &HttpRequest, action: &str) -> Option<T> {
    let session = TypedSession(req.get_session());
    let late = session.late_form::<LateForm>().filter(|late| late.action == action)?;
    session.forget_late_form();
    parse(late.fields).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn late(action: &str, fields: &[(&str, &str)]) -> LateForm {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        LateForm { action: action.to_owned(), fields }
    }

    #[test]
    fn what_travels_through_the_sign_in_comes_back_or_is_nothing() {
        let form = late("/settings/tokens", &[("name", "CI & <b>"), ("note", "a\nb\u{202e}")]);
        assert_eq!(LateForm::parse(&form.to_text()), Some(form));
        let long = "x".repeat(MAX_KEPT + 1);
        for bad in [
            late("//evil", &[]).to_text(),
            late("/a?b=c", &[]).to_text(),
            late("/a", &[("note", &long)]).to_text(),
            "~".to_owned(),
            "~x".to_owned(),
            "/settings".to_owned(),
            String::new(),
        ] {
            assert_eq!(LateForm::parse(&bad), None, "{:.40}", bad);
        }
    }

    #[test]
    fn secrets_are_not_kept_wherever_they_were_typed() {
        assert_eq!(without_secret("password", "hunter2"), "");
        let key = format!("lk_{}", "a".repeat(46));
        assert_eq!(without_secret("note", &format!("the key {key}")), "");
        assert_eq!(without_secret("note", "in the vault"), "in the vault");
    }

    #[test]
    fn a_form_of_several_tokens_leads_back_to_the_page_that_asks_about_them() {
        let form = late("/settings/tokens/selected", &[("step", "revoke"), ("token", "a"), ("token", "b"), ("x", "y")]);
        assert_eq!(page_of(&form.action, &form.fields), "/settings/tokens/selected?step=revoke&token=a&token=b");
        assert_eq!(
            page_of("/operator/tokens/selected", &form.fields),
            "/operator/tokens/selected?step=revoke&token=a&token=b"
        );
    }
}
