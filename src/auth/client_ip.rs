//! Where a request comes from. Only proxies the operator named are believed about it.

use std::net::IpAddr;

use actix_web::HttpRequest;
use ipnet::IpNet;

/// The address of the client: the connection's, or behind trusted proxies the last one in `X-Forwarded-For` that is
/// not a trusted proxy itself. Garbage there counts as the proxy's own address.
pub fn client_address(req: &HttpRequest, trusted: &[IpNet]) -> IpAddr {
    let unknown = IpAddr::from([0, 0, 0, 0]);
    let peer = req.peer_addr().map_or(unknown, |peer| peer.ip().to_canonical());
    if !trusted.iter().any(|network| network.contains(&peer)) {
        return peer;
    }
    let forwarded = req.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    behind(peer, &forwarded.collect::<Vec<_>>().join(","), trusted)
}

fn behind(peer: IpAddr, forwarded: &str, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut nearest = peer;
    for hop in forwarded.rsplit(',').map(str::trim) {
        if !is_trusted(&nearest) {
            break;
        }
        match hop.parse::<IpAddr>() {
            Ok(address) => nearest = address.to_canonical(),
            Err(_) => break,
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(peer: &str, forwarded: &str) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        behind(peer.parse().unwrap(), forwarded, &trusted).to_string()
    }

    #[test]
    fn strangers_are_not_believed() {
        assert_eq!(of("203.0.113.9", "198.51.100.1"), "203.0.113.9");
    }

    #[test]
    fn behind_trusted_proxies_the_last_stranger_counts() {
        assert_eq!(of("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2"), "198.51.100.1");
        assert_eq!(of("10.0.0.1", "2001:db8::7"), "2001:db8::7");
        assert_eq!(of("10.0.0.1", "::ffff:198.51.100.1"), "198.51.100.1");
    }

    #[test]
    fn garbage_counts_as_the_proxy_that_passed_it_on() {
        for garbage in ["", "unknown", "1.2.3.4:80", "198.51.100.1, garbage"] {
            assert_eq!(of("10.0.0.1", garbage), "10.0.0.1", "{garbage}");
        }
    }
}
