//! Who may have what. Pure; the only place that makes an [`Authorised`].

mod object;

use std::sync::Arc;

use crate::access::{Access, Scope};
use crate::clock::UnixMillis;
use crate::id::{CatalogId, TableId, TenantId, UserId, WarehouseId};
use crate::location::Location;
use crate::permission::Target;
use crate::principal::Principal;
use crate::record::{CatalogSnapshot, Table};
use crate::revocation::{Cuts, Targets};
use crate::strategy::Scoping;

pub use self::object::{Touched, authorise_objects, kept_in_host};

/// Proof that the policy allowed a vend, and exactly what it allowed. It has no other
/// constructor than the functions of this module.
#[derive(Debug, Clone)]
pub struct Authorised {
    tenant_id: TenantId,
    user_id: UserId,
    principal: Arc<str>,
    catalog_id: CatalogId,
    warehouse_id: WarehouseId,
    table_id: TableId,
    table_name: String,
    scopes: Vec<Scope>,
    access: Access,
    may_be_unscoped: bool,
    narrowed: bool,
    on_whole_warehouse: Access,
    cuts: Cuts,
}

impl Authorised {
    /// The tenant.
    #[must_use]
    pub fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }
    /// Who.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        self.user_id
    }
    /// The name for the cloud's trail.
    #[must_use]
    pub fn principal(&self) -> &str {
        &self.principal
    }
    /// The catalog.
    #[must_use]
    pub fn catalog_id(&self) -> CatalogId {
        self.catalog_id
    }
    /// The warehouse.
    #[must_use]
    pub fn warehouse_id(&self) -> WarehouseId {
        self.warehouse_id
    }
    /// The table.
    #[must_use]
    pub fn table_id(&self) -> TableId {
        self.table_id
    }
    /// `catalog.namespace.table`.
    #[must_use]
    pub fn table_name(&self) -> &str {
        &self.table_name
    }
    /// What may be opened, the table's root first; every location is a directory.
    #[must_use]
    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }
    /// The access of every scope.
    #[must_use]
    pub fn access(&self) -> Access {
        self.access
    }
    /// Whether a credential that cannot be narrowed may go out (A22).
    #[must_use]
    pub fn may_be_unscoped(&self) -> bool {
        self.may_be_unscoped
    }
    /// What can be cut off.
    #[must_use]
    pub fn targets(&self) -> Targets {
        Targets { user: self.user_id, warehouse: self.warehouse_id, table: self.table_id }
    }
    /// What had been cut off when this was authorised.
    #[must_use]
    pub fn cuts(&self) -> &Cuts {
        &self.cuts
    }
}

/// Why the policy refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The caller may not even know that the table exists.
    #[error("table does not exist")]
    Hidden,
    /// A right is missing.
    #[error("missing the right to {0}")]
    Missing(&'static str),
    /// A location of the table lies outside what the catalog or the warehouse may open.
    #[error("location '{0}' lies outside the base of the catalog or of the warehouse")]
    Outside(String),
    /// Nothing of this table is there.
    #[error("location '{0}' is no object of this table: name a file below the table's location, as loadTable shows it")]
    NotInTable(String),
    /// The body of a request that would be signed with a wide credential decides what it does.
    #[error(
        "many objects at once are not deleted here: the strategy's credential opens more than this table, and not every \
         store holds a body to its signature; delete them one by one, or set `allow_unscoped: true` on the warehouse"
    )]
    BodyDecides,
    /// The role or the base belongs to another tenant; tells nothing more.
    #[error("this warehouse may not use the host's own identity for its role or base location; ask the operator")]
    HostIdentity,
    /// The principal, the warehouse or the table is revoked, or was while this was under way. The
    /// text does not tell which, nor why.
    #[error(
        "an administrator has revoked what this request needs: nothing is vended, signed or written until that is \
         lifted; ask an administrator of your tenant"
    )]
    Revoked,
    /// The strategy cannot narrow what it vends (A22).
    #[error(
        "the strategy '{0}' cannot limit a credential to one table: it needs rights on the whole warehouse (read, write \
         and delete; read alone where the strategy honours the access), or `allow_unscoped: true` on the warehouse; alternatives are presigned URLs, remote signing or a \
         strategy that scopes"
    )]
    Unscoped(String),
    /// What the holder's own identity opens is more than the token's roles do.
    #[error(
        "the strategy '{0}' mints what its caller's own identity at the store opens, and this token has some of its \
         holder's roles only: ask with a token that is not narrowed; alternatives are presigned URLs and remote signing"
    )]
    Narrowed(String),
}

impl Denied {
    /// Stable code of the refusal, for replies and audit rows.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Hidden => "not-found",
            Self::Missing(_) => "missing-right",
            Self::Outside(_) => "location-outside-base",
            Self::NotInTable(_) => "location-outside-table",
            Self::HostIdentity => "host-identity-refused",
            Self::Revoked => "revoked",
            Self::Unscoped(_) | Self::Narrowed(_) | Self::BodyDecides => "unscoped-refused",
        }
    }
}

/// Judges a vend of table credentials.
///
/// `requested` narrows; it never widens. The result carries the intersection of what was asked
/// for, what the caller holds, and the table's own locations, each re-checked against the
/// catalog's and the warehouse's base.
///
/// # Errors
/// See [`Denied`].
pub fn authorise(
    principal: &Principal,
    snapshot: &CatalogSnapshot,
    table: &Table,
    requested: Access,
) -> Result<Authorised, Denied> {
    let catalog = &snapshot.catalog;
    let target = Target::Table(catalog.id, &table.namespace, table.id);
    if principal.tenant_id != Some(catalog.tenant_id) || !principal.may_see(target) {
        return Err(Denied::Hidden);
    }
    let held = principal.access_on(target);
    if !held.read {
        return Err(Denied::Missing("read"));
    }
    let access = requested.intersect(held);
    if !access.read {
        return Err(Denied::Missing("read"));
    }
    Ok(Authorised {
        user_id: principal.user_id,
        principal: principal.username.clone(),
        narrowed: principal.narrowed,
        may_be_unscoped: snapshot.warehouse.allow_unscoped || on_whole_warehouse(principal, snapshot) == Access::FULL,
        on_whole_warehouse: on_whole_warehouse(principal, snapshot),
        ..for_locations(snapshot, table, access)?
    })
}

/// Allows the host itself to read and write one table's files: metadata, and nothing else.
///
/// # Errors
/// A location lies outside its base.
pub fn authorise_host(snapshot: &CatalogSnapshot, table: &Table, access: Access) -> Result<Authorised, Denied> {
    for_locations(snapshot, table, access)
}

fn for_locations(snapshot: &CatalogSnapshot, table: &Table, access: Access) -> Result<Authorised, Denied> {
    let CatalogSnapshot { catalog, warehouse, .. } = snapshot;
    if !snapshot.host_identity_allowed {
        return Err(Denied::HostIdentity);
    }
    let mut scopes: Vec<Scope> = Vec::with_capacity(1);
    for location in table.locations() {
        require_inside(&catalog.base, &warehouse.base, location)?;
        if !scopes.iter().any(|scope| scope.location.contains(location)) {
            scopes.push(Scope { location: location.as_directory(), access });
        }
    }
    Ok(Authorised {
        tenant_id: catalog.tenant_id,
        user_id: UserId::SYSTEM,
        principal: Arc::from("system"),
        catalog_id: catalog.id,
        warehouse_id: warehouse.id,
        table_id: table.id,
        table_name: format!("{}.{}.{}", catalog.name, table.namespace, table.name),
        scopes,
        access,
        may_be_unscoped: true,
        narrowed: false,
        on_whole_warehouse: Access::FULL,
        cuts: Cuts::default(),
    })
}

/// Refuses a location outside the catalog's base, or outside the warehouse's.
///
/// # Errors
/// [`Denied::Outside`].
pub fn require_inside(catalog_base: &Location, warehouse_base: &Location, location: &Location) -> Result<(), Denied> {
    // A table at the very base would own every other table's files.
    let strictly_inside = catalog_base.contains(location) && catalog_base.canonical() != location.canonical();
    // Comparison takes `Bucket` and `bucket` for one, so that no two overlap unseen. A policy
    // names the bucket as it is written, and to a store the other spelling may be another bucket.
    let same_bucket = catalog_base.authority() == location.authority();
    if strictly_inside && same_bucket && warehouse_base.contains(location) {
        Ok(())
    } else {
        Err(Denied::Outside(location.as_str().to_owned()))
    }
}

/// Holds a vend against how narrow the strategy's credentials are (A22).
///
/// A credential that honours the access and not the location is narrowed to the access that the
/// caller holds on the whole warehouse. What the caller's own identity opens goes to nobody who
/// has less than the caller.
///
/// # Errors
/// [`Denied::Unscoped`], [`Denied::Narrowed`].
pub fn require_scoping(mut authorised: Authorised, strategy: &str, scoping: Scoping) -> Result<Authorised, Denied> {
    match scoping {
        Scoping::Delegated if authorised.narrowed => Err(Denied::Narrowed(strategy.to_owned())),
        Scoping::Exact | Scoping::Delegated => Ok(authorised),
        Scoping::AccessOnly | Scoping::Unscoped if authorised.may_be_unscoped => Ok(authorised),
        Scoping::AccessOnly if authorised.on_whole_warehouse.read => {
            let access = authorised.access.intersect(authorised.on_whole_warehouse);
            authorised.access = access;
            authorised.scopes.iter_mut().for_each(|scope| scope.access = access);
            Ok(authorised)
        }
        Scoping::AccessOnly | Scoping::Unscoped => Err(Denied::Unscoped(strategy.to_owned())),
    }
}

/// Holds what is authorised against what is revoked (A17).
///
/// `authenticated` is the principal's cut when the request came in: somebody who was revoked since
/// gets nothing by that request, also if that was lifted.
///
/// # Errors
/// [`Denied::Revoked`].
pub fn require_standing(
    authorised: Authorised,
    authenticated: Option<UnixMillis>,
    cuts: Cuts,
) -> Result<Authorised, Denied> {
    not_revoked(authenticated, &cuts)?;
    Ok(Authorised { cuts, ..authorised })
}

/// The same for what needs no credential.
///
/// # Errors
/// [`Denied::Revoked`].
pub fn not_revoked(authenticated: Option<UnixMillis>, cuts: &Cuts) -> Result<(), Denied> {
    if cuts.is_standing() || cuts.principal.at > authenticated { Err(Denied::Revoked) } else { Ok(()) }
}

/// The access held on the tenant, or on every catalog of the warehouse.
fn on_whole_warehouse(principal: &Principal, snapshot: &CatalogSnapshot) -> Access {
    if principal.tenant_id != Some(snapshot.catalog.tenant_id) {
        return Access::NONE;
    }
    let tenant = principal.access_on(Target::Tenant);
    let catalogs = snapshot.warehouse_catalogs.iter().map(|catalog| principal.access_on(Target::Catalog(*catalog)));
    let everywhere = catalogs.reduce(Access::intersect).unwrap_or(Access::NONE);
    Access {
        read: tenant.read || everywhere.read,
        write: tenant.write || everywhere.write,
        delete: tenant.delete || everywhere.delete,
    }
}

#[cfg(test)]
mod tests;
