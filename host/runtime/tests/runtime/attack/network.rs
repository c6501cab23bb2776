//! Names that lead inside or change their mind, redirects, and servers that never come to an end.

use std::time::{Duration, Instant};

use pangolin_egress::EgressClient;

use super::peer::{Manner, Peer, client};
use super::room::Room;
use crate::ask::{Ask, Back, DENIED, PROTOCOL, TIMEOUT, TOO_LARGE};
use crate::guest::{Field, Guest};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";

/// What comes back of these URLs, each so many times from one guest, which may reach its host.
async fn backs(urls: &[String], times: usize, egress: EgressClient, limits: &str) -> Vec<Back> {
    let name = |number: usize| -> &'static str { format!("server{number}").leak() };
    let guests = urls.iter().enumerate().map(|(number, url)| Guest {
        hosts: vec![format!("field:{}", name(number)).leak()],
        fields: vec![Field::url(name(number))],
        ..Guest::named("Bad").asking(vec![Ask::get(url.as_str()); times])
    });
    let mut room = Room::over(guests.collect(), egress, limits).await;
    for (number, url) in urls.iter().enumerate() {
        room = room.config(name(number), url.as_str());
    }
    room.backs().await
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused() {
    let peer = Peer::start(Manner::Says(OK.to_owned())).await;
    let inside: [&[&[&str]]; 10] = [
        &[&["127.0.0.1"]],
        &[&["::1", "127.0.0.1"]],
        &[&["169.254.169.254"]],
        &[&["fd00:ec2::254"]],
        &[&["::ffff:127.0.0.1"]],
        &[&["::127.0.0.1"]],
        &[&["64:ff9b::7f00:1"]],
        &[&["2002:7f00:1::"]],
        &[&["10.0.0.1", "192.168.0.1", "172.16.0.1", "100.64.0.1"]],
        &[&["0.0.0.0"]],
    ];
    let names: Vec<String> = (0..inside.len()).map(|number| format!("name{number}.example.com")).collect();
    let answers: Vec<(&str, &[&[&str]])> = names.iter().map(String::as_str).zip(inside).collect();
    let urls: Vec<String> = names.iter().map(|name| format!("http://{name}:{}/", peer.port)).collect();
    for (url, back) in urls.iter().zip(backs(&urls, 1, client("", &answers), "").await) {
        assert!(
            matches!(&back, Back::Refused(DENIED, text) if text.contains("PANGOLIN_EGRESS_ALLOW")),
            "{url}: {back:?}"
        );
    }
    assert!(peer.requests().is_empty());
}

#[tokio::test]
async fn a_name_that_changes_its_mind_reaches_what_was_checked_or_nothing() {
    // The same port on an address that is allowed and on one that is not.
    let allowed = Peer::at("127.0.0.2:0", Manner::Says(OK.to_owned())).await;
    let inside = Peer::at(&format!("127.0.0.1:{}", allowed.port), Manner::Says(OK.to_owned())).await;
    let url = format!("http://turn.example.com:{}/", allowed.port);
    let turns: &[&[&str]] = &[&["127.0.0.2"], &["127.0.0.1"]];
    let egress = client("127.0.0.2/32", &[("turn.example.com", turns)]);
    // Within one call, and by the next one.
    let first = backs(std::slice::from_ref(&url), 2, egress.clone(), "").await;
    assert!(first[0].is_refused(DENIED), "{first:?}");
    assert!(backs(std::slice::from_ref(&url), 1, egress, "").await[0].is_refused(DENIED));
    assert_eq!(allowed.requests().len(), 1);

    let mixed: &[&[&str]] = &[&["127.0.0.1", "127.0.0.2", "::1"]];
    let egress = client("127.0.0.2/32", &[("turn.example.com", mixed)]);
    assert_eq!(backs(std::slice::from_ref(&url), 16, egress, "").await, [Back::Answer(200, "ok".to_owned())]);

    let back_and_forth: Vec<&[&str]> =
        (0..40).map(|n| if n % 2 == 0 { &["127.0.0.2"][..] } else { &["127.0.0.1"] }).collect();
    let egress = client("127.0.0.2/32", &[("turn.example.com", &back_and_forth)]);
    backs(&[url], 16, egress, "").await;
    assert!(inside.requests().is_empty(), "{:?}", inside.requests());
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_its_place_is_judged_like_any_other() {
    for status in
        ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        let inside = Peer::start(Manner::Says(OK.to_owned())).await;
        let place = format!("http://127.0.0.1:{}/latest/meta-data/", inside.port);
        let head = format!("HTTP/1.1 {status}\r\nlocation: {place}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        let peer = Peer::at("127.0.0.2:0", Manner::Says(head)).await;
        let egress = client("127.0.0.2/32", &[("turn.example.com", &[&["127.0.0.2"]])]);
        let urls = [format!("http://turn.example.com:{}/", peer.port), place];
        let found = backs(&urls, 1, egress, "").await;
        assert!(matches!(found[0], Back::Answer(300..=308, _)), "{found:?}");
        assert!(found[1].is_refused(DENIED), "{found:?}");
        assert!(inside.requests().is_empty());
    }
}

/// A server of this manner, asked by a guest of 600 ms.
async fn back_of(manner: Manner) -> Back {
    let peer = Peer::start(manner).await;
    let url = format!("http://127.0.0.1:{}/", peer.port);
    let start = Instant::now();
    let back = backs(&[url], 1, client("127.0.0.1/32", &[]), "wall_ms = 600\nhttp_bytes = 100000").await.remove(0);
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    back
}

fn slowly(first: &str, then: &str) -> Manner {
    Manner::Repeats(first.to_owned(), then.to_owned(), Duration::from_millis(20))
}

fn quickly(first: &str, then: &str) -> Manner {
    Manner::Repeats(first.to_owned(), then.repeat(1_000), Duration::ZERO)
}

#[tokio::test]
async fn a_server_that_never_ends_ends_with_the_call() {
    for manner in [
        slowly("", ""),
        slowly("HTTP/1.1 200 OK\r\n", "x-a: b\r\n"),
        slowly("HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n", "x"),
        slowly("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "1\r\nx\r\n"),
        slowly("HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n"),
    ] {
        let shown = format!("{manner:?}");
        let back = back_of(manner).await;
        assert!(back.is_refused(TIMEOUT), "{shown}: {back:?}");
    }
}

#[tokio::test]
async fn a_server_that_says_more_than_anyone_wants_to_hear_is_cut() {
    for manner in [
        quickly("HTTP/1.1 200 OK\r\n\r\n", "x"),
        quickly("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "1\r\nx\r\n"),
        quickly("HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n", "x"),
        quickly("HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n", "x"),
        quickly("HTTP/1.1 200 OK\r\n", "x-a: b\r\n"),
        quickly("HTTP/1.1 200 OK\r\nx: ", "x"),
        quickly("", "x"),
    ] {
        let shown = format!("{manner:?}").chars().take(120).collect::<String>();
        let back = back_of(manner).await;
        // On a machine that is slow its time may end before its bytes do.
        assert!([TOO_LARGE, PROTOCOL, TIMEOUT].iter().any(|kind| back.is_refused(*kind)), "{shown}: {back:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_none_is_told_so() {
    for says in [
        "",
        "\0\0\0",
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        "HTTP/1.1 99999 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
    ] {
        let back = back_of(Manner::Says(says.to_owned())).await;
        assert!(back.is_refused(PROTOCOL) || back.is_refused(4), "{says:?}: {back:?}");
    }
}

#[tokio::test]
async fn guests_that_wait_for_silent_servers_leave_room() {
    let peer = Peer::start(slowly("", "")).await;
    let urls: Vec<String> = (0..6).map(|_| format!("http://127.0.0.1:{}/", peer.port)).collect();
    let found = backs(&urls, 3, client("127.0.0.1/32", &[]), "wall_ms = 1000").await;
    assert!(found.iter().all(|back| back.is_refused(TIMEOUT)), "{found:?}");
}
