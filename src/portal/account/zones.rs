//! The time zones to choose from: every IANA zone, grouped by region, with its distance from UTC at this moment.

use chrono::{DateTime, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

/// Regions whose zones are named after places. What is in none of them is old names and fixed offsets.
const REGIONS: [&str; 10] =
    ["Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];

/// The zones of one region.
pub struct Region {
    /// Its name.
    pub name: &'static str,
    /// Its zones, by name.
    pub zones: Vec<Zone>,
}

/// One choice.
pub struct Zone {
    /// IANA name.
    pub name: &'static str,
    /// The place, and how far it is from UTC now.
    pub label: String,
}

/// Every zone: UTC alone, then by region, then the rest.
pub fn regions(now: DateTime<Utc>) -> Vec<Region> {
    let in_region = |zone: Tz, region: &str| zone.name().split_once('/').is_some_and(|(first, _)| first == region);
    let is_other = |zone: Tz| zone != Tz::UTC && !REGIONS.iter().any(|region| in_region(zone, region));
    let region = |name, belongs: &dyn Fn(Tz) -> bool| Region {
        name,
        zones: TZ_VARIANTS.iter().filter(|zone| belongs(**zone)).map(|zone| Zone::new(*zone, name, now)).collect(),
    };
    let mut all = vec![region("Everywhere", &|zone| zone == Tz::UTC)];
    all.extend(REGIONS.map(|name| region(name, &|zone| in_region(zone, name))));
    all.push(region("Other names", &is_other));
    all
}

impl Zone {
    fn new(zone: Tz, region: &str, now: DateTime<Utc>) -> Self {
        let name = zone.name();
        let place = name.strip_prefix(region).map_or(name, |place| place.trim_start_matches('/'));
        let offset = now.with_timezone(&zone).format("%:z");
        let place = place.replace('_', " ").replace('/', ", ");
        Self { name, label: if zone == Tz::UTC { "UTC".to_owned() } else { format!("{place} (UTC{offset})") } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_can_be_chosen_once_and_is_named_by_its_place() {
        let all = regions("2026-07-01T12:00:00Z".parse().unwrap());
        let zones: Vec<_> = all.iter().flat_map(|region| &region.zones).collect();
        assert_eq!(zones.len(), TZ_VARIANTS.len());
        let label = |name| zones.iter().find(|zone| zone.name == name).map_or("", |zone| zone.label.as_str());
        assert_eq!(label("UTC"), "UTC");
        assert_eq!(label("Europe/Berlin"), "Berlin (UTC+02:00)");
        assert_eq!(label("America/Argentina/Buenos_Aires"), "Argentina, Buenos Aires (UTC-03:00)");
        assert_eq!(label("US/Eastern"), "US, Eastern (UTC-04:00)");
    }
}
