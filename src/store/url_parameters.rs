//! The parameters a PostgreSQL address may end in. What the driver does not know, it would write into the log with its
//! value, which may be a password.

/// Those that the driver reads.
const READ: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];
/// Those of libpq that change nothing here and go: of several hosts the first that takes changes is used anyway, and
/// time-outs and keep-alives are Latchkey's own.
const PASSED_OVER: [&str; 11] = [
    "target_session_attrs",
    "load_balance_hosts",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "gssencmode",
    "channel_binding",
    "client_encoding",
];

/// An address without the parameters that are passed over; none if it has one that nobody knows.
pub(super) fn without_passed_over(url: &str) -> Option<String> {
    let Some((address, query)) = url.split_once('?') else { return Some(url.to_owned()) };
    let mut kept = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        if READ.contains(&name) || name.starts_with("options[") {
            kept.push(pair);
        } else if !PASSED_OVER.contains(&name) {
            return None;
        }
    }
    Some(if kept.is_empty() { address.to_owned() } else { format!("{address}?{}", kept.join("&")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_known_or_the_address_is_none() {
        let read = |url: &str| without_passed_over(url);
        assert_eq!(read("postgres://h/x"), Some("postgres://h/x".to_owned()));
        assert_eq!(
            read("postgres://h/x?target_session_attrs=any&sslmode=require&connect_timeout=3"),
            Some("postgres://h/x?sslmode=require".to_owned())
        );
        assert_eq!(read("postgres://h/x?connect_timeout=3"), Some("postgres://h/x".to_owned()));
        assert!(read("postgres://h/x?options[search_path]=a").is_some());
        for unknown in ["foo=hunter2", "hunter2", "sslmod=require", "sslmode=require&password%20=hunter2"] {
            assert_eq!(read(&format!("postgres://h/x?{unknown}")), None, "{unknown}");
        }
    }
}
