use super::*;

fn judged(server: Server, of_host: bool, status: u16, code: &str, message: &str) -> (Kind, &'static str, String) {
    let fault = Fault { code: code.into(), message: message.into(), reason: String::new() };
    judge(Asked { server, of_host }, status, &fault)
}

#[test]
fn every_refusal_has_its_code_and_says_what_to_do() {
    use Server::{Federation, Impersonation, Metadata, Signing, Sts, SubjectToken, Token};
    let short_lived = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check \
                       your iat and exp values in the JWT claim.";
    for (server, status, code, message, kind, expected, part) in [
        (
            Token,
            400,
            "invalid_grant",
            "Invalid JWT Signature.",
            Kind::InvalidConfig,
            "service-account-key-wrong",
            "keys create",
        ),
        (Token, 400, "invalid_grant", "", Kind::InvalidConfig, "service-account-key-wrong", "keys create"),
        (Token, 400, "invalid_grant", short_lived, Kind::Unavailable, "clock-skew", "NTP"),
        (
            Token,
            400,
            "invalid_grant",
            "Invalid grant: account not found",
            Kind::InvalidConfig,
            "service-account-unknown",
            "deleted",
        ),
        (
            Token,
            400,
            "invalid_grant",
            "Not a valid email or user ID.",
            Kind::InvalidConfig,
            "service-account-unknown",
            "misspelt",
        ),
        (
            Token,
            401,
            "disabled_client",
            "The OAuth client was disabled.",
            Kind::InvalidConfig,
            "service-account-disabled",
            "enable",
        ),
        (Token, 400, "invalid_grant", "Failed audience check.", Kind::InvalidConfig, "token-uri-wrong", "token_uri"),
        (Token, 400, "invalid_scope", "x", Kind::Upstream, "google-fault", "invalid_scope"),
        (Token, 503, "invalid_grant", "", Kind::Unavailable, "google-unavailable", "503"),
        (Token, 429, "", "", Kind::Throttled, "throttled", "later"),
        (Token, 403, "rate_limit_exceeded", "", Kind::Throttled, "throttled", "quotas"),
        (Sts, 400, "invalid_request", "Invalid options: x", Kind::Upstream, "boundary-malformed", "strategy"),
        (Sts, 400, "invalid_scope", "x", Kind::InvalidConfig, "scope-missing", "cloud-platform"),
        (Sts, 400, "invalid_grant", "x", Kind::Upstream, "source-token-refused", "revoked"),
        (Sts, 401, "", "", Kind::Upstream, "source-token-refused", "revoked"),
        (Sts, 500, "", "", Kind::Unavailable, "google-unavailable", "500"),
        (
            Sts,
            403,
            "PERMISSION_DENIED",
            "STS API has not been used in project 1 before",
            Kind::InvalidConfig,
            "api-disabled",
            "gcloud services enable",
        ),
        (Federation, 400, "invalid_target", "x", Kind::Unavailable, "workload-identity-refused", "audience"),
        (Federation, 400, "unauthorized_client", "x", Kind::Unavailable, "workload-identity-refused", "condition"),
        (
            Federation,
            400,
            "invalid_grant",
            "ID Token is stale to sign-in.",
            Kind::Unavailable,
            "workload-identity-refused",
            "expired",
        ),
        (Federation, 400, "invalid_grant", "x", Kind::Unavailable, "workload-identity-refused", "issuer"),
        (Federation, 400, "odd", "x", Kind::Upstream, "google-fault", "odd"),
        (
            Impersonation,
            403,
            "PERMISSION_DENIED",
            "x",
            Kind::Unavailable,
            "impersonation-denied",
            "workloadIdentityUser",
        ),
        (Impersonation, 503, "UNAVAILABLE", "x", Kind::Unavailable, "google-unavailable", "503"),
        (Signing, 403, "PERMISSION_DENIED", "x", Kind::Unavailable, "sign-denied", "TokenCreator"),
        (Metadata, 404, "", "", Kind::Unavailable, "host-identity-missing", "attach"),
        (Metadata, 403, "", "", Kind::Upstream, "google-fault", "metadata server"),
        (SubjectToken, 403, "", "", Kind::Upstream, "google-fault", "credential_source.url"),
    ] {
        let found = judged(server, false, status, code, message);
        assert_eq!((found.0, found.1), (kind, expected), "{server:?} {status} {code} {message}");
        assert!(found.2.contains(part), "{}", found.2);
    }
}

#[test]
fn the_hosts_own_identity_is_not_the_tenants_fault() {
    let (kind, code, text) = judged(Server::Token, true, 400, "invalid_grant", "Invalid JWT Signature.");
    assert_eq!((kind, code), (Kind::Unavailable, "service-account-key-wrong"));
    assert!(text.contains("host's own identity"), "{text}");
}

#[test]
fn both_forms_of_errors_are_read() {
    let oauth = Fault::read(br#"{"error":"invalid_grant","error_description":"no"}"#);
    assert_eq!((oauth.code.as_str(), oauth.message.as_str()), ("invalid_grant", "no"));
    let api = Fault::read(
        br#"{"error":{"code":403,"status":"PERMISSION_DENIED","message":"off","details":[{"x":1},{"reason":"SERVICE_DISABLED"}]}}"#,
    );
    assert_eq!(
        (api.code.as_str(), api.message.as_str(), api.reason.as_str()),
        ("PERMISSION_DENIED", "off", "SERVICE_DISABLED")
    );
    for body in [&b""[..], b"<html>", b"[]", b"{}", b"{\"error\":1}", b"\xff"] {
        assert_eq!(Fault::read(body), Fault::default());
    }
}

#[test]
fn foreign_text_is_cut_and_made_printable() {
    let body = serde_json::json!({ "error": "X\u{1b}[31m", "error_description": "y\n".repeat(2_000) }).to_string();
    let response = Response {
        status: http::StatusCode::BAD_REQUEST,
        headers: http::HeaderMap::new(),
        body: bytes::Bytes::from(body),
    };
    let error = of_answer(Asked { server: Server::Sts, of_host: false }, &response, None);
    assert!(error.message.len() < 1_500 && !error.message.contains(['\n', '\u{1b}']), "{error}");
}
