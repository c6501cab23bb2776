use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::*;

const DAY: i64 = 1_369_353_600_000; // 2013-05-24T00:00:00Z

#[test]
fn the_published_example_of_s3() {
    // Amazon S3 API reference, "Authenticating Requests: Using Query Parameters".
    let keys = Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None, None, "test");
    let url = Url::parse("https://examplebucket.s3.amazonaws.com/test.txt").unwrap();
    let signer = Signer { keys: &keys, service: "s3", region: "us-east-1", at: UnixMillis(DAY) };
    let text = signer.presigned("GET", &url, Duration::from_secs(86400)).unwrap();
    let (_, query) = text.split_once('?').unwrap();
    let mut parts: Vec<&str> = query.split('&').collect();
    parts.sort_unstable();
    assert_eq!(
        parts,
        [
            "X-Amz-Algorithm=AWS4-HMAC-SHA256",
            "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request",
            "X-Amz-Date=20130524T000000Z",
            "X-Amz-Expires=86400",
            "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
            "X-Amz-SignedHeaders=host",
        ]
    );
    assert!(text.starts_with("https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-"), "{text}");
}

fn vectors() -> Vec<Value> {
    serde_json::from_str(include_str!("../../../../tests/fixtures/signing/sigv4.json")).unwrap()
}

fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().unwrap()
}

fn keys(case: &Value) -> Credentials {
    let keys = &case["keys"];
    let token = keys["session_token"].as_str().map(str::to_owned);
    Credentials::new(text(keys, "access_key_id"), text(keys, "secret_access_key"), token, None, "test")
}

fn map(pairs: &Value) -> BTreeMap<String, String> {
    serde_json::from_value(pairs.clone()).unwrap()
}

#[test]
fn botocore_presigns_the_same() {
    let cases: Vec<Value> = vectors().into_iter().filter(|case| case.get("query").is_some()).collect();
    assert!(cases.len() > 10);
    for case in &cases {
        let (keys, url) = (keys(case), Url::parse(text(case, "url")).unwrap());
        assert_eq!(url.as_str(), text(case, "url"), "the parser changed the URL");
        let at = UnixMillis(case["at_ms"].as_i64().unwrap());
        let signer = Signer { keys: &keys, service: "s3", region: "eu-west-1", at };
        let life = Duration::from_secs(case["expires"].as_u64().unwrap());
        let presigned = signer.presigned(text(case, "method"), &url, life).unwrap();
        let rest = presigned.strip_prefix(text(case, "url")).unwrap();
        let added = url::form_urlencoded::parse(rest.trim_start_matches(['?', '&']).as_bytes()).into_owned();
        assert_eq!(added.collect::<BTreeMap<_, _>>(), map(&case["query"]), "{case}");
        assert!(!rest.contains('+'), "a space is %20: {rest}");
    }
}

#[test]
fn botocore_signs_headers_the_same() {
    let cases: Vec<Value> = vectors().into_iter().filter(|case| case.get("signed").is_some()).collect();
    assert!(cases.len() > 10);
    for case in &cases {
        let (keys, url) = (keys(case), Url::parse(text(case, "url")).unwrap());
        let at = UnixMillis(case["at_ms"].as_i64().unwrap());
        let signer = Signer { keys: &keys, service: "s3", region: "eu-west-1", at };
        let given: HeaderMap = (&map(&case["headers"]).into_iter().collect::<HashMap<_, _>>()).try_into().unwrap();
        let payload = Payload::Declared(text(case, "payload"));
        let signed = signer.headers(text(case, "method"), &url, &given, payload).unwrap();
        let signed: BTreeMap<String, String> = signed.into_iter().collect();
        assert_eq!(without_spaces(signed), without_spaces(map(&case["signed"])), "{case}");
    }
}

/// The list of an `Authorization` header may be written with spaces or without.
fn without_spaces(headers: BTreeMap<String, String>) -> BTreeMap<String, String> {
    headers.into_iter().map(|(name, value)| (name, value.replace(", ", ","))).collect()
}

#[test]
fn headers_of_the_signature_are_the_signers_own() {
    let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI", None, None, "test");
    let signer = Signer { keys: &keys, service: "s3", region: "eu-west-1", at: UnixMillis(DAY) };
    let url = Url::parse("https://lake.s3.eu-west-1.amazonaws.com/a").unwrap();
    let signed = |headers: &HeaderMap| signer.headers("GET", &url, headers, Payload::Bytes(b"")).unwrap();
    let mut given = HeaderMap::new();
    for name in ["host", "authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"] {
        given.insert(name, http::HeaderValue::from_static("evil"));
    }
    assert_eq!(signed(&given), signed(&HeaderMap::new()));
    given.insert("x-amz-meta-a", http::HeaderValue::from_static("b"));
    assert_ne!(signed(&given), signed(&HeaderMap::new()));
}

#[test]
fn bytes_are_signed_by_their_hash() {
    let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI", None, None, "test");
    let signer = Signer { keys: &keys, service: "s3", region: "eu-west-1", at: UnixMillis(DAY) };
    let url = Url::parse("https://lake.s3.eu-west-1.amazonaws.com/a").unwrap();
    let signed = |payload| signer.headers("PUT", &url, &HeaderMap::new(), payload);
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(signed(Payload::Bytes(b"")), signed(Payload::Declared(empty)));
    assert_ne!(signed(Payload::Bytes(b"x")), signed(Payload::Declared(empty)));
    for payload in
        ["", "x", &empty[1..], &empty.to_uppercase(), "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "unsigned-payload"]
    {
        assert_eq!(signed(Payload::Declared(payload)), Err(NotSignable), "{payload}");
    }
}

#[test]
fn what_cannot_be_signed() {
    let keys = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI", None, None, "test");
    let signer = Signer { keys: &keys, service: "s3", region: "eu-west-1", at: UnixMillis(DAY) };
    for url in ["file:///a", "data:x"] {
        let url = Url::parse(url).unwrap();
        assert_eq!(signer.presigned("GET", &url, Duration::from_secs(1)), Err(NotSignable), "{url}");
    }
    let url = Url::parse("https://lake.s3.eu-west-1.amazonaws.com/a").unwrap();
    let before = Signer { at: UnixMillis(-1), ..signer };
    assert_eq!(before.presigned("GET", &url, Duration::from_secs(1)), Err(NotSignable));
    let mut headers = HeaderMap::new();
    headers.insert("x-amz-meta-a", http::HeaderValue::from_bytes(b"\xff").unwrap());
    assert_eq!(signer.headers("GET", &url, &headers, Payload::Bytes(b"")), Err(NotSignable));
}

#[test]
fn regions() {
    assert!(is_region("eu-west-1") && is_region("us-gov-east-1"));
    for text in ["", "EU", "a/b", "a b", &"a".repeat(33)] {
        assert!(!is_region(text), "{text}");
    }
}
