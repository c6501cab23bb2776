//! Which addresses are not public. The ranges are those of the IANA special-purpose registries
//! and the metadata addresses of the clouds.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range that is refused by default.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    /// What it is for.
    pub(super) kind: &'static str,
    /// As an operator writes it.
    pub(super) text: &'static str,
}

const fn v4(a: u8, b: u8, c: u8, d: u8) -> u32 {
    u32::from_be_bytes([a, b, c, d])
}

/// Network, prefix length, kind, text. Single addresses first, so that the text names them.
const REFUSED_V4: &[(u32, u32, &str, &str)] = &[
    (v4(169, 254, 169, 254), 32, "cloud metadata", "169.254.169.254/32"),
    (v4(168, 63, 129, 16), 32, "Azure platform", "168.63.129.16/32"),
    (v4(255, 255, 255, 255), 32, "broadcast", "255.255.255.255/32"),
    (v4(0, 0, 0, 0), 8, "unspecified", "0.0.0.0/8"),
    (v4(10, 0, 0, 0), 8, "private", "10.0.0.0/8"),
    (v4(100, 64, 0, 0), 10, "carrier-grade NAT", "100.64.0.0/10"),
    (v4(127, 0, 0, 0), 8, "loopback", "127.0.0.0/8"),
    (v4(169, 254, 0, 0), 16, "link-local", "169.254.0.0/16"),
    (v4(172, 16, 0, 0), 12, "private", "172.16.0.0/12"),
    (v4(192, 0, 0, 0), 24, "protocol assignments", "192.0.0.0/24"),
    (v4(192, 0, 2, 0), 24, "documentation", "192.0.2.0/24"),
    (v4(192, 31, 196, 0), 24, "reserved", "192.31.196.0/24"),
    (v4(192, 52, 193, 0), 24, "reserved", "192.52.193.0/24"),
    (v4(192, 88, 99, 0), 24, "6to4 relay", "192.88.99.0/24"),
    (v4(192, 168, 0, 0), 16, "private", "192.168.0.0/16"),
    (v4(192, 175, 48, 0), 24, "reserved", "192.175.48.0/24"),
    (v4(198, 18, 0, 0), 15, "benchmarking", "198.18.0.0/15"),
    (v4(198, 51, 100, 0), 24, "documentation", "198.51.100.0/24"),
    (v4(203, 0, 113, 0), 24, "documentation", "203.0.113.0/24"),
    (v4(224, 0, 0, 0), 4, "multicast", "224.0.0.0/4"),
    (v4(240, 0, 0, 0), 4, "reserved", "240.0.0.0/4"),
];

const fn v6(a: u16, b: u16, c: u16) -> u128 {
    ((a as u128) << 112) | ((b as u128) << 96) | ((c as u128) << 80)
}

/// As for version 4. What is outside `2000::/3` and not named here is reserved.
const REFUSED_V6: &[(u128, u32, &str, &str)] = &[
    (v6(0xfd00, 0xec2, 0) | 0x254, 128, "cloud metadata", "fd00:ec2::254/128"),
    (0, 128, "unspecified", "::/128"),
    (1, 128, "loopback", "::1/128"),
    (0, 96, "IPv4-compatible", "::/96"),
    (v6(0x64, 0xff9b, 1), 48, "local NAT64", "64:ff9b:1::/48"),
    (v6(0x100, 0, 0), 64, "discard-only", "100::/64"),
    (v6(0x2001, 0xdb8, 0), 32, "documentation", "2001:db8::/32"),
    (v6(0x2001, 0, 0), 23, "protocol assignments and Teredo", "2001::/23"),
    (v6(0x2002, 0, 0), 16, "6to4", "2002::/16"),
    (v6(0x3fff, 0, 0), 20, "documentation", "3fff::/20"),
    (v6(0xfc00, 0, 0), 7, "unique local", "fc00::/7"),
    (v6(0xfe80, 0, 0), 10, "link-local", "fe80::/10"),
    (v6(0xfec0, 0, 0), 10, "site-local", "fec0::/10"),
    (v6(0xff00, 0, 0), 8, "multicast", "ff00::/8"),
];

/// The range that refuses an address, if any.
pub(super) fn refused_range(address: IpAddr) -> Option<Range> {
    match reached(address) {
        IpAddr::V4(address) => refused_v4(address),
        IpAddr::V6(address) => refused_v6(address),
    }
}

/// The address that a connection would reach: IPv4-mapped and NAT64 forms carry a version 4
/// address, and that one is what counts.
pub(super) fn reached(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6_address) = address else { return address };
    let canonical = v6_address.to_canonical();
    if canonical.is_ipv4() {
        return canonical;
    }
    let bits = v6_address.to_bits();
    if bits >> 32 == v6(0x64, 0xff9b, 0) >> 32 {
        let low = u32::try_from(bits & u128::from(u32::MAX)).unwrap_or_default();
        return IpAddr::V4(Ipv4Addr::from_bits(low));
    }
    canonical
}

fn refused_v4(address: Ipv4Addr) -> Option<Range> {
    let bits = address.to_bits();
    REFUSED_V4
        .iter()
        .find(|(network, length, ..)| (bits ^ network).leading_zeros() >= *length)
        .map(|&(_, _, kind, text)| Range { kind, text })
}

fn refused_v6(address: Ipv6Addr) -> Option<Range> {
    let bits = address.to_bits();
    REFUSED_V6
        .iter()
        .find(|(network, length, ..)| (bits ^ network).leading_zeros() >= *length)
        .map(|&(_, _, kind, text)| Range { kind, text })
        .or_else(|| (bits >> 125 != 1).then_some(Range { kind: "reserved", text: "::/0" }))
}
