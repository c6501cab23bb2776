//! Certificates of the configuration. That they are what counts is the egress crate's test.

use super::*;

const CA: &str = include_str!("../../../../../egress/src/tests/certificates/ca.pem");

fn trusting(url: String, field: &str) -> HttpRequest {
    HttpRequest { trust: Some(field.into()), ..get(url) }
}

#[tokio::test]
async fn a_text_field_with_certificates_is_trusted() {
    let peer = Peer::start(OK).await;
    let mut call = call(&peer).field("ca").config("ca", CA).build();
    assert_eq!(service().send(&mut call, trusting(peer.url("/"), "ca")).await.unwrap().status, 200);
}

#[tokio::test]
async fn what_is_no_such_field_or_no_certificate_is_refused_before_anything_is_sent() {
    let peer = Peer::start(OK).await;
    let mut call = call(&peer)
        .field("empty")
        .field("words")
        .config("words", "no certificate")
        .config("bucket", CA)
        .secret("key", CA, &[SecretUse::Bearer])
        .build();
    for (field, kind) in [
        ("empty", HttpFailureKind::Invalid),
        ("words", HttpFailureKind::Invalid),
        ("bucket", HttpFailureKind::Denied),
        ("key", HttpFailureKind::Denied),
        ("none", HttpFailureKind::Denied),
    ] {
        let failure = refused(&mut call, trusting(peer.url("/"), field)).await;
        assert!(failure.kind == kind && failure.message.contains(field), "{failure:?}");
    }
    assert!(peer.requests().is_empty());
    assert_eq!(call.http_calls_left, 4);
}

#[tokio::test]
async fn trust_grants_no_server() {
    let mut call = testing::call().field("ca").config("ca", CA).vend(Access::READ).build();
    let failure = refused(&mut call, trusting("https://vms.example.com/".into(), "ca")).await;
    assert!(failure.kind == HttpFailureKind::Denied && failure.message.contains("vms.example.com"), "{failure}");
}
