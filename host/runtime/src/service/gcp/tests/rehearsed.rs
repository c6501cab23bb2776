//! What a dry run notes of a downscoped token, and that Google hears nothing of it.

use serde_json::{Value, json};

use super::*;
use crate::dry_run::{Notes, STAND_IN};

fn steps(notes: &Notes) -> Vec<Value> {
    notes.take().0.iter().map(|step| serde_json::to_value(step).unwrap()).collect()
}

#[tokio::test]
async fn the_boundary_is_shown_and_nothing_is_exchanged() {
    let fake = FakeGoogle::start().await;
    let (service, notes) = (service(), Notes::default());
    let token = service.downscope(&mut own(&fake).rehearsing(&notes).build(), ask(&fake)).await.unwrap();
    assert_eq!(shown(&token.token), STAND_IN);
    let step = steps(&notes).remove(0);
    assert_eq!(step["service"], "gcp.downscope");
    assert_eq!(step["principal"], json!({ "kind": "service-account-key", "slot": "service_account_key" }));
    assert_eq!((&step["token_uri"], &step["sts"]), (&json!(fake.url("/token")), &json!(fake.url("/v1/token"))));
    assert_eq!(fake.paths(), Vec::<String>::new());

    service.downscope(&mut own(&fake).build(), ask(&fake)).await.unwrap();
    let sent = fake.exchanges().pop().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&sent["options"]).unwrap(), step["boundary"]);
    assert_eq!(fake.paths(), ["/token", "/v1/token"], "no token was kept before");
}

#[tokio::test]
async fn the_hosts_credential_file_is_not_looked_at() {
    let settings = GcpSettings { credentials_file: Some("/nowhere/key.json".into()), ..GcpSettings::default() };
    let (service, _) = service_with(settings);
    let notes = Notes::default();
    service.downscope(&mut hosts().rehearsing(&notes).build(), ask_as_host()).await.unwrap();
    assert_eq!(steps(&notes)[0]["principal"], json!({ "kind": "host" }));
    let error = refused(&service, &mut hosts().build(), ask_as_host()).await;
    assert_eq!(error.code, "host-identity-missing", "a vend reads it");
}

#[tokio::test]
async fn what_is_refused_is_not_noted() {
    let fake = FakeGoogle::start().await;
    let service = service();
    let wide = |boundary| Downscope { boundary, ..ask(&fake) };
    let elsewhere = Downscope { token_uri: Some("https://evil.example/token".into()), ..ask(&fake) };
    for (call, request, code) in [
        (own(&fake), wide(boundary("objectViewer", "")), "boundary-too-wide"),
        (own(&fake), wide(boundary("admin", "sales/orders/")), "boundary-too-wide"),
        (own(&fake), elsewhere, "server-not-configured"),
        (own(&fake), ask_as_host(), "host-identity-not-used"),
        (hosts(), Downscope { sts: Some(fake.url("")), ..ask_as_host() }, "endpoint-with-host-identity"),
        (at(&fake).secret("service_account_key", "{}", &JWT), ask(&fake), "service-account-key-invalid"),
    ] {
        let notes = Notes::default();
        assert_eq!(refused(&service, &mut call.rehearsing(&notes).build(), request).await.code, code);
        assert!(notes.take().0.is_empty(), "{code}");
    }
    assert_eq!(fake.paths(), Vec::<String>::new());
}

#[tokio::test]
async fn a_signed_url_is_noted_and_not_signed() {
    let fake = FakeGoogle::start().await;
    let notes = Notes::default();
    let ask = SignUrl {
        principal: key(),
        method: "GET".to_owned(),
        location: "gs://lake/sales/orders/a.parquet".to_owned(),
        expires_in_seconds: 900,
    };
    let url = service().sign_url(&mut own(&fake).rehearsing(&notes).build(), ask).await.unwrap();
    assert_eq!(shown(&url), STAND_IN);
    let step = steps(&notes).remove(0);
    assert_eq!((&step["service"], &step["method"]), (&json!("gcp.sign-url"), &json!("GET")));
}
