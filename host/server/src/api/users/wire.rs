//! Wire forms of users.

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{RoleId, TenantId, UserId};
use pangolin_core::principal::{Principal, UserRole};
use pangolin_core::record::User;
use pangolin_core::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::password::secret_text;
use crate::error::ApiError;

/// A new user. No `Debug`: it holds a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateUser {
    pub(super) username: String,
    pub(super) email: Option<String>,
    /// At least eight characters.
    #[serde(default, deserialize_with = "secret_text")]
    #[schema(value_type = Option<String>)]
    pub(super) password: Option<Secret<String>>,
    /// The tenant: Root must name it, an administrator may name the own one.
    #[serde(default, alias = "tenant-id")]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub(super) tenant_id: Option<TenantId>,
    /// `tenant-admin` or `tenant-user`, also written `TenantAdmin`, `TenantUser`.
    #[schema(value_type = String)]
    pub(super) role: UserRole,
}

/// A change: what is absent stays. No `Debug`: it holds a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateUser {
    pub(super) email: Option<String>,
    #[serde(default, deserialize_with = "secret_text")]
    #[schema(value_type = Option<String>)]
    pub(super) password: Option<Secret<String>>,
    pub(super) active: Option<bool>,
}

/// A user as replies show it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct UserInfo {
    #[schema(value_type = uuid::Uuid)]
    id: UserId,
    username: String,
    email: Option<String>,
    #[schema(value_type = Option<uuid::Uuid>)]
    tenant_id: Option<TenantId>,
    /// The same as `tenant-id`, in the spelling of the other resources.
    #[serde(rename = "tenant_id")]
    #[schema(value_type = Option<uuid::Uuid>)]
    tenant: Option<TenantId>,
    #[schema(value_type = String)]
    role: UserRole,
    oauth_provider: Option<String>,
    created_at: Option<String>,
    last_login: Option<String>,
    active: bool,
    /// Of the caller alone: why the token that was shown gives less than its owner may expect.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'static str>,
    /// Of the caller alone, where the token is narrowed to roles: those of them that are still held. All
    /// that the token may do comes of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<RoleOfToken>>,
}

/// A role to which a token is narrowed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RoleOfToken {
    #[schema(value_type = uuid::Uuid)]
    pub(super) id: RoleId,
    pub(super) name: String,
}

impl From<&User> for UserInfo {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            username: user.username.clone(),
            email: user.email.clone(),
            tenant_id: Some(user.tenant_id),
            tenant: Some(user.tenant_id),
            role: user.role,
            oauth_provider: user.external.as_ref().map(|external| external.issuer.clone()),
            created_at: Some(user.created_at.to_rfc3339()),
            last_login: user.last_login.map(UnixMillis::to_rfc3339),
            active: user.active,
            hint: None,
            roles: None,
        }
    }
}

impl UserInfo {
    /// The same with another rank.
    pub(super) fn ranked(self, role: UserRole) -> Self {
        Self { role, ..self }
    }

    /// The same as a token sees it that is narrowed to these roles.
    pub(super) fn narrowed_to(self, roles: Vec<RoleOfToken>) -> Self {
        Self { roles: Some(roles), ..self }
    }

    /// The same with what the caller should know of the own token.
    pub(super) fn hinted(self, hint: Option<&'static str>) -> Self {
        Self { hint, ..self }
    }
}

/// Somebody who is not stored: Root.
impl From<&Principal> for UserInfo {
    fn from(principal: &Principal) -> Self {
        Self {
            id: principal.user_id,
            username: principal.username.to_string(),
            email: None,
            tenant_id: principal.tenant_id,
            tenant: principal.tenant_id,
            role: principal.role,
            oauth_provider: None,
            created_at: None,
            last_login: None,
            active: true,
            hint: None,
            roles: None,
        }
    }
}

/// Mail addresses are shown, never used; the form is checked loosely.
pub(super) fn check_email(email: &str) -> Result<(), ApiError> {
    let (name, host) = email.split_once('@').unwrap_or_default();
    let plain = !email.chars().any(|c| c.is_control() || c.is_whitespace());
    if !name.is_empty() && !host.is_empty() && plain && email.len() <= 254 {
        return Ok(());
    }
    Err(ApiError::unprocessable("email", "an email address looks like name@example.com"))
}
