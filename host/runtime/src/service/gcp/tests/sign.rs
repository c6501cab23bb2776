//! Signed URLs. That the signature is Google's is held by vectors where it is made.

use super::fake::{KEY_ID, Orders, SUBJECT, reply};
use super::*;

const OBJECT: &str = "gs://lake/sales/orders/data/a b'é.parquet";

fn sign(method: &str, location: &str) -> SignUrl {
    SignUrl { principal: key(), method: method.into(), location: location.into(), expires_in_seconds: 900 }
}

fn caller(access: Access) -> CallBuilder {
    let key = json_key("https://oauth2.googleapis.com/token");
    testing::call().secret("service_account_key", &key, &JWT).vend_at(StorageKind::Gcs, "gs://lake", access)
}

async fn code(mut call: Call, ask: SignUrl) -> String {
    service().sign_url(&mut call, ask).await.unwrap_err().code
}

#[tokio::test]
async fn an_object_inside_is_signed_for_the_rights_held() {
    for (method, access) in
        [("GET", Access::READ), ("HEAD", Access::READ), ("PUT", Access::READ_WRITE), ("DELETE", Access::FULL)]
    {
        let mut call = caller(access).build();
        let url = shown(&service().sign_url(&mut call, sign(method, OBJECT)).await.unwrap());
        let start = "https://storage.googleapis.com/lake/sales/orders/data/a%20b%27%C3%A9.parquet?X-Goog-Algorithm=";
        assert!(url.starts_with(start), "{url}");
        assert!(url.contains("X-Goog-Expires=900") && url.contains("20260101T000000Z"), "{url}");
        assert!(!url.contains(KEY_ID), "{url}");
        assert_eq!(call.masked.len(), 1);
    }
    assert_eq!(code(caller(Access::READ).build(), sign("PUT", OBJECT)).await, "presign-outside-scope");
    assert_eq!(code(caller(Access::READ_WRITE).build(), sign("DELETE", OBJECT)).await, "presign-outside-scope");
}

#[tokio::test]
async fn the_warehouses_endpoint_is_signed_for() {
    let mut call = caller(Access::READ).config("endpoint", "http://127.0.0.1:4443").build();
    let url = shown(&service().sign_url(&mut call, sign("GET", OBJECT)).await.unwrap());
    assert!(url.starts_with("http://127.0.0.1:4443/lake/sales/orders/data/"), "{url}");
    let call = caller(Access::READ).config("endpoint", "http://127.0.0.1:4443/path").build();
    assert_eq!(code(call, sign("GET", OBJECT)).await, "endpoint-invalid");
}

#[tokio::test]
async fn for_a_url_nothing_but_its_object_is_signed() {
    let presigning = || {
        let object = Some(pangolin_core::location::Location::parse(OBJECT).unwrap());
        Call { object, ..caller(Access::READ).build() }
    };
    service().sign_url(&mut presigning(), sign("GET", OBJECT)).await.unwrap();
    assert_eq!(code(presigning(), sign("GET", "gs://lake/sales/orders/data/b")).await, "presign-outside-scope");
    let fake = FakeGoogle::start().await;
    let token = Call { object: presigning().object, ..own(&fake).build() };
    assert_eq!(refused(&service(), &mut { token }, ask(&fake)).await.code, "not-authorised");
    assert!(fake.paths().is_empty());
}

#[tokio::test]
async fn nothing_outside_is_signed() {
    for location in [
        "gs://lake/sales/orders2/a",
        "gs://lake/sales/orders",
        "gs://lake/sales/orders/",
        "gs://lake/sales/orders/data/",
        "gs://lake/sales/orders/../orders2/a",
        "gs://lake/sales/orders/%2e%2e/orders2/a",
        "gs://LAKE/sales/orders/a",
        "gs://other/sales/orders/a",
        "s3://lake/sales/orders/a",
        "gs://lake",
        "gs://lake/sales/orders/a?b",
        "https://storage.googleapis.com/lake/sales/orders/a",
        "",
    ] {
        assert_eq!(
            code(caller(Access::FULL).build(), sign("GET", location)).await,
            "presign-outside-scope",
            "{location}"
        );
    }
    for method in ["POST", "get", "PATCH", ""] {
        assert_eq!(code(caller(Access::FULL).build(), sign(method, OBJECT)).await, "presign-outside-scope", "{method}");
    }
    let mut unauthorised = caller(Access::FULL).build();
    unauthorised.authorised = None;
    assert_eq!(code(unauthorised, sign("GET", OBJECT)).await, "not-authorised");
}

#[tokio::test]
async fn a_url_lives_no_longer_than_was_asked_for() {
    let ask = |expires_in_seconds| SignUrl { expires_in_seconds, ..sign("GET", OBJECT) };
    for (ttl, seconds) in [(3_600, 0), (3_600, 3_601), (900, 901), (1_000_000, 604_801)] {
        let mut call = caller(Access::READ).build();
        call.ttl_seconds = ttl;
        assert_eq!(code(call, ask(seconds)).await, "presign-life-out-of-range", "{ttl} {seconds}");
    }
}

#[tokio::test]
async fn the_host_signs_only_with_a_key() {
    let ask = || SignUrl { principal: Principal::Host, ..sign("GET", OBJECT) };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("adc.json");
    std::fs::write(&path, json_key("https://oauth2.googleapis.com/token")).unwrap();
    let (service, _) = service_with(GcpSettings { credentials_file: Some(path), ..GcpSettings::default() });
    service.sign_url(&mut hosts().build(), ask()).await.unwrap();
    let (keyless, _) = service_with(GcpSettings { metadata: true, ..GcpSettings::default() });
    let error = keyless.sign_url(&mut hosts().build(), ask()).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (StrategyErrorKind::Unsupported, "host-cannot-sign"));
    let mut ungranted = hosts().build();
    ungranted.may_use_host_identity = false;
    assert_eq!(service.sign_url(&mut ungranted, ask()).await.unwrap_err().code, "host-identity-not-granted");
    let error = service.sign_url(&mut caller(Access::READ).build(), ask()).await.unwrap_err();
    assert_eq!(error.code, "host-identity-not-used");
}

#[tokio::test]
async fn the_hosts_key_signs_for_no_name_that_is_a_bucket() {
    let ask = || SignUrl { principal: Principal::Host, ..sign("GET", OBJECT) };
    let folder = tempfile::tempdir().unwrap();
    let path = identity::write(folder.path(), "adc.json", &json_key("https://oauth2.googleapis.com/token"));
    let (service, _) = service_with(GcpSettings { credentials_file: Some(path), ..GcpSettings::default() });
    for endpoint in ["", "https://storage.googleapis.com", "https://storage.googleapis.com:443/"] {
        service.sign_url(&mut hosts().config("endpoint", endpoint).build(), ask()).await.unwrap();
    }
    // There the object would be `lake/sales/orders/…` in a bucket of somebody else.
    for endpoint in [
        "https://victim.storage.googleapis.com",
        "https://victim.commondatastorage.googleapis.com",
        "https://data.victim.example",
        "http://storage.googleapis.com",
        "https://storage.googleapis.com:8443",
    ] {
        let error = service.sign_url(&mut hosts().config("endpoint", endpoint).build(), ask()).await.unwrap_err();
        assert_eq!(error.code, "endpoint-with-host-identity", "{endpoint}");
    }
}

#[tokio::test]
async fn google_signs_for_a_workload_that_acts_as_a_service_account() {
    let ask = || SignUrl { principal: Principal::Host, ..sign("GET", OBJECT) };
    let (fake, folder) = (FakeGoogle::start().await, tempfile::tempdir().unwrap());
    let source = serde_json::json!({ "file": identity::write(folder.path(), "token", SUBJECT) });
    let service = identity::with_file(folder.path(), &identity::external(&fake, &source, true));
    for _ in 0..2 {
        let url = shown(&service.sign_url(&mut hosts().build(), ask()).await.unwrap());
        let credential = "X-Goog-Credential=vending%40acme-lake.iam.gserviceaccount.com%2F20260101%2Fauto";
        assert!(url.contains(credential) && url.ends_with("&X-Goog-Signature=7369676e6564"), "{url}");
    }
    // Its token is kept apart from the service account's.
    assert_eq!(fake.paths(), ["/v1/token", "/sign", "/sign"]);
    service.downscope(&mut hosts().build(), ask_as_host()).await.unwrap();
    assert_eq!(fake.paths()[3..], ["/v1/token", "/impersonate", "/v1/token"]);
    for (answer, code) in
        [(reply(403, &serde_json::json!({})), "sign-denied"), (reply(200, &serde_json::json!({})), "google-fault")]
    {
        fake.order(Orders { impersonation: Some(answer), ..Orders::default() });
        assert_eq!(service.sign_url(&mut hosts().build(), ask()).await.unwrap_err().code, code);
    }
    let alone = identity::with_file(folder.path(), &identity::external(&fake, &source, false));
    assert_eq!(alone.sign_url(&mut hosts().build(), ask()).await.unwrap_err().code, "host-cannot-sign");
}
