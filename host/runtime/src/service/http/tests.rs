mod captures;
mod rehearsed;
mod trust;

use std::sync::Arc;

use base64::Engine as _;
use pangolin_core::access::Access;
use pangolin_core::clock::{ManualClock, UnixMillis};
use pangolin_core::egress::EgressPolicy;
use pangolin_core::strategy::{HostPattern, SecretUse};

use super::*;
use crate::grants::Missing;
use crate::service::slot::KeySlots;
use crate::service::testing::{self, CallBuilder, Peer};

const SECRET: &str = "s3cr3t/value+with=signs";

fn service() -> Http {
    let policy = EgressPolicy::new(EgressPolicy::parse_ranges("127.0.0.0/8").unwrap(), &[], false);
    let clock = ManualClock::at(UnixMillis(1_369_353_600_000));
    Http::new(EgressClient::new(Arc::new(policy)).unwrap(), Arc::new(clock))
}

/// A vending call that may reach the peer.
fn call(peer: &Peer) -> CallBuilder {
    testing::call().config("vms", peer.url("/")).hosts(&[HostPattern::OfField("vms".into())]).vend(Access::READ)
}

fn get(url: String) -> HttpRequest {
    HttpRequest {
        method: "GET".into(),
        url,
        headers: vec![],
        body: vec![],
        auth: HttpAuth::None,
        captures: vec![],
        trust: None,
        timeout_ms: None,
    }
}

fn with(url: String, auth: HttpAuth) -> HttpRequest {
    HttpRequest { method: "POST".into(), auth, ..get(url) }
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nset-cookie: a=b\r\nx-a: b\r\n\r\nhi";

async fn refused(call: &mut Call, request: HttpRequest) -> HttpFailure {
    service().send(call, request).await.unwrap_err()
}

#[tokio::test]
async fn a_granted_server_answers_without_its_cookies() {
    let peer = Peer::start(OK).await;
    let mut call = call(&peer).build();
    let response = service().send(&mut call, get(peer.url("/api?x=1"))).await.unwrap();
    assert_eq!((response.status, response.body.as_slice()), (200, b"hi".as_ref()));
    assert!(response.headers.contains(&("x-a".into(), "b".into())));
    assert!(response.headers.iter().all(|(name, _)| name != "set-cookie"));
    assert_eq!(call.http_calls_left, 3);
    assert!(call.http_bytes_left < 64 * 1024);
}

#[tokio::test]
async fn an_ungranted_server_is_refused_with_the_lines_that_grant_it() {
    let peer = Peer::start(OK).await;
    let asked = Missing {
        plugin: "Probe".to_owned(),
        has_table: true,
        granted_hosts: vec!["a.example.org".to_owned()],
        hosts: vec![HostPattern::Literal("*.example.com".into())],
        ..Missing::default()
    };
    let granted = HostPattern::Literal("a.example.org".into());
    let mut call = testing::call().vend(Access::READ).hosts(&[granted]).lacking(asked).build();
    let failure = refused(&mut call, get("https://vms.example.com/x".into())).await;
    assert_eq!(failure.kind, HttpFailureKind::Denied);
    let lines = "in the table [plugins.Probe] of the grant file (PANGOLIN_PLUGIN_GRANTS) set \
                 hosts = [\"a.example.org\", \"*.example.com\"]";
    assert!(failure.message.ends_with(lines), "{failure}");
    // What no line would open says so, and a host that is none writes none.
    for (url, told) in [
        ("https://evil.example/", "does not ask for this host"),
        ("https://x\",\"*.evil.example/", "does not ask for this host"),
        ("https://vms.example.com:8443/", "on the usual port"),
        ("https://a.example.org:8443/", "on the usual port"),
    ] {
        let failure = refused(&mut call, get(url.into())).await;
        assert!(failure.message.contains(told) && !failure.message.contains('\n'), "{failure}");
    }
    let failure = refused(&mut call, get(peer.url("/"))).await;
    assert_eq!(failure.kind, HttpFailureKind::Denied);
    let mut unauthorised = testing::call().hosts(&[HostPattern::Literal("vms.example.com".into())]).build();
    let failure = refused(&mut unauthorised, get("https://vms.example.com/x".into())).await;
    assert_eq!(failure.kind, HttpFailureKind::Denied);
    assert!(peer.requests().is_empty());
}

#[tokio::test]
async fn a_granted_name_still_passes_the_egress_policy() {
    let hosts = ["169.254.169.254", "10.0.0.1"].map(|host| HostPattern::Literal(host.into()));
    let mut call = testing::call().hosts(&hosts).vend(Access::READ).build();
    for url in ["https://169.254.169.254/latest", "https://10.0.0.1/", "https://169.254.43518/"] {
        let failure = refused(&mut call, get(url.into())).await;
        assert_eq!(failure.kind, HttpFailureKind::Denied, "{url} {failure}");
        assert!(failure.message.contains("PANGOLIN_EGRESS_ALLOW"), "{failure}");
    }
    for url in ["https://u:p@x.example/", "ftp://x.example/", "x", "https://x.example/#f"] {
        assert_eq!(refused(&mut call, get(url.into())).await.kind, HttpFailureKind::Invalid, "{url}");
    }
}

#[tokio::test]
async fn headers_of_the_host_are_refused() {
    let peer = Peer::start(OK).await;
    let mut call = call(&peer).build();
    for name in
        ["Host", "authorization", "Proxy-Authorization", "X-Amz-Date", "Transfer-Encoding", "Content-Length", "Cookie"]
    {
        let request = HttpRequest { headers: vec![(name.into(), "x".into())], ..get(peer.url("/")) };
        assert_eq!(refused(&mut call, request).await.kind, HttpFailureKind::Denied, "{name}");
    }
    for (name, value) in [("a b", "x"), ("", "x"), ("a", "x\r\nb: c")] {
        let request = HttpRequest { headers: vec![(name.into(), value.into())], ..get(peer.url("/")) };
        assert_eq!(refused(&mut call, request).await.kind, HttpFailureKind::Invalid, "{name}");
    }
    let many = HttpRequest { headers: vec![("a".into(), "b".into()); 65], ..get(peer.url("/")) };
    assert_eq!(refused(&mut call, many).await.kind, HttpFailureKind::Invalid);
    let method = HttpRequest { method: "CONNECT".into(), ..get(peer.url("/")) };
    assert_eq!(refused(&mut call, method).await.kind, HttpFailureKind::Invalid);
    assert!(peer.requests().is_empty());
}

#[tokio::test]
async fn each_kind_of_authentication_reaches_the_server() {
    let peer = Peer::start(OK).await;
    let uses = [
        SecretUse::Bearer,
        SecretUse::Basic,
        SecretUse::Header("X-Key".into()),
        SecretUse::FormField("client_secret".into()),
        SecretUse::JsonField("password".into()),
        SecretUse::Authorization("Api-Token".into()),
    ];
    let mut call = call(&peer).secret("key", SECRET, &uses).build();
    call.http_calls_left = 10;
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("user:{SECRET}"));
    for (auth, expected) in [
        (HttpAuth::Bearer("key".into()), format!("authorization: Bearer {SECRET}\r\n")),
        (HttpAuth::Basic { user: "user".into(), slot: "key".into() }, format!("authorization: Basic {pair}\r\n")),
        (HttpAuth::Header { name: "X-Key".into(), slot: "key".into() }, format!("x-key: {SECRET}\r\n")),
        (
            HttpAuth::Authorization { scheme: "Api-Token".into(), slot: "key".into() },
            format!("authorization: Api-Token {SECRET}\r\n"),
        ),
        (
            HttpAuth::FormField { name: "client_secret".into(), slot: "key".into() },
            "a=b&client_secret=s3cr3t%2Fvalue%2Bwith%3Dsigns".into(),
        ),
    ] {
        let request = HttpRequest { body: b"a=b".to_vec(), ..with(peer.url("/"), auth) };
        service().send(&mut call, request).await.unwrap();
        let seen = peer.requests().pop().unwrap();
        assert!(seen.contains(&expected), "{seen}");
    }
    let masked = format!("{call:?}");
    assert!(!masked.contains("s3cr3t") && !masked.contains(&pair), "{masked}");
}

#[tokio::test]
async fn a_slot_is_used_as_its_field_says_and_no_other_way() {
    let peer = Peer::start(OK).await;
    let mut call = call(&peer).secret("key", SECRET, &[SecretUse::Header("X-Key".into())]).build();
    for auth in [
        HttpAuth::Bearer("key".into()),
        HttpAuth::Basic { user: "u".into(), slot: "key".into() },
        HttpAuth::Header { name: "X-Other".into(), slot: "key".into() },
        HttpAuth::FormField { name: "key".into(), slot: "key".into() },
        HttpAuth::JsonField { name: "key".into(), slot: "key".into() },
        HttpAuth::Authorization { scheme: "Bearer".into(), slot: "key".into() },
        HttpAuth::Bearer("none".into()),
    ] {
        call.http_calls_left = 4;
        let failure = refused(&mut call, with(peer.url("/"), auth)).await;
        assert_eq!(failure.kind, HttpFailureKind::Denied);
        assert!(!failure.message.contains(SECRET), "{failure}");
    }
    assert!(peer.requests().is_empty());
}

#[tokio::test]
async fn a_request_that_holds_a_secret_is_refused() {
    let peer = Peer::start(OK).await;
    let mut call = call(&peer).secret("key", SECRET, &[SecretUse::Bearer]).build();
    call.http_calls_left = 20;
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("xy{SECRET}"));
    for request in [
        HttpRequest { body: SECRET.as_bytes().to_vec(), ..get(peer.url("/")) },
        HttpRequest { body: encoded.into_bytes(), ..get(peer.url("/")) },
        get(peer.url("/?x=s3cr3t%2Fvalue%2Bwith%3dsigns")),
        HttpRequest { headers: vec![("x".into(), SECRET.into())], ..get(peer.url("/")) },
        with(peer.url("/"), HttpAuth::JsonField { name: SECRET.into(), slot: "key".into() }),
    ] {
        let failure = refused(&mut call, request).await;
        assert_eq!(failure.kind, HttpFailureKind::Breach);
        assert!(!failure.message.contains(SECRET), "{failure}");
    }
    assert!(peer.requests().is_empty());
}

#[tokio::test]
async fn an_answer_that_echoes_a_secret_is_withheld() {
    let encoded = base64::engine::general_purpose::STANDARD.encode(SECRET);
    for (header, body) in
        [("b", SECRET), ("b", encoded.as_str()), ("b", "s3cr3t%2Fvalue%2Bwith%3Dsigns"), (SECRET, "x")]
    {
        let length = body.len();
        let peer =
            Peer::start(&format!("HTTP/1.1 200 OK\r\nx-a: {header}\r\ncontent-length: {length}\r\n\r\n{body}")).await;
        let mut call = call(&peer).secret("key", SECRET, &[SecretUse::Bearer]).build();
        let failure = refused(&mut call, with(peer.url("/"), HttpAuth::Bearer("key".into()))).await;
        assert_eq!(failure.kind, HttpFailureKind::Protocol);
        assert!(!failure.message.contains(SECRET), "{failure}");
    }
}

#[tokio::test]
async fn calls_bytes_and_time_are_bounded() {
    let peer = Peer::start(OK).await;
    let mut call = call(&peer).build();
    for _ in 0..4 {
        service().send(&mut call, get(peer.url("/"))).await.unwrap();
    }
    assert_eq!(refused(&mut call, get(peer.url("/"))).await.kind, HttpFailureKind::Denied);
    call.http_calls_left = 10;
    let large = HttpRequest { body: vec![0; 70_000], ..with(peer.url("/"), HttpAuth::None) };
    assert_eq!(refused(&mut call, large).await.kind, HttpFailureKind::TooLarge);
    call.http_bytes_left = 100;
    let body = "x".repeat(200);
    let flood = Peer::start(&format!("HTTP/1.1 200 OK\r\ncontent-length: 200\r\n\r\n{body}")).await;
    call.config.insert("vms".into(), flood.url("/").into());
    assert_eq!(refused(&mut call, get(flood.url("/"))).await.kind, HttpFailureKind::TooLarge);
    call.http_bytes_left = 10_000;
    let silent = Peer::start("").await;
    call.config.insert("vms".into(), silent.url("/").into());
    let quick = HttpRequest { timeout_ms: Some(50), ..get(silent.url("/")) };
    assert_eq!(refused(&mut call, quick).await.kind, HttpFailureKind::Timeout);
    call.deadline = Instant::now();
    assert_eq!(refused(&mut call, get(silent.url("/"))).await.kind, HttpFailureKind::Timeout);
}

#[tokio::test]
async fn signatures_are_made_within_the_scopes_and_never_for_sts() {
    let peer = Peer::start(OK).await;
    let uses = [SecretUse::Sigv4("s3".into()), SecretUse::Sigv4("sts".into()), SecretUse::Sigv4("es".into())];
    let mut call = call(&peer)
        .config("endpoint", peer.url("/"))
        .secret("id", "AKIDEXAMPLE", &uses)
        .secret("secret", SECRET, &uses)
        .build();
    let keys = KeySlots { access_key_id: "id".into(), secret_access_key: "secret".into(), session_token: None };
    let auth =
        |service: &str| HttpAuth::Sigv4 { keys: keys.clone(), service: service.into(), region: "eu-west-1".into() };
    let failure = refused(&mut call, with(peer.url("/"), auth("sts"))).await;
    assert!(failure.kind == HttpFailureKind::Denied && failure.message.contains("assume-role"), "{failure}");
    call.http_calls_left = 20;
    for disguised in ["es", "S3", "s3x", "STS"] {
        let failure = refused(&mut call, with(peer.url("/lake/sales/orders2/a"), auth(disguised))).await;
        assert_eq!(failure.kind, HttpFailureKind::Denied, "{disguised}: {failure}");
    }
    for header in ["x-amz-copy-source", "X-Amz-Acl", "x-amz-grant-read", "x-amz-tagging", "x-http-method-override"] {
        let headers = vec![(header.to_owned(), "/lake/sales/orders2/a".to_owned())];
        let request = HttpRequest { auth: auth("s3"), headers, ..get(peer.url("/lake/sales/orders/a")) };
        let failure = refused(&mut call, request).await;
        assert!(failure.message.contains(&header.to_ascii_lowercase()), "{failure}");
    }
    let outside = HttpRequest { auth: auth("s3"), ..get(peer.url("/lake/sales/orders2/a")) };
    assert_eq!(refused(&mut call, outside).await.kind, HttpFailureKind::Denied);
    assert!(peer.requests().is_empty());
    call.http_calls_left = 2;
    service().send(&mut call, HttpRequest { auth: auth("s3"), ..get(peer.url("/lake/sales/orders/a")) }).await.unwrap();
    let other = Peer::start(OK).await;
    call.config.insert("vms".to_owned(), other.url("/").into());
    service().send(&mut call, with(other.url("/other"), auth("es"))).await.unwrap();
    for (seen, scope) in [(&peer.requests()[0], "s3"), (&other.requests()[0], "es")] {
        let expected =
            format!("authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20130524/eu-west-1/{scope}/aws4_request, ");
        assert!(seen.contains(&expected), "{seen}");
        assert!(!seen.contains(SECRET), "{seen}");
    }
}

#[tokio::test]
async fn a_json_member_is_put_into_an_object_that_has_none() {
    let peer = Peer::start(OK).await;
    let uses = [SecretUse::JsonField("password".into())];
    let mut call = call(&peer).secret("key", "quo\"ted\\secret", &uses).build();
    call.http_calls_left = 20;
    let auth = HttpAuth::JsonField { name: "password".into(), slot: "key".into() };
    let typed = |kind: &str| vec![("Content-Type".to_owned(), kind.to_owned())];
    for (body, headers) in [
        ("{\"username\":\"u\"}", vec![]),
        ("{\"username\":\"u\",\"password\":null}", typed("application/json; charset=utf-8")),
    ] {
        let request = HttpRequest { body: body.into(), headers, ..with(peer.url("/"), auth.clone()) };
        service().send(&mut call, request).await.unwrap();
        let seen = peer.requests().pop().unwrap();
        let (head, body) = seen.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("content-type: application/json"), "{head}");
        assert_eq!(body, r#"{"password":"quo\"ted\\secret","username":"u"}"#);
    }
    for (body, headers) in [
        ("{\"password\":\"x\"}", vec![]),
        ("{\"password\":\"\"}", vec![]),
        ("[]", vec![]),
        ("", vec![]),
        ("{}", typed("text/plain")),
    ] {
        let request = HttpRequest { body: body.into(), headers, ..with(peer.url("/"), auth.clone()) };
        assert_eq!(refused(&mut call, request).await.kind, HttpFailureKind::Invalid, "{body}");
    }
    let scheme = HttpAuth::Authorization { scheme: "Basic x\r\ny:".into(), slot: "key".into() };
    assert_eq!(refused(&mut call, with(peer.url("/"), scheme)).await.kind, HttpFailureKind::Invalid);
    assert_eq!(peer.requests().len(), 2);
}
