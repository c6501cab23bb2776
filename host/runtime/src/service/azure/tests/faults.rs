//! Every fault has a code of its own, and a text that says what to do (PRODUCT A18).

use std::time::Duration;

use pangolin_core::access::Access;

use super::fake::{Fake, SECRET, TOKEN, Told, refusal, reply, storage_fault};
use super::setting::{app, azure, directory, secret, vend};
use super::*;

async fn failed(told: Told) -> StrategyError {
    let fake = Fake::start().await;
    fake.tell(told);
    let setting = azure(AzureSettings::default());
    let mut call = vend(app(&fake), Access::READ);
    let error = setting.azure.sign_sas(&mut call, directory(Signer::Delegation(secret(&fake)))).await.unwrap_err();
    assert_eq!(call.proof, None);
    assert!(!error.message.contains(SECRET) && !error.message.contains(TOKEN), "{error}");
    error
}

async fn of_authority(answer: String) -> StrategyError {
    failed(Told { authority: Some(answer), ..Told::default() }).await
}

async fn of_storage(answer: String) -> StrategyError {
    failed(Told { storage: Some(answer), ..Told::default() }).await
}

const OFF: &str = "date: Thu, 01 Jan 2026 00:20:00 GMT\r\n";

#[tokio::test]
async fn of_the_authority() {
    let granted = |body: &str| reply(200, "", body);
    for (answer, code, kind, says) in [
        (refusal(401, 7_000_215, "x"), "client-secret-wrong", Kind::InvalidConfig, "az ad app credential reset"),
        (refusal(401, 7_000_222, "x"), "client-secret-expired", Kind::InvalidConfig, "has expired"),
        (refusal(400, 700_016, "x"), "unknown-app", Kind::InvalidConfig, "client_id"),
        (refusal(400, 90_002, "x"), "unknown-tenant", Kind::InvalidConfig, "tenant_id"),
        (refusal(400, 900_023, "x"), "unknown-tenant", Kind::InvalidConfig, "tenant_id"),
        (refusal(400, 700_021, "x"), "federated-token-refused", Kind::InvalidConfig, "AzureADTokenExchange"),
        (refusal(400, 700_024, "x"), "federated-token-expired", Kind::InvalidConfig, "renews"),
        (refusal(400, 65_001, "x"), "consent-missing", Kind::Denied, "az ad sp create"),
        (refusal(400, 7_000_112, "x"), "app-disabled", Kind::InvalidConfig, "enable"),
        (refusal(400, 53_003, "x"), "conditional-access", Kind::Denied, "policy"),
        (refusal(400, 1, "x"), "token-endpoint-fault", Kind::Upstream, "invalid_client"),
        (reply(429, "retry-after: 7\r\n", ""), "throttled", Kind::Throttled, "later"),
        (reply(503, "", "<html>"), "authority-unavailable", Kind::Unavailable, "503"),
        (reply(404, "", "nothing here"), "token-endpoint-fault", Kind::Upstream, "authority_host"),
        (reply(302, "location: http://10.0.0.1/\r\n", ""), "token-endpoint-fault", Kind::Upstream, "302"),
        (granted("hello"), "token-endpoint-fault", Kind::Upstream, "grant"),
        (granted("{}"), "token-endpoint-fault", Kind::Upstream, "grant"),
        (
            granted(r#"{"access_token":"","expires_in":3600,"token_type":"Bearer"}"#),
            "token-endpoint-fault",
            Kind::Upstream,
            "works",
        ),
        (
            granted(r#"{"access_token":"a","expires_in":0,"token_type":"Bearer"}"#),
            "token-endpoint-fault",
            Kind::Upstream,
            "works",
        ),
        (
            granted(r#"{"access_token":"a","expires_in":3600,"token_type":"mac"}"#),
            "token-endpoint-fault",
            Kind::Upstream,
            "works",
        ),
        (reply(200, "", &"x".repeat(70_000)), "token-endpoint-fault", Kind::Upstream, "too large"),
    ] {
        let error = of_authority(answer).await;
        assert_eq!((error.code.as_str(), error.kind), (code, kind), "{error}");
        assert!(error.message.contains(says), "{error}");
    }
    assert_eq!(of_authority(reply(429, "retry-after: 7\r\n", "")).await.retry_after_ms, Some(7000));
}

#[tokio::test]
async fn of_the_storage_account() {
    for (answer, code, kind, says) in [
        (
            storage_fault(403, "AuthorizationPermissionMismatch"),
            "delegation-not-allowed",
            Kind::Denied,
            "Storage Blob Delegator",
        ),
        (storage_fault(403, "AuthorizationFailure"), "storage-firewall", Kind::Denied, "network rules"),
        (storage_fault(401, "InvalidAuthenticationInfo"), "token-refused", Kind::Upstream, "directory"),
        (storage_fault(403, "AuthenticationFailed"), "token-refused", Kind::Upstream, "directory"),
        (storage_fault(404, "ResourceNotFound"), "unknown-account", Kind::InvalidConfig, "account_name"),
        (storage_fault(503, "ServerBusy"), "throttled", Kind::Throttled, "later"),
        (storage_fault(500, "InternalError"), "storage-unavailable", Kind::Unavailable, "500"),
        (storage_fault(400, "InvalidXmlDocument"), "storage-fault", Kind::Upstream, "InvalidXmlDocument"),
        (reply(429, "", ""), "throttled", Kind::Throttled, "later"),
        (reply(200, "", "hello"), "storage-fault", Kind::Upstream, "not XML"),
        (
            reply(200, "", "<UserDelegationKey><SignedOid>a</SignedOid></UserDelegationKey>"),
            "storage-fault",
            Kind::Upstream,
            "not whole",
        ),
    ] {
        let error = of_storage(answer).await;
        assert_eq!((error.code.as_str(), error.kind), (code, kind), "{error}");
        assert!(error.message.contains(says), "{error}");
    }
    let shown = of_storage(storage_fault(403, "AuthorizationPermissionMismatch")).await.message;
    assert!(shown.contains("Azure said: Not so.") && shown.contains("request id r-1"), "{shown}");
}

#[tokio::test]
async fn clocks_that_disagree() {
    let skewed = |answer: String| answer.replacen("\r\n", &format!("\r\n{OFF}"), 1);
    for error in [
        of_authority(skewed(refusal(401, 700_024, "x"))).await,
        of_storage(skewed(storage_fault(403, "AuthenticationFailed"))).await,
        of_storage(skewed(reply(200, "", "<UserDelegationKey/>"))).await,
    ] {
        assert_eq!((error.code.as_str(), error.kind), ("clock-skew", Kind::Unavailable), "{error}");
        assert!(error.message.contains("1200 seconds behind"), "{error}");
    }
}

#[tokio::test]
async fn nobody_answers() {
    let fake = Fake::start().await;
    let setting = azure(AzureSettings::default());
    let gone = "http://127.0.0.1:9";
    let mut call = vend(app(&fake).config("authority_host", gone), Access::READ);
    let principal = Principal::ClientSecret {
        tenant_id: "t".to_owned(),
        client_id: "c".to_owned(),
        secret: "client_secret".to_owned(),
        authority_host: Some(gone.to_owned()),
    };
    let error = setting.azure.sign_sas(&mut call, directory(Signer::Delegation(principal))).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.kind), ("authority-unreachable", Kind::Unavailable), "{error}");
    let mut call = vend(app(&fake).config("endpoint", format!("{gone}/acct")), Access::READ);
    let error = setting.azure.sign_sas(&mut call, directory(Signer::Delegation(secret(&fake)))).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.kind), ("storage-unreachable", Kind::Unavailable), "{error}");
    // An empty answer is none.
    fake.tell(Told { authority: Some(String::new()), ..Told::default() });
    let uses = [SecretUse::FormField("client_secret".into())];
    let mut call = vend(app(&fake).secret("client_secret", "another-secret", &uses), Access::READ);
    call.deadline = tokio::time::Instant::now() + Duration::from_millis(150);
    let error = setting.azure.sign_sas(&mut call, directory(Signer::Delegation(secret(&fake)))).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable, "{error}");
}

#[tokio::test]
async fn an_error_that_repeats_a_secret_is_masked() {
    let error = of_authority(refusal(401, 7_000_215, "you sent Q~app+secret/with=odd&signs ~")).await;
    assert!(error.message.contains("<redacted>"), "{error}");
    let body = format!("<Error><Code>Odd</Code><Message>you sent {TOKEN}</Message></Error>");
    let error = of_storage(reply(400, "", &body)).await;
    assert!(error.message.contains("<redacted>"), "{error}");
}
