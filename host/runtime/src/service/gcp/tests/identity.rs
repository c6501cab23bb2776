//! The host's own identity.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::fake::{AUDIENCE, Orders, SUBJECT, oauth_error, raw, reply};
use super::*;

pub(super) fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

pub(super) fn external(fake: &FakeGoogle, source: &Value, impersonates: bool) -> String {
    let mut file = json!({
        "type": "external_account",
        "audience": AUDIENCE,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": fake.url("/v1/token"),
        "credential_source": source,
    });
    if impersonates {
        let impersonation = format!("/v1/projects/-/serviceAccounts/{EMAIL}:generateAccessToken");
        file["service_account_impersonation_url"] = json!(fake.url(&impersonation));
    }
    file.to_string()
}

/// The service of a host with this credential file.
pub(super) fn with_file(folder: &Path, text: &str) -> Gcp {
    service_with(GcpSettings { credentials_file: Some(write(folder, "adc.json", text)), ..GcpSettings::default() }).0
}

async fn message(service: &Gcp) -> String {
    let error = refused(service, &mut hosts().build(), ask_as_host()).await;
    assert_eq!((error.kind, error.code.as_str()), (StrategyErrorKind::Unavailable, "host-identity-missing"), "{error}");
    error.message
}

#[tokio::test]
async fn a_service_accounts_file_signs_and_the_operators_sts_exchanges() {
    let (fake, folder) = (FakeGoogle::start().await, tempfile::tempdir().unwrap());
    let (service, _) = service_with(GcpSettings {
        credentials_file: Some(write(folder.path(), "adc.json", &json_key(&fake.url("/token")))),
        sts_endpoint: Some(fake.url("").parse().unwrap()),
        ..GcpSettings::default()
    });
    for _ in 0..2 {
        service.downscope(&mut hosts().build(), ask_as_host()).await.unwrap();
    }
    assert_eq!(fake.paths(), ["/token", "/v1/token", "/v1/token"]);
}

#[tokio::test]
async fn a_workloads_token_is_exchanged_with_and_without_impersonation() {
    let (fake, folder) = (FakeGoogle::start().await, tempfile::tempdir().unwrap());
    let text = write(folder.path(), "token", &format!("{SUBJECT}\n"));
    let json = write(folder.path(), "token.json", &json!({ "id": SUBJECT }).to_string());
    let format = json!({ "type": "json", "subject_token_field_name": "id" });
    for source in [json!({ "file": text }), json!({ "file": json, "format": format })] {
        let service = with_file(folder.path(), &external(&fake, &source, true));
        let token = service.downscope(&mut hosts().build(), ask_as_host()).await.unwrap();
        assert!(shown(&token.token).starts_with("ya29.narrow-token-"));
        let subjects: Vec<String> = fake.exchanges().iter().map(|form| form["subject_token"].clone()).collect();
        assert_eq!(subjects[subjects.len() - 2..], [SUBJECT.to_owned(), "ya29.wide-token-i".to_owned()]);
    }
    let format = json!({ "type": "json", "subject_token_field_name": "value" });
    let source = json!({ "url": fake.url("/subject"), "headers": { "X-Probe": "operator" }, "format": format });
    let service = with_file(folder.path(), &external(&fake, &source, false));
    service.downscope(&mut hosts().build(), ask_as_host()).await.unwrap();
    assert!(fake.exchanges().pop().unwrap()["subject_token"].starts_with("ya29.federated-token-"));
    assert_eq!(fake.paths().iter().filter(|path| *path == "/impersonate").count(), 2);
}

#[tokio::test]
async fn a_workload_that_is_refused_is_told_why() {
    let (fake, folder) = (FakeGoogle::start().await, tempfile::tempdir().unwrap());
    let source = json!({ "file": write(folder.path(), "token", SUBJECT) });
    let denied = reply(403, &json!({ "error": { "code": 403, "status": "PERMISSION_DENIED", "message": "denied" } }));
    for (orders, code) in [
        (
            Orders { sts: Some(oauth_error(400, "invalid_target", "x")), ..Orders::default() },
            "workload-identity-refused",
        ),
        (Orders { impersonation: Some(denied), ..Orders::default() }, "impersonation-denied"),
        (Orders { impersonation: Some(reply(200, &json!({}))), ..Orders::default() }, "google-fault"),
    ] {
        fake.order(orders);
        let service = with_file(folder.path(), &external(&fake, &source, true));
        assert_eq!(refused(&service, &mut hosts().build(), ask_as_host()).await.code, code);
    }
}

#[tokio::test]
async fn the_metadata_server_is_asked_only_where_the_operator_says_so() {
    let fake = FakeGoogle::start().await;
    let host = fake.url("").strip_prefix("http://").unwrap().to_owned();
    let settings = |metadata| GcpSettings {
        metadata,
        metadata_host: Some(host.clone()),
        sts_endpoint: Some(fake.url("/").parse().unwrap()),
        ..GcpSettings::default()
    };
    assert!(message(&service_with(settings(false)).0).await.contains("PANGOLIN_GCP_METADATA=true"));
    assert_eq!(fake.requests(), 0);
    let (service, _) = service_with(settings(true));
    service.downscope(&mut hosts().build(), ask_as_host()).await.unwrap();
    assert_eq!(fake.paths(), ["/metadata", "/v1/token"]);
    // Whoever else answers there is not believed.
    let stranger = raw(200, "", r#"{"access_token":"x","expires_in":3600}"#);
    for (answer, code) in [(stranger, "google-fault"), (raw(404, "", "not found"), "host-identity-missing")] {
        fake.order(Orders { token: Some(answer), ..Orders::default() });
        let error = refused(&service_with(settings(true)).0, &mut hosts().build(), ask_as_host()).await;
        assert_eq!(error.code, code);
    }
}

#[tokio::test]
async fn the_hosts_identity_is_no_deputy_for_others() {
    let (fake, folder) = (FakeGoogle::start().await, tempfile::tempdir().unwrap());
    let service = with_file(folder.path(), &json_key(&fake.url("/token")));
    let code = async |mut call: Call, ask: Downscope| refused(&service, &mut call, ask).await.code;
    assert_eq!(code(own(&fake).build(), ask_as_host()).await, "host-identity-not-used");
    let mut ungranted = hosts().build();
    ungranted.may_use_host_identity = false;
    assert_eq!(code(ungranted, ask_as_host()).await, "host-identity-not-granted");
    for ask in [
        Downscope { sts: Some(fake.url("")), ..ask_as_host() },
        Downscope { token_uri: Some(fake.url("/token")), ..ask_as_host() },
    ] {
        assert_eq!(code(hosts().build(), ask).await, "endpoint-with-host-identity");
    }
    let wider = Downscope { boundary: boundary("objectViewer", ""), ..ask_as_host() };
    assert_eq!(code(hosts().build(), wider).await, "boundary-too-wide");
    assert_eq!(fake.requests(), 0);
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named_with_what_is_wrong() {
    let (fake, folder) = (FakeGoogle::start().await, tempfile::tempdir().unwrap());
    let gone = GcpSettings { credentials_file: Some(folder.path().join("none")), ..GcpSettings::default() };
    assert!(message(&service_with(gone).0).await.contains("cannot be read"));
    let source = json!({ "file": folder.path().join("none") });
    for (text, part) in [
        ("x".to_owned(), "JSON"),
        ("{}".to_owned(), "'type'"),
        (json!({ "type": "authorized_user" }).to_string(), "authorized_user"),
        (json_key("https://x/").replace("client_email", "email"), "client_email"),
        (external(&fake, &json!({}), false), "no file and no url"),
        (external(&fake, &json!({ "environment_id": "aws1", "url": "http://x/" }), false), "environment_id"),
        (external(&fake, &json!({ "executable": {} }), false), "executable"),
        (external(&fake, &json!({ "file": "x", "format": { "type": "json" } }), false), "subject_token_field_name"),
        (external(&fake, &source, false).replace("token_url", "token-url"), "token_url"),
        (external(&fake, &source, false).replace("\"audience\"", "\"client_id\""), "client_id"),
        (external(&fake, &source, false), "credential_source.file"),
    ] {
        let found = message(&with_file(folder.path(), &text)).await;
        assert!(found.contains(part) && !found.contains("PRIVATE"), "{found}");
    }
    assert_eq!(fake.requests(), 0);
}
