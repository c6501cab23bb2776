//! Wire forms of tenants.

use pangolin_core::id::TenantId;
use pangolin_core::record::{Properties, Tenant};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A new tenant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateTenant {
    /// Chosen by Root; none: the host makes one.
    pub(super) id: Option<Uuid>,
    pub(super) name: String,
    #[schema(value_type = Option<Object>)]
    pub(super) properties: Option<Properties>,
}

/// A change: what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateTenant {
    pub(super) name: Option<String>,
    /// Replaces all properties.
    #[schema(value_type = Option<Object>)]
    pub(super) properties: Option<Properties>,
}

/// A tenant as replies show it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TenantReply {
    #[schema(value_type = uuid::Uuid)]
    id: TenantId,
    name: String,
    #[schema(value_type = Object)]
    properties: Properties,
}

impl From<Tenant> for TenantReply {
    fn from(tenant: Tenant) -> Self {
        Self { id: tenant.id, name: tenant.name, properties: tenant.properties }
    }
}
