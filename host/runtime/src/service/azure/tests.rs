mod cache;
mod delegation;
mod fake;
mod faults;
mod host_identity;
mod rehearsed;
mod setting;

use pangolin_core::access::Access;
use pangolin_core::strategy::{HostPattern, SecretUse};
use pangolin_signing::azure_sas::{self, SasFields};

use self::fake::{NOW_MS, TOKEN};
use self::setting::{KEY, ROOT, app, azure, directory, parameters, secret, vend, vend_unscoped};
use super::*;
use crate::service::testing::{self, CallBuilder};

fn now() -> u64 {
    u64::try_from(NOW_MS).unwrap()
}

fn keyed() -> CallBuilder {
    testing::call().secret("account_key", KEY, &[SecretUse::AzureSas])
}

fn by_key() -> SasRequest {
    directory(Signer::AccountKey("account_key".to_owned()))
}

#[tokio::test]
async fn an_account_key_signs_what_was_proven() {
    let setting = azure(AzureSettings::default());
    let mut call = vend(keyed(), Access::READ);
    let sas = setting.azure.sign_sas(&mut call, by_key()).await.unwrap();
    assert_eq!(sas.expires_at_ms, now() + 900_000);
    let expected = azure_sas::sign_with_account_key(
        &SasFields {
            account: "acct",
            container: "data",
            resource: azure_sas::Resource::Directory("sales/orders"),
            permissions: "rl",
            starts_at: Some(UnixMillis(NOW_MS - 300_000)),
            expires_at: UnixMillis(NOW_MS + 900_000),
            correlation_id: None,
            https_only: true,
        },
        &KEY.into(),
    );
    assert_eq!(sas.token, expected.unwrap().token);
    let proof: serde_json::Value = serde_json::from_str(call.proof.as_deref().unwrap()).unwrap();
    assert_eq!(proof[0]["kind"], "service-sas");
    assert_eq!((&proof[0]["path"], &proof[0]["permissions"]), (&json!("sales/orders"), &json!("rl")));
    assert_eq!(proof[0]["expires_at"], "2026-01-01T00:15:00.000Z");
    assert!(!proof.to_string().contains("sig") && !format!("{sas:?} {call:?}").contains("sig="));
    assert_eq!(call.masked.len(), 1);
}

#[tokio::test]
async fn all_signatures_of_a_call_are_in_its_proof() {
    let setting = azure(AzureSettings::default());
    let mut call = vend(keyed(), Access::FULL);
    setting.azure.sign_sas(&mut call, by_key()).await.unwrap();
    let second = SasRequest { permissions: "racwdl".to_owned(), ..by_key() };
    setting.azure.sign_sas(&mut call, second).await.unwrap();
    let proof: serde_json::Value = serde_json::from_str(call.proof.as_deref().unwrap()).unwrap();
    assert_eq!(proof.as_array().unwrap().len(), 2);
    assert_eq!(proof[1]["permissions"], "racwdl");
}

#[tokio::test]
async fn wider_or_longer_than_the_call_is_refused() {
    let setting = azure(AzureSettings::default());
    let at = |location: &str| SasRequest { location: location.to_owned(), ..by_key() };
    for (request, code) in [
        (SasRequest { permissions: "rwl".to_owned(), ..by_key() }, "sas-too-wide"),
        (SasRequest { permissions: "rdl".to_owned(), ..by_key() }, "sas-too-wide"),
        (SasRequest { permissions: "rlx".to_owned(), ..by_key() }, "sas-too-wide"),
        (at("abfss://data@acct.dfs.core.windows.net/sales/orders2/"), "sas-too-wide"),
        (at("abfss://data@acct.dfs.core.windows.net/sales/"), "sas-too-wide"),
        (at("abfss://other@acct.dfs.core.windows.net/sales/orders/"), "sas-too-wide"),
        (at("abfss://data@other.dfs.core.windows.net/sales/orders/"), "sas-too-wide"),
        (at("abfss://data@acct.dfs.core.windows.net/sales/orders/../x/"), "sas-too-wide"),
        (at("nonsense"), "sas-too-wide"),
        (SasRequest { resource: Resource::Container, ..by_key() }, "not-unscoped"),
        (SasRequest { expires_at_ms: now() + 3_600_000 + 61_000, ..by_key() }, "life-too-long"),
        (SasRequest { expires_at_ms: u64::MAX, ..by_key() }, "life-too-long"),
        (SasRequest { expires_at_ms: now(), ..by_key() }, "life-over"),
        (
            SasRequest { correlation_id: Some("7f0c0d5e-0000-4000-8000-000000000009".to_owned()), ..by_key() },
            "correlation-id-invalid",
        ),
        (SasRequest { correlation_id: Some("x".to_owned()), ..by_key() }, "correlation-id-invalid"),
    ] {
        let mut call = vend(keyed(), Access::READ);
        let shown = format!("{request:?}");
        let error = setting.azure.sign_sas(&mut call, request).await.unwrap_err();
        assert_eq!((error.kind, error.code.as_str()), (Kind::Denied, code), "{shown}");
        assert_eq!((call.proof, call.masked.len()), (None, 0), "{shown}");
    }
    let mut nobody = keyed().build();
    assert_eq!(setting.azure.sign_sas(&mut nobody, by_key()).await.unwrap_err().code, "not-authorised");
}

#[tokio::test]
async fn a_container_is_for_callers_who_may_have_all_of_it() {
    let setting = azure(AzureSettings::default());
    let request = SasRequest { resource: Resource::Container, ..by_key() };
    let mut call = vend_unscoped(keyed(), Access::READ);
    let sas = setting.azure.sign_sas(&mut call, request).await.unwrap();
    let sent = parameters(sas.token_for_test());
    assert_eq!((sent["sr"].as_str(), sent["sp"].as_str(), sent["spr"].as_str()), ("c", "rl", "https"));
    assert!(!sent.contains_key("sdd"));
}

#[tokio::test]
async fn a_blob_inside_the_table_is_signed_alone() {
    let setting = azure(AzureSettings::default());
    let blob =
        |location: String| SasRequest { resource: Resource::Blob, location, permissions: "r".to_owned(), ..by_key() };
    let mut call = vend(keyed(), Access::READ);
    let sas = setting.azure.sign_sas(&mut call, blob(format!("{ROOT}data/a b.parquet"))).await.unwrap();
    assert_eq!(parameters(sas.token_for_test())["sr"], "b");
    for location in [ROOT.to_owned(), ROOT.trim_end_matches('/').to_owned(), format!("{ROOT}dir/")] {
        let error = setting.azure.sign_sas(&mut call, blob(location)).await.unwrap_err();
        assert_eq!(error.code, "sas-too-wide");
    }
}

#[tokio::test]
async fn for_a_url_nothing_but_its_blob_is_signed() {
    let fake = fake::Fake::start().await;
    let setting = azure(AzureSettings::default());
    let blob =
        |location: String| SasRequest { resource: Resource::Blob, location, permissions: "r".into(), ..by_key() };
    let asked = format!("{ROOT}data/a");
    let presigning = || {
        let object = Some(pangolin_core::location::Location::parse(&asked).unwrap());
        Call { object, ..vend_unscoped(keyed(), Access::READ) }
    };
    setting.azure.sign_sas(&mut presigning(), blob(asked.clone())).await.unwrap();
    let container = SasRequest { resource: Resource::Container, ..by_key() };
    for wider in [by_key(), container, blob(format!("{ROOT}data/b"))] {
        assert_eq!(setting.azure.sign_sas(&mut presigning(), wider).await.unwrap_err().code, "sas-too-wide");
    }
    let token = setting.azure.access_token(&mut presigning(), secret(&fake)).await;
    assert_eq!(token.unwrap_err().code, "not-authorised");
}

#[tokio::test]
async fn the_slot_must_be_one_that_signs_sas() {
    let setting = azure(AzureSettings::default());
    let other_use = testing::call().secret("account_key", KEY, &[SecretUse::CredentialValue]);
    for (builder, code) in [
        (other_use, "slot-not-allowed"),
        (testing::call(), "slot-not-allowed"),
        (testing::call().secret("account_key", "", &[SecretUse::AzureSas]), "secret-missing"),
        (testing::call().secret("account_key", "not base64!", &[SecretUse::AzureSas]), "account-key-invalid"),
    ] {
        let mut call = vend(builder, Access::READ);
        let error = setting.azure.sign_sas(&mut call, by_key()).await.unwrap_err();
        assert_eq!(error.code, code);
        assert!(!error.message.contains("not base64!"), "{error}");
    }
}

#[tokio::test]
async fn a_token_is_for_callers_who_may_have_an_unscoped_credential() {
    let fake = fake::Fake::start().await;
    let setting = azure(AzureSettings::default());
    let mut narrow = vend(app(&fake), Access::FULL);
    let error = setting.azure.access_token(&mut narrow, secret(&fake)).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (Kind::Denied, "not-unscoped"));
    assert_eq!(fake.asked(), (0, 0));
    let mut wide = vend_unscoped(app(&fake), Access::FULL);
    let token = setting.azure.access_token(&mut wide, secret(&fake)).await.unwrap();
    assert_eq!((token.token_for_test(), token.expires_at_ms), (TOKEN, now() + 3_600_000));
    let shown = format!("{token:?} {wide:?}");
    assert!(!shown.contains(TOKEN) && wide.proof.as_deref().unwrap().contains("access-token"), "{shown}");
    assert_eq!(wide.masked.len(), 1);
}

#[tokio::test]
async fn authority_and_account_are_granted_and_pass_the_egress_policy() {
    let fake = fake::Fake::start().await;
    let setting = azure(AzureSettings::default());
    let sign = async |builder: CallBuilder, principal: Principal| {
        let mut call = vend(builder, Access::READ);
        setting.azure.sign_sas(&mut call, directory(Signer::Delegation(principal))).await.unwrap_err()
    };
    let at = |host: &str| match secret(&fake) {
        Principal::ClientSecret { tenant_id, client_id, secret, .. } => {
            Principal::ClientSecret { tenant_id, client_id, secret, authority_host: Some(host.to_owned()) }
        }
        other => other,
    };
    for host in ["http://10.0.0.1", "http://169.254.169.254", "http://login.example", "ftp://x", "x"] {
        assert_eq!(sign(app(&fake), at(host)).await.code, "egress-denied", "{host}");
    }
    assert_eq!(sign(app(&fake), at("https://evil.example")).await.code, "host-not-granted");
    assert_eq!(sign(app(&fake).hosts(&[]), secret(&fake)).await.code, "host-not-granted");
    let authority_only = app(&fake).hosts(&[HostPattern::OfField("authority_host".into())]);
    let elsewhere = authority_only.config("endpoint", "https://evil.example/acct");
    assert_eq!(sign(elsewhere, secret(&fake)).await.code, "host-not-granted");
    let mut fields = app(&fake).build().fields.to_vec();
    fields[0].secret_hosts = vec![HostPattern::Literal("login.microsoftonline.com".into())];
    let mut call = vend(app(&fake), Access::READ);
    call.fields = fields.into();
    let asked = directory(Signer::Delegation(secret(&fake)));
    assert_eq!(setting.azure.sign_sas(&mut call, asked).await.unwrap_err().code, "slot-not-allowed");
    let private = app(&fake).config("endpoint", "http://10.0.0.1/acct");
    assert_eq!(sign(private, secret(&fake)).await.code, "egress-denied");
    assert_eq!(fake.asked(), (0, 0), "nothing was sent");
}

#[tokio::test]
async fn an_identifier_cannot_change_the_url() {
    let fake = fake::Fake::start().await;
    let setting = azure(AzureSettings::default());
    for tenant in ["a/b", "..", "a..b", "a?b", "", "a b", "%2e"] {
        let principal = Principal::ClientSecret {
            tenant_id: tenant.to_owned(),
            client_id: "c".to_owned(),
            secret: "client_secret".to_owned(),
            authority_host: Some(fake.authority()),
        };
        let mut call = vend(app(&fake), Access::READ);
        let error = setting.azure.sign_sas(&mut call, directory(Signer::Delegation(principal))).await.unwrap_err();
        assert_eq!(error.code, "principal-invalid", "{tenant}");
    }
    assert_eq!(fake.asked(), (0, 0));
}

impl AccessToken {
    #[expect(clippy::disallowed_methods, reason = "a test compares the value")]
    pub(super) fn token_for_test(&self) -> &str {
        self.token.expose()
    }
}
