//! The way from an app's secret to a user-delegation SAS.

use pangolin_core::access::Access;
use pangolin_signing::azure_sas::{Resource as Opens, SasFields};

use super::fake::{CLIENT, Fake, NOW_MS, SECRET, TENANT, TOKEN, Told, key_value};
use super::setting::{app, azure, directory, parameters, secret, vend};
use super::*;

const REQUEST: &str = "7f0c0d5e-0000-4000-8000-0000000000aa";

fn delegated(fake: &Fake) -> SasRequest {
    SasRequest { correlation_id: Some(REQUEST.to_owned()), ..directory(Signer::Delegation(secret(fake))) }
}

#[tokio::test]
async fn an_app_gets_a_key_and_the_key_signs() {
    let fake = Fake::start().await;
    let setting = azure(AzureSettings::default());
    let mut call = vend(app(&fake), Access::READ);
    let sas = setting.azure.sign_sas(&mut call, delegated(&fake)).await.unwrap();
    assert_eq!(fake.asked(), (1, 1));
    let key = DelegationKey {
        object_id: "oid-1".to_owned(),
        tenant_id: TENANT.to_owned(),
        starts_at: "2025-12-31T23:55:00Z".to_owned(),
        expires_at: "2026-01-02T00:00:00Z".to_owned(),
        service: "b".to_owned(),
        version: "2021-12-02".to_owned(),
        value: key_value().into(),
    };
    let fields = SasFields {
        account: "acct",
        container: "data",
        resource: Opens::Directory("sales/orders"),
        permissions: "rl",
        starts_at: Some(UnixMillis(NOW_MS - 300_000)),
        expires_at: UnixMillis(NOW_MS + 900_000),
        correlation_id: Some(REQUEST),
        https_only: true,
    };
    assert_eq!(sas.token, sign_with_delegation_key(&fields, &key).unwrap().token);
    let sent = parameters(sas.token_for_test());
    assert_eq!((sent["scid"].as_str(), sent["skoid"].as_str(), sent["sdd"].as_str()), (REQUEST, "oid-1", "2"));
    let proof: serde_json::Value = serde_json::from_str(call.proof.as_deref().unwrap()).unwrap();
    assert_eq!((&proof[0]["kind"], &proof[0]["client_id"]), (&json!("user-delegation-sas"), &json!(CLIENT)));
    let shown = format!("{sas:?} {call:?} {:?} {proof}", setting.azure);
    for planted in [SECRET, TOKEN, &key_value(), &sent["sig"]] {
        assert!(!shown.contains(planted), "{planted}");
    }
}

#[tokio::test]
async fn a_warm_vend_asks_nobody() {
    let fake = Fake::start().await;
    let setting = azure(AzureSettings::default());
    for _ in 0..5 {
        let mut call = vend(app(&fake), Access::READ);
        setting.azure.sign_sas(&mut call, delegated(&fake)).await.unwrap();
    }
    assert_eq!(fake.asked(), (1, 1));
}

#[tokio::test]
async fn many_at_once_ask_once() {
    let fake = Fake::start().await;
    fake.tell(Told { slow_ms: 30, ..Told::default() });
    let setting = azure(AzureSettings::default());
    let one = async || {
        let mut call = vend(app(&fake), Access::READ);
        setting.azure.sign_sas(&mut call, delegated(&fake)).await.map(drop)
    };
    let all = futures::future::join_all((0..8).map(|_| one())).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(fake.asked(), (1, 1));
}

#[tokio::test]
async fn a_key_is_renewed_at_half_of_its_life_and_serves_on_while_that_fails() {
    let fake = Fake::start().await;
    let setting = azure(AzureSettings::default());
    let sign = async || {
        let mut call = vend(app(&fake), Access::READ);
        let later = u64::try_from(setting.clock.now().0).unwrap() + 900_000;
        let request = SasRequest { expires_at_ms: later, starts_at_ms: None, ..delegated(&fake) };
        setting.azure.sign_sas(&mut call, request).await
    };
    sign().await.unwrap();
    setting.clock.advance_seconds(11 * 3600);
    sign().await.unwrap();
    assert_eq!(fake.asked(), (1, 1));
    setting.clock.advance_seconds(2 * 3600);
    fake.tell(Told { authority: Some(fake::reply(503, "", "")), ..Told::default() });
    sign().await.unwrap();
    assert_eq!(fake.asked(), (2, 1), "the token was renewed first, and that failed");
    sign().await.unwrap();
    assert_eq!(fake.asked(), (2, 1), "nobody is asked again at once");
    fake.tell(Told::default());
    setting.clock.advance_seconds(2);
    sign().await.unwrap();
    assert_eq!(fake.asked(), (3, 2));
    fake.tell(Told { authority: Some(fake::reply(503, "", "")), ..Told::default() });
    setting.clock.advance_seconds(3 * 86_400);
    assert_eq!(sign().await.unwrap_err().code, "authority-unavailable", "what has ended serves nobody");
}

#[tokio::test]
async fn no_signature_outlives_its_key() {
    let fake = Fake::start().await;
    fake.tell(Told { key_expires: Some("2026-01-01T00:10:00Z"), ..Told::default() });
    let setting = azure(AzureSettings::default());
    let mut call = vend(app(&fake), Access::READ);
    let sas = setting.azure.sign_sas(&mut call, delegated(&fake)).await.unwrap();
    assert_eq!(sas.expires_at_ms, now() + 600_000);
    assert_eq!(parameters(sas.token_for_test())["se"], "2026-01-01T00:10:00Z");
}

#[tokio::test]
async fn another_secret_is_another_principal() {
    let fake = Fake::start().await;
    let setting = azure(AzureSettings::default());
    let mut right = vend(app(&fake), Access::READ);
    setting.azure.sign_sas(&mut right, delegated(&fake)).await.unwrap();
    let uses = [SecretUse::FormField("client_secret".into())];
    let mut wrong = vend(app(&fake).secret("client_secret", "a-wrong-secret", &uses), Access::READ);
    let error = setting.azure.sign_sas(&mut wrong, delegated(&fake)).await.unwrap_err();
    assert_eq!(error.code, "client-secret-wrong", "what was kept for the right one is not for this one");
}

#[tokio::test]
async fn a_refused_token_is_dropped() {
    let fake = Fake::start().await;
    let setting = azure(AzureSettings::default());
    let mut call = vend(app(&fake), Access::READ);
    fake.tell(Told { storage: Some(fake::storage_fault(401, "InvalidAuthenticationInfo")), ..Told::default() });
    let error = setting.azure.sign_sas(&mut call, delegated(&fake)).await.unwrap_err();
    assert_eq!((error.code.as_str(), fake.asked()), ("token-refused", (1, 1)));
    fake.tell(Told::default());
    setting.clock.advance_seconds(2);
    setting.azure.sign_sas(&mut call, delegated(&fake)).await.unwrap();
    assert_eq!(fake.asked(), (2, 2), "with a new token");
}

#[tokio::test]
async fn the_account_is_beside_the_location_where_no_endpoint_is_named() {
    let fake = Fake::start().await;
    let setting = azure(AzureSettings::default());
    let call = |hosts: &[HostPattern]| {
        let mut call = vend(app(&fake).hosts(hosts), Access::READ);
        call.config.remove("endpoint");
        call
    };
    let identity =
        |call: &Call| identity::of(&secret(&fake), call, &setting.azure.settings, &setting.azure.egress).unwrap();
    let authority = HostPattern::OfField("authority_host".into());
    let granted = call(&[authority.clone(), HostPattern::Literal("*.blob.core.windows.net".into())]);
    let of = |call: &Call, host: &str| endpoint::of(call, &identity(call), host, &setting.azure.egress);
    let url = of(&granted, "acct.dfs.core.windows.net").unwrap();
    assert_eq!(url.as_str(), "https://acct.blob.core.windows.net/");
    assert_eq!(of(&granted, "acct.dfs.core.chinacloudapi.cn").unwrap_err().code, "host-not-granted");
    assert_eq!(of(&call(&[authority]), "acct.dfs.core.windows.net").unwrap_err().code, "host-not-granted");
}

#[tokio::test]
async fn an_endpoint_that_is_an_address_has_the_account_in_its_path() {
    let fake = Fake::start().await;
    let setting = azure(AzureSettings::default());
    let without_path = fake.endpoint().trim_end_matches("/acct").to_owned();
    let mut call = vend(app(&fake).config("endpoint", without_path), Access::READ);
    setting.azure.sign_sas(&mut call, delegated(&fake)).await.unwrap();
    assert_eq!(fake.asked(), (1, 1));
}
