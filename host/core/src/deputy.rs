//! The host's own identity must not become a confused deputy: what one tenant uses through it,
//! no other tenant can name.
//!
//! A role and a base location used with the host's own identity belong to one tenant, unless
//! Root says otherwise by pins. Pure; the store keeps the claims, and judges each change and
//! each snapshot with [`judge`].

use std::collections::BTreeMap;

use serde_json::Value;

use crate::id::{TenantId, WarehouseId};
use crate::location::Location;
use crate::record::HostIdentityPins;
use crate::strategy::{Description, FieldKind};
use crate::warehouse::{BaseIdentity, StorageKind, Warehouse};

#[cfg(test)]
mod tests;

/// What the operator set for the host's own identity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OperatorIdentity<'a> {
    /// `PANGOLIN_STS_ROLE_ARN`: offered to every tenant.
    pub role: Option<&'a str>,
    /// `PANGOLIN_STS_EXTERNAL_ID`: sent with that role, and with no other.
    pub external_id: Option<&'a str>,
    /// The operator's STS is not AWS's, see [`is_own_sts`].
    pub own_sts: bool,
}

/// Whether an STS endpoint is another one than AWS's. Stores that speak STS know a role by its
/// name: the rest of the ARN may be anything, and must not make one role pass for two.
#[must_use]
pub fn is_own_sts(endpoint: Option<&url::Url>) -> bool {
    let aws = |host: &str| host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
    endpoint.is_some_and(|endpoint| !endpoint.host_str().is_some_and(aws))
}

/// What a warehouse uses through the host's own identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostClaim {
    /// The warehouse.
    pub warehouse_id: WarehouseId,
    /// Its tenant.
    pub tenant_id: TenantId,
    /// The role that the tenant named, or `role/` and its name where only that counts; none for
    /// the role that the operator offers, and where no role is assumed.
    pub role: Option<String>,
    /// Its base location.
    pub base: Location,
}

impl HostClaim {
    /// The claim of a warehouse; none if it brings its own keys or vends nothing. `strategy` is
    /// the description of its strategy: it says which field is the role. A directory of the host
    /// is a claim as well: the host reads and writes it as itself.
    #[must_use]
    pub fn of(warehouse: &Warehouse, strategy: Option<&Description>, operator: OperatorIdentity<'_>) -> Option<Self> {
        if warehouse.identity != BaseIdentity::Host && warehouse.kind != StorageKind::Local {
            return None;
        }
        let role = strategy
            .and_then(|strategy| role(&warehouse.config, strategy))
            .filter(|role| !operator.role.is_some_and(|offered| same_role(role, offered)));
        Some(Self {
            warehouse_id: warehouse.id,
            tenant_id: warehouse.tenant_id,
            role: role.map(|role| if operator.own_sts { named_only(role) } else { role.to_owned() }),
            base: warehouse.base.clone(),
        })
    }
}

/// The role that a configuration names: the strategy has one such field at most.
pub(crate) fn role<'a>(config: &'a BTreeMap<String, Value>, strategy: &Description) -> Option<&'a str> {
    let mut fields = strategy.fields.iter().filter(|field| field.kind == FieldKind::Role);
    fields.find_map(|field| config.get(&field.name)?.as_str())
}

/// Whether the claim may stand beside the others.
///
/// `others` are the claims of all warehouses (those of the same tenant, the claim itself among
/// them, do not matter), `pins` those of all tenants.
#[must_use]
pub fn judge(claim: &HostClaim, others: &[HostClaim], pins: &[(TenantId, HostIdentityPins)]) -> bool {
    role_is_free(claim, others, pins) && base_is_free(claim, others, pins)
}

fn role_is_free(claim: &HostClaim, others: &[HostClaim], pins: &[(TenantId, HostIdentityPins)]) -> bool {
    let Some(role) = claim.role.as_deref() else { return true };
    let pinned = |(_, pins): &&(TenantId, HostIdentityPins)| pins.roles.iter().any(|pin| same_role(pin, role));
    let mut holders = pins.iter().filter(pinned).map(|(tenant, _)| *tenant).peekable();
    if holders.peek().is_some() {
        return holders.any(|tenant| tenant == claim.tenant_id);
    }
    !foreign(claim, others).any(|other| other.role.as_deref().is_some_and(|named| same_role(named, role)))
}

fn base_is_free(claim: &HostClaim, others: &[HostClaim], pins: &[(TenantId, HostIdentityPins)]) -> bool {
    let of_tenant = |own: bool| {
        pins.iter().filter(move |(tenant, _)| (*tenant == claim.tenant_id) == own).flat_map(|(_, pins)| &pins.bases)
    };
    let base = place(&claim.base);
    if of_tenant(true).any(|pin| base.starts_with(&place(pin))) {
        return true;
    }
    let shares = |other: &Location| {
        let other = place(other);
        other.starts_with(&base) || base.starts_with(&other)
    };
    !of_tenant(false).any(shares) && !foreign(claim, others).any(|other| shares(&other.base))
}

/// A base for comparison. An account of Azure has many hosts (`dfs`, `blob`, zones, private links),
/// and a signature for a container of it is good at each of them: its name alone counts.
fn place(base: &Location) -> String {
    let canonical = base.canonical();
    let Some((container, host)) = base.authority().split_once('@') else { return canonical };
    let account = host.split('.').next().unwrap_or(host);
    let short = format!("{container}@{account}").to_ascii_lowercase();
    canonical.replacen(&base.authority().to_ascii_lowercase(), &short, 1)
}

fn foreign<'a>(claim: &HostClaim, others: &'a [HostClaim]) -> impl Iterator<Item = &'a HostClaim> {
    let tenant = claim.tenant_id;
    others.iter().filter(move |other| other.tenant_id != tenant)
}

/// IAM names are unique without regard to case.
fn same_role(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim(), other.trim());
    if one.starts_with(NAMED_ONLY) || other.starts_with(NAMED_ONLY) {
        return role_name(one).eq_ignore_ascii_case(role_name(other));
    }
    one.eq_ignore_ascii_case(other)
}

/// How a role is written of which only the name counts. No ARN begins so.
const NAMED_ONLY: &str = "role/";

fn named_only(role: &str) -> String {
    format!("{NAMED_ONLY}{}", role_name(role))
}

fn role_name(role: &str) -> &str {
    role.trim().rsplit('/').next().unwrap_or_default()
}

/// Why an external id is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExternalIdRefused {
    /// The operator's own.
    #[error("external_id is reserved: choose another one for this role, or leave it out and the host makes one")]
    Operators,
    /// The one that the host makes for another tenant.
    #[error("external_id belongs to another tenant: choose another one, or leave it out and the host makes one")]
    OtherTenants,
}

/// The external id that goes with a role assumed through the host's own identity.
///
/// With the operator's role it is the operator's. With a role that the tenant named it is the
/// warehouse's (`configured`), else `pangolin-<tenant>`; never the operator's and never the one
/// that the host makes for another tenant, so that a trust policy that demands one of these
/// lets nobody else in.
///
/// # Errors
/// See [`ExternalIdRefused`].
pub fn external_id(
    tenant: TenantId,
    role: &str,
    configured: Option<&str>,
    operator: OperatorIdentity<'_>,
) -> Result<Option<String>, ExternalIdRefused> {
    let configured = configured.filter(|id| !id.is_empty());
    let offered = operator.role.is_some_and(|offered| same_role(offered, role));
    if offered && operator.external_id.is_some() {
        return Ok(operator.external_id.map(str::to_owned));
    }
    if let Some(id) = configured {
        if operator.external_id == Some(id) {
            return Err(ExternalIdRefused::Operators);
        }
        if made_for(id).is_some_and(|owner| owner != tenant) {
            return Err(ExternalIdRefused::OtherTenants);
        }
        return Ok(Some(id.to_owned()));
    }
    Ok((!offered).then(|| own_external_id(tenant)))
}

/// The external id that the host makes for a tenant; trust policies of its roles name it.
#[must_use]
pub fn own_external_id(tenant: TenantId) -> String {
    format!("pangolin-{tenant}")
}

fn made_for(id: &str) -> Option<TenantId> {
    id.strip_prefix("pangolin-")?.parse().ok()
}
