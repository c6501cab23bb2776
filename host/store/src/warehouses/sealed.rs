//! The sealed document of a warehouse's secrets.

use std::collections::BTreeMap;

use pangolin_core::ports::StoreError;
use pangolin_core::secret::{Secret, SecretValue};
use pangolin_core::warehouse::Warehouse;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::error::{broken, unopened};
use crate::seal::{KeyRing, Place};

/// One secret inside the document.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Stored {
    Literal(String),
    SecretRef(String),
}

impl Drop for Stored {
    fn drop(&mut self) {
        match self {
            Self::Literal(text) | Self::SecretRef(text) => text.zeroize(),
        }
    }
}

fn place<'a>(row: &'a str, tenant: &'a str) -> Place<'a> {
    Place { table: "warehouses", row, column: "secrets", tenant }
}

/// Seals the secrets of a warehouse; nothing where there are none.
pub(super) fn seal(keys: &KeyRing, warehouse: &Warehouse) -> Result<Option<String>, StoreError> {
    if warehouse.secrets.is_empty() {
        return Ok(None);
    }
    let stored: BTreeMap<&str, Stored> =
        warehouse.secrets.iter().map(|(field, secret)| (field.as_str(), to_stored(secret))).collect();
    let plain = Zeroizing::new(serde_json::to_vec(&stored).map_err(broken)?);
    keys.seal(place(&warehouse.id.to_string(), &warehouse.tenant_id.to_string()), &plain).map(Some).map_err(broken)
}

/// Opens the secrets of the warehouse with this identifier.
pub(super) fn open(
    keys: &KeyRing,
    id: &str,
    tenant: &str,
    sealed: &str,
) -> Result<BTreeMap<String, SecretValue>, StoreError> {
    let plain = keys.open(place(id, tenant), sealed).map_err(unopened)?;
    // An error of the parser could quote the secret.
    let stored: BTreeMap<String, Stored> =
        serde_json::from_slice(&plain).map_err(|_| unopened("the sealed document is not what it should be"))?;
    Ok(stored.into_iter().map(|(field, stored)| (field, from_stored(&stored))).collect())
}

#[expect(clippy::disallowed_methods, reason = "the value goes into the document that is sealed at once")]
pub(crate) fn to_stored(secret: &SecretValue) -> Stored {
    match secret {
        SecretValue::Literal(secret) => Stored::Literal(secret.expose().clone()),
        SecretValue::Reference(name) => Stored::SecretRef(name.clone()),
    }
}

pub(crate) fn from_stored(stored: &Stored) -> SecretValue {
    match stored {
        Stored::Literal(text) => SecretValue::Literal(Secret::new(text.clone())),
        Stored::SecretRef(name) => SecretValue::Reference(name.clone()),
    }
}
