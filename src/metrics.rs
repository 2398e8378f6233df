//! What is counted for Prometheus. On the path of a request it costs a few additions; whatever has to be asked for, such as
//! the mails that wait, is set when somebody asks ([`crate::serve`]).

use std::time::Duration;

use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use strum::{EnumCount as _, VariantArray as _};

use crate::tokens::decision::Reason;

/// Names and values that tell series of one metric apart.
type Labels<const N: usize> = [(&'static str, &'static str); N];

/// Upper ends of the buckets of latencies, in seconds.
const BUCKETS: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Who asks, by the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumCount, strum::VariantArray, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Door {
    /// NuGet clients, and debuggers for symbols.
    NuGet,
    /// npm clients.
    Npm,
    /// Container clients.
    Container,
    /// Programs at the HTTP API.
    Api,
    /// Browsers that load scripts, styles and pictures.
    File,
    /// Supervisors.
    Probe,
    /// People.
    Page,
}

impl Door {
    /// Of a path below the public one.
    pub fn of(path: &str) -> Self {
        let mut parts = path.trim_start_matches('/').split('/');
        match (parts.next().unwrap_or_default(), parts.nth(1).unwrap_or_default()) {
            ("v3" | "symbols", _) | ("feeds", "nuget" | "symbols") => Self::NuGet,
            ("feeds", "npm") => Self::Npm,
            ("container" | "auth", _) => Self::Container,
            ("api" | "v1", _) => Self::Api,
            ("static", _) => Self::File,
            ("healthz" | "readyz", _) => Self::Probe,
            _ => Self::Page,
        }
    }
}

/// What kind of answer a status is. Those that tell of load stand apart.
const STATUSES: [&str; 6] = ["2xx", "3xx", "4xx", "429", "5xx", "503"];

fn status_at(status: u16) -> usize {
    match status {
        429 => 3,
        503 => 5,
        ..300 => 0,
        300..400 => 1,
        400..500 => 2,
        _ => 4,
    }
}

/// The counts of one process.
pub struct Metrics {
    registry: Registry,
    answers: Vec<[Counter; STATUSES.len()]>,
    latencies: Vec<Histogram>,
    allowed: Vec<Counter>,
    checks: Family<Labels<2>, Counter>,
    /// Look-ups of presented keys that were asked for.
    pub lookups: Counter,
    /// Queries that answered them.
    pub lookup_queries: Counter,
    /// Queries that failed.
    pub lookup_failures: Counter,
    /// Database connections, by `pool` and `state`.
    pub connections: Family<Labels<2>, Gauge>,
    /// Mails, by `state`.
    pub mails: Family<Labels<1>, Gauge>,
    /// How long the oldest mail has been waiting.
    pub mail_age: Gauge,
    /// Notices of ends that are due and not in a mail yet, up to 1,000.
    pub notices_due: Gauge,
    /// How long the first of them has been due.
    pub notices_late: Gauge,
    /// Password hashes that run or wait.
    pub password_hashes: Gauge,
    /// Bytes that can still be written, by `disk`.
    pub disk_free: Family<Labels<1>, Gauge>,
    /// Whether a `part` of the host worked when it was last looked at.
    pub part_up: Family<Labels<1>, Gauge>,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("latchkey");
        let answers = Family::<Labels<2>, Counter>::default();
        let latencies = Family::<Labels<1>, Histogram>::new_with_constructor(|| Histogram::new(BUCKETS));
        let checks = Family::<Labels<2>, Counter>::default();
        registry.register("requests", "Requests answered", answers.clone());
        registry.register_with_unit("request_duration", "Time until an answer began", Unit::Seconds, latencies.clone());
        registry.register("key_checks", "Requests with a key, by what the key was told", checks.clone());
        let door = |door: &Door| ("door", <&str>::from(*door));
        let all = || Door::VARIANTS.iter();
        let mut metrics = Self {
            answers: all()
                .map(|it| STATUSES.map(|status| answers.get_or_create_owned(&[door(it), ("status", status)])))
                .collect(),
            latencies: all().map(|it| latencies.get_or_create_owned(&[door(it)])).collect(),
            allowed: all().map(|it| checks.get_or_create_owned(&[door(it), ("result", "allowed")])).collect(),
            checks,
            lookups: Counter::default(),
            lookup_queries: Counter::default(),
            lookup_failures: Counter::default(),
            connections: Family::default(),
            mails: Family::default(),
            mail_age: Gauge::default(),
            notices_due: Gauge::default(),
            notices_late: Gauge::default(),
            password_hashes: Gauge::default(),
            disk_free: Family::default(),
            part_up: Family::default(),
            registry: Registry::default(),
        };
        metrics.register(&mut registry);
        metrics.registry = registry;
        metrics
    }
}

impl Metrics {
    fn register(&self, registry: &mut Registry) {
        registry.register("lookups", "Look-ups of presented keys", self.lookups.clone());
        registry.register("lookup_queries", "Queries that answered look-ups", self.lookup_queries.clone());
        registry.register("lookup_failures", "Queries for look-ups that failed", self.lookup_failures.clone());
        registry.register("database_connections", "Open database connections", self.connections.clone());
        registry.register("mails", "Mails that are not sent yet, up to 1000", self.mails.clone());
        let age = "Age of the oldest mail that is not sent yet";
        registry.register_with_unit("mail_age", age, Unit::Seconds, self.mail_age.clone());
        registry.register(
            "notices_due",
            "Warnings that are due and in no mail yet, up to 1000",
            self.notices_due.clone(),
        );
        let late = "How long the first of them has been due";
        registry.register_with_unit("notices_late", late, Unit::Seconds, self.notices_late.clone());
        registry.register("password_hashes", "Password hashes that run or wait", self.password_hashes.clone());
        registry.register_with_unit("disk_free", "Room on the disks", Unit::Bytes, self.disk_free.clone());
        registry.register("part_up", "Whether a part worked when last looked at", self.part_up.clone());
    }

    /// A request was answered.
    pub fn answered(&self, door: Door, status: u16, took: Duration) {
        self.answers[door as usize][status_at(status)].inc();
        self.latencies[door as usize].observe(took.as_secs_f64());
    }

    /// A key was judged; `refused` is why it was refused, if it was.
    pub fn judged(&self, door: Door, refused: Option<Reason>) {
        match refused {
            None => self.allowed[door as usize].inc(),
            Some(reason) => {
                self.checks.get_or_create_owned(&[("door", door.into()), ("result", reason.as_str())]).inc()
            }
        };
    }

    /// Everything in the text format of OpenMetrics, which Prometheus reads.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(std::fmt::Error) => String::new(),
        }
    }
}

const _: () = assert!(Door::COUNT == Door::VARIANTS.len());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_is_told_by_the_address() {
        for (path, door) in [
            ("/v3/index.json", Door::NuGet),
            ("/feeds/team/nuget/v3/query", Door::NuGet),
            ("/symbols/-/x/a.pdb/0/a.pdb", Door::NuGet),
            ("/feeds/team/npm/-/whoami", Door::Npm),
            ("/container/token", Door::Container),
            ("/api/v1/tokens/current", Door::Api),
            ("/static/0/site.css", Door::File),
            ("/healthz", Door::Probe),
            ("/feeds/team", Door::Page),
            ("/feeds/team/packages/npm/x", Door::Page),
            ("/", Door::Page),
        ] {
            assert_eq!(Door::of(path), door, "{path}");
        }
    }

    #[test]
    fn what_was_counted_is_told() {
        let metrics = Metrics::default();
        metrics.answered(Door::Npm, 200, Duration::from_millis(3));
        metrics.answered(Door::Npm, 429, Duration::ZERO);
        metrics.judged(Door::Npm, Some(Reason::Revoked));
        metrics.judged(Door::Npm, None);
        let text = metrics.to_text();
        for line in [
            "latchkey_requests_total{door=\"npm\",status=\"2xx\"} 1",
            "latchkey_requests_total{door=\"npm\",status=\"429\"} 1",
            "latchkey_request_duration_seconds_bucket{le=\"0.005\",door=\"npm\"} 2",
            "latchkey_key_checks_total{door=\"npm\",result=\"allowed\"} 1",
            "latchkey_key_checks_total{door=\"npm\",result=\"revoked\"} 1",
            "latchkey_key_checks_total{door=\"nuget\",result=\"allowed\"} 0",
        ] {
            assert!(text.lines().any(|told| told == line), "{line} in\n{text}");
        }
    }
}
