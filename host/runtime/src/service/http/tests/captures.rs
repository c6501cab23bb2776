//! Tokens that one answer brings and the next request needs.

use super::*;

const ACCESS: &str = "eyJhbGciOi.access-token/1";
const REFRESH: &str = "eyJhbGciOi.refresh-token+1";

fn reply(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn tokens() -> String {
    reply("200 OK", &format!(r#"{{"access":"{ACCESS}","refresh":"{REFRESH}","user":"u"}}"#))
}

fn login(url: String) -> HttpRequest {
    let captures = vec![("access".into(), "/access".into()), ("refresh".into(), "/refresh".into())];
    HttpRequest { captures, ..with(url, HttpAuth::None) }
}

/// A call that has logged in at a server that answers everything else with `OK`.
async fn logged_in() -> (Peer, Call) {
    let peer = Peer::answering(|text| if text.starts_with("POST /token") { tokens() } else { OK.to_owned() }).await;
    let mut call = call(&peer).build();
    call.http_calls_left = 20;
    service().send(&mut call, login(peer.url("/token"))).await.unwrap();
    (peer, call)
}

#[tokio::test]
async fn the_guest_sees_a_marker_and_the_server_its_token() {
    let peer = Peer::answering(|text| if text.starts_with("POST /token") { tokens() } else { OK.to_owned() }).await;
    let mut call = call(&peer).build();
    call.http_calls_left = 20;
    let answer = service().send(&mut call, login(peer.url("/token"))).await.unwrap();
    let body = String::from_utf8(answer.body).unwrap();
    assert_eq!(body, r#"{"access":"<captured:access>","refresh":"<captured:refresh>","user":"u"}"#);
    for (auth, expected) in [
        (HttpAuth::Bearer("access".into()), format!("authorization: Bearer {ACCESS}\r\n")),
        (
            HttpAuth::Authorization { scheme: "Token".into(), slot: "access".into() },
            format!("authorization: Token {ACCESS}\r\n"),
        ),
        (HttpAuth::Header { name: "X-Token".into(), slot: "access".into() }, format!("x-token: {ACCESS}\r\n")),
        (
            HttpAuth::JsonField { name: "refresh".into(), slot: "refresh".into() },
            format!(r#"{{"refresh":"{REFRESH}"}}"#),
        ),
    ] {
        let request = HttpRequest { body: b"{}".to_vec(), ..with(peer.url("/x"), auth) };
        service().send(&mut call, request).await.unwrap();
        let seen = peer.requests().pop().unwrap();
        assert!(seen.contains(&expected), "{seen}");
    }
    assert_eq!(call.masked.len(), 2);
    let shown = format!("{call:?}");
    assert!(!shown.contains("eyJ"), "{shown}");
}

#[tokio::test]
async fn a_token_goes_back_to_its_origin_only() {
    let (peer, mut call) = logged_in().await;
    let other = Peer::start(OK).await;
    call.config.insert("vms".into(), other.url("/").into());
    let failure = refused(&mut call, with(other.url("/"), HttpAuth::Bearer("access".into()))).await;
    assert!(failure.kind == HttpFailureKind::Denied && failure.message.contains(&peer.url("")), "{failure}");
    // Nor may the other server's answer take its place.
    let failure = refused(&mut call, login(other.url("/token"))).await;
    assert_eq!(failure.kind, HttpFailureKind::Denied);
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn a_token_is_used_in_no_other_way() {
    let (peer, mut call) = logged_in().await;
    let keys = KeySlots { access_key_id: "access".into(), secret_access_key: "refresh".into(), session_token: None };
    for auth in [
        HttpAuth::Basic { user: "u".into(), slot: "access".into() },
        HttpAuth::FormField { name: "token".into(), slot: "access".into() },
        HttpAuth::Sigv4 { keys, service: "es".into(), region: "r".into() },
        HttpAuth::Header { name: "Host".into(), slot: "access".into() },
        HttpAuth::Bearer("other".into()),
    ] {
        assert_eq!(refused(&mut call, with(peer.url("/x"), auth)).await.kind, HttpFailureKind::Denied);
    }
    for request in [
        HttpRequest { body: ACCESS.into(), ..get(peer.url("/x")) },
        HttpRequest { headers: vec![("x".into(), ACCESS.into())], ..get(peer.url("/x")) },
    ] {
        assert_eq!(refused(&mut call, request).await.kind, HttpFailureKind::Breach);
    }
    assert_eq!(peer.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_that_repeats_what_was_taken_is_withheld() {
    let encoded = base64::engine::general_purpose::STANDARD.encode(ACCESS);
    for answer in [
        reply("200 OK", &format!(r#"{{"access":"{ACCESS}","copy":"{ACCESS}"}}"#)),
        reply("200 OK", &format!(r#"{{"access":"{ACCESS}","copy":"x{encoded}"}}"#)),
        reply("200 OK", &format!(r#"{{"access":"{ACCESS}","{ACCESS}":1}}"#)),
        reply("200 OK", &format!(r#"{{"access":"{ACCESS}"}}"#)).replacen("\r\n", &format!("\r\nx-a: {ACCESS}\r\n"), 1),
        reply("200 OK", r#"{"access":"short"}"#),
        reply("200 OK", "{\"access\":\"long enough\\nand two lines\"}"),
    ] {
        let peer = Peer::start(&answer).await;
        let failure = refused(&mut call(&peer).build(), login(peer.url("/token"))).await;
        assert_eq!(failure.kind, HttpFailureKind::Protocol, "{answer}");
        assert!(!failure.message.contains(ACCESS), "{failure}");
    }
    // A second member of the same name is gone, because the body is written again.
    let peer = Peer::start(&reply("200 OK", &format!(r#"{{"access":"{REFRESH}","access":"{ACCESS}"}}"#))).await;
    let answer = service().send(&mut call(&peer).build(), login(peer.url("/token"))).await.unwrap();
    assert_eq!(answer.body, br#"{"access":"<captured:access>"}"#);
    // And one that echoes a token later.
    let peer = Peer::answering(|text| if text.starts_with("POST /token") { tokens() } else { reply("200 OK", ACCESS) });
    let peer = peer.await;
    let mut call = call(&peer).build();
    service().send(&mut call, login(peer.url("/token"))).await.unwrap();
    let failure = refused(&mut call, with(peer.url("/x"), HttpAuth::Bearer("access".into()))).await;
    assert_eq!(failure.kind, HttpFailureKind::Protocol);
}

#[tokio::test]
async fn nothing_is_taken_from_other_answers() {
    for answer in [
        reply("401 Unauthorized", &format!(r#"{{"access":"{ACCESS}"}}"#)),
        reply("302 Found", &format!(r#"{{"access":"{ACCESS}"}}"#)),
        reply("200 OK", "access"),
        reply("200 OK", r#"{"access":1,"refresh":null}"#),
        reply("200 OK", r#"{"access":["eyJhbGciOi"],"refresh":{"a":"eyJhbGciOi"}}"#),
        reply("200 OK", r#"{"tokens":{}}"#),
    ] {
        let peer = Peer::start(&answer).await;
        let mut call = call(&peer).build();
        let got = service().send(&mut call, login(peer.url("/token"))).await.unwrap();
        assert!(answer.ends_with(std::str::from_utf8(&got.body).unwrap()), "{answer}");
        let failure = refused(&mut call, with(peer.url("/x"), HttpAuth::Bearer("access".into()))).await;
        assert_eq!(failure.kind, HttpFailureKind::Denied, "{answer}");
    }
}

#[tokio::test]
async fn a_newer_token_replaces_the_older_even_where_the_server_sends_the_same_again() {
    let (peer, mut call) = logged_in().await;
    let auth = HttpAuth::JsonField { name: "refresh".into(), slot: "refresh".into() };
    let again = HttpRequest { auth, body: b"{}".to_vec(), ..login(peer.url("/token/refresh")) };
    let answer = service().send(&mut call, again).await.unwrap();
    assert_eq!(answer.status, 200);
    assert!(!String::from_utf8(answer.body).unwrap().contains("eyJ"));
}

#[tokio::test]
async fn malformed_captures_and_taken_names_are_refused() {
    let peer = Peer::start(&tokens()).await;
    let mut call = call(&peer).secret("password", SECRET, &[SecretUse::Basic]).field("username").build();
    let capture = |slot: &str, pointer: &str| vec![(slot.to_owned(), pointer.to_owned())];
    for (captures, kind) in [
        (capture("password", "/access"), HttpFailureKind::Denied),
        (capture("username", "/access"), HttpFailureKind::Denied),
        (capture("vms", "/access"), HttpFailureKind::Denied),
        (capture("", "/access"), HttpFailureKind::Invalid),
        (capture("Access", "/access"), HttpFailureKind::Invalid),
        (capture(&"a".repeat(65), "/access"), HttpFailureKind::Invalid),
        (capture("access", "access"), HttpFailureKind::Invalid),
        (capture("access", &"/a".repeat(200)), HttpFailureKind::Invalid),
        ([capture("a", "/access"), capture("a", "/refresh")].concat(), HttpFailureKind::Invalid),
        ([capture("a", "/access"), capture("b", "/access")].concat(), HttpFailureKind::Invalid),
        ((0..9).map(|n| (format!("s{n}"), format!("/{n}"))).collect(), HttpFailureKind::Invalid),
    ] {
        let request = HttpRequest { captures: captures.clone(), ..get(peer.url("/")) };
        assert_eq!(refused(&mut call, request).await.kind, kind, "{captures:?}");
    }
    assert!(peer.requests().is_empty());
}
