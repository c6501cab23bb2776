//! Wire forms of roles.

use pangolin_core::id::{RoleId, TenantId, UserId};
use pangolin_core::permission::Grant;
use pangolin_core::record::Role;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::permissions::GrantShape;
use crate::error::ApiError;

/// A new role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CreateRole {
    pub(super) name: String,
    pub(super) description: Option<String>,
    /// The own tenant, if given at all.
    #[serde(default, alias = "tenant_id")]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub(super) tenant_id: Option<TenantId>,
    /// `[{"scope": {"type": "catalog", "catalog_id": …}, "actions": ["read", "list"]}]`
    #[serde(default)]
    #[schema(value_type = Vec<GrantShape>)]
    pub(super) permissions: Vec<Grant>,
}

/// A change. What is absent stays; what only the host sets is read over, so that the reply of
/// a GET can be sent back.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct UpdateRole {
    #[schema(value_type = Option<uuid::Uuid>)]
    id: Option<RoleId>,
    name: Option<String>,
    description: Option<String>,
    #[serde(alias = "tenant_id")]
    #[schema(value_type = Option<uuid::Uuid>)]
    tenant_id: Option<TenantId>,
    /// Replaces all permissions.
    #[schema(value_type = Option<Vec<GrantShape>>)]
    permissions: Option<Vec<Grant>>,
    #[serde(alias = "built_in", rename = "built-in")]
    #[schema(ignore)]
    _built_in: Option<IgnoredAny>,
    #[serde(alias = "created_by", rename = "created-by")]
    #[schema(ignore)]
    _created_by: Option<IgnoredAny>,
    #[serde(alias = "created_at", rename = "created-at")]
    #[schema(ignore)]
    _created_at: Option<IgnoredAny>,
    #[serde(alias = "updated_at", rename = "updated-at")]
    #[schema(ignore)]
    _updated_at: Option<IgnoredAny>,
}

impl UpdateRole {
    /// Changes `role` as asked.
    pub(super) fn apply(self, role: &mut Role) -> Result<(), ApiError> {
        if self.id.is_some_and(|id| id != role.id) {
            return Err(ApiError::bad_request("id", "Role ID mismatch: the body names another role than the path"));
        }
        require_tenant(role.tenant_id, self.tenant_id)?;
        if let Some(name) = self.name {
            role.name = name;
        }
        if let Some(description) = self.description {
            role.description = Some(description);
        }
        if let Some(permissions) = self.permissions {
            role.permissions = permissions;
        }
        Ok(())
    }
}

/// Refuses a role of another tenant than the caller's.
pub(super) fn require_tenant(own: TenantId, asked: Option<TenantId>) -> Result<(), ApiError> {
    if asked.is_none_or(|asked| asked == own) {
        Ok(())
    } else {
        Err(ApiError::forbidden("roles can be made in your own tenant only"))
    }
}

/// A role as replies show it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct RoleReply {
    #[schema(value_type = uuid::Uuid)]
    id: RoleId,
    name: String,
    description: Option<String>,
    #[schema(value_type = uuid::Uuid)]
    tenant_id: TenantId,
    #[schema(value_type = Vec<GrantShape>)]
    permissions: Vec<Grant>,
    /// Cannot be changed or deleted.
    built_in: bool,
    #[schema(value_type = uuid::Uuid)]
    created_by: UserId,
    created_at: String,
    updated_at: String,
}

impl From<Role> for RoleReply {
    fn from(role: Role) -> Self {
        Self {
            id: role.id,
            name: role.name,
            description: role.description,
            tenant_id: role.tenant_id,
            permissions: role.permissions,
            built_in: role.built_in,
            created_by: role.created_by,
            created_at: role.created_at.to_rfc3339(),
            updated_at: role.updated_at.to_rfc3339(),
        }
    }
}
