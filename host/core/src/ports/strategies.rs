use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;

use crate::clock::UnixMillis;
use crate::lease::{Claim, Interrupted, Recovery, Revoked};
use crate::location::Location;
use crate::policy::Authorised;
use crate::revocation::Issued;
use crate::secret::Secret;
use crate::strategy::{
    ConfigProblem, DirectoryState, DryRun, Minted, NotReloaded, RejectedPlugin, StrategyError, StrategyErrorKind,
    StrategyInfo,
};
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

/// A run of a strategy on behalf of the host: nothing can be minted by it.
#[derive(Debug, Clone, Copy)]
pub struct UpkeepCall<'a> {
    /// The warehouse, as it is or as it was when the lease was made.
    pub warehouse: &'a Warehouse,
    /// Its secrets.
    pub slots: &'a SlotValues,
    /// The request in the audit trail.
    pub request_id: &'a str,
}

/// One object's URL.
#[derive(Debug, Clone, Copy)]
pub struct PresignAsk<'a> {
    /// The object, inside the scopes of the call.
    pub location: &'a Location,
    /// `GET`, `HEAD`, `PUT` or `DELETE`; within the access of the call.
    pub method: &'a str,
}

/// A URL that opens one object for a while.
#[derive(Debug, Clone)]
pub struct Presigned {
    /// The URL.
    pub url: Secret<String>,
    /// Headers that the client must send with it.
    pub headers: Vec<(String, String)>,
    /// When it stops working.
    pub expires_at: UnixMillis,
    /// By what its issuers know it, as the host's services saw it.
    pub issued: Vec<Issued>,
}

/// The loaded strategies.
#[async_trait]
pub trait Strategies: Send + Sync + std::fmt::Debug {
    /// All of them, by name.
    fn list(&self) -> Vec<StrategyInfo>;

    /// Files that could not be loaded.
    fn rejected(&self) -> Vec<RejectedPlugin>;

    /// How it stands with the plugin directory.
    fn directory_state(&self) -> DirectoryState {
        DirectoryState::default()
    }

    /// Reads the plugin directory and the operator's grants again.
    ///
    /// # Errors
    /// One of them as a whole is not good, and everything stays as it was. Files that are refused
    /// are no error: see [`Strategies::rejected`].
    async fn reload(&self) -> Result<(), NotReloaded> {
        Ok(())
    }

    /// Keeps to the plugin directory until it is dropped, looking at it again after each `scan` at
    /// the latest. Ends at once where there is nothing to watch.
    async fn watch(&self, _scan: Duration) {}

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

    /// Runs `vend` (where there are leases, `claim` before it) up to what it would ask of others:
    /// each such step is judged as ever and noted instead of being done. Nobody is asked, nothing
    /// is minted, and no value of a secret is in the result.
    ///
    /// # Errors
    /// It cannot be run at all. What goes wrong while it runs is in the result.
    async fn explain(&self, _call: StrategyCall<'_>) -> Result<DryRun, StrategyError> {
        let message = "strategies are not run here without minting";
        Err(StrategyError::new(StrategyErrorKind::Unsupported, "explain-not-supported", message))
    }

    /// Runs `presign` in the way of [`Strategies::explain`]. No URL is in the result.
    ///
    /// # Errors
    /// It cannot be run at all. What goes wrong while it runs is in the result.
    async fn explain_presign(&self, _call: StrategyCall<'_>, _ask: PresignAsk<'_>) -> Result<DryRun, StrategyError> {
        let message = "strategies are not run here without signing";
        Err(StrategyError::new(StrategyErrorKind::Unsupported, "explain-not-supported", message))
    }

    /// Runs `presign`. The answer is checked: a URL at the warehouse's storage, a life within the
    /// one asked for.
    ///
    /// # Errors
    /// See [`StrategyError`]; the strategy does not export it.
    async fn presign(&self, _call: StrategyCall<'_>, _ask: PresignAsk<'_>) -> Result<Presigned, StrategyError> {
        Err(not_exported("presign"))
    }

    /// Runs `claim`, which talks to nobody.
    ///
    /// # Errors
    /// See [`StrategyError`]; the strategy does not export it.
    async fn claim(&self, _call: StrategyCall<'_>) -> Result<Claim, StrategyError> {
        Err(not_exported("leases"))
    }

    /// Runs `survey`.
    ///
    /// # Errors
    /// See [`StrategyError`]; the strategy does not export it.
    async fn survey(&self, _call: StrategyCall<'_>, _known: &[Secret<String>]) -> Result<String, StrategyError> {
        Err(not_exported("leases"))
    }

    /// Runs `revoke`.
    ///
    /// # Errors
    /// It may still be there; the strategy does not export it.
    async fn revoke(&self, _call: UpkeepCall<'_>, _handle: &Secret<String>) -> Result<Revoked, StrategyError> {
        Err(not_exported("leases"))
    }

    /// Runs `recover`.
    ///
    /// # Errors
    /// See [`StrategyError`]; the strategy does not export it.
    async fn recover(&self, _call: UpkeepCall<'_>, _mint: Interrupted<'_>) -> Result<Recovery, StrategyError> {
        Err(not_exported("leases"))
    }
}

fn not_exported(interface: &str) -> StrategyError {
    StrategyError::new(
        StrategyErrorKind::Unsupported,
        "not-supported-by-strategy",
        format!("the warehouse's strategy does not export '{interface}'"),
    )
}
