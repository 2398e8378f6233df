//! The settings as operators see them: what holds, and of secrets only that they are set.

use super::{Settings, SignUp};
use crate::store::Engine;

impl Settings {
    /// Each setting by its variable, with its value in words. No secret is among them.
    pub fn in_force(&self) -> Vec<(&'static str, String)> {
        let or = |value: Option<String>, otherwise: &str| value.unwrap_or_else(|| otherwise.to_owned());
        let set = |is_set: bool, otherwise: &str| if is_set { "set" } else { otherwise }.to_owned();
        let proxies: Vec<_> = self.trusted_proxies.iter().map(ToString::to_string).collect();
        let (readers, writers) = self.database.connections();
        vec![
            ("LATCHKEY_PUBLIC_URL", self.public_url.of("/")),
            ("LATCHKEY_LISTEN", self.listen.to_string()),
            ("LATCHKEY_TRUSTED_PROXIES", or((!proxies.is_empty()).then(|| proxies.join(", ")), "none")),
            ("LATCHKEY_DATA_DIR", self.data_dir.display().to_string()),
            ("LATCHKEY_DATABASE_URL", set(self.database.engine() == Engine::Postgres, "SQLite in the data folder")),
            ("LATCHKEY_DATABASE_READERS", readers.to_string()),
            ("LATCHKEY_DATABASE_WRITERS", writers.to_string()),
            ("LATCHKEY_BLOB_URL", set(self.blob_url.is_some(), "a folder in the data folder")),
            ("LATCHKEY_SMTP_URL", set(self.smtp_url.is_some(), "none: mails are files in the data folder")),
            ("LATCHKEY_MAIL_FROM", or(self.mail_from.clone(), "latchkey at the public address")),
            ("LATCHKEY_MAILS_PER_MINUTE", self.mails_per_minute.to_string()),
            ("LATCHKEY_EVENT_DAYS", or(self.event_days.map(|days| days.to_string()), "0: for ever")),
            ("LATCHKEY_SIGN_UP", if self.sign_up == SignUp::Open { "open" } else { "closed" }.to_owned()),
            ("LATCHKEY_MAX_TOKEN_DAYS", or(self.max_token_days.map(|days| days.to_string()), "no limit")),
            ("LATCHKEY_PUSHES", self.pushes.all.to_string()),
            ("LATCHKEY_PUSHES_PER_ACCOUNT", self.pushes.account.to_string()),
            ("LATCHKEY_PUSH_WAIT", self.pushes.patience.as_secs().to_string()),
            ("LATCHKEY_CONNECTIONS_PER_ADDRESS", self.connections_per_address.to_string()),
            ("LATCHKEY_SECURITY_CONTACT", or(self.security_contact.clone(), "none")),
            ("LATCHKEY_MAX_PACKAGE_MIB", (self.max_package_bytes >> 20).to_string()),
        ]
    }
}
