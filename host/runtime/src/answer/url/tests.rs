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
    assert!(presigned(&terms, answer).is_ok());
}
