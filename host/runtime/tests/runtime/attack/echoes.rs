//! Servers that repeat what they were sent, and guests that carry it on.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use pangolin_egress::Response;

use super::planted::{self, TOKENS};
use super::room::{Room, thief};
use crate::ask::{Ask, Auth, Back, DENIED, LOG_IT, PROTOCOL};
use crate::cloud::{Cloud, Seen, answer, beside};
use crate::guest::Guest;

fn ask() -> Ask {
    Ask::get(format!("https://{TOKENS}/echo")).with(Auth::Bearer("token"))
}

/// Sends the bearer token to a server that answers so, logs the answer, sends it on, and returns it.
async fn back(script: impl Fn(&Seen) -> Response + Send + Sync + 'static) -> Back {
    let cloud = Cloud::answering(script);
    let guest = Guest { between: LOG_IT.to_owned(), ..thief().asking(vec![ask()]) };
    let room = Room::with(vec![guest.importing("log", "log", "(param i32 i32 i32)")], cloud, "").await;
    room.backs().await.remove(0)
}

#[tokio::test]
async fn an_answer_that_repeats_a_secret_in_any_usual_form_is_withheld() {
    let token = planted::value("token");
    let forms = [
        token.to_owned(),
        format!("Bearer {token}"),
        STANDARD.encode(token),
        URL_SAFE.encode(format!("x{token}")),
        STANDARD.encode(format!("{{\"authorization\":\"Bearer {token}\"}}")),
        hex::encode(token),
        hex::encode_upper(format!("Bearer {token}")),
        token.replace('/', "%2F").replace('+', "%2b").replace('=', "%3D"),
        token.replace('/', "\\/"),
        token.replace('/', "\\u002F").replace('+', "\\u002b"),
        token.replace('/', "&#x2F;").replace('+', "&#43;"),
    ];
    for form in forms {
        let body = format!("{{\"headers\":{{\"authorization\":\"{form}\"}}}}");
        let found = back(move |_| answer(body.clone())).await;
        assert!(found.is_refused(PROTOCOL), "{form}: {found:?}");
    }
}

#[tokio::test]
async fn headers_of_an_answer_and_answers_of_other_statuses_are_looked_through() {
    let token = planted::value("token");
    for name in ["x-echo", "location", "www-authenticate", "etag"] {
        let found = back(move |_| beside(answer("{}"), name, &format!("https://x/?t={token}"))).await;
        assert!(found.is_refused(PROTOCOL), "{name}: {found:?}");
    }
    for status in [302, 400, 401, 500] {
        let found = back(move |_| Response { status: status.try_into().unwrap(), ..answer(token) }).await;
        assert!(found.is_refused(PROTOCOL), "{status}: {found:?}");
    }
    // A cookie is dropped, whatever is in it.
    let found = back(move |_| beside(answer("fine"), "set-cookie", token)).await;
    assert_eq!(found, Back::Answer(200, "fine".to_owned()));
}

#[tokio::test]
async fn what_is_compressed_is_withheld_and_is_not_asked_for() {
    let gzip = |_: &Seen| beside(answer(vec![0x1f, 0x8b, 8, 0, 0, 0]), "content-encoding", "gzip");
    let found = back(gzip).await;
    assert!(found.is_refused(PROTOCOL), "{found:?}");
    let pieces = thief().asking(vec![ask().header("range", "bytes=0-4")]);
    let packed = thief().asking(vec![ask().header("accept-encoding", "gzip")]);
    let room = Room::with(vec![pieces, packed], Cloud::answering(|_| answer("reached")), "").await;
    assert!(room.backs().await.iter().all(|back| back.is_refused(DENIED)));
    assert!(room.cloud.seen().is_empty());
}

#[tokio::test]
async fn a_server_that_repeats_later_what_it_was_sent_is_withheld_too() {
    // First it gets the token; then it is asked, without one, what it got.
    let token = planted::value("token");
    let later = Ask::get(format!("https://{TOKENS}/last"));
    let cloud = Cloud::answering(move |seen| answer(if seen.text().contains("/last") { token } else { "{}" }));
    let both = thief().asking(vec![ask(), later.clone()]);
    // And in another call, in which nothing was sent.
    let alone = thief().asking(vec![later]);
    let room = Room::with(vec![both, alone], cloud, "").await;
    let backs = room.backs().await;
    assert!(backs[0].is_refused(PROTOCOL), "{:?}", backs[0]);
    assert!(matches!(&backs[1], Back::Stopped(code, _) if code == "plugin-secret"), "{:?}", backs[1]);
}

#[tokio::test]
async fn the_pair_of_basic_authentication_is_looked_for_as_well() {
    let cloud = Cloud::answering(|seen| {
        let line = seen.text().lines().find(|line| line.starts_with("authorization")).unwrap().to_owned();
        answer(line)
    });
    let basic = Ask::get(format!("https://{TOKENS}/")).with(Auth::Basic("user", "password"));
    let room = Room::with(vec![thief().asking(vec![basic])], cloud, "").await;
    assert!(room.backs().await[0].is_refused(PROTOCOL));
}

#[tokio::test]
async fn an_echo_of_everything_at_every_use_gives_nothing_away() {
    let cloud = Cloud::answering(|seen| answer(seen.bytes.clone()));
    let uses = [
        (Auth::Bearer("token"), ""),
        (Auth::Basic("user", "password"), ""),
        (Auth::Header("X-Api-Key", "header_key"), ""),
        (Auth::FormField("client_secret", "form_secret"), "a=b"),
        (Auth::JsonField("password", "json_secret"), "{}"),
        (Auth::Authorization("Api-Token", "api_token"), ""),
        (Auth::Sigv4("key_id", "key_secret", None, "es", "eu-west-1"), ""),
    ];
    let guests = uses.map(|(auth, body)| {
        let ask = Ask::get(format!("https://{TOKENS}/echo")).body(body).with(auth);
        let guest = Guest { between: LOG_IT.to_owned(), ..thief().asking(vec![ask]) };
        guest.importing("log", "log", "(param i32 i32 i32)")
    });
    let backs = Room::with(guests.into(), cloud, "").await.errors().await;
    for back in backs.iter().take(6).map(Back::of) {
        assert!(back.is_refused(PROTOCOL), "{back:?}");
    }
    // A signature is no secret; the identifier of the key is masked where it is shown.
    assert!(matches!(Back::of(&backs[6]), Back::Answer(200, text) if text.contains("Signature=")), "{:?}", backs[6]);
}
