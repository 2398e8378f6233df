//! Variables of the environment: which ones are settings, misspelt ones, or of somebody else.

use std::ffi::OsString;

use super::{BadSetting, SECRET_VARIABLES};

/// Refuses `LATCHKEY_…` variables that no setting reads: a misspelt one would leave its setting at the default unseen.
pub fn refuse_unknown_variables(command: &clap::Command) -> Result<(), BadSetting> {
    let unknown = variables().into_iter().find(|(name, value)| is_unknown(name, value, command));
    unknown.map_or(Ok(()), |(name, _)| Err(BadSetting::Unknown(name)))
}

/// The variables that look like what Kubernetes tells every program about services whose names begin with `latchkey`;
/// they are ignored.
pub fn service_links() -> Vec<String> {
    variables().into_iter().filter(|(name, value)| is_service_link(name, value)).map(|(name, _)| name).collect()
}

/// The `LATCHKEY_…` variables that are set, by name.
fn variables() -> Vec<(String, String)> {
    let text =
        |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned()));
    let mut all: Vec<_> =
        std::env::vars_os().filter_map(text).filter(|(name, _)| name.starts_with("LATCHKEY_")).collect();
    all.sort();
    all
}

fn is_unknown(name: &str, value: &str, command: &clap::Command) -> bool {
    let flag = |name: &str| command.get_arguments().any(|arg| arg.get_env().is_some_and(|env| env == name));
    let secret = |name: &str| SECRET_VARIABLES.contains(&format!("  {} ", name.trim_end_matches("_FILE")));
    let known =
        |name: &str| flag(name) || secret(name) || ["LATCHKEY_SECRET_FILE", "LATCHKEY_TIME_TRAVEL"].contains(&name);
    !known(name) && !is_service_link(name, value)
}

/// Kubernetes tells every program where each service is: for one called `latchkey-db`, `LATCHKEY_DB_SERVICE_HOST`,
/// `LATCHKEY_DB_SERVICE_PORT`, `…_SERVICE_PORT_NAME`, `LATCHKEY_DB_PORT=tcp://…`, `LATCHKEY_DB_PORT_5432_TCP` and
/// `…_ADDR`, `…_PORT`, `…_PROTO`. The value of the plain `…_PORT` tells it from a misspelt setting.
fn is_service_link(name: &str, value: &str) -> bool {
    let Some(name) = name.strip_prefix("LATCHKEY") else { return false };
    let service_port = |rest: &str| rest.is_empty() || rest.starts_with('_');
    name.ends_with("_SERVICE_HOST")
        || name.rsplit_once("_SERVICE_PORT").is_some_and(|(_, rest)| service_port(rest))
        || (name.ends_with("_PORT") && value.contains("://"))
        || name.rsplit_once("_PORT_").is_some_and(|(_, rest)| is_port(rest))
        || name.strip_suffix("_PORT").and_then(|name| name.rsplit_once("_PORT_")).is_some_and(|(_, rest)| is_port(rest))
}

/// `5432_TCP`, perhaps followed by `_ADDR`, `_PORT` or `_PROTO`.
fn is_port(text: &str) -> bool {
    let mut parts = text.split('_');
    let number = parts.next().is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let protocol = parts.next().is_some_and(|part| ["TCP", "UDP", "SCTP"].contains(&part));
    let end = parts.next().is_none_or(|part| ["ADDR", "PORT", "PROTO"].contains(&part));
    number && protocol && end && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use clap::Args as _;

    use super::*;
    use crate::config::Args;

    #[test]
    fn a_misspelt_variable_is_told_from_settings_secrets_and_what_container_hosts_set() {
        let command = Args::augment_args(clap::Command::new("latchkey"));
        for (misspelt, value) in [
            ("LATCHKEY_MAX_TOKENS_DAYS", "90"),
            ("LATCHKEY_PUBLICURL", "https://packages.example.com"),
            ("LATCHKEY_", ""),
            ("LATCHKEY_SMTP", ""),
            ("LATCHKEY_SMTP_PORT", "25"),
            ("LATCHKEY_PORT", "8080"),
            ("LATCHKEY_PORT_HTTP", "8080"),
            ("LATCHKEY_PORT_8080", "1"),
            ("LATCHKEY_SERVICE_HOSTS", "x"),
        ] {
            assert!(is_unknown(misspelt, value, &command), "{misspelt}");
        }
        for known in ["LATCHKEY_LISTEN", "LATCHKEY_SMTP_URL", "LATCHKEY_SMTP_URL_FILE", "LATCHKEY_SECRET_FILE"] {
            assert!(!is_unknown(known, "", &command) && !is_service_link(known, ""), "{known}");
        }
        for service in ["", "_DB", "_MY_FEED"] {
            for (end, value) in [
                ("_SERVICE_HOST", "10.0.0.1"),
                ("_SERVICE_PORT", "5432"),
                ("_SERVICE_PORT_HTTP", "8080"),
                ("_PORT", "tcp://10.0.0.1:5432"),
                ("_PORT_5432_TCP", "tcp://10.0.0.1:5432"),
                ("_PORT_5432_TCP_ADDR", "10.0.0.1"),
                ("_PORT_5432_TCP_PORT", "5432"),
                ("_PORT_53_UDP_PROTO", "udp"),
            ] {
                let name = format!("LATCHKEY{service}{end}");
                assert!(is_service_link(&name, value) && !is_unknown(&name, value, &command), "{name}");
            }
        }
    }
}
