//! What every request of the protocol has: a place, and a way to say what is wanted.

use std::future::Future;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use pangolin_catalog::{Asker, CatalogError, Delegation, Paging, RouteForm};
use pangolin_core::emit::Client;
use pangolin_core::namespace::NamespacePath;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tracing::Instrument;

use crate::auth::Caller;
use crate::body::Body;
use crate::error::ApiError;
use crate::error::iceberg::IcebergError;
use crate::path::Path;
use crate::state::AppState;

/// The place that a path names.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) catalog: String,
    pub(super) form: RouteForm,
    namespace: Option<String>,
    table: Option<String>,
}

#[derive(Deserialize)]
struct Segments {
    prefix: String,
    namespace: Option<String>,
    table: Option<String>,
}

impl FromRequestParts<AppState> for Place {
    type Rejection = IcebergError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        // `/v1/{prefix}/v1/…`: no other route has its third segment so.
        let nested = parts.uri.path().split('/').nth(3) == Some("v1");
        let Path(Segments { prefix, namespace, table }) = Path::from_request_parts(parts, state).await?;
        let form = if nested { RouteForm::Nested } else { RouteForm::Plain };
        Ok(Self { catalog: prefix, form, namespace, table })
    }
}

impl Place {
    pub(super) fn namespace(&self) -> Result<NamespacePath, CatalogError> {
        namespace(self.namespace.as_deref().unwrap_or_default())
    }

    pub(super) fn table(&self) -> Result<(NamespacePath, &str), CatalogError> {
        Ok((self.namespace()?, self.table.as_deref().unwrap_or_default()))
    }
}

/// A namespace as paths and queries spell it.
pub(super) fn namespace(text: &str) -> Result<NamespacePath, CatalogError> {
    Ok(NamespacePath::parse_path_segment(text)?)
}

/// The query, refused in the protocol's own envelope.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for Params<T> {
    type Rejection = IcebergError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        // As in a path.
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(ApiError::bad_request("", "the query has a NUL character").into());
        }
        let Query(query) = Query::from_request_parts(parts, state)
            .await
            .map_err(|error| ApiError::bad_request("", format!("query: {}", error.body_text())))?;
        Ok(Self(query))
    }
}

/// `pageToken` and `pageSize`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct PageQuery {
    #[serde(rename = "pageToken")]
    token: Option<String>,
    #[serde(rename = "pageSize")]
    size: Option<usize>,
}

impl From<PageQuery> for Paging {
    fn from(query: PageQuery) -> Self {
        Self { token: query.token, size: query.size }
    }
}

/// Who asks, as the catalog wants to know it.
pub(super) fn asker(caller: &Caller) -> Asker<'_> {
    Asker { principal: &caller.principal, context: &caller.context }
}

/// What the client wants besides the metadata: a list of ways, of which unknown ones are ignored.
pub(super) fn delegation(headers: &HeaderMap, place: &Place) -> Delegation {
    let wants = |wanted: &str| {
        let values = headers.get_all("x-iceberg-access-delegation").iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|way| way.trim().eq_ignore_ascii_case(wanted))
    };
    Delegation {
        vended: wants("vended-credentials"),
        signing: wants("remote-signing"),
        form: place.form,
        client: client(headers),
    }
}

/// A life that is asked for.
pub(super) fn seconds(text: Option<&str>) -> Result<Option<u32>, CatalogError> {
    match text.map(str::parse::<u32>).transpose() {
        Ok(Some(0)) | Err(_) => Err(CatalogError::Invalid("ttl is a number of seconds, 1 or more".to_owned())),
        Ok(seconds) => Ok(seconds),
    }
}

pub(super) fn client(headers: &HeaderMap) -> Client {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    agent.map(Client::from_user_agent).unwrap_or_default()
}

/// Reads a body, by the protocol a 400 if it makes no sense. `rights` is asked first in that case.
pub(super) async fn parse<T: DeserializeOwned>(
    body: &Body,
    rights: impl Future<Output = Result<(), CatalogError>>,
) -> Result<T, IcebergError> {
    // Serde takes a list for a struct, field by field.
    let read = match body.bytes().trim_ascii_start().first() {
        Some(b'{') => serde_json::from_slice(body.bytes()).map_err(|error| error.to_string()),
        _ => Err("it is no JSON object".to_owned()),
    };
    match read {
        Ok(parsed) => Ok(parsed),
        Err(why) => {
            rights.await?;
            Err(CatalogError::Invalid(format!("the body is not what this route takes: {why}")).into())
        }
    }
}

/// Runs a change to its end, also when the client goes away: nothing stays half done or
/// unrecorded.
pub(super) async fn to_the_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, CatalogError>> + Send + 'static,
) -> Result<T, IcebergError> {
    match tokio::spawn(change.in_current_span()).await {
        Ok(done) => Ok(done?),
        Err(error) => Err(ApiError::internal(error).into()),
    }
}

/// A JSON answer for this caller alone.
pub(super) fn private(json: Vec<u8>, holds_credential: bool) -> Response {
    let mut response = json.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let keep = if holds_credential { "private, no-store" } else { "private, no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(header::VARY, HeaderValue::from_static("Authorization, X-Iceberg-Access-Delegation"));
    response
}

/// As [`private`], for what serde writes.
pub(super) fn private_value(value: &impl serde::Serialize, holds_credential: bool) -> Result<Response, ApiError> {
    let json = serde_json::to_vec(value).map_err(ApiError::internal)?;
    Ok(private(json, holds_credential))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(values: &[&'static str]) -> (bool, bool) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("X-Iceberg-Access-Delegation", HeaderValue::from_static(value));
        }
        let place = Place { catalog: "c".to_owned(), form: RouteForm::Plain, namespace: None, table: None };
        let Delegation { vended, signing, .. } = delegation(&headers, &place);
        (vended, signing)
    }

    #[test]
    fn the_header_is_a_list_in_any_case() {
        assert_eq!(asked(&["vended-credentials"]), (true, false));
        assert_eq!(asked(&["remote-signing, Vended-Credentials"]), (true, true));
        assert_eq!(asked(&["vended-credentials", "Remote-Signing"]), (true, true));
        assert_eq!(asked(&["something-new", "VENDED-CREDENTIALS"]), (true, false));
        assert_eq!(asked(&[]), (false, false));
        assert_eq!(asked(&["remote-signing"]), (false, true));
        assert_eq!(asked(&["vended-credentials-not", "remote-signing-not"]), (false, false));
    }
}
