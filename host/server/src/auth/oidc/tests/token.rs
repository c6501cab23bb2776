use serde_json::{Value, json};

use super::super::token::Unverified;
use super::issuer::b64;

fn with(header: &Value) -> String {
    format!("{}.{}.AAAA", b64(header.to_string()), b64("{\"iss\":\"x\"}"))
}

#[test]
fn three_parts_that_can_be_read() {
    let good = with(&json!({"alg": "RS256"}));
    assert_eq!(Unverified::parse(&good).unwrap().issuer(), Some("x"));
    let body = b64("{}");
    for text in [
        "",
        ".",
        "..",
        "a.b.c",
        &format!("{body}.{body}"),
        &format!("{body}.{body}.{body}.{body}"),
        &format!("{}.{body}.AAAA", b64("[]")),
        &format!("{body}.{}.AAAA", b64("nope")),
        &format!("{body}=.{body}.AAAA"),
        &format!("{good}{}", "A".repeat(16 * 1024)),
    ] {
        assert!(Unverified::parse(text).is_none(), "{text}");
    }
}

#[test]
fn a_header_is_understood_whole_or_not_at_all() {
    let named = |header: Value| Unverified::parse(&with(&header)).unwrap().algorithm().is_some();
    for header in [
        json!({"alg": "RS256"}),
        json!({"alg": "EdDSA", "typ": "JWT", "kid": "k", "x5t": "AA"}),
        json!({"alg": "ES384", "typ": "at+jwt"}),
        json!({"alg": "Ed25519", "typ": "at+jwt"}),
        json!({"alg": "PS512", "typ": "application/AT+JWT"}),
        // What these point to is never looked at.
        json!({"alg": "RS256", "jku": "https://evil.example", "x5u": "https://evil.example", "jwk": {"kty": "oct"}}),
    ] {
        assert!(named(header.clone()), "{header}");
    }
    for header in [
        json!({}),
        json!({"alg": "none"}),
        json!({"alg": "None"}),
        json!({"alg": "HS256"}),
        json!({"alg": "rs256"}),
        json!({"alg": "ed25519"}),
        json!({"alg": "Ed448"}),
        json!({"alg": "ESP256"}),
        json!({"alg": ["RS256"]}),
        json!({"alg": "RS256", "crit": ["b64"], "b64": false}),
        json!({"alg": "RS256", "crit": null}),
        json!({"alg": "RS256", "typ": "logout+jwt"}),
        json!({"alg": "RS256", "typ": "dpop+jwt"}),
        json!({"alg": "RS256", "typ": 1}),
    ] {
        assert!(!named(header.clone()), "{header}");
    }
}
