use std::collections::BTreeMap;
use std::net::IpAddr;

use proptest::prelude::*;
use serde_json::json;
use url::Url;

use super::*;
use crate::strategy::HostPattern;

fn strict() -> EgressPolicy {
    EgressPolicy::default()
}

fn with_ranges(text: &str) -> EgressPolicy {
    EgressPolicy::new(EgressPolicy::parse_ranges(text).unwrap(), &[], false)
}

#[test]
fn public_https_passes_in_normal_form() {
    let url = strict().check_url("https://STS.Eu-West-1.amazonaws.com./?a=b").unwrap();
    assert_eq!(url.as_str(), "https://sts.eu-west-1.amazonaws.com/?a=b");
    assert!(strict().check_url("https://93.184.216.34:8443/").is_ok());
    assert!(strict().check_url("https://[2606:4700::1111]/").is_ok());
}

#[test]
fn every_spelling_of_a_refused_address_is_refused() {
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "127.0.0.1.",
        "0",
        "0.0.0.0",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "10.1.2.3",
        "172.31.255.255",
        "192.168.0.1",
        "100.100.100.200",
        "169.254.169.254",
        "169.254.170.2",
        "168.63.129.16",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "192.0.2.1",
        "198.51.100.7",
        "203.0.113.9",
        "192.0.0.192",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2001:0:1::1]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[3fff::1]",
        "[100::1]",
        "[4000::1]",
        "[0:0:0:0:0:ffff:a9fe:a9fe]",
    ] {
        let denied = strict().check_url(&format!("https://{host}/latest")).unwrap_err();
        assert!(matches!(denied, EgressDenied::Address { .. }), "{host}: {denied}");
    }
}

#[test]
fn malformed_urls_are_refused() {
    for text in [
        "",
        "sts",
        "//host/",
        "ftp://host/",
        "file:///etc/passwd",
        "https://",
        "https:///",
        "https://user@host/",
        "https://u:p@host/",
        "https://host/#x",
        "https://host\\@other/",
        "https://ho st/",
        "https://host\n.evil/",
        "https://host../",
        "https://.host/",
        "https://a..b/",
        "gopher://h/",
        "https://host:99999/",
        "https://[::1",
    ] {
        assert!(strict().check_url(text).is_err(), "{text}");
    }
}

#[test]
fn http_needs_leave() {
    assert_eq!(
        strict().check_url("http://example.com/").unwrap_err(),
        EgressDenied::PlainHttp("example.com".to_owned())
    );
    assert!(EgressPolicy::new(vec![], &[], true).check_url("http://example.com/").is_ok());
    // Leave for http is no leave for an address.
    assert!(EgressPolicy::new(vec![], &[], true).check_url("http://127.0.0.1/").is_err());
    assert!(with_ranges("127.0.0.0/8").check_url("http://127.0.0.1:8333/").is_ok());
    assert!(with_ranges("127.0.0.0/8").check_url("http://localhost:8333/").is_ok());
    assert!(with_ranges("127.0.0.0/8").check_url("http://example.com/").is_err());
}

#[test]
fn an_allowed_range_overrides_and_no_other() {
    let policy = with_ranges(" 127.0.0.0/8, 10.0.0.7 ,fd00::/8,");
    for address in ["127.9.9.9", "::ffff:127.0.0.1", "10.0.0.7", "fd12::1"] {
        assert!(policy.check_address(address.parse().unwrap()).is_ok(), "{address}");
    }
    for address in ["10.0.0.8", "169.254.169.254", "::1", "fe80::1"] {
        assert!(policy.check_address(address.parse().unwrap()).is_err(), "{address}");
    }
    assert!(EgressPolicy::parse_ranges("127.0.0.0/33").is_err());
    assert!(EgressPolicy::parse_ranges("localhost").is_err());
}

#[test]
fn the_refusal_names_range_and_setting() {
    let text = strict().check_address("10.2.3.4".parse().unwrap()).unwrap_err().to_string();
    assert!(text.contains("10.2.3.4") && text.contains("private"), "{text}");
    assert!(text.contains("PANGOLIN_EGRESS_ALLOW=10.0.0.0/8"), "{text}");
    let text = strict().check_url("http://example.com/?secret=1").unwrap_err().to_string();
    assert!(text.contains("AWS_ALLOW_HTTP") && !text.contains("secret"), "{text}");
}

#[test]
fn an_operators_origin_is_allowed_by_scheme_host_and_port() {
    let own = Url::parse("http://minio.internal:9000").unwrap();
    let policy = EgressPolicy::new(vec![], &[own, Url::parse("http://127.0.0.1:8333/s3").unwrap()], false);
    assert!(policy.check_url("http://minio.internal:9000/bucket/key").is_ok());
    assert!(policy.check_url("http://MINIO.internal.:9000/").is_ok());
    assert!(policy.check_url("http://127.0.0.1:8333/").is_ok());
    for other in
        ["http://minio.internal/", "http://minio.internal:9001/", "https://127.0.0.1:8333/", "http://127.0.0.1/"]
    {
        let allowed = policy.check_url(other).is_ok_and(|url| policy.is_operator_origin(&url));
        assert!(!allowed, "{other}");
    }
    assert!(policy.check_address("127.0.0.1".parse().unwrap()).is_err());
}

fn granted(patterns: &[HostPattern], url: &str) -> bool {
    let config = BTreeMap::from([
        ("endpoint".to_owned(), json!("https://s3.corp.example:9000")),
        ("plain".to_owned(), json!("http://vms.corp.example")),
        ("number".to_owned(), json!(7)),
    ]);
    host_granted(patterns, &config, &Url::parse(url).unwrap())
}

#[test]
fn literals_cover_their_host_on_the_usual_port() {
    let exact = [HostPattern::Literal("Login.Example.com.".to_owned())];
    assert!(granted(&exact, "https://login.example.com/x"));
    assert!(granted(&exact, "https://login.example.com.:443/x"));
    for url in ["https://login.example.com:8443/", "https://xlogin.example.com/", "https://login.example.com.evil.io/"]
    {
        assert!(!granted(&exact, url), "{url}");
    }
    let suffix = [HostPattern::Literal("*.amazonaws.com".to_owned())];
    assert!(granted(&suffix, "https://sts.eu-west-1.amazonaws.com/"));
    for url in ["https://amazonaws.com/", "https://evilamazonaws.com/", "https://amazonaws.com.evil.io/"] {
        assert!(!granted(&suffix, url), "{url}");
    }
    for pattern in ["*", "*.com", "*.", "", "a*.example.com", "*..com"] {
        assert!(!granted(&[HostPattern::Literal(pattern.to_owned())], "https://sts.example.com/"), "{pattern}");
    }
    assert!(!granted(&[HostPattern::Literal("*.0.0.1".to_owned())], "https://127.0.0.1/"));
    assert!(!granted(&[], "https://login.example.com/"));
}

#[test]
fn a_field_covers_its_host_its_port_and_its_protection() {
    let endpoint = [HostPattern::OfField("endpoint".to_owned())];
    assert!(granted(&endpoint, "https://s3.corp.example:9000/b"));
    assert!(granted(&endpoint, "https://s3.corp.example/b"));
    for url in [
        "http://s3.corp.example:9000/",
        "http://s3.corp.example/",
        "https://s3.corp.example:22/",
        "https://x.corp.example:9000/",
    ] {
        assert!(!granted(&endpoint, url), "{url}");
    }
    let plain = [HostPattern::OfField("plain".to_owned())];
    assert!(granted(&plain, "http://vms.corp.example/") && granted(&plain, "https://vms.corp.example/"));
    for field in ["missing", "number"] {
        assert!(!granted(&[HostPattern::OfField(field.to_owned())], "https://s3.corp.example/"), "{field}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,80}") {
        let _ = strict().check_url(&text);
        let _ = EgressPolicy::parse_ranges(&text);
    }

    #[test]
    fn an_address_is_judged_alike_as_literal_in_every_form(bits: u32, style in 0..5) {
        let v4 = std::net::Ipv4Addr::from_bits(bits);
        let host = match style {
            0 => v4.to_string(),
            1 => bits.to_string(),
            2 => format!("{bits:#x}"),
            3 => format!("[::ffff:{v4}]"),
            _ => format!("[64:ff9b::{v4}]"),
        };
        let literal = strict().check_url(&format!("https://{host}/")).is_ok();
        prop_assert_eq!(literal, strict().check_address(IpAddr::V4(v4)).is_ok(), "{}", host);
    }

    #[test]
    fn what_passes_is_public(bits: u32) {
        let v4 = std::net::Ipv4Addr::from_bits(bits);
        let special = v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast()
            || v4.is_broadcast() || v4.is_documentation() || v4.is_unspecified();
        if special {
            prop_assert!(strict().check_address(IpAddr::V4(v4)).is_err());
        }
    }

    #[test]
    fn version_six_outside_global_unicast_is_refused(bits: u128) {
        let v6 = std::net::Ipv6Addr::from_bits(bits);
        if bits >> 125 != 1 && v6.to_canonical().is_ipv6() && bits >> 32 != 0x0064_ff9b_u128 << 64 {
            prop_assert!(strict().check_address(IpAddr::V6(v6)).is_err());
        }
    }
}
