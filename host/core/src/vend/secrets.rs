//! Secrets of one call: literals, references resolved at use, and the operator's own keys where
//! the operator passes them on.

use super::{VendError, Vending};
use crate::ports::SlotValues;
use crate::secret::SecretValue;
use crate::strategy::{Description, SecretUse};
use crate::warehouse::{BaseIdentity, Warehouse};

impl Vending {
    /// Values of the slots of `warehouse`, as `description` names them.
    pub(super) fn slots(&self, warehouse: &Warehouse, description: &Description) -> Result<SlotValues, VendError> {
        let mut slots = SlotValues::new();
        for (field, secret) in &warehouse.secrets {
            // A secret that this strategy does not describe is none of its business.
            if !description.fields.iter().any(|known| known.name == *field && known.is_secret()) {
                continue;
            }
            slots.insert(field.clone(), self.resolve(warehouse, field, secret)?);
        }
        if warehouse.identity == BaseIdentity::Host && slots.is_empty() {
            let passed_on = description.fields.iter().filter(|f| f.secret_uses.contains(&SecretUse::CredentialValue));
            for field in passed_on {
                if let Some(value) = self.settings.env_slots.get(&field.name) {
                    slots.insert(field.name.clone(), value.clone());
                }
            }
        }
        Ok(slots)
    }

    /// One secret's value.
    pub(super) fn resolve(
        &self,
        warehouse: &Warehouse,
        field: &str,
        secret: &SecretValue,
    ) -> Result<crate::secret::Secret<String>, VendError> {
        match secret {
            SecretValue::Literal(value) => Ok(value.clone()),
            SecretValue::Reference(name) => self
                .settings
                .secret_refs
                .check(warehouse.tenant_id, name)
                .and_then(|()| self.secrets.resolve(name))
                .map_err(|source| VendError::Secret { field: field.to_owned(), source }),
        }
    }
}
