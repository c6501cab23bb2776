use super::*;
use crate::service::slot::KeySlots;

fn slots() -> Base {
    Base::Slots(KeySlots { access_key_id: "id".into(), secret_access_key: "secret".into(), session_token: None })
}

fn judged(status: u16, code: &str, message: &str, base: &Base) -> StrategyError {
    let refusal = Refusal {
        status,
        code: code.into(),
        message: message.into(),
        request_id: Some("req-7".into()),
        retry_after_ms: None,
    };
    let asked = Asked { role: "arn:aws:iam::1:role/R", base, duration_seconds: 7200, has_external_id: true };
    of_refusal(&refusal, &asked)
}

#[test]
fn every_refusal_has_its_code_and_says_what_to_do() {
    for (code, message, kind, expected, part) in [
        ("AccessDenied", "User: x is not authorized", Kind::Denied, "role-not-assumable", "trust policy"),
        ("ExpiredToken", "", Kind::InvalidConfig, "base-credentials-expired", "renew"),
        ("ExpiredTokenException", "", Kind::InvalidConfig, "base-credentials-expired", "renew"),
        ("InvalidClientTokenId", "", Kind::InvalidConfig, "base-key-unknown", "active"),
        ("InvalidAccessKeyId", "", Kind::InvalidConfig, "base-key-unknown", "active"),
        (
            "SignatureDoesNotMatch",
            "The request signature we calculated",
            Kind::InvalidConfig,
            "base-secret-wrong",
            "set both again",
        ),
        ("SignatureDoesNotMatch", "Signature expired: 2013 is now earlier", Kind::Unavailable, "clock-skew", "NTP"),
        ("SignatureDoesNotMatch", "Signature not yet current: ...", Kind::Unavailable, "clock-skew", "NTP"),
        ("RequestExpired", "", Kind::Unavailable, "clock-skew", "NTP"),
        ("Throttling", "Rate exceeded", Kind::Throttled, "throttled", "later"),
        ("ThrottlingException", "", Kind::Throttled, "throttled", "later"),
        (
            "PackedPolicyTooLarge",
            "Packed size consumes 132% of allotted space",
            Kind::Unsupported,
            "policy-too-large",
            "132%",
        ),
        ("MalformedPolicyDocument", "", Kind::Upstream, "policy-malformed", "strategy"),
        (
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration",
            Kind::InvalidConfig,
            "session-duration-too-long",
            "role chaining",
        ),
        ("ValidationError", "something else", Kind::Upstream, "sts-fault", "ValidationError"),
        ("RegionDisabledException", "", Kind::InvalidConfig, "region-disabled", "activate"),
        ("InternalFailure", "", Kind::Upstream, "sts-fault", "InternalFailure"),
        ("", "", Kind::Upstream, "sts-fault", "no code"),
    ] {
        let error = judged(400, code, message, &slots());
        assert_eq!((error.kind, error.code.as_str()), (kind, expected), "{code} {message}");
        assert!(error.message.contains(part) && error.message.contains("req-7"), "{}", error.message);
    }
    assert_eq!(judged(429, "Odd", "", &slots()).code, "throttled");
    for (status, code) in [(500, "InternalFailure"), (503, "ServiceUnavailable"), (502, "")] {
        let error = judged(status, code, "", &slots());
        assert_eq!((error.kind, error.code.as_str()), (Kind::Unavailable, "sts-unavailable"));
    }
}

#[test]
fn the_hosts_own_keys_are_not_the_tenants_fault() {
    let error = judged(403, "InvalidClientTokenId", "", &Base::Host);
    assert_eq!(error.kind, Kind::Unavailable);
    assert!(error.message.contains("host's own identity"), "{error}");
}

#[test]
fn foreign_text_is_cut_and_made_printable() {
    let error = judged(400, "X\u{1b}[31m", &"y\n".repeat(2000), &slots());
    assert!(error.message.len() < 1500 && !error.message.contains(['\n', '\u{1b}']), "{error}");
}
