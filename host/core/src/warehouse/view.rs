//! A warehouse as replies show it: canonical names, no secret.

use serde_json::{Map, Value, json};

use super::field::Fields;
use super::{AWS_STS, StorageKind, Warehouse};
use crate::secret::{REDACTED, SecretValue};
use crate::strategy::Description;

/// The reply's body. `description` is that of the warehouse's strategy, if it is loaded; it says
/// which fields are shown as the strategy's parameters. Fields that both storage and strategy
/// know are shown with both.
#[must_use]
pub fn view(warehouse: &Warehouse, description: Option<&Description>) -> Value {
    let strategy = description.filter(|description| warehouse.strategy.as_ref() == Some(&description.name));
    let fields = Fields { kind: warehouse.kind, strategy };
    let mut storage = Map::from_iter([("type".to_owned(), warehouse.kind.as_str().into())]);
    let mut parameters = Map::new();
    let plain = warehouse.config.iter().map(|(name, value)| {
        let hidden = fields.is_secret(name);
        (name, if hidden { REDACTED.into() } else { value.clone() })
    });
    let secret = warehouse.secrets.iter().map(|(name, secret)| (name, redacted(secret)));
    for (name, value) in plain.chain(secret) {
        let of_strategy = fields.of_strategy(name).is_some();
        if of_strategy {
            parameters.insert(name.clone(), value.clone());
        }
        if !of_strategy || fields.of_storage(name).is_some() {
            storage.insert(name.clone(), value);
        }
    }
    let vending_strategy = match &warehouse.strategy {
        Some(name) => Value::Object(Map::from_iter([(name.clone(), Value::Object(parameters))])),
        None => "None".into(),
    };
    json!({
        "id": warehouse.id,
        "tenant_id": warehouse.tenant_id,
        "name": warehouse.name,
        "use_sts": uses_sts(warehouse),
        "storage_config": storage,
        "vending_strategy": vending_strategy,
        "allow_unscoped": warehouse.allow_unscoped,
        "max_ttl_seconds": warehouse.max_ttl_seconds,
        "base_location": warehouse.base.as_str(),
        "created_at": warehouse.created_at.to_rfc3339(),
        "updated_at": warehouse.updated_at.to_rfc3339(),
    })
}

/// What `use_sts` would say of the strategy.
pub(super) fn uses_sts(warehouse: &Warehouse) -> bool {
    match warehouse.kind {
        StorageKind::S3 => warehouse.strategy.as_deref() == Some(AWS_STS),
        StorageKind::Azure => warehouse.strategy.as_deref() == Some("AzureOAuth"),
        StorageKind::Gcs | StorageKind::Local => false,
    }
}

fn redacted(secret: &SecretValue) -> Value {
    match secret {
        SecretValue::Literal(_) => REDACTED.into(),
        SecretValue::Reference(name) => json!({ "secret_ref": name }),
    }
}
