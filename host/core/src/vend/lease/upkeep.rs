//! With which configuration and secrets a lease is ended: where the warehouse still speaks with the
//! same servers, as it is now, with new secrets and new certificates; else, and after that, as it was.

use super::Wish;
use crate::lease::{Lease, LeasePapers};
use crate::ports::{SlotValues, UpkeepCall};
use crate::strategy::{Description, StrategyError, StrategyErrorKind};
use crate::vend::{VendError, Vending};
use crate::warehouse::Warehouse;

impl Vending {
    /// The ways to try, in order; at least one.
    pub(super) fn ways(&self, lease: &Lease, papers: &LeasePapers) -> Result<Vec<(Warehouse, SlotValues)>, VendError> {
        let strategy = self.strategy(&lease.strategy)?;
        let description = &strategy.description;
        let own = papers.snapshot.clone();
        let current = papers.current.as_deref().filter(|current| has_same_servers(current, &own, description));
        let mut ways: Vec<(Warehouse, SlotValues)> = Vec::new();
        let mut unresolved = None;
        let changed = current.filter(|current| current.config != own.config).cloned();
        let rotated = current.filter(|current| current.secrets != own.secrets);
        let rotated = rotated.map(|current| Warehouse { secrets: current.secrets.clone(), ..own.clone() });
        for warehouse in changed.into_iter().chain(rotated).chain([own]) {
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

/// Whether other secrets may do better.
pub(super) fn is_about_secrets(error: &StrategyError) -> bool {
    matches!(error.kind, StrategyErrorKind::Denied | StrategyErrorKind::InvalidConfig)
}

impl Wish {
    pub(super) fn upkeep<'a>(&'a self, slots: &'a SlotValues) -> UpkeepCall<'a> {
        UpkeepCall { warehouse: &self.job.snapshot.warehouse, slots, request_id: &self.job.context.request_id }
    }
}
