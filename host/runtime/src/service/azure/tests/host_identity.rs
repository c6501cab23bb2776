//! The host's workload identity is a deputy of nobody else.

use pangolin_core::access::Access;

use super::fake::{ASSERTION, Fake};
use super::setting::{azure, directory, vend, vend_unscoped, workload};
use super::*;

fn own() -> Principal {
    Principal::WorkloadIdentity { tenant_id: None, client_id: None }
}

fn by_host() -> SasRequest {
    directory(Signer::Delegation(own()))
}

fn warehouse() -> CallBuilder {
    let azures = HostPattern::Literal("*.blob.core.windows.net".into());
    testing::call().host_identity().hosts(&[azures])
}

/// A file with a projected token.
fn projected() -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    std::fs::write(&file, format!("{ASSERTION}\n")).unwrap();
    (directory, file)
}

#[tokio::test]
async fn the_federated_token_is_read_at_each_use() {
    let fake = Fake::start().await;
    let (_directory, file) = projected();
    let setting = azure(workload(&fake, file.clone()));
    let call = vend(warehouse(), Access::READ);
    let identity = identity::of(&own(), &call, &setting.azure.settings, &setting.azure.egress).unwrap();
    setting.azure.token(&call, &identity).await.unwrap();
    let sent = fake.requests().pop().unwrap();
    assert!(
        sent.contains("client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"),
        "{sent}"
    );
    setting.azure.tokens.forget(identity.key);
    std::fs::write(&file, "a-token-that-nobody-trusts").unwrap();
    let error = setting.azure.token(&call, &identity).await.unwrap_err();
    assert!(!error.message.contains("nobody-trusts"), "{error}");
    assert_eq!(error.kind, Kind::Unavailable, "the operator's to mend: {error}");
    for content in ["", "two words", &"x".repeat(70_000)] {
        setting.azure.tokens.forget(identity.key);
        std::fs::write(&file, content).unwrap();
        assert_eq!(setting.azure.token(&call, &identity).await.unwrap_err().code, "federated-token-missing");
    }
    setting.azure.tokens.forget(identity.key);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(setting.azure.token(&call, &identity).await.unwrap_err().code, "federated-token-missing");
}

#[tokio::test]
async fn it_is_used_only_where_it_may_be() {
    let fake = Fake::start().await;
    let (_directory, file) = projected();
    let setting = azure(workload(&fake, file));
    let code =
        async |mut call: Call, request: SasRequest| setting.azure.sign_sas(&mut call, request).await.unwrap_err().code;
    assert_eq!(code(vend(testing::call(), Access::READ), by_host()).await, "host-identity-not-used");
    let mut ungranted = vend(warehouse(), Access::READ);
    ungranted.may_use_host_identity = false;
    assert_eq!(code(ungranted, by_host()).await, "host-identity-not-granted");
    let other = Principal::WorkloadIdentity { tenant_id: None, client_id: Some("another-app".into()) };
    assert_eq!(
        code(vend(warehouse(), Access::READ), directory(Signer::Delegation(other.clone()))).await,
        "principal-not-configured"
    );
    // Its token goes to no server of the warehouse's choosing, granted or not.
    let other_server = Fake::start().await;
    let elsewhere =
        warehouse().config("endpoint", other_server.endpoint()).hosts(&[HostPattern::OfField("endpoint".into())]);
    assert_eq!(code(vend(elsewhere, Access::READ), by_host()).await, "endpoint-with-host-identity");
    let shared = SasRequest { resource: Resource::Container, ..by_host() };
    let mut call = vend_unscoped(warehouse().config("prefix", "tenants/a"), Access::READ);
    assert_eq!(setting.azure.sign_sas(&mut call, shared).await.unwrap_err().code, "container-not-own");
    assert_eq!((fake.asked(), other_server.asked()), ((0, 0), (0, 0)));
    // The app that the warehouse itself was claimed with is its own.
    let call = vend(warehouse().config("client_id", "another-app"), Access::READ);
    let identity = identity::of(&other, &call, &setting.azure.settings, &setting.azure.egress).unwrap();
    assert_eq!(identity.client_id, "another-app");
}

#[tokio::test]
async fn it_signs_for_a_directory_at_a_server_of_the_operator() {
    let fake = Fake::start().await;
    let (_directory, file) = projected();
    let setting = azure(workload(&fake, file));
    // The operator named this server, so no plugin needs a grant for it.
    let mut call = vend(warehouse().config("endpoint", fake.endpoint()), Access::READ);
    setting.azure.sign_sas(&mut call, by_host()).await.unwrap();
    assert_eq!(fake.asked(), (1, 1));
    let shown = format!("{call:?} {:?}", setting.azure);
    assert!(!shown.contains(ASSERTION) && call.proof.is_some(), "{shown}");
}

#[tokio::test]
async fn its_token_never_goes_out() {
    let fake = Fake::start().await;
    let (_directory, file) = projected();
    let setting = azure(workload(&fake, file));
    let mut call = vend_unscoped(warehouse(), Access::FULL);
    let error = setting.azure.access_token(&mut call, own()).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (Kind::Denied, "host-identity-not-vended"));
    assert_eq!(fake.asked(), (0, 0));
}

#[tokio::test]
async fn a_host_without_identity_says_so() {
    let setting = azure(AzureSettings::default());
    let mut call = vend(warehouse(), Access::READ);
    let error = setting.azure.sign_sas(&mut call, by_host()).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (Kind::Unavailable, "host-identity-missing"));
    assert!(error.message.contains("AZURE_FEDERATED_TOKEN_FILE"), "{error}");
}
