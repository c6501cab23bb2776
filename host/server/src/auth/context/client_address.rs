//! The address of the client behind proxies that the operator trusts. `X-Forwarded-For` is read;
//! `Forwarded` (RFC 7239) is not.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// Who sent the request. Each proxy writes the address of its peer at the end of the list, so the
/// list is read from there for as long as the writer is a trusted proxy. What a stranger wrote
/// counts for nothing.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer.to_canonical();
    let is_trusted = |address: &IpAddr| trusted.iter().any(|range| range.contains(address));
    if !is_trusted(&client) {
        return client;
    }
    // Several headers are one list.
    for value in headers.get_all("x-forwarded-for").iter().rev() {
        let Ok(list) = value.to_str() else { return client };
        for written in list.rsplit(',') {
            // A proxy that does not know its peer is the last that is known.
            let Some(address) = address(written.trim()) else { return client };
            client = address;
            if !is_trusted(&client) {
                return client;
            }
        }
    }
    client
}

/// An address, with a port or without.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).filter(|inner| inner.contains(':'));
    let address = bare
        .unwrap_or(text)
        .parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|with_port| with_port.ip()))
        .ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn of(peer: &str, lines: &[&str], trusted: &str) -> String {
        let headers = HeaderMap::from_iter(lines.iter().map(|line| {
            let name = axum::http::HeaderName::from_static("x-forwarded-for");
            (name, HeaderValue::from_bytes(line.as_bytes()).unwrap())
        }));
        let trusted: Vec<IpNet> = trusted.split_whitespace().map(|range| range.parse().unwrap()).collect();
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_says_nothing() {
        assert_eq!(of("203.0.113.9", &["198.51.100.1"], ""), "203.0.113.9");
        assert_eq!(of("203.0.113.9", &["198.51.100.1"], "10.0.0.0/8"), "203.0.113.9");
    }

    #[test]
    fn the_rightmost_address_that_is_no_proxy() {
        let trusted = "10.0.0.0/8 fd00::/8";
        for (peer, lines, client) in [
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec!["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", vec!["1.1.1.1, 198.51.100.1 , 10.2.3.4"], "198.51.100.1"),
            ("10.0.0.1", vec!["1.1.1.1", "198.51.100.1", "10.2.3.4"], "198.51.100.1"),
            ("10.0.0.1", vec!["10.9.9.9, 10.2.3.4"], "10.9.9.9"),
            ("::ffff:10.0.0.1", vec!["::ffff:198.51.100.1"], "198.51.100.1"),
            ("fd00::1", vec!["[2001:db8::7]:4711"], "2001:db8::7"),
            ("fd00::1", vec!["2001:db8::7, [fd00::2]"], "2001:db8::7"),
            ("10.0.0.1", vec!["198.51.100.1:4711"], "198.51.100.1"),
        ] {
            assert_eq!(of(peer, &lines, trusted), client, "{peer} {lines:?}");
        }
    }

    #[test]
    fn what_is_malformed_ends_the_list() {
        for line in ["unknown", "", "1.2.3.4.5", "[1.2.3.4]", "fe80::1%eth0", "1.2.3.4:x", "_hidden", "é", "1.2.3.4;"]
        {
            assert_eq!(of("10.0.0.1", &[line], "10.0.0.0/8"), "10.0.0.1", "{line}");
            let with_good = format!("{line}, 198.51.100.1, 10.0.0.2");
            let client = if line == "é" { "10.0.0.1" } else { "198.51.100.1" };
            assert_eq!(of("10.0.0.1", &[&with_good], "10.0.0.0/8"), client, "{line}");
            assert_eq!(
                of("10.0.0.1", &["198.51.100.1", &format!("{line},10.0.0.2")], "10.0.0.0/8").as_str(),
                if line == "é" { "10.0.0.1" } else { "10.0.0.2" },
                "{line}"
            );
        }
    }
}
