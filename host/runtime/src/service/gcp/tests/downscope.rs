//! Keys of warehouses: what is sent, kept and refused.

use std::time::Duration;

use super::fake::{Orders, oauth_error, raw, reply};
use super::*;

#[tokio::test]
async fn an_assertion_becomes_a_token_and_that_a_narrow_one() {
    let fake = FakeGoogle::start().await;
    let mut call = own(&fake).build();
    let request = ask(&fake);
    let expected = request.boundary.clone();
    let token = service().downscope(&mut call, request).await.unwrap();
    assert_eq!(shown(&token.token), "ya29.narrow-token-2");
    assert_eq!(token.expires_at_ms, u64::try_from(NOW_MS).unwrap() + 3_599_000);
    assert_eq!(fake.paths(), ["/token", "/v1/token"]);
    let exchange = fake.exchanges().pop().unwrap();
    assert_eq!((exchange["subject_token"].as_str(), &exchange["options"]), ("ya29.wide-token-1", &expected));
    assert_eq!(call.proof, Some(expected));
    let shown = format!("{token:?} {call:?}");
    assert!(!shown.contains("ya29") && !shown.contains("PRIVATE"), "{shown}");
    assert_eq!(call.masked.len(), 1);
}

#[tokio::test]
async fn the_parts_of_a_key_do_as_well() {
    let fake = FakeGoogle::start().await;
    let parts = Principal::ServiceAccount { client_email: EMAIL.into(), private_key: "private_key".into() };
    for pem in [PEM.to_owned(), PEM.trim_end().replace('\n', "\\n")] {
        let mut call = at(&fake).secret("private_key", &pem, &JWT).build();
        service().downscope(&mut call, Downscope { principal: parts.clone(), ..ask(&fake) }).await.unwrap();
    }
    assert_eq!(fake.exchanges().len(), 2);
}

#[tokio::test]
async fn wide_tokens_are_kept_for_half_of_their_life() {
    let fake = FakeGoogle::start().await;
    let (service, clock) = service_with(GcpSettings::default());
    let count = |path: &str| fake.paths().iter().filter(|seen| *seen == path).count();
    for (later, fetched) in [(0, 1), (1_790, 1), (20, 2), (10, 2)] {
        clock.advance_seconds(later);
        service.downscope(&mut own(&fake).build(), ask(&fake)).await.unwrap();
        assert_eq!(count("/token"), fetched, "{later}");
    }
    // Half of the second's life later Google is down: what is in hand serves until it is nearly over.
    fake.order(Orders { token: Some(raw(503, "", "")), ..Orders::default() });
    clock.advance_seconds(2_990);
    service.downscope(&mut own(&fake).build(), ask(&fake)).await.unwrap();
    clock.advance_seconds(400);
    assert_eq!(refused(&service, &mut own(&fake).build(), ask(&fake)).await.code, "google-unavailable");
    // Another account's token is another's.
    fake.order(Orders::default());
    let parts = Principal::ServiceAccount { client_email: EMAIL.into(), private_key: "private_key".into() };
    let mut call = at(&fake).secret("private_key", PEM, &JWT).build();
    let before = count("/token");
    service.downscope(&mut call, Downscope { principal: parts, ..ask(&fake) }).await.unwrap();
    assert_eq!(count("/token"), before + 1);
}

#[tokio::test]
async fn a_refused_token_is_not_used_again() {
    let fake = FakeGoogle::start().await;
    let service = service();
    service.downscope(&mut own(&fake).build(), ask(&fake)).await.unwrap();
    fake.order(Orders { sts: Some(oauth_error(400, "invalid_grant", "Invalid token.")), ..Orders::default() });
    assert_eq!(refused(&service, &mut own(&fake).build(), ask(&fake)).await.code, "source-token-refused");
    fake.order(Orders::default());
    service.downscope(&mut own(&fake).build(), ask(&fake)).await.unwrap();
    assert_eq!(fake.paths(), ["/token", "/v1/token", "/v1/token", "/token", "/v1/token"]);
}

#[tokio::test]
async fn many_at_once_ask_for_one_token() {
    let fake = FakeGoogle::start().await;
    let service = service();
    let one = || async { service.downscope(&mut own(&fake).build(), ask(&fake)).await.map(drop) };
    futures::future::try_join_all((0..8).map(|_| one())).await.unwrap();
    assert_eq!(fake.paths().iter().filter(|path| *path == "/token").count(), 1);
    assert_eq!(fake.exchanges().len(), 8);
}

#[tokio::test]
async fn a_wider_boundary_is_refused_before_anything_is_sent() {
    let fake = FakeGoogle::start().await;
    let service = service();
    for boundary in [
        boundary("objectViewer", "sales/orders"),
        boundary("objectViewer", "sales/orders2/"),
        boundary("objectViewer", ""),
        boundary("objectUser", "sales/orders/"),
        boundary("objectAdmin", "sales/orders/"),
        "{}".to_owned(),
        String::new(),
    ] {
        let mut call = own(&fake).build();
        let error = refused(&service, &mut call, Downscope { boundary: boundary.clone(), ..ask(&fake) }).await;
        assert_eq!((error.kind, error.code.as_str()), (StrategyErrorKind::Denied, "boundary-too-wide"), "{boundary}");
        assert_eq!(call.proof, None);
    }
    let mut unauthorised = own(&fake).build();
    unauthorised.authorised = None;
    assert_eq!(refused(&service, &mut unauthorised, ask(&fake)).await.code, "not-authorised");
    assert_eq!(fake.requests(), 0);
}

#[tokio::test]
async fn a_key_is_one_of_its_slot_and_goes_to_granted_servers_only() {
    let fake = FakeGoogle::start().await;
    let service = service();
    let code = async |mut call: Call, ask: Downscope| refused(&service, &mut call, ask).await.code;
    let key = json_key("https://oauth2.googleapis.com/token");
    let wrong_use = at(&fake).secret("service_account_key", &key, &[SecretUse::Bearer]).build();
    assert_eq!(code(wrong_use, ask(&fake)).await, "slot-not-allowed");
    let empty = at(&fake).secret("service_account_key", "", &JWT).build();
    assert_eq!(code(empty, ask(&fake)).await, "secret-missing");
    for (bad, member) in [("x".to_owned(), "JSON"), (key.replace("client_email", "email"), "client_email")] {
        let mut call = at(&fake).secret("service_account_key", &bad, &JWT).build();
        let error = refused(&service, &mut call, ask(&fake)).await;
        assert_eq!(error.code, "service-account-key-invalid");
        assert!(error.message.contains(member) && !error.message.contains("PRIVATE KEY"), "{error}");
    }
    let mut ungranted = own(&fake).build();
    ungranted.hosts = Arc::new([HostPattern::OfField("token_uri".into())]);
    let elsewhere = Downscope { sts: Some("https://sts.googleapis.com".into()), ..ask(&fake) };
    assert_eq!(code(ungranted, elsewhere).await, "host-not-granted");
    let mut elsewhere_only = own(&fake).build();
    let mut fields = elsewhere_only.fields.to_vec();
    fields.iter_mut().for_each(|field| field.secret_hosts = vec![HostPattern::OfField("other".into())]);
    elsewhere_only.fields = fields.into();
    assert_eq!(code(elsewhere_only, ask(&fake)).await, "slot-not-allowed");
    for uri in ["http://10.0.0.1/token", "http://169.254.169.254/", "http://example.com/", "ftp://x/", "x"] {
        let asked = Downscope { token_uri: Some(uri.into()), ..ask(&fake) };
        assert_eq!(code(own(&fake).build(), asked).await, "egress-denied", "{uri}");
    }
    assert_eq!(fake.requests(), 0);
}

#[tokio::test]
async fn a_key_does_not_choose_its_own_server() {
    let fake = FakeGoogle::start().await;
    let asked = Downscope { token_uri: None, ..ask(&fake) };
    for uri in
        [fake.url("/token"), "https://googleapis.com.evil.example/".into(), "http://oauth2.googleapis.com/".into()]
    {
        let mut call = at(&fake).secret("service_account_key", &json_key(&uri), &JWT).build();
        let error = refused(&service(), &mut call, asked.clone()).await;
        assert_eq!((error.kind, error.code.as_str()), (StrategyErrorKind::InvalidConfig, "token-uri-not-googles"));
        assert!(error.message.contains("field token_uri"), "{error}");
    }
    // Google's own is used, and must be granted as any other.
    let error = refused(&service(), &mut own(&fake).build(), asked).await;
    assert_eq!(error.code, "host-not-granted");
    assert!(error.message.contains("oauth2.googleapis.com"), "{error}");
    assert_eq!(fake.requests(), 0);
}

#[tokio::test]
async fn a_guest_does_not_choose_a_server_either() {
    let (fake, own_server) = (FakeGoogle::start().await, FakeGoogle::start().await);
    let call = || {
        let hosts = ["token_uri", "sts_endpoint", "elsewhere"].map(|field| HostPattern::OfField(field.into()));
        own(&fake).config("elsewhere", own_server.url("")).hosts(&hosts).build()
    };
    for request in [
        Downscope { sts: Some(own_server.url("")), ..ask(&fake) },
        Downscope { token_uri: Some(own_server.url("/token")), ..ask(&fake) },
        Downscope { sts: Some("https://googleapis.com.example".into()), ..ask(&fake) },
        Downscope { sts: Some("https://sts.googleapis.com:8443".into()), ..ask(&fake) },
    ] {
        assert_eq!(refused(&service(), &mut call(), request).await.code, "server-not-configured");
    }
    service().downscope(&mut call(), ask(&fake)).await.unwrap();
    assert_eq!(own_server.requests(), 0);
}

#[tokio::test]
async fn another_accounts_key_is_told_apart() {
    use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use base64::Engine as _;
    let fake = FakeGoogle::start().await;
    let other: Pkcs8V1Der<'_> = KeyPair::generate(KeySize::Rsa2048).unwrap().as_der().unwrap();
    let base64 = base64::engine::general_purpose::STANDARD.encode(other.as_ref());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n");
    let mut call = at(&fake).secret("private_key", &pem, &JWT).build();
    let parts = Principal::ServiceAccount { client_email: EMAIL.into(), private_key: "private_key".into() };
    let error = refused(&service(), &mut call, Downscope { principal: parts, ..ask(&fake) }).await;
    let expected = (StrategyErrorKind::InvalidConfig, "service-account-key-wrong");
    assert_eq!((error.kind, error.code.as_str()), expected, "{error}");
}

#[tokio::test]
async fn what_cannot_be_read_is_no_token() {
    let token = |body: &str| raw(200, "", body);
    for (orders, part) in [
        (Orders { token: Some(token("hello")), ..Orders::default() }, "JSON"),
        (Orders { token: Some(token(r#"{"id_token":"x"}"#)), ..Orders::default() }, "how long"),
        (Orders { token: Some(token(r#"{"access_token":"x"}"#)), ..Orders::default() }, "how long"),
        (Orders { token: Some(token(r#"{"access_token":"x y","expires_in":9}"#)), ..Orders::default() }, "no token"),
        (Orders { token: Some(token(r#"{"access_token":"x","expires_in":-1}"#)), ..Orders::default() }, "life"),
        (
            Orders {
                token: Some(token(r#"{"access_token":"x","expires_in":9,"token_type":"mac"}"#)),
                ..Orders::default()
            },
            "Bearer",
        ),
        (Orders { sts: Some(token("{}")), ..Orders::default() }, "no token"),
        (Orders { sts: Some(token(r#"{"access_token":"ya29.wide-token-1"}"#)), ..Orders::default() }, "to narrow"),
        (Orders { sts: Some(raw(302, "location: http://10.0.0.1/\r\n", "")), ..Orders::default() }, "302"),
    ] {
        let fake = FakeGoogle::with(orders.clone()).await;
        let error = refused(&service(), &mut own(&fake).build(), ask(&fake)).await;
        assert_eq!((error.kind, error.code.as_str()), (StrategyErrorKind::Upstream, "google-fault"), "{orders:?}");
        assert!(error.message.contains(part), "{error}");
    }
}

#[tokio::test]
async fn without_a_life_of_its_own_a_narrow_token_ends_with_the_wide_one() {
    let narrow = reply(200, &serde_json::json!({ "access_token": "ya29.n", "token_type": "Bearer" }));
    let fake = FakeGoogle::with(Orders { sts: Some(narrow), ..Orders::default() }).await;
    let (service, clock) = service_with(GcpSettings::default());
    for later in [0, 600] {
        clock.advance_seconds(later);
        let token = service.downscope(&mut own(&fake).build(), ask(&fake)).await.unwrap();
        assert_eq!(token.expires_at_ms, u64::try_from(NOW_MS).unwrap() + 3_599_000);
    }
}

#[tokio::test]
async fn an_error_that_repeats_a_secret_is_not_quoted() {
    let echo = oauth_error(400, "odd", "you sent ya29.wide-token-1");
    let fake = FakeGoogle::with(Orders { sts: Some(echo), ..Orders::default() }).await;
    let error = refused(&service(), &mut own(&fake).build(), ask(&fake)).await;
    assert!(error.message.contains("withheld") && !error.message.contains("ya29"), "{error}");
}

#[tokio::test]
async fn throttling_passes_on_when_to_come_back() {
    let busy = raw(429, "retry-after: 7\r\n", "{}");
    let fake = FakeGoogle::with(Orders { sts: Some(busy), ..Orders::default() }).await;
    let error = refused(&service(), &mut own(&fake).build(), ask(&fake)).await;
    assert_eq!((error.code.as_str(), error.retry_after_ms), ("throttled", Some(7_000)));
}

#[tokio::test]
async fn an_unreachable_or_silent_google_is_unavailable() {
    let fake = FakeGoogle::with(Orders { token: Some(String::new()), ..Orders::default() }).await;
    let mut call = own(&fake).build();
    call.deadline = tokio::time::Instant::now() + Duration::from_millis(200);
    let error = refused(&service(), &mut call, ask(&fake)).await;
    let expected = (StrategyErrorKind::Unavailable, "google-unreachable");
    assert_eq!((error.kind, error.code.as_str()), expected, "{error}");
    let gone = "http://127.0.0.1:9/token";
    let mut call = own(&fake).destination("token_uri", gone).build();
    let error = refused(&service(), &mut call, Downscope { token_uri: Some(gone.into()), ..ask(&fake) }).await;
    assert_eq!((error.kind, error.code.as_str()), expected, "{error}");
}
