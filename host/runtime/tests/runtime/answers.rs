use crate::guest::{BEARER, CREDENTIAL_VALUE, Credential, Entry, Guest, NOW_MS};
use crate::host::Host;

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

#[tokio::test]
async fn a_wider_prefix_is_refused() {
    for prefix in
        ["s3://lake/base/sales/", "s3://lake/base/sales/orders", "s3://lake/base/sales/orders2/", "s3://other/"]
    {
        let credential = Credential { prefix: prefix.to_owned(), ..Credential::default() };
        assert_eq!(code(bad(credential)).await, "plugin-wider-scope", "{prefix}");
    }
}

#[tokio::test]
async fn one_bad_credential_among_good_ones_spoils_the_answer() {
    let wide = Credential { prefix: "s3://lake/".to_owned(), ..Credential::default() };
    assert_eq!(code(Guest::named("Bad").answering(vec![Credential::default(), wide])).await, "plugin-wider-scope");
}

#[tokio::test]
async fn a_longer_life_is_refused() {
    let longer = Credential { expires_at_ms: Some(NOW_MS + 43_200_000), ..Credential::default() };
    assert_eq!(code(bad(longer)).await, "plugin-longer-life");
    let endless = Credential { expires_at_ms: None, ..Credential::default() };
    assert_eq!(code(bad(endless)).await, "plugin-longer-life");
    let past = Credential { expires_at_ms: Some(NOW_MS - 1), ..Credential::default() };
    assert_eq!(code(bad(past)).await, "plugin-expired-answer");
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
async fn bad_utf8_is_refused() {
    let entries = vec![Entry::Plain("s3.session-token", vec![b'a', 0xff, 0xfe])];
    assert_eq!(code(bad(Credential { entries, ..Credential::default() })).await, "plugin-bad-answer");
}

#[tokio::test]
async fn an_address_outside_the_memory_is_refused() {
    let guest = Guest::named("Bad").vending("(return (i32.const 0x7ffffff0))");
    assert_eq!(code(guest).await, "plugin-bad-answer");
}

#[tokio::test]
async fn a_case_that_the_contract_does_not_have_is_refused() {
    let guest = Guest::named("Bad").vending("(i32.store8 (i32.const 1024) (i32.const 9)) (return (i32.const 1024))");
    assert_eq!(code(guest).await, "plugin-bad-answer");
}

#[tokio::test]
async fn oversized_and_empty_answers_are_refused() {
    let entries = vec![Entry::Plain("s3.session-token", vec![b'a'; 70_000])];
    assert_eq!(code(bad(Credential { entries, ..Credential::default() })).await, "plugin-answer-size");
    let many = (0..17).map(|_| Credential::default()).collect();
    assert_eq!(code(Guest::named("Bad").answering(many)).await, "plugin-answer-size");
    assert_eq!(code(Guest::named("Bad").answering(Vec::new())).await, "plugin-bad-answer");
}

#[tokio::test]
async fn names_that_lead_clients_elsewhere_are_refused() {
    for key in ["py-io-impl", "s3.endpoint", "s3.signer.uri", "S3.ACCESS", "token"] {
        let entries = vec![Entry::Plain(key, b"https://evil.example".to_vec())];
        assert_eq!(code(bad(Credential { entries, ..Credential::default() })).await, "plugin-bad-answer", "{key}");
    }
}
