use super::*;
use crate::{clock, crypto};

#[test]
fn what_is_not_prepared_is_refused() {
    let host = Host::new();
    let failure = host.run(|| http::Request::new("GET", "https://a.example/").send()).unwrap_err();
    assert_eq!(failure.kind, http::FailureKind::Denied);
    assert_eq!(host.sent().len(), 1);
    let outside = http::Request::new("GET", "https://a.example/").send().unwrap_err();
    assert_eq!(outside.kind, http::FailureKind::Denied);
}

#[test]
fn a_host_answers_inside_run_only() {
    let host = Host::new().now_ms(42);
    assert_eq!(host.run(clock::now_ms), 42);
    assert_eq!(clock::now_ms(), 0);
}

#[test]
fn hosts_nest_and_a_panic_uninstalls() {
    let outer = Host::new().now_ms(1);
    outer.run(|| {
        assert_eq!(Host::new().now_ms(2).run(clock::now_ms), 2);
        assert_eq!(clock::now_ms(), 1);
    });
    let caught = std::panic::catch_unwind(|| Host::new().now_ms(3).run(|| panic!("as planned")));
    assert!(caught.is_err());
    assert_eq!(clock::now_ms(), 0);
}

#[test]
fn digests_are_real_and_randomness_repeats() {
    assert_eq!(
        crypto::hex(&crypto::sha256(b"abc")),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(
        crypto::hex(&crypto::hmac_sha256(b"key", b"The quick brown fox jumps over the lazy dog")),
        "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
    );
    let draw = || Host::new().run(|| crypto::random_bytes(4));
    assert_eq!(draw(), draw());
}

#[test]
fn lines_are_kept() {
    let host = Host::new();
    host.run(|| log::warn("odd"));
    assert_eq!(host.lines(), vec![(log::Level::Warn, "odd".to_owned())]);
}

#[test]
fn a_session_never_shows_its_keys() {
    let session = sts::Session {
        access_key_id: "planted-id".to_owned(),
        secret_access_key: "planted-secret".to_owned(),
        session_token: "planted-token".to_owned(),
        expires_at_ms: 5,
        packed_policy_percent: None,
    };
    assert!(!format!("{session:?}").contains("planted"));
}
