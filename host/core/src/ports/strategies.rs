use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::policy::Authorised;
use crate::secret::Secret;
use crate::strategy::{ConfigProblem, Minted, RejectedPlugin, StrategyError, StrategyInfo};
use crate::warehouse::Warehouse;

/// Secrets of one call by slot name, resolved; they never enter a guest.
pub type SlotValues = BTreeMap<String, Secret<String>>;

/// One run of a strategy.
#[derive(Debug, Clone, Copy)]
pub struct StrategyCall<'a> {
    /// What may be minted: scopes, tenant, principal. Only the policy makes one.
    pub authorised: &'a Authorised,
    /// The warehouse.
    pub warehouse: &'a Warehouse,
    /// Its secrets.
    pub slots: &'a SlotValues,
    /// Life asked for, in seconds.
    pub ttl_seconds: u32,
    /// The request in the audit trail.
    pub request_id: &'a str,
}

/// The loaded strategies.
#[async_trait]
pub trait Strategies: Send + Sync + std::fmt::Debug {
    /// All of them, by name.
    fn list(&self) -> Vec<StrategyInfo>;

    /// Files that could not be loaded.
    fn rejected(&self) -> Vec<RejectedPlugin>;

    /// One of them.
    fn find(&self, name: &str) -> Option<std::sync::Arc<StrategyInfo>>;

    /// Runs `check-config` over a warehouse's normal form.
    ///
    /// # Errors
    /// The plugin is missing or failed. Problems of the configuration are the `Ok` value.
    async fn check_config(&self, warehouse: &Warehouse) -> Result<Vec<ConfigProblem>, StrategyError>;

    /// Runs `vend`. The answer is checked: prefixes inside the scopes, expiry within the life
    /// asked for, bounds on size.
    ///
    /// # Errors
    /// See [`StrategyError`].
    async fn vend(&self, call: StrategyCall<'_>) -> Result<Minted, StrategyError>;
}
