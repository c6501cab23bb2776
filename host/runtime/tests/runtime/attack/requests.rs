//! Requests that would be something else on the wire than they are here.

use super::planted::TOKENS;
use super::room::{Room, thief};
use crate::ask::{Ask, Auth, Back, DENIED, INVALID, TOO_LARGE};
use crate::cloud::{Cloud, answer};
use crate::guest::Guest;

fn get() -> Ask {
    Ask::get("https://a.evil.example/")
}

/// What comes back of these, one guest each; nothing was sent.
async fn unsent(asks: Vec<Ask>) -> Vec<Back> {
    let guests = asks.into_iter().map(|ask| thief().asking(vec![ask])).collect();
    let room = Room::with(guests, Cloud::answering(|_| answer("reached")), "").await;
    let backs = room.backs().await;
    assert!(room.cloud.seen().is_empty(), "{:?}", room.cloud.seen());
    backs
}

#[tokio::test]
async fn headers_of_the_connection_and_of_the_host_are_not_the_guests() {
    let names = [
        "Host",
        "host",
        "Authorization",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Connection",
        "Keep-Alive",
        "Transfer-Encoding",
        "Content-Length",
        "TE",
        "Trailer",
        "Upgrade",
        "Expect",
        "HTTP2-Settings",
        "Cookie",
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Amz-Date",
        "X-Amz-Security-Token",
        "X-Amz-Content-Sha256",
        "X-Aws-Ec2-Metadata-Token",
        "Metadata-Flavor",
        "Accept-Encoding",
    ];
    let asks = names.map(|name| get().header(name, "x"));
    for (name, back) in names.iter().zip(unsent(asks.into()).await) {
        assert!(back.is_refused(DENIED), "{name}: {back:?}");
    }
}

#[tokio::test]
async fn a_header_is_one_header() {
    let pairs = [
        ("x", "a\r\nhost: 127.0.0.1"),
        ("x", "a\nb: c"),
        ("x", "a\rb"),
        ("x", "a\0b"),
        ("x", "a\u{7f}b"),
        ("x\r\nhost", "a"),
        ("x: a\r\ny", "a"),
        ("x y", "a"),
        ("x:", "a"),
        (":authority", "a"),
        (":path", "/"),
        ("", "a"),
        ("h\u{f6}st", "a"),
    ];
    let asks = pairs.map(|(name, value)| get().header(name, value));
    for (pair, back) in pairs.iter().zip(unsent(asks.into()).await) {
        assert!(back.is_refused(INVALID), "{pair:?}: {back:?}");
    }
}

#[tokio::test]
async fn methods_are_those_of_the_contract() {
    let methods = ["CONNECT", "TRACE", "OPTIONS", "get", "GET ", "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET", "", "\u{131}"];
    let asks = methods.map(|method| Ask { method, ..get() });
    for (method, back) in methods.iter().zip(unsent(asks.into()).await) {
        assert!(back.is_refused(INVALID), "{method:?}: {back:?}");
    }
}

#[tokio::test]
async fn what_is_too_large_is_not_sent() {
    let long = "x".repeat(200_000);
    let many = (0..65).fold(get(), |ask, _| ask.header("x", "y"));
    let url = Ask::get(format!("https://a.evil.example/{long}"));
    let [url, many] = <[Back; 2]>::try_from(unsent(vec![url, many]).await).unwrap();
    assert!(url.is_refused(INVALID) && many.is_refused(INVALID), "{url:?} {many:?}");
    let header = get().header("x", &long);
    let room = Room::with(vec![thief().asking(vec![header])], Cloud::answering(|_| answer("")), "http_bytes = 100000");
    let room = room.await;
    assert!(room.backs().await[0].is_refused(TOO_LARGE));
    assert!(room.cloud.seen().is_empty());
    // More than one call of the host may copy.
    let body = thief().vending("(drop (memory.grow (i32.const 60)))").asking(vec![get()]);
    let huge = Guest {
        asks: Vec::new(),
        vend: format!(
            "{} (i32.store (i32.const 280) (i32.const 65536)) (i32.store (i32.const 284) (i32.const 3500000))
             (call $send (i32.const 256) (i32.const 512))",
            body.vend
        ),
        ..body
    };
    assert_eq!(Room::of(vec![huge]).await.codes().await, ["plugin-copy-bytes"]);
}

#[tokio::test]
async fn the_number_of_requests_is_bounded_and_so_are_their_bytes() {
    let cloud = Cloud::answering(|_| answer("x".repeat(1_000)));
    let room = Room::with(vec![thief().asking(vec![get(); 5])], cloud, "http_calls = 3").await;
    let back = room.backs().await.remove(0);
    assert!(matches!(&back, Back::Refused(DENIED, text) if text.contains("as many requests as it may")), "{back:?}");
    assert_eq!(room.cloud.seen().len(), 3);

    let cloud = Cloud::answering(|_| answer("x".repeat(1_000)));
    let room = Room::with(vec![thief().asking(vec![get(); 5])], cloud, "http_bytes = 2500").await;
    assert!(room.backs().await[0].is_refused(TOO_LARGE));

    // Also through services that send for the guest.
    let sts = Guest::named("Bad")
        .importing("sts", "assume-role", "(param i32 i32)")
        .vending("(loop $l (call $assume-role (i32.const 256) (i32.const 512)) (br $l))");
    assert_eq!(Room::of(vec![sts]).await.codes().await, ["plugin-host-calls"]);
}

#[tokio::test]
async fn a_body_cannot_be_shaped_around_a_secret() {
    let form = Auth::FormField("client_secret", "form_secret");
    let json = Auth::JsonField("password", "json_secret");
    let to = |auth: &Auth, body: &str| Ask::get(format!("https://{TOKENS}/")).body(body).with(auth.clone());
    let asks = vec![
        to(&form, "client_secret=x"),
        to(&form, "client%5Fsecret=x"),
        to(&form, "a=b").header("content-type", "application/json"),
        to(&form, "a=b").header("content-type", "multipart/form-data; boundary=x"),
        to(&json, "{\"password\":\"x\"}"),
        to(&json, "{\"\\u0070assword\":\"x\"}"),
        to(&json, "[]"),
        to(&json, "{\"a\":1} {\"b\":2}"),
        to(&json, &"[".repeat(100_000)),
        to(&json, &format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000))),
        to(&json, &format!("{{\"a\":\"{}\"}}", "x".repeat(300_000))),
        to(&json, "{}").header("content-type", "text/plain"),
    ];
    for (number, back) in unsent(asks).await.iter().enumerate() {
        assert!(back.is_refused(INVALID), "{number}: {back:?}");
    }
}
