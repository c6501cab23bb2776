//! Wire forms of permissions.

use pangolin_core::id::{GrantId, UserId};
use pangolin_core::permission::{Action, PermissionScope};
use pangolin_core::record::UserGrant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shape::{ActionName, Scope};

/// A permission to give.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct GrantPermission {
    #[serde(alias = "user_id")]
    #[schema(value_type = uuid::Uuid)]
    pub(super) user_id: UserId,
    /// `{"type": "tenant"}`, or `catalog` with `catalog_id`, `namespace` with `catalog_id` and
    /// `namespace`, `asset` with these two and `asset_id`.
    #[schema(value_type = Scope)]
    pub(super) scope: PermissionScope,
    /// `read`, `write`, `delete`, `create`, `update`, `list`, `manage-discovery`, `all`.
    #[schema(value_type = Vec<ActionName>)]
    pub(super) actions: Vec<Action>,
}

/// Whose permissions to list.
#[derive(Debug, Deserialize)]
pub(super) struct OfUser {
    #[serde(default, alias = "user-id", alias = "user_id")]
    pub(super) user: Option<UserId>,
}

/// A permission as replies show it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct PermissionReply {
    #[schema(value_type = uuid::Uuid)]
    id: GrantId,
    #[schema(value_type = uuid::Uuid)]
    user_id: UserId,
    #[schema(value_type = Scope)]
    scope: PermissionScope,
    #[schema(value_type = Vec<ActionName>)]
    actions: Vec<Action>,
    #[schema(value_type = uuid::Uuid)]
    granted_by: UserId,
    granted_at: String,
}

impl From<UserGrant> for PermissionReply {
    fn from(given: UserGrant) -> Self {
        Self {
            id: given.id,
            user_id: given.user_id,
            scope: given.grant.scope,
            actions: given.grant.actions,
            granted_by: given.granted_by,
            granted_at: given.granted_at.to_rfc3339(),
        }
    }
}
