//! Answers that open more than was asked for: other places, a longer life, other names.

use crate::guest::{BEARER, CREDENTIAL_VALUE, Credential, Entry, Field, Guest, NOW_MS, SCOPE};
use crate::host::Host;

use super::planted;
use super::room::{Room, thief};

async fn code(guest: Guest) -> String {
    let mut host = Host::with_bad(guest, "").await;
    host.slots.insert("token".to_owned(), "planted-secret".into());
    host.slots.insert("other".to_owned(), "planted-secret".into());
    let error = host.bad().await;
    assert!(!error.message.contains("planted-secret"));
    error.code
}

fn bad(credential: Credential) -> Guest {
    Guest::named("Bad").answering(vec![credential])
}

fn entry(key: &'static str, value: &str) -> Credential {
    Credential { entries: vec![Entry::Plain(key, value.as_bytes().to_vec())], ..Credential::default() }
}

/// All codes of guests that answer with one credential each.
async fn codes(credentials: Vec<Credential>) -> Vec<String> {
    Room::of(credentials.into_iter().map(bad).collect()).await.codes().await
}

#[tokio::test]
async fn what_opens_another_place_is_refused() {
    let places = [
        // Parent, sibling, the table without its end, the base, the bucket, another bucket.
        "s3://lake/base/sales/",
        "s3://lake/base/sales/orders",
        "s3://lake/base/sales/orders2/",
        "s3://lake/base/",
        "s3://lake/",
        "s3://lake",
        "s3://",
        "s3:/",
        "/",
        "*",
        "s3://other/base/sales/orders/",
        // Another tenant's warehouse in the same bucket.
        "s3://lake/tenant-b/sales/orders/",
        // Other schemes and other cases.
        "s3a://lake/base/sales/orders/",
        "S3://lake/base/sales/orders/",
        "s3://LAKE/base/sales/orders/",
        "s3://lake/base/Sales/orders/",
        "https://lake.s3.amazonaws.com/base/sales/orders/",
        "abfss://lake/base/sales/orders/",
        "file:///lake/base/sales/orders/",
        // What a reader may take for something else.
        "s3://lake/base/sales/orders/../",
        "s3://lake/base/sales/orders/../customers/",
        "s3://lake/base/sales/orders/./",
        "s3://lake/base/sales/orders/%2e%2e/customers/",
        "s3://lake/base/sales/orders/%2E%2E%2Fcustomers/",
        "s3://lake/base/sales/orders//",
        "s3://lake//base/sales/orders/",
        "s3://lake/base/sales/orders/x/../../",
        "s3://lake/base/sales/orders/\\..\\customers/",
        "s3://lake/base/sales/orders/?versions",
        "s3://lake/base/sales/orders/#",
        "s3://lake/base/sales/orders/\n",
        "s3://lake/base/sales/orders/\0",
        "s3://user@lake/base/sales/orders/",
        "s3://lake:443/base/sales/orders/",
        "s3://lake/base/sales/orders%2F",
        "s3://lake/base/sales/or%64ers/",
        " s3://lake/base/sales/orders/",
        "",
    ];
    let asked = places.map(|prefix| Credential { prefix: prefix.to_owned(), ..Credential::default() });
    for (place, code) in places.iter().zip(codes(asked.into()).await) {
        assert_eq!(code, "plugin-wider-scope", "{place:?}");
    }
}

#[tokio::test]
async fn the_error_of_a_wider_scope_shows_the_place_and_no_more_of_it() {
    let prefix = format!("s3://lake/{}\u{1b}[31m\u{202e}/", "x".repeat(5_000));
    let error = Room::of(vec![bad(Credential { prefix, ..Credential::default() })]).await.errors().await.remove(0);
    assert!(error.message.contains("s3://lake/xxx") && error.message.len() < 400, "{error}");
    assert!(!error.message.contains(['\u{1b}', '\u{202e}']));
}

#[tokio::test]
async fn one_bad_credential_among_good_ones_spoils_the_answer() {
    let wide = Credential { prefix: "s3://lake/".to_owned(), ..Credential::default() };
    assert_eq!(code(Guest::named("Bad").answering(vec![Credential::default(), wide])).await, "plugin-wider-scope");
}

#[tokio::test]
async fn a_longer_life_is_refused() {
    let lives = [
        (Some(NOW_MS + 43_200_000), "plugin-longer-life"),
        (Some(NOW_MS + 900_000 + 60_001), "plugin-longer-life"),
        (Some(u64::MAX), "plugin-longer-life"),
        // Negative as the host counts, and more than it can count.
        (Some(u64::MAX / 2 + 1), "plugin-longer-life"),
        (Some(u64::MAX / 2), "plugin-longer-life"),
        (None, "plugin-longer-life"),
        (Some(NOW_MS), "plugin-expired-answer"),
        (Some(NOW_MS - 1), "plugin-expired-answer"),
        // Seconds where milliseconds are meant.
        (Some(NOW_MS / 1000 + 900), "plugin-expired-answer"),
        (Some(0), "plugin-expired-answer"),
    ];
    let asked = lives.map(|(expires_at_ms, _)| Credential { expires_at_ms, ..Credential::default() });
    for ((life, expected), code) in lives.iter().zip(codes(asked.into()).await) {
        assert_eq!(code, *expected, "{life:?}");
    }
}

#[tokio::test]
async fn the_value_of_a_slot_goes_out_only_by_use_and_by_grant() {
    let slot = |name| Credential { entries: vec![Entry::Slot("s3.session-token", name)], ..Credential::default() };
    // Not a field of this plugin, though the warehouse has it.
    assert_eq!(code(bad(slot("other"))).await, "plugin-slot-refused");
    // A field, with another use.
    let guest = Guest { secrets: vec![("token", BEARER)], ..bad(slot("token")) };
    assert_eq!(code(guest).await, "plugin-slot-refused");
    // The right use, not granted.
    let guest = Guest { secrets: vec![("token", CREDENTIAL_VALUE)], ..bad(slot("token")) };
    assert_eq!(code(guest).await, "plugin-slot-refused");
}

#[tokio::test]
async fn names_that_clients_would_follow_elsewhere_are_refused() {
    let names = [
        "py-io-impl",
        "io-impl",
        "uri",
        "warehouse",
        "token",
        "credential",
        "header.authorization",
        "rest.sigv4-enabled",
        "s3.endpoint",
        "s3.proxy-uri",
        "s3.signer.uri",
        "s3.signer",
        "gcs.service.host",
        "adls.account-host",
        "client.factory",
        "S3.ACCESS-KEY-ID",
        "s3.access_key_id",
        "s3.access-key-id ",
        "s3.\u{455}ecret-access-key",
        "s3.access-key-id\n",
        "",
    ];
    for (name, code) in names.iter().zip(codes(names.map(|name| entry(name, "https://evil.example")).into()).await) {
        assert_eq!(code, "plugin-bad-answer", "{name:?}");
    }
    let twice = Credential {
        entries: vec![Entry::Plain("s3.region", b"a".to_vec()), Entry::Plain("s3.region", b"b".to_vec())],
        ..Credential::default()
    };
    let lines = entry("s3.session-token", "a\r\ns3.endpoint: https://evil.example");
    assert!(codes(vec![twice, lines]).await.iter().all(|code| code == "plugin-bad-answer"));
}

#[tokio::test]
async fn slots_that_are_not_its_own_to_give_are_refused() {
    let all = ["token", "password", "header_key", "form_secret", "key_secret", "static_key", "foreign", "no-such", ""];
    let slot = |name| Credential { entries: vec![Entry::Slot("s3.session-token", name)], ..Credential::default() };
    for scoping in [0, 3] {
        let guests = all.map(|name| Guest { scoping, ..thief().answering(vec![slot(name)]) });
        // `static_key` has the use, and the operator did not grant it.
        for (name, code) in all.iter().zip(Room::of(guests.into()).await.codes().await) {
            assert_eq!(code, "plugin-slot-refused", "{name:?}");
        }
    }
}

#[tokio::test]
async fn a_plain_value_that_is_a_secret_of_the_warehouse_is_refused() {
    let token = planted::value("token");
    let forms = [token.to_owned(), format!("x{token}y"), hex::encode(token), token.replace('/', "%2F")];
    let guests = forms.map(|value| thief().answering(vec![entry("s3.session-token", &value)]));
    assert!(Room::of(guests.into()).await.codes().await.iter().all(|code| code == "plugin-secret"));
}

#[tokio::test]
async fn a_description_cannot_make_a_secret_of_another_field() {
    // The warehouse's other secrets are no slots of a plugin that does not have the fields.
    let guest = Guest {
        scoping: 3,
        fields: vec![Field::secret("own", (CREDENTIAL_VALUE, ""), "tokens.example.com")],
        hosts: vec!["tokens.example.com"],
        ..bad(Credential { entries: vec![Entry::Slot("s3.session-token", "foreign")], ..Credential::default() })
    };
    assert_eq!(Room::of(vec![guest]).await.codes().await, ["plugin-slot-refused"]);
    assert!(SCOPE.ends_with('/'), "a scope that has no end opens its siblings");
}
