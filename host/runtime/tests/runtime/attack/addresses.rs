//! URLs that lead inside: by address, by how an address is written, by what readers of URLs disagree
//! on. The warehouse names the very URL and the operator grants its host: the policy refuses it.

use super::room::Room;
use crate::ask::{Ask, Back, DENIED, INVALID};
use crate::cloud::{Cloud, answer};
use crate::guest::{Field, Guest};

/// What comes back of these URLs to guests that were granted their hosts.
async fn backs(urls: &[&str]) -> Vec<Back> {
    let name = |number: usize| -> &'static str { format!("server{number}").leak() };
    let guests = urls.iter().enumerate().map(|(number, url)| Guest {
        hosts: vec![format!("field:{}", name(number)).leak(), "*.evil.example", "evil.example", "xn--80ak6aa92e.com"],
        fields: vec![Field::url(name(number))],
        ..Guest::named("Bad").asking(vec![Ask::get(*url)])
    });
    let mut room = Room::with(guests.collect(), Cloud::answering(|_| answer("reached")), "").await;
    for (number, url) in urls.iter().enumerate() {
        room = room.config(name(number), *url);
    }
    let backs = room.backs().await;
    assert!(room.cloud.seen().is_empty(), "{:?}", room.cloud.seen());
    backs
}

#[tokio::test]
async fn addresses_that_are_not_public_are_refused() {
    let urls = [
        "https://127.0.0.1/",
        "https://127.255.255.254/",
        "https://0.0.0.0/",
        "https://10.0.0.1/",
        "https://172.31.255.255/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://169.254.170.2/v2/credentials",
        "https://168.63.129.16/",
        "https://192.0.0.192/",
        "https://198.18.0.1/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://[::1]/",
        "https://[::]/",
        "https://[fe80::1]/",
        "https://[fd00:ec2::254]/",
        "https://[fc00::1]/",
        "https://[ff02::1]/",
        // Version 4 within version 6: mapped, compatible, translated, NAT64, 6to4, Teredo.
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:a9fe:a9fe]/",
        "https://[::127.0.0.1]/",
        "https://[::ffff:0:127.0.0.1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[64:ff9b:1::a9fe:a9fe]/",
        "https://[2002:7f00:1::]/",
        "https://[2002:a9fe:a9fe::1]/",
        "https://[2001:0:7f00:1::]/",
        "https://[100::1]/",
        "https://[4000::1]/",
    ];
    for (url, back) in urls.iter().zip(backs(&urls).await) {
        assert!(back.is_refused(DENIED), "{url}: {back:?}");
        assert!(matches!(&back, Back::Refused(_, text) if text.contains("PANGOLIN_EGRESS_ALLOW")), "{url}: {back:?}");
    }
}

#[tokio::test]
async fn other_spellings_of_an_address_are_that_address() {
    let urls = [
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.1/",
        "https://2852039166/",
        "https://0xa9fea9fe/",
        "https://0251.0376.0251.0376/",
        "https://169.254.43518/",
        "https://127.0.0.1./",
        "https://%31%32%37.0.0.1/",
        "https://%6c%6f%63%61%6c%68%6f%73%74/",
        "https://\u{ff11}\u{ff12}\u{ff17}.0.0.1/",
        "https://127\u{3002}0\u{ff0e}0\u{ff61}1/",
        "https://\u{24db}ocalhost/",
        "https://localhost/",
        "https://LOCALHOST/",
        "https://localhost./",
        "https://a.localhost/",
        "https://127.0.0.1:443/",
    ];
    for (url, back) in urls.iter().zip(backs(&urls).await) {
        assert!(back.is_refused(DENIED), "{url}: {back:?}");
    }
}

#[tokio::test]
async fn what_readers_of_urls_disagree_on_is_no_url() {
    let urls = [
        "https://evil.example@127.0.0.1/",
        "https://127.0.0.1@a.evil.example/",
        "https://a.evil.example:443@127.0.0.1/",
        "https://:@a.evil.example/",
        "https://user@a.evil.example/",
        "https://a.evil.example\\@127.0.0.1/",
        "https:\\\\a.evil.example\\x",
        "https://a.evil.example/\\..\\x",
        "https://a.evil.example/a\tb",
        "https://a.evil.example/a\nb",
        "https://a.evil\r\n.example/",
        "https://a.evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        " https://a.evil.example/",
        "https://a.evil.example/#@127.0.0.1/",
        "https://a..evil.example/",
        "https://.evil.example/",
        "https://localhost../",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[::1/",
        "https://a.evil.example:99999/",
        "https://a.evil.example:-1/",
        "https://1.2.3.4.5/",
        "https://256.1.1.1/",
        "https://0x1ffffffff/",
        "https://",
        "https:///",
        "https:///127.0.0.1/",
        "https:/a.evil.example/",
        "https:a.evil.example/",
        "https:127.0.0.1/",
        "//a.evil.example/",
        "a.evil.example/",
        "",
        "\0",
    ];
    for (url, back) in urls.iter().zip(backs(&urls).await) {
        assert!(back.is_refused(INVALID), "{url:?}: {back:?}");
    }
}

#[tokio::test]
async fn other_schemes_are_refused() {
    let urls = [
        "http://a.evil.example/",
        "HTTP://a.evil.example/",
        "ftp://a.evil.example/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "unix:///var/run/docker.sock",
        "ws://a.evil.example/",
        "data:text/plain,x",
        "javascript:0",
        "https+unix://a.evil.example/",
        "jar:https://a.evil.example!/",
    ];
    for (url, back) in urls.iter().zip(backs(&urls).await) {
        assert!(back.is_refused(INVALID) || back.is_refused(DENIED), "{url}: {back:?}");
    }
}

#[tokio::test]
async fn what_looks_like_a_granted_host_is_another() {
    // Granted: `*.evil.example`, `evil.example`, and one name of Cyrillic letters.
    let urls = [
        "https://evil.example.attacker.test/",
        "https://notevil.example/",
        "https://evil.example.:444/",
        "https://a.evil.example:8443/",
        "https://a.evil.example:80/",
        "https://evil-example/",
        "https://\u{435}vil.example/",
        "https://evil.\u{435}xample/",
        "https://evil\u{200d}.example.test/",
        "https://xn--vil-6cd.example/",
        "https://apple.com/",
        "https://example/",
    ];
    let guests = urls.iter().map(|url| Guest {
        hosts: vec!["*.evil.example", "evil.example", "xn--80ak6aa92e.com"],
        ..Guest::named("Bad").asking(vec![Ask::get(*url)])
    });
    let room = Room::with(guests.collect(), Cloud::answering(|_| answer("reached")), "").await;
    for (url, back) in urls.iter().zip(room.backs().await) {
        assert!(back.is_refused(DENIED) || back.is_refused(INVALID), "{url}: {back:?}");
    }
    assert!(room.cloud.seen().is_empty(), "{:?}", room.cloud.seen());
}
