//! Everything that is decided before anything is minted, step by step. A vend and its explanation
//! take the same steps; a [`Witness`] sees each one that passed.

use std::sync::Arc;

use serde::Serialize;

use super::ttl::{self, Life, Limits};
use super::{VendAsk, VendError, Vending};
use crate::policy::{self, Authorised, Denied};
use crate::principal::Principal;
use crate::record::{CatalogSnapshot, Table};
use crate::strategy::{Scoping, StrategyInfo};
use crate::warehouse::{StorageKind, Warehouse};

/// A step of the judgement. They are taken in this order, and the first that does not pass ends it.
/// [`Step::Method`], [`Step::Object`] and [`Step::Signable`] belong to signatures alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The account is active. Authentication has decided it before a vend is judged.
    Account,
    /// The warehouse is as the host stored it, and its secrets open. The store has decided it before
    /// a vend is judged.
    WarehouseIntact,
    /// The table may be seen.
    Visible,
    /// It may be read.
    Access,
    /// The warehouse may use the host's own identity, or has no need of it.
    HostIdentity,
    /// The table's locations lie inside the bases of catalog and warehouse.
    Locations,
    /// What the method needs beside reading is held.
    Method,
    /// The object lies in the table.
    Object,
    /// Nothing that is needed is revoked (A17).
    NotRevoked,
    /// The warehouse vends at all.
    WarehouseVends,
    /// No other table's location overlaps.
    LocationExclusive,
    /// The strategy is loaded.
    StrategyLoaded,
    /// Storage and strategy take a signature of this kind.
    Signable,
    /// Its credentials are narrow enough for the caller (A22).
    Scoping,
    /// There is a life that everything allows.
    Ttl,
    /// The warehouse's secrets are there.
    Secrets,
    /// The strategy would ask for nothing that the host refuses.
    Strategy,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Account,
        Self::WarehouseIntact,
        Self::Visible,
        Self::Access,
        Self::HostIdentity,
        Self::Locations,
        Self::Method,
        Self::Object,
        Self::NotRevoked,
        Self::WarehouseVends,
        Self::LocationExclusive,
        Self::StrategyLoaded,
        Self::Signable,
        Self::Scoping,
        Self::Ttl,
        Self::Secrets,
        Self::Strategy,
    ];

    /// Whether only signatures are judged by it.
    #[must_use]
    pub fn is_of_signatures(self) -> bool {
        matches!(self, Self::Method | Self::Object | Self::Signable)
    }

    /// The step at which this error arises; none for what is no judgement.
    pub(super) fn of(error: &VendError) -> Option<Self> {
        match error {
            VendError::Denied(Denied::Hidden) => Some(Self::Visible),
            VendError::Denied(Denied::Missing("read")) => Some(Self::Access),
            VendError::Denied(Denied::Missing(_)) => Some(Self::Method),
            VendError::Denied(Denied::HostIdentity) => Some(Self::HostIdentity),
            VendError::Denied(Denied::Outside(_)) => Some(Self::Locations),
            VendError::Denied(Denied::NotInTable(_)) => Some(Self::Object),
            VendError::Denied(Denied::Unscoped(_) | Denied::Narrowed(_) | Denied::BodyDecides) => Some(Self::Scoping),
            VendError::Denied(Denied::Revoked) => Some(Self::NotRevoked),
            VendError::LocationShared => Some(Self::LocationExclusive),
            VendError::StrategyMissing(_) => Some(Self::StrategyLoaded),
            VendError::TtlTooShort { .. } | VendError::TokenTooOld { .. } => Some(Self::Ttl),
            VendError::Secret { .. } => Some(Self::Secrets),
            VendError::Strategy(_) | VendError::NoHostCredentials => Some(Self::Strategy),
            VendError::Audit(_) | VendError::Store(_) => None,
        }
    }
}

/// A step that passed, with what it brought.
pub(super) enum Passed<'a> {
    /// [`Step::Visible`] to [`Step::Locations`].
    Rights(&'a Authorised),
    /// [`Step::Method`] and [`Step::Object`].
    Objects,
    /// [`Step::NotRevoked`].
    Standing,
    /// [`Step::WarehouseVends`].
    Vends,
    /// [`Step::LocationExclusive`].
    Exclusive,
    /// [`Step::StrategyLoaded`], and what the next two are judged by.
    Loaded(&'a Arc<StrategyInfo>, Scoping, &'a Limits),
    /// [`Step::Scoping`].
    Scoped(&'a Authorised),
    /// [`Step::Ttl`].
    Lives(Life),
}

/// Who looks on. A vend needs nobody: `()`.
pub(super) trait Witness: Send {
    fn saw(&mut self, passed: Passed<'_>);
}

impl Witness for () {
    fn saw(&mut self, _: Passed<'_>) {}
}

pub(super) enum Judged {
    Vend { authorised: Box<Authorised>, strategy: Arc<StrategyInfo>, ttl_seconds: u32 },
    Nothing,
}

impl Vending {
    /// Everything that is decided before anything is minted.
    pub(super) async fn judge(
        &self,
        principal: &Principal,
        snapshot: &CatalogSnapshot,
        table: &Table,
        ask: VendAsk<'_>,
        witness: &mut impl Witness,
    ) -> Result<Judged, VendError> {
        let authorised = policy::authorise(principal, snapshot, table, ask.access)?;
        witness.saw(Passed::Rights(&authorised));
        let authorised = self.require_standing(authorised, principal.cut_off).await?;
        witness.saw(Passed::Standing);
        let warehouse = &snapshot.warehouse;
        let Some(name) = warehouse.strategy.as_deref().filter(|_| warehouse.kind != StorageKind::Local) else {
            return Ok(Judged::Nothing);
        };
        witness.saw(Passed::Vends);
        self.require_exclusive(snapshot, table).await?;
        witness.saw(Passed::Exclusive);
        let strategy = self.strategy(name)?;
        let scoping = strategy.description.scoping_for(&warehouse.config);
        let token_rest = principal.token_expires_at.filter(|_| self.settings.limit_to_token);
        let limits = Limits {
            requested: ask.ttl_seconds,
            token_rest_ms: token_rest.map(|end| end.0 - self.clock.now().0),
            ..self.ttl_limits(warehouse, &strategy)
        };
        witness.saw(Passed::Loaded(&strategy, scoping, &limits));
        let authorised = policy::require_scoping(authorised, name, scoping)?;
        witness.saw(Passed::Scoped(&authorised));
        let life = ttl::choose(&limits)?;
        witness.saw(Passed::Lives(life));
        Ok(Judged::Vend { authorised: Box::new(authorised), strategy, ttl_seconds: life.seconds })
    }

    /// What limits a life whoever asks.
    pub(super) fn ttl_limits(&self, warehouse: &Warehouse, strategy: &StrategyInfo) -> Limits {
        Limits {
            default: self.settings.default_ttl_seconds,
            warehouse: warehouse.max_ttl_seconds,
            strategy: strategy.description.max_ttl_seconds,
            strategy_min: strategy.description.min_ttl_seconds,
            ..Limits::default()
        }
    }

    /// Another table's location inside this one's would be opened as well.
    pub(super) async fn require_exclusive(&self, snapshot: &CatalogSnapshot, table: &Table) -> Result<(), VendError> {
        // A table that is being created is not stored yet; its locations are judged at creation.
        if table.version > 0 && !self.locations.locations_are_exclusive(snapshot.catalog.id, table).await? {
            return Err(VendError::LocationShared);
        }
        Ok(())
    }

    pub(super) fn strategy(&self, name: &str) -> Result<Arc<StrategyInfo>, VendError> {
        self.strategies.find(name).ok_or_else(|| VendError::StrategyMissing(name.to_owned()))
    }
}
