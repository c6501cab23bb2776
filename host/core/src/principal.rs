//! Who asks.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clock::UnixMillis;
use crate::id::{RoleId, TenantId, TokenId, UserId};
use crate::permission::Grant;

/// The three ranks of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserRole {
    /// A user of a tenant: starts with nothing, has what grants give.
    #[serde(alias = "TenantUser", alias = "tenant_user", alias = "user")]
    TenantUser,
    /// Everything within the own tenant.
    #[serde(alias = "TenantAdmin", alias = "tenant_admin", alias = "Admin", alias = "admin")]
    TenantAdmin,
    /// The system's administrator: tenants and users, no data.
    #[serde(alias = "Root")]
    Root,
}

impl UserRole {
    /// The wire form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TenantUser => "tenant-user",
            Self::TenantAdmin => "tenant-admin",
            Self::Root => "root",
        }
    }
}

impl std::str::FromStr for UserRole {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_value(serde_json::Value::String(text.to_owned()))
            .map_err(|_| format!("unknown role '{text}': use root, tenant-admin or tenant-user"))
    }
}

/// What kind of account stands behind a principal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountKind {
    /// Somebody with a password.
    #[default]
    Person,
    /// A program with API keys.
    Service,
    /// Somebody whom another issuer of tokens vouches for.
    External,
}

impl AccountKind {
    /// The stored form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Service => "service",
            Self::External => "external",
        }
    }
}

impl std::str::FromStr for AccountKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_value(serde_json::Value::String(text.to_owned()))
            .map_err(|_| format!("unknown kind of account '{text}'"))
    }
}

/// An authenticated caller with the grants in force when the request began.
#[derive(Debug, Clone)]
pub struct Principal {
    /// Whose identity.
    pub user_id: UserId,
    /// The name that audit rows and the cloud's trail show.
    pub username: Arc<str>,
    /// The rank.
    pub role: UserRole,
    /// What kind of account.
    pub kind: AccountKind,
    /// The tenant; none for Root.
    pub tenant_id: Option<TenantId>,
    /// The token that authenticated the request; none in No-Auth mode.
    pub token_id: Option<TokenId>,
    /// When that token ends.
    pub token_expires_at: Option<UnixMillis>,
    /// What was minted for the principal up to then is served no more: it was revoked once.
    pub cut_off: Option<UnixMillis>,
    /// Whether the token has some of its holder's roles instead of all that the holder may do.
    pub narrowed: bool,
    /// Direct grants and those of the roles held; of a narrowed token only those of its roles.
    pub grants: Arc<[Grant]>,
    /// The roles held.
    pub roles: Arc<[RoleId]>,
}

impl Principal {
    /// Whether the caller administers `tenant`.
    #[must_use]
    pub fn is_admin_of(&self, tenant: TenantId) -> bool {
        self.role == UserRole::TenantAdmin && self.tenant_id == Some(tenant)
    }

    /// Whether the caller is Root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.role == UserRole::Root
    }
}
