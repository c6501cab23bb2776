use std::collections::BTreeMap;

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{TenantId, WarehouseId};
use pangolin_core::location::Location;
use pangolin_core::warehouse::{BaseIdentity, StorageKind, Warehouse};

use super::*;

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

fn warehouse(kind: StorageKind, base: &str, endpoint: Option<&str>) -> Warehouse {
    let config = endpoint.map(|url| ("endpoint".to_owned(), url.into()));
    Warehouse {
        id: WarehouseId::generate(),
        tenant_id: TenantId::generate(),
        name: "w".to_owned(),
        kind,
        base: Location::parse(base).unwrap(),
        strategy: Some("Mint".to_owned()),
        config: BTreeMap::from_iter(config),
        secrets: BTreeMap::new(),
        identity: BaseIdentity::Own,
        allow_unscoped: false,
        max_ttl_seconds: None,
        revision: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn judged(warehouse: &Warehouse, object: &str, url: &str) -> Result<Presigned, StrategyError> {
    let location = Location::parse(object).unwrap();
    let terms = UrlTerms { warehouse, location: &location, ttl_seconds: 600, now: NOW };
    let answer = wit::Presigned { url: url.to_owned(), headers: Vec::new(), expires_at_ms: 1_700_000_600_000 };
    presigned(&terms, answer)
}

#[test]
fn the_object_at_the_storage_passes() {
    let azure = warehouse(StorageKind::Azure, "abfss://data@acct.dfs.core.windows.net/", None);
    let object = "abfss://data@acct.dfs.core.windows.net/t/a b.parquet";
    for url in [
        "https://acct.dfs.core.windows.net/data/t/a%20b.parquet?sig=1",
        "https://acct.blob.core.windows.net/data/t/a%20b.parquet?sig=1",
    ] {
        assert!(judged(&azure, object, url).is_ok(), "{url}");
    }
    let local = warehouse(StorageKind::Azure, "abfss://data@acct.local/", Some("https://127.0.0.1:10000/acct"));
    assert!(judged(&local, "abfss://data@acct.local/t/x", "https://127.0.0.1:10000/acct/data/t/x?sig=1").is_ok());
    let gcs = warehouse(StorageKind::Gcs, "gs://lake/", None);
    assert!(judged(&gcs, "gs://lake/t/x", "https://storage.googleapis.com/lake/t/x?X-Goog-Signature=1").is_ok());
}

#[test]
fn another_object_or_another_server_does_not() {
    let gcs = warehouse(StorageKind::Gcs, "gs://lake/", None);
    for url in [
        "https://storage.googleapis.com/lake/t/y",
        "https://storage.googleapis.com/other/t/x",
        "https://storage.googleapis.com/lake/evil/t/x",
        "https://storage.googleapis.com/lake/t/../t/x/../y",
        "http://storage.googleapis.com/lake/t/x",
        "https://storage.googleapis.com:8443/lake/t/x",
        "https://storage.googleapis.com.evil.example/lake/t/x",
        "https://user@storage.googleapis.com/lake/t/x",
        "https://evil.example/lake/t/x",
        "file:///lake/t/x",
        "lake/t/x",
    ] {
        assert!(judged(&gcs, "gs://lake/t/x", url).is_err(), "{url}");
    }
    let own = warehouse(StorageKind::Gcs, "gs://lake/", Some("http://127.0.0.1:4443"));
    assert!(judged(&own, "gs://lake/t/x", "http://127.0.0.1:4443/lake/t/x").is_ok());
    assert!(judged(&own, "gs://lake/t/x", "http://127.0.0.1:4444/lake/t/x").is_err());
    assert!(judged(&own, "gs://lake/t/x", "https://storage.googleapis.com/lake/t/x").is_err());
}

#[test]
fn no_part_of_a_key_is_a_bucket_and_no_host_is_somebody_elses() {
    let s3 = warehouse(StorageKind::S3, "s3://lake/", None);
    for url in
        ["https://lake.s3.eu-west-1.amazonaws.com/t/x?X-Amz-Signature=1", "https://s3.eu-west-1.amazonaws.com/lake/t/x"]
    {
        assert!(judged(&s3, "s3://lake/t/x", url).is_ok(), "{url}");
    }
    let gcs = warehouse(StorageKind::Gcs, "gs://lake/", None);
    assert!(judged(&gcs, "gs://lake/t/x", "https://lake.storage.googleapis.com/t/x").is_ok());
    let google = warehouse(StorageKind::Gcs, "gs://lake/", Some("https://storage.googleapis.com"));
    let azure = warehouse(StorageKind::Azure, "abfss://data@acct.dfs.core.windows.net/", None);
    let sovereign = Some("https://acct.dfs.core.chinacloudapi.cn");
    let sovereign = warehouse(StorageKind::Azure, "abfss://data@acct.dfs.core.chinacloudapi.cn/", sovereign);
    let (object, blob) =
        ("abfss://data@acct.dfs.core.chinacloudapi.cn/t/x", "https://acct.blob.core.chinacloudapi.cn/data/t/x");
    assert!(judged(&sovereign, object, blob).is_ok());
    let blob = "abfss://data@acct.dfs.core.windows.net/t/x";
    for (warehouse, object, url) in [
        (&s3, "s3://lake/t/x", "https://s3.eu-west-1.amazonaws.com/t/x"),
        (&s3, "s3://lake/t/x", "https://s3.evil.s3.eu-west-1.amazonaws.com/t/x"),
        (&s3, "s3://lake/t/x", "https://s3.evil.s3.eu-west-1.amazonaws.com/lake/t/x"),
        (&gcs, "gs://lake/t/x", "https://storage.googleapis.com/t/x"),
        (&gcs, "gs://lake/t/x", "https://lake.storage.googleapis.com/lake/t/x"),
        (&gcs, "gs://lake/t/x", "https://storage.googleapis.com/lake%2Ft/x"),
        (&google, "gs://lake/t/x", "https://evil.storage.googleapis.com/t/x"),
        (&google, "gs://lake/t/x", "https://evil.storage.googleapis.com/lake/t/x"),
        (&azure, blob, "https://acct.blob.core.windows.net/t/x"),
        (&azure, blob, "https://acct.blob.core.windows.net/acct/data/t/x"),
        (&azure, blob, "https://evil.blob.core.windows.net/data/t/x"),
    ] {
        assert_eq!(judged(warehouse, object, url).map(drop).unwrap_err().code, "plugin-wider-scope", "{url}");
    }
}

#[test]
fn what_was_judged_is_what_goes_out() {
    let gcs = warehouse(StorageKind::Gcs, "gs://lake/", None);
    let made = judged(&gcs, "gs://lake/t/x", "https://storage.googleapis.com\\lake/o/..\\t/\tx?sig=a%2Bb").unwrap();
    assert_eq!(made.url, Secret::from("https://storage.googleapis.com/lake/t/x?sig=a%2Bb"));
}

#[test]
fn a_longer_life_or_a_header_without_form_is_refused() {
    let gcs = warehouse(StorageKind::Gcs, "gs://lake/", None);
    let location = Location::parse("gs://lake/t/x").unwrap();
    let terms = UrlTerms { warehouse: &gcs, location: &location, ttl_seconds: 600, now: NOW };
    let answer = wit::Presigned {
        url: "https://storage.googleapis.com/lake/t/x".to_owned(),
        headers: Vec::new(),
        expires_at_ms: 1_700_000_600_000 + 61_000,
    };
    assert_eq!(presigned(&terms, answer.clone()).unwrap_err().code, "plugin-longer-life");
    let answer = wit::Presigned { expires_at_ms: 1_700_000_600_000, ..answer };
    let injected = vec![("x-a".to_owned(), "1\r\nset-cookie: a".to_owned())];
    let injected = wit::Presigned { headers: injected, ..answer.clone() };
    assert_eq!(presigned(&terms, injected).unwrap_err().code, "plugin-bad-answer");
    let ended = wit::Presigned { expires_at_ms: 1_700_000_000_000, ..answer.clone() };
    assert_eq!(presigned(&terms, ended).unwrap_err().code, "plugin-expired-answer");
    assert!(presigned(&terms, answer).is_ok());
}
