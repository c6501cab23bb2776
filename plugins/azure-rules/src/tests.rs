use pangolin_core::access as core_access;
use pangolin_core::location::Location;
use pangolin_core::scope_proof;
use pangolin_plugin_sdk::azure::{Principal, SasResource, Signer};
use pangolin_plugin_sdk::presign::PresignRequest;
use pangolin_plugin_sdk::{Access, Config, Scope};
use proptest::prelude::*;

use crate::{blob_url, fields, policy};

const NOW: u64 = 1_767_225_600_000;
const GUID: &str = "7F0C0D5E-0000-4000-8000-000000000001";
const ROOT: &str = "abfss://data@acct.dfs.core.windows.net/sales/orders/";

fn key() -> Signer {
    Signer::AccountKey("account_key".to_owned())
}

fn delegation() -> Signer {
    Signer::Delegation(Principal::WorkloadIdentity { tenant_id: None, client_id: None })
}

fn scope(access: Access) -> Scope {
    Scope { location: ROOT.to_owned(), access }
}

fn presign(method: &str, location: &str) -> PresignRequest {
    PresignRequest {
        config: Config::default(),
        location: location.to_owned(),
        method: method.to_owned(),
        expires_in_seconds: 600,
        principal: "alice".to_owned(),
        tenant: "t1".to_owned(),
        table: "lake.sales.orders".to_owned(),
        request_id: GUID.to_owned(),
        extensions: Vec::new(),
    }
}

#[test]
fn letters_follow_the_access_in_azures_order() {
    let letters = |access| policy::of_table(key(), &scope(access), true, 900, "r1", NOW).unwrap().permissions;
    assert_eq!(letters(Access::READ), "rl");
    assert_eq!(letters(Access::READ_WRITE), "racwl");
    assert_eq!(letters(Access::FULL), "racwdl");
    assert_eq!(letters(Access { read: true, write: false, delete: true }), "rdl");
    let blind = Access { read: false, write: true, delete: false };
    assert_eq!(policy::of_table(key(), &scope(blind), true, 900, "r1", NOW).unwrap_err().code, "access-unsupported");
}

#[test]
fn it_begins_earlier_and_ends_when_asked() {
    let asked = policy::of_table(key(), &scope(Access::READ), true, 900, "r1", NOW).unwrap();
    assert_eq!((asked.starts_at_ms, asked.expires_at_ms), (Some(NOW - 300_000), NOW + 900_000));
    assert_eq!(asked.location, ROOT);
    assert_eq!(asked.resource, SasResource::Directory);
    let flat = policy::of_table(key(), &scope(Access::READ), false, 900, "r1", NOW).unwrap();
    assert_eq!(flat.resource, SasResource::Container);
}

#[test]
fn the_request_goes_to_azures_logs_where_they_take_it() {
    let asked = |signer, id| policy::of_table(signer, &scope(Access::READ), true, 900, id, NOW).unwrap().correlation_id;
    assert_eq!(asked(delegation(), GUID), Some(GUID.to_ascii_lowercase()));
    for other in [
        "r1",
        "",
        "7f0c0d5e-0000-4000-8000-00000000000",
        "7f0c0d5e-0000-4000-8000-000000000001-",
        "gf0c0d5e-0000-4000-8000-000000000001",
    ] {
        assert_eq!(asked(delegation(), other), None, "{other}");
    }
    assert_eq!(asked(key(), GUID), None);
}

#[test]
fn an_object_is_opened_for_its_method() {
    let object = format!("{ROOT}data/1.parquet");
    let letters = |method| policy::of_object(key(), &presign(method, &object), NOW).map(|asked| asked.permissions);
    assert_eq!(letters("GET").unwrap(), "r");
    assert_eq!(letters("HEAD").unwrap(), "r");
    assert_eq!(letters("PUT").unwrap(), "cw");
    assert_eq!(letters("DELETE").unwrap(), "d");
    assert_eq!(letters("POST").unwrap_err().code, "method-unsupported");
    let asked = policy::of_object(key(), &presign("GET", &object), NOW).unwrap();
    assert_eq!((asked.resource, asked.expires_at_ms), (SasResource::Blob, NOW + 600_000));
    assert_eq!(policy::headers("PUT"), [("x-ms-blob-type".to_owned(), "BlockBlob".to_owned())]);
    assert!(policy::headers("GET").is_empty());
}

#[test]
fn the_url_is_the_blob_services() {
    let url = |location: &str, endpoint| blob_url::signed(location, endpoint, "sig=1").unwrap();
    assert_eq!(
        url(&format!("{ROOT}data/a b+c%/ü.parquet"), None),
        "https://acct.blob.core.windows.net/data/sales/orders/data/a%20b%2Bc%25/%C3%BC.parquet?sig=1"
    );
    let sovereign = "abfss://data@acct.dfs.core.chinacloudapi.cn/x";
    assert_eq!(url(sovereign, None), "https://acct.blob.core.chinacloudapi.cn/data/x?sig=1");
    let at = |endpoint| url("abfss://data@acct.dfs.core.windows.net/x", Some(endpoint));
    assert_eq!(at("https://acct.dfs.core.chinacloudapi.cn/"), "https://acct.blob.core.chinacloudapi.cn/data/x?sig=1");
    assert_eq!(at("https://blobs.corp.example"), "https://blobs.corp.example/data/x?sig=1");
    assert_eq!(at("http://127.0.0.1:10000/acct/"), "http://127.0.0.1:10000/acct/data/x?sig=1");
    assert_eq!(at("https://127.0.0.1:10000"), "https://127.0.0.1:10000/acct/data/x?sig=1");
    assert_eq!(at("http://[::1]:10000"), "http://[::1]:10000/acct/data/x?sig=1");
    assert_eq!(at("http://localhost:1"), "http://localhost:1/acct/data/x?sig=1");
}

#[test]
fn what_names_no_blob_has_no_url() {
    for location in
        ["", "abfss://data@acct.x/", "abfss://data@acct.x/dir/", "abfss://data/x", "s3://a@b/x", "abfss://@a.b/x"]
    {
        assert_eq!(blob_url::signed(location, None, "sig=1").unwrap_err().code, "location-unsupported", "{location}");
    }
}

#[test]
fn hierarchical_is_the_default() {
    let read = |json: &str| fields::hierarchical(&Config::parse(json, Vec::new()).unwrap());
    assert_eq!((read("{}"), read(r#"{"hierarchical":"false"}"#)), (Ok(true), Ok(false)));
    assert_eq!(read(r#"{"hierarchical":"perhaps"}"#).unwrap_err().field, "hierarchical");
}

fn access() -> impl Strategy<Value = Access> {
    (any::<bool>(), any::<bool>()).prop_map(|(write, delete)| Access { read: true, write, delete })
}

proptest! {
    /// Nothing that is asked for here is refused by the host, or wider than the scope.
    #[test]
    fn the_host_proves_what_is_asked_for(access in access(), flat in any::<bool>()) {
        let asked = policy::of_table(delegation(), &scope(access), !flat, 900, GUID, NOW).unwrap();
        let scopes = [core_access::Scope {
            location: Location::parse(ROOT).unwrap(),
            access: core_access::Access { read: access.read, write: access.write, delete: access.delete },
        }];
        let resource = match asked.resource {
            SasResource::Container => scope_proof::SasResource::Container,
            SasResource::Directory => scope_proof::SasResource::Directory,
            SasResource::Blob => scope_proof::SasResource::Blob,
        };
        let proof = scope_proof::azure_sas(&Location::parse(&asked.location).unwrap(), resource, &asked.permissions, &scopes).unwrap();
        prop_assert_eq!(proof.is_within_scopes(), !flat);
        prop_assert_eq!(proof.permissions(), asked.permissions.as_str());
    }

    /// Whatever the name, the URL has it once decoded, and nothing of it gets out of the path.
    #[test]
    fn names_stay_in_the_path(name in "[^/?#\\\\\\p{Cc}]{1,40}") {
        let url = blob_url::signed(&format!("abfss://data@acct.dfs.core.windows.net/t/{name}"), None, "sig=1").unwrap();
        let (path, query) = url.split_once('?').unwrap();
        prop_assert_eq!(query, "sig=1");
        prop_assert!(path.is_ascii() && !path.contains(['#', ' ', '+', '&', '=']));
        prop_assert_eq!(path.matches('/').count(), 5);
    }
}
