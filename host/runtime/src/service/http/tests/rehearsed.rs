//! What a dry run notes of a request, and that no server hears of it.

use serde_json::{Value, json};

use super::*;
use crate::dry_run::Notes;

/// The step that is noted; the run ends there.
async fn noted(peer: &Peer, uses: &[SecretUse], request: HttpRequest) -> Value {
    let notes = Notes::default();
    let mut call = call(peer).secret("key", SECRET, uses).rehearsing(&notes).build();
    assert_eq!(refused(&mut call, request).await.kind, HttpFailureKind::DryRun);
    let (steps, at_request) = notes.take();
    assert!(at_request);
    assert_eq!(peer.requests(), Vec::<String>::new());
    let step = serde_json::to_value(&steps[0]).unwrap();
    for form in [SECRET.to_owned(), hex::encode(SECRET), base64::engine::general_purpose::STANDARD.encode(SECRET)] {
        assert!(!step.to_string().contains(&form), "{step}");
    }
    step
}

fn slot() -> String {
    "key".to_owned()
}

#[tokio::test]
async fn what_authenticates_is_shown_by_its_slot() {
    let peer = Peer::start(OK).await;
    let field = || "password".to_owned();
    for (uses, auth, shown, header) in [
        (SecretUse::Bearer, HttpAuth::Bearer(slot()), json!({ "kind": "bearer" }), "authorization"),
        (
            SecretUse::Basic,
            HttpAuth::Basic { user: "ada".into(), slot: slot() },
            json!({ "kind": "basic", "user": "ada" }),
            "authorization",
        ),
        (
            SecretUse::Header("X-Key".into()),
            HttpAuth::Header { name: "X-Key".into(), slot: slot() },
            json!({ "kind": "header", "name": "X-Key" }),
            "x-key",
        ),
        (
            SecretUse::FormField(field()),
            HttpAuth::FormField { name: field(), slot: slot() },
            json!({ "kind": "form-field", "name": "password" }),
            "content-type",
        ),
        (
            SecretUse::Authorization("Api-Token".into()),
            HttpAuth::Authorization { scheme: "Api-Token".into(), slot: slot() },
            json!({ "kind": "authorization", "scheme": "Api-Token" }),
            "authorization",
        ),
    ] {
        let step = noted(&peer, &[uses], with(peer.url("/keys?x=1"), auth)).await;
        let mut expected = shown;
        expected["slots"] = json!(["key"]);
        assert_eq!(step["auth"], expected);
        assert_eq!(step["headers"], json!([header]), "names only");
        assert_eq!((&step["method"], &step["url"]), (&json!("POST"), &json!(peer.url("/keys?x=1"))));
        assert_eq!(step["body"], Value::Null);
    }
}

#[tokio::test]
async fn the_body_is_the_guests_own() {
    let peer = Peer::start(OK).await;
    let auth = || HttpAuth::JsonField { name: "password".into(), slot: slot() };
    let uses = [SecretUse::JsonField("password".into())];
    let request = HttpRequest { body: br#"{"username":"ada"}"#.to_vec(), ..with(peer.url("/token/"), auth()) };
    assert_eq!(noted(&peer, &uses, request).await["body"], json!({ "username": "ada" }));
    let get = |body: Vec<u8>| HttpRequest { body, ..with(peer.url("/"), HttpAuth::None) };
    assert_eq!(noted(&peer, &uses, get(b"a=b".to_vec())).await["body"], "a=b");
    assert_eq!(noted(&peer, &uses, get(vec![0xff, 0xfe])).await["body"], json!({ "bytes": 2 }));
    assert_eq!(noted(&peer, &uses, get(vec![b'a'; 20_000])).await["body"], json!({ "bytes": 20_000 }));
}

#[tokio::test]
async fn what_is_refused_is_refused_and_not_noted() {
    let peer = Peer::start(OK).await;
    let guess = HttpRequest { body: SECRET.into(), ..get(peer.url("/")) };
    for (request, kind) in [
        (get("https://elsewhere.example/".into()), HttpFailureKind::Denied),
        (get("http://169.254.169.254/".into()), HttpFailureKind::Denied),
        (with(peer.url("/"), HttpAuth::Basic { user: "ada".into(), slot: slot() }), HttpFailureKind::Denied),
        (guess, HttpFailureKind::Breach),
    ] {
        let notes = Notes::default();
        let mut call = call(&peer).secret("key", SECRET, &[SecretUse::Bearer]).rehearsing(&notes).build();
        assert_eq!(refused(&mut call, request).await.kind, kind);
        let (steps, at_request) = notes.take();
        assert!(steps.is_empty() && !at_request);
    }
    assert_eq!(peer.requests(), Vec::<String>::new());
}
