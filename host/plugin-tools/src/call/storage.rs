//! Where the objects of a warehouse are, as its definition says it.

use std::collections::BTreeMap;

use pangolin_core::location::Location;
use pangolin_core::strategy::Description;
use pangolin_core::warehouse::StorageKind;
use serde_json::{Map, Value};

/// The kind of storage of a scheme.
fn kind_of(scheme: &str) -> Option<StorageKind> {
    match scheme {
        "s3" | "s3a" | "s3n" => Some(StorageKind::S3),
        "gs" => Some(StorageKind::Gcs),
        "abfs" | "abfss" | "wasb" | "wasbs" => Some(StorageKind::Azure),
        _ => None,
    }
}

/// Of the first scheme that this host knows.
pub(super) fn kind(description: &Description) -> Option<StorageKind> {
    description.schemes.iter().find_map(|scheme| kind_of(scheme))
}

/// A base for a strategy of which no scenario says one.
pub(super) fn example_base(description: &Description) -> Option<String> {
    let base = match kind(description)? {
        StorageKind::S3 => "s3://example-bucket/warehouse/",
        StorageKind::Gcs => "gs://example-bucket/warehouse/",
        StorageKind::Azure => "abfss://warehouse@examplelake.dfs.core.windows.net/warehouse/",
        StorageKind::Local => return None,
    };
    Some(base.to_owned())
}

/// `storage_config` for a base.
pub(super) fn of(base: &str, description: &Description, config: &BTreeMap<String, Value>) -> Value {
    let mut storage = Map::new();
    let mut set = |name: &str, value: &str| {
        // What the configuration says itself is not said twice.
        if !config.contains_key(name) && !value.is_empty() {
            storage.insert(name.to_owned(), value.into());
        }
    };
    let parsed = Location::parse(base).ok();
    let kind = parsed.as_ref().and_then(|base| kind_of(base.scheme())).or_else(|| kind(description));
    set("type", kind.unwrap_or(StorageKind::S3).as_str());
    if let Some(base) = &parsed {
        match kind {
            Some(StorageKind::Azure) => {
                let (container, host) = base.authority().split_once('@').unwrap_or((base.authority(), ""));
                set("container", container);
                set("account_name", host.split('.').next().unwrap_or_default());
            }
            _ => set("bucket", base.authority()),
        }
        set("prefix", base.key());
    }
    if kind == Some(StorageKind::S3) {
        set("region", "eu-central-1");
    }
    Value::Object(storage)
}
