//! With which configuration and secrets a lease is ended: its own, as it says whose credential it was.
//! Before them with the warehouse's current secrets and certificates, where it still speaks with the
//! same servers.

use serde_json::Value;

use super::Wish;
use crate::lease::{Lease, LeasePapers};
use crate::ports::{SlotValues, UpkeepCall};
use crate::strategy::{Description, Field, StrategyError, StrategyErrorKind};
use crate::vend::{VendError, Vending};
use crate::warehouse::{self, Warehouse};

impl Vending {
    /// The ways to try, in order; at least one.
    pub(super) fn ways(&self, lease: &Lease, papers: &LeasePapers) -> Result<Vec<(Warehouse, SlotValues)>, VendError> {
        let strategy = self.strategy(&lease.strategy)?;
        let description = &strategy.description;
        let own = papers.snapshot.clone();
        let current = papers.current.as_deref().filter(|current| has_same_servers(current, &own, description));
        let mut ways: Vec<(Warehouse, SlotValues)> = Vec::new();
        let mut unresolved = None;
        let rotated = current.map(|current| rotated(&own, current, description)).filter(|rotated| *rotated != own);
        for warehouse in rotated.into_iter().chain([own]) {
            match self.slots(&warehouse, description) {
                Ok(slots) => ways.push((warehouse, slots)),
                Err(error) => unresolved = Some(error),
            }
        }
        match unresolved {
            Some(error) if ways.is_empty() => Err(error),
            _ => Ok(ways),
        }
    }
}

/// Whether the warehouse as it is has the same strategy and the same servers.
fn has_same_servers(current: &Warehouse, own: &Warehouse, description: &Description) -> bool {
    let same = |name: &str| current.config.get(name) == own.config.get(name);
    current.strategy == own.strategy
        && current.identity == own.identity
        && description.fields.iter().filter(|field| field.destination).all(|field| same(&field.name))
}

/// The warehouse as it was, with the secrets and the certificates that it has now.
fn rotated(own: &Warehouse, current: &Warehouse, description: &Description) -> Warehouse {
    let mut config = own.config.clone();
    for Field { name, .. } in &description.fields {
        let are_certificates = |value: &&Value| value.as_str().is_some_and(warehouse::are_certificates);
        let new = current.config.get(name).filter(are_certificates);
        if own.config.get(name).filter(are_certificates).is_some() {
            config.remove(name);
        }
        if let Some(new) = new {
            config.insert(name.clone(), new.clone());
        }
    }
    Warehouse { config, secrets: current.secrets.clone(), ..own.clone() }
}

/// Whether other secrets may do better.
pub(super) fn is_about_secrets(error: &StrategyError) -> bool {
    matches!(error.kind, StrategyErrorKind::Denied | StrategyErrorKind::InvalidConfig)
}

impl Wish {
    pub(super) fn upkeep<'a>(&'a self, slots: &'a SlotValues) -> UpkeepCall<'a> {
        UpkeepCall { warehouse: &self.job.snapshot.warehouse, slots, request_id: &self.job.context.request_id }
    }
}
