//! What of the host's own identity a tenant may use: Root's word.

use axum::Json;
use axum::extract::State;
use pangolin_core::location::Location;
use pangolin_core::record::HostIdentityPins;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::audited::Event;
use crate::auth::Caller;
use crate::body::Body;
use crate::error::ApiError;
use crate::path::Path;
use crate::state::AppState;

/// Roles and base locations that are pinned to one tenant. A pinned one is used by no tenant
/// that it is not pinned to as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HostIdentity {
    /// Role ARNs.
    #[serde(default)]
    pub(super) roles: Vec<String>,
    /// Base locations such as `s3://bucket/prefix`; each covers what lies inside it.
    #[serde(default)]
    pub(super) bases: Vec<String>,
}

impl From<HostIdentityPins> for HostIdentity {
    fn from(pins: HostIdentityPins) -> Self {
        Self { roles: pins.roles, bases: pins.bases.into_iter().map(String::from).collect() }
    }
}

impl HostIdentity {
    /// The pins, or everything that is wrong with them.
    pub(super) fn check(self) -> Result<HostIdentityPins, ApiError> {
        let mut problems = Vec::new();
        for (at, role) in self.roles.iter().enumerate() {
            if role.trim() != role || role.is_empty() || role.chars().any(char::is_control) {
                problems.push((format!("roles[{at}]"), "a role is an ARN without blanks at its ends".to_owned()));
            }
        }
        let mut bases = Vec::with_capacity(self.bases.len());
        for (at, base) in self.bases.iter().enumerate() {
            match Location::parse(base) {
                Ok(base) => bases.push(base),
                Err(error) => problems.push((format!("bases[{at}]"), error.to_string())),
            }
        }
        if problems.is_empty() {
            Ok(HostIdentityPins { roles: self.roles, bases })
        } else {
            Err(ApiError::problems(problems))
        }
    }
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_host_identity, put_host_identity))
}

/// Shows the pins of a tenant. Root only.
#[utoipa::path(get, path = "/api/v1/tenants/{id}/host-identity", tag = "tenants", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = HostIdentity), (status = 403), (status = 404)))]
async fn get_host_identity(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<HostIdentity>, ApiError> {
    let event = Event::new("get_host_identity", "tenant").of_path(&id);
    state.attempt(&caller, &event, async { caller.require_root() }).await?;
    Ok(Json(super::find(&state, &id).await?.host_identity.into()))
}

/// Replaces the pins of a tenant. Root only. Warehouses are judged by them at once.
#[utoipa::path(put, path = "/api/v1/tenants/{id}/host-identity", tag = "tenants", params(("id" = uuid::Uuid, Path)),
    request_body = HostIdentity,
    responses((status = 200, body = HostIdentity), (status = 403), (status = 404), (status = 422)))]
async fn put_host_identity(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<Json<HostIdentity>, ApiError> {
    let event = Event::new("update_host_identity", "tenant").of_path(&id);
    let work = async {
        caller.require_root()?;
        let mut tenant = super::find(&state, &id).await?;
        tenant.host_identity = body.json::<HostIdentity>()?.check()?;
        state.begin(&caller, &event).await?;
        state.store.update_tenant(&tenant).await?;
        Ok(tenant)
    };
    let tenant = state.attempt(&caller, &event, work).await?;
    let pins = HostIdentity::from(tenant.host_identity);
    // Which roles and bases: for Root's trail alone, so the row names no tenant as its owner.
    state.record_success(&caller, event.id(tenant.id.0).name(&tenant.name).metadata(json!(pins))).await?;
    Ok(Json(pins))
}
