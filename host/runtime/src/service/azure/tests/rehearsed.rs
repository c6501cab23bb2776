//! What a dry run notes of signatures and tokens, and that Azure hears nothing of it.

use pangolin_core::access::Access;
use pangolin_core::strategy::SecretUse;
use serde_json::{Value, json};

use super::super::{AzureSettings, Principal, SasRequest, Signer};
use super::fake::{CLIENT, Fake, TENANT};
use super::setting::{KEY, ROOT, app, azure, directory, parameters, secret, vend, vend_unscoped, workload};
use crate::call::Call;
use crate::dry_run::{Notes, STAND_IN};
use crate::service::testing::{self, CallBuilder};

fn keyed() -> CallBuilder {
    testing::call().secret("account_key", KEY, &[SecretUse::AzureSas])
}

fn steps(notes: &Notes) -> Vec<Value> {
    notes.take().0.iter().map(|step| serde_json::to_value(step).unwrap()).collect()
}

#[expect(clippy::disallowed_methods, reason = "the test looks at what was signed")]
fn text(token: &pangolin_core::secret::Secret<String>) -> String {
    token.expose().clone()
}

#[tokio::test]
async fn a_signature_by_key_is_shown_by_its_fields() {
    let setting = azure(AzureSettings::default());
    let notes = Notes::default();
    let by_key = || directory(Signer::AccountKey("account_key".to_owned()));
    let sas = setting.azure.sign_sas(&mut vend(keyed().rehearsing(&notes), Access::READ), by_key()).await.unwrap();
    assert_eq!(text(&sas.token), format!("sig={STAND_IN}"));
    let expected = json!({
        "service": "azure.sign-sas",
        "account": "acct", "container": "data", "resource": "directory", "path": "sales/orders",
        "permissions": "rl", "protocol": "https", "version": "2021-12-02", "correlation_id": null,
        "starts_at": "2025-12-31T23:55:00.000Z", "expires_at": "2026-01-01T00:15:00.000Z",
        "kind": "service-sas", "slot": "account_key",
    });
    assert_eq!(steps(&notes), [expected]);

    let real = setting.azure.sign_sas(&mut vend(keyed(), Access::READ), by_key()).await.unwrap();
    let real = parameters(&text(&real.token));
    let shown = |name: &str| real[name].as_str();
    assert_eq!((shown("sp"), shown("sv"), shown("sr")), ("rl", "2021-12-02", "d"));
    assert_eq!((shown("st"), shown("se")), ("2025-12-31T23:55:00Z", "2026-01-01T00:15:00Z"));
}

#[tokio::test]
async fn a_signature_by_delegation_asks_nobody() {
    let fake = Fake::start().await;
    let setting = azure(AzureSettings::default());
    let notes = Notes::default();
    let ask = || directory(Signer::Delegation(secret(&fake)));
    setting.azure.sign_sas(&mut vend(app(&fake).rehearsing(&notes), Access::READ), ask()).await.unwrap();
    let step = steps(&notes).remove(0);
    assert_eq!(step["kind"], "user-delegation-sas");
    assert_eq!(step["path"], "sales/orders");
    assert_eq!(step["server"], fake.endpoint());
    let principal = &step["principal"];
    assert_eq!((&principal["tenant_id"], &principal["client_id"]), (&json!(TENANT), &json!(CLIENT)));
    assert_eq!(fake.asked(), (0, 0));
    // Nothing is kept: the first vend asks for a token and a key.
    setting.azure.sign_sas(&mut vend(app(&fake), Access::READ), ask()).await.unwrap();
    assert_eq!(fake.asked(), (1, 1));
}

#[tokio::test]
async fn the_hosts_identity_is_neither_read_nor_shown() {
    let fake = Fake::start().await;
    let setting = azure(workload(&fake, "/nowhere/token".into()));
    let notes = Notes::default();
    let principal = Principal::WorkloadIdentity { tenant_id: None, client_id: None };
    let call = testing::call().config("endpoint", fake.endpoint()).host_identity().rehearsing(&notes);
    let request = directory(Signer::Delegation(principal));
    setting.azure.sign_sas(&mut vend(call, Access::READ), request.clone()).await.unwrap();
    let step = steps(&notes).remove(0);
    assert_eq!(step["principal"], json!({ "kind": "host" }));
    assert!(!step.to_string().contains(CLIENT));
    assert_eq!(fake.asked(), (0, 0));
    let call = testing::call().config("endpoint", fake.endpoint()).host_identity();
    let read = setting.azure.sign_sas(&mut vend(call, Access::READ), request).await;
    assert_eq!(read.unwrap_err().code, "federated-token-missing", "a vend reads the token's file");
}

#[tokio::test]
async fn what_is_refused_is_not_noted() {
    let fake = Fake::start().await;
    let setting = azure(AzureSettings::default());
    let by_key = |change: fn(&mut SasRequest)| {
        let mut request = directory(Signer::AccountKey("account_key".to_owned()));
        change(&mut request);
        request
    };
    for (request, code) in [
        (by_key(|request| request.permissions = "rwl".to_owned()), "sas-too-wide"),
        (by_key(|request| request.location = ROOT.replace("orders", "other")), "sas-too-wide"),
        (by_key(|request| request.expires_at_ms += 86_400_000), "life-too-long"),
        (by_key(|request| request.signer = Signer::AccountKey("other".to_owned())), "slot-not-allowed"),
    ] {
        let notes = Notes::default();
        let mut call: Call = vend(keyed().rehearsing(&notes), Access::READ);
        assert_eq!(setting.azure.sign_sas(&mut call, request).await.unwrap_err().code, code);
        assert!(notes.take().0.is_empty());
    }
    let notes = Notes::default();
    let mut scoped = vend(app(&fake).rehearsing(&notes), Access::READ);
    assert_eq!(setting.azure.access_token(&mut scoped, secret(&fake)).await.unwrap_err().code, "not-unscoped");
    assert!(notes.take().0.is_empty());
}

#[tokio::test]
async fn a_token_is_shown_by_whose_it_is() {
    let fake = Fake::start().await;
    let setting = azure(AzureSettings::default());
    let notes = Notes::default();
    let mut call = vend_unscoped(app(&fake).rehearsing(&notes), Access::FULL);
    setting.azure.access_token(&mut call, secret(&fake)).await.unwrap();
    let step = steps(&notes).remove(0);
    assert_eq!((&step["service"], &step["principal"]["kind"]), (&json!("azure.access-token"), &json!("client-secret")));
    assert_eq!(fake.asked(), (0, 0));
}
