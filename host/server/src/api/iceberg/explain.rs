//! What a vend of one table's credentials, or a signature on one of its objects, would be, and why.

mod names;
mod query;
mod subject;
mod wire;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use pangolin_catalog::{CatalogError, ExplainTable};
use serde_json::json;

use self::names::PurposeName;
use self::query::ExplainQuery;
use self::wire::ExplanationView;
use super::request::{Params, Place, asker, private_value};
use crate::audited::Event;
use crate::auth::Caller;
use crate::error::iceberg::IcebergError;
use crate::state::AppState;

/// What a vend, a presigned URL or a signed request would be, step by step: rights, scope, life, and
/// what the strategy would ask for. Nothing is minted or signed, and no secret is in the answer.
/// Administrators of the tenant may name a user, and roles that a token of another issuer would give it.
#[utoipa::path(get, path = "/v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials/explain", tag = "iceberg",
    params(("prefix" = String, Path), ("namespace" = String, Path), ("table" = String, Path),
        ("for" = inline(Option<PurposeName>), Query, description = "what is explained; credentials if absent"),
        ("access" = Option<String>, Query, description = "read, read-write or read-write-delete (default); with for=credentials only"),
        ("ttl" = Option<i64>, Query, minimum = 1, maximum = 4294967295_i64, description = "seconds; not with for=sign"),
        ("location" = Option<String>, Query, description = "one object of the table; with for=presign and for=sign, which need it"),
        ("method" = Option<String>, Query, description = "GET (default), HEAD, PUT or DELETE; with for=presign and for=sign"),
        ("user" = Option<String>, Query, description = "identifier or name; administrators of the tenant only"),
        ("assume_roles" = Option<String>, Query, description = "names of roles of the tenant, with commas between them, that a \
            token of the named user's issuer would give; with user only")),
    responses((status = 200, body = ExplanationView),
        (status = 404, description = "no such table or user, or none that the caller may see")))]
pub(super) async fn explain(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    Params(query): Params<ExplainQuery>,
) -> Result<Response, IcebergError> {
    let (namespace, name) = place.table()?;
    let assumed = query.assumed();
    let subject = match &query.user {
        None => subject::caller(&state, &caller).await?,
        Some(user) => match subject::named(&state, &caller, user, assumed.as_deref().unwrap_or_default()).await {
            Ok(subject) => subject,
            Err(refused) => {
                let table = format!("{}.{namespace}.{name}", place.catalog);
                let asked_for: String = user.chars().take(256).collect();
                let event = Event::new("explain_credentials", "table").name(&table);
                if refused.status == StatusCode::FORBIDDEN {
                    let event = event.metadata(json!({ "asked_for": asked_for }));
                    state.record_denied(&caller, event, &refused).await?;
                }
                return Err(refused.into());
            }
        },
    };
    let assumed = assumed?;
    if query.user.is_none() && !assumed.is_empty() {
        let alone = "assume_roles belongs to user: for yourself the roles of your own token count";
        return Err(CatalogError::Invalid(alone.to_owned()).into());
    }
    let of = query.asked()?;
    let asked = ExplainTable {
        subject: &subject.principal,
        is_active: subject.is_active,
        sources: &subject.sources,
        assumed_roles: &assumed,
        of: &of,
    };
    let explained = state.catalogs.explain(asker(&caller), &place.catalog, &namespace, name, asked).await?;
    Ok(private_value(&ExplanationView::from(explained), true)?)
}
