//! Warehouses: a tenant's administrator makes them; the judgement of a definition is core's, the
//! strategy's own check comes after it, and no reply holds a secret.

mod judged;
mod shape;
mod unreadable;

#[cfg(test)]
mod tests;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pangolin_core::id::WarehouseId;
use pangolin_core::warehouse::{self, Warehouse};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::shape::{CreateWarehouse, ListedWarehouse, UpdateWarehouse, WarehouseReply};
use self::unreadable::ToChange;
use crate::audited::Event;
use crate::auth::Caller;
use crate::body::Body;
use crate::error::ApiError;
use crate::paging::{PageParams, Paging};
use crate::path::Path;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_warehouses, create_warehouse)).routes(routes!(
        get_warehouse,
        update_warehouse,
        delete_warehouse
    ))
}

/// Lists the warehouses of the own tenant by name.
#[utoipa::path(get, path = "/api/v1/warehouses", tag = "warehouses",
    params(PageParams),
    responses((status = 200, body = Vec<ListedWarehouse>), (status = 403)))]
async fn list_warehouses(
    State(state): State<AppState>,
    caller: Caller,
    Paging(page): Paging,
) -> Result<Json<Vec<Value>>, ApiError> {
    let event = Event::new("list_warehouses", "warehouse");
    let tenant = state.attempt(&caller, &event, async { caller.require_tenant_admin() }).await?;
    let warehouses = state.store.list_warehouses(tenant, &page).await?;
    let shown = warehouses.into_iter().map(|warehouse| match warehouse {
        Ok(warehouse) => view(&state, &warehouse),
        Err(unreadable) => unreadable::shown(tenant, unreadable),
    });
    Ok(Json(shown.collect()))
}

/// Creates a warehouse from any of the documented spellings: `name`, `storage_config`, and
/// `vending_strategy` or `use_sts`; also `allow_unscoped` and `max_ttl_seconds`.
#[utoipa::path(post, path = "/api/v1/warehouses", tag = "warehouses", request_body = CreateWarehouse,
    responses((status = 201, body = WarehouseReply), (status = 403), (status = 409, description = "name taken"),
        (status = 422, description = "everything that is wrong, by field")))]
async fn create_warehouse(
    State(state): State<AppState>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let asked = body.json::<Value>();
    let name = asked.as_ref().ok().and_then(|asked| asked.get("name")?.as_str());
    let event = Event::new("create_warehouse", "warehouse").of_body(name);
    let work = async {
        let tenant = caller.require_tenant_admin()?;
        let asked = asked?;
        let id = WarehouseId::generate();
        let made = judged::in_context(&state, |context| warehouse::create(&asked, id, tenant, context))?;
        judged::check_config(&state, &made).await?;
        state.begin(&caller, &event.clone().id(made.id.0).name(&made.name)).await?;
        state.store.create_warehouse(&made, judged::claim(&state, &made).as_ref()).await?;
        Ok(made)
    };
    let made = state.attempt(&caller, &event, work).await?;
    record(&state, &caller, event, &made).await?;
    Ok((StatusCode::CREATED, Json(view(&state, &made))))
}

/// Shows a warehouse, secrets redacted. One that was changed in the database and not by the host is
/// shown as its row stands, with the `problem`.
#[utoipa::path(get, path = "/api/v1/warehouses/{name}", tag = "warehouses", params(("name" = String, Path)),
    responses((status = 200, body = WarehouseReply), (status = 403), (status = 404)))]
async fn get_warehouse(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let event = Event::new("get_warehouse", "warehouse").name(&name);
    let tenant = state.attempt(&caller, &event, async { caller.require_tenant_admin() }).await?;
    Ok(Json(unreadable::found_or_shown(&state, tenant, &name).await?))
}

/// Changes any subset of a warehouse. The redacted marker keeps a secret; a change of where
/// secrets are sent wants them again. One that was changed in the database and not by the host is
/// written anew as a whole: nothing of it is kept.
#[utoipa::path(put, path = "/api/v1/warehouses/{name}", tag = "warehouses", params(("name" = String, Path)),
    request_body = UpdateWarehouse,
    responses((status = 200, body = WarehouseReply), (status = 403), (status = 404), (status = 409), (status = 422)))]
async fn update_warehouse(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let event = Event::new("update_warehouse", "warehouse").name(&name);
    let work = async {
        let tenant = caller.require_tenant_admin()?;
        let stored = unreadable::find_to_change(&state, tenant, &name).await?;
        let asked: Value = body.json()?;
        let changed = unreadable::changed(&state, stored, &asked)?;
        judged::check_config(&state, &changed).await?;
        state.begin(&caller, &event).await?;
        state.store.update_warehouse(&changed, judged::claim(&state, &changed).as_ref()).await?;
        Ok(changed)
    };
    let changed = state.attempt(&caller, &event, work).await?;
    record(&state, &caller, event, &changed).await?;
    Ok(Json(view(&state, &changed)))
}

/// Deletes a warehouse that has no catalogs.
#[utoipa::path(delete, path = "/api/v1/warehouses/{name}", tag = "warehouses", params(("name" = String, Path)),
    responses((status = 204), (status = 403), (status = 404), (status = 409, description = "catalogs are on it")))]
async fn delete_warehouse(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    let event = Event::new("delete_warehouse", "warehouse").name(&name);
    let work = async {
        let tenant = caller.require_tenant_admin()?;
        let gone = unreadable::find_to_change(&state, tenant, &name).await?;
        state.begin(&caller, &event).await?;
        state.store.delete_warehouse(tenant, &name).await?;
        Ok(gone)
    };
    match state.attempt(&caller, &event, work).await? {
        ToChange::Readable(gone) => record(&state, &caller, event, &gone).await?,
        ToChange::WithoutSecrets(gone, _) => record(&state, &caller, event, &gone).await?,
        ToChange::Altered(gone, error) => {
            let event = event.id(gone.id.0).metadata(json!({"code": error.code}));
            state.record_success(&caller, event).await?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

fn view(state: &AppState, warehouse: &Warehouse) -> Value {
    let strategy = warehouse.strategy.as_deref().and_then(|name| state.strategies.find(name));
    warehouse::view(warehouse, strategy.as_ref().map(|info| &info.description))
}

async fn record(state: &AppState, caller: &Caller, event: Event, warehouse: &Warehouse) -> Result<(), ApiError> {
    let metadata = json!({"strategy": warehouse.strategy, "identity": warehouse.identity, "base": warehouse.base,
        "allow_unscoped": warehouse.allow_unscoped});
    state.record_success(caller, event.id(warehouse.id.0).name(&warehouse.name).metadata(metadata)).await
}
