//! What a dry run notes of an AssumeRole, and that STS hears nothing of it.

use serde_json::{Value, json};

use super::*;
use crate::dry_run::{Notes, STAND_IN};

/// The one step that is noted.
async fn noted(sts: &Sts, call: CallBuilder, request: AssumeRole) -> Value {
    let notes = Notes::default();
    let session = sts.assume_role(&mut call.rehearsing(&notes).build(), request).await.unwrap();
    assert_eq!(session.access_key_id, STAND_IN);
    let (steps, at_request) = notes.take();
    assert!(!at_request);
    serde_json::to_value(&steps[0]).unwrap()
}

#[tokio::test]
async fn it_is_what_would_be_sent_and_nothing_is_sent() {
    let fake = FakeSts::start(Answer::Session).await;
    let sts = operators(&fake);
    let tags = vec![("principal".to_owned(), "alice".to_owned())];
    let request = AssumeRole { external_id: Some("external-1".into()), tags, ..ask(slots()) };
    let step = noted(&sts, own(), request.clone()).await;
    let expected = json!({
        "service": "sts.assume-role",
        "role_arn": ROLE,
        "session_name": "pangolin-alice",
        "duration_seconds": 900,
        "policy": serde_json::from_str::<Value>(POLICY).unwrap(),
        "external_id": true,
        "tags": { "principal": "alice" },
        "region": "eu-west-1",
        "endpoint": "operator",
        "base": { "slots": ["access_key_id", "secret_access_key"] },
    });
    assert_eq!(step, expected);
    assert_eq!(fake.forms().len(), 0);

    sts.assume_role(&mut own().build(), request).await.unwrap();
    let sent = fake.forms().pop().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&sent["Policy"]).unwrap(), step["policy"]);
    assert_eq!(sent["DurationSeconds"], step["duration_seconds"].to_string());
    assert_eq!((&sent["RoleArn"], &sent["RoleSessionName"]), (&ROLE.to_owned(), &"pangolin-alice".to_owned()));
}

#[tokio::test]
async fn whose_endpoint_it_is() {
    let fake = FakeSts::start(Answer::Session).await;
    let own_endpoint = AssumeRole { endpoint: Some(fake.url()), ..ask(slots()) };
    let granted = || own().config("sts_endpoint", fake.url()).hosts(&[HostPattern::OfField("sts_endpoint".into())]);
    let nowhere = sts(StsSettings::default());
    assert_eq!(noted(&nowhere, granted(), own_endpoint).await["endpoint"], fake.url());
    let in_region = AssumeRole { region: Some("eu-west-1".into()), ..ask(Base::Host) };
    let step = noted(&nowhere, hosts(), in_region).await;
    assert_eq!((&step["endpoint"], &step["base"]), (&json!("aws"), &json!("host")));
    assert_eq!(step["external_id"], true, "the host's own for this tenant");
    assert_eq!(fake.forms().len(), 0);
}

#[tokio::test]
async fn what_is_refused_is_refused_and_not_noted() {
    let fake = FakeSts::start(Answer::Session).await;
    let sts = operators(&fake);
    let wide = POLICY.replace("sales/orders/*", "*");
    for (call, request, code) in [
        (own(), AssumeRole { policy: wide, ..ask(slots()) }, "policy-too-wide"),
        (own(), AssumeRole { policy: String::new(), ..ask(slots()) }, "policy-required"),
        (own(), ask(Base::Host), "host-identity-not-used"),
        (hosts(), AssumeRole { role_arn: ROLE.replace("lake", "other"), ..ask(Base::Host) }, "role-not-configured"),
        (hosts(), ask(slots()), "slot-not-allowed"),
        (testing::call(), ask(slots()), "not-authorised"),
    ] {
        let notes = Notes::default();
        let mut call = call.rehearsing(&notes).build();
        assert_eq!(refused(&sts, &mut call, request).await.code, code);
        assert!(notes.take().0.is_empty(), "{code}");
    }
    assert_eq!(fake.forms().len(), 0);
}

#[tokio::test]
async fn a_step_that_holds_a_secret_is_withheld_whole() {
    let sts = sts(StsSettings { region: Some("eu-west-1".into()), ..StsSettings::default() });
    let hex = hex::encode(OWN_KEYS.1);
    for guess in [OWN_KEYS.1.to_owned(), hex.to_uppercase(), hex] {
        let tags = vec![("guess".to_owned(), guess)];
        let step = noted(&sts, own(), AssumeRole { tags, ..ask(slots()) }).await;
        let withheld = json!({ "service": "sts.assume-role", "withheld": "it holds a secret of the warehouse" });
        assert_eq!(step, withheld);
    }
}

#[tokio::test]
async fn there_is_an_end_to_the_steps_of_a_run() {
    let sts = sts(StsSettings { region: Some("eu-west-1".into()), ..StsSettings::default() });
    let notes = Notes::default();
    let mut call = own().rehearsing(&notes).build();
    for _ in 0..32 {
        sts.assume_role(&mut call, ask(slots())).await.unwrap();
    }
    assert_eq!(refused(&sts, &mut call, ask(slots())).await.code, "too-many-steps");
    assert_eq!(notes.take().0.len(), 32);
}
