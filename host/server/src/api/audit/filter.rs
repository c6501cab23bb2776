//! Filters of the audit trail. A filter that cannot be read is refused: to ignore it would show
//! rows that were not asked for.

use std::str::FromStr;

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use pangolin_core::audit::AuditResult;
use pangolin_core::clock::UnixMillis;
use pangolin_core::id::TenantId;
use pangolin_store::{AuditFilter, OffsetPage};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use crate::error::ApiError;

/// Default and largest page.
const PAGE: (usize, usize) = (100, 1000);

/// What to show. All texts: each is read by itself, so that the answer names the one that is wrong.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// Root only: rows of this tenant.
    #[serde(alias = "tenant-id")]
    tenant_id: Option<String>,
    #[serde(alias = "user-id")]
    user_id: Option<String>,
    /// For example `vend_credentials`.
    action: Option<String>,
    /// For example `table`.
    #[serde(alias = "resource-type")]
    resource_type: Option<String>,
    #[serde(alias = "resource-id")]
    resource_id: Option<String>,
    /// RFC 3339, inclusive.
    #[serde(alias = "start-time")]
    start_time: Option<String>,
    /// RFC 3339, inclusive.
    #[serde(alias = "end-time")]
    end_time: Option<String>,
    /// `success`, `denied`, `failure` or `started`.
    result: Option<String>,
    #[serde(alias = "request-id")]
    request_id: Option<String>,
    /// At most 1000; 100 if absent.
    limit: Option<String>,
    offset: Option<String>,
}

/// The query of a request.
pub(super) fn read(query: Result<Query<AuditQuery>, QueryRejection>) -> Result<AuditQuery, ApiError> {
    query.map(|Query(query)| query).map_err(|rejection| ApiError::bad_request("", rejection.body_text()))
}

impl AuditQuery {
    /// The filter within the tenant `own`; none: within everything.
    pub(super) fn filter(&self, own: Option<TenantId>) -> Result<AuditFilter, ApiError> {
        let asked: Option<TenantId> = parse("tenant_id", self.tenant_id.as_deref(), "a UUID")?;
        if own.is_some() && asked.is_some() && asked != own {
            return Err(ApiError::forbidden("the audit trail of your own tenant only"));
        }
        Ok(AuditFilter {
            tenant: own.or(asked),
            user_id: parse("user_id", self.user_id.as_deref(), "a UUID")?,
            action: self.action.clone(),
            resource_type: self.resource_type.clone(),
            resource_id: parse("resource_id", self.resource_id.as_deref(), "a UUID")?,
            start: instant("start_time", self.start_time.as_deref())?,
            end: instant("end_time", self.end_time.as_deref())?,
            result: self.result.as_deref().map(result).transpose()?,
            request_id: self.request_id.clone(),
        })
    }

    pub(super) fn page(&self) -> Result<OffsetPage, ApiError> {
        let limit = parse("limit", self.limit.as_deref(), "a whole number")?.unwrap_or(PAGE.0);
        let offset = parse("offset", self.offset.as_deref(), "a whole number")?.unwrap_or(0);
        if (1..=PAGE.1).contains(&limit) {
            Ok(OffsetPage { limit, offset })
        } else {
            Err(ApiError::bad_request("limit", format!("between 1 and {}", PAGE.1)))
        }
    }
}

fn parse<T: FromStr>(field: &str, text: Option<&str>, what: &str) -> Result<Option<T>, ApiError> {
    let read = |text: &str| text.parse().map_err(|_| ApiError::bad_request(field, what));
    text.map(read).transpose()
}

fn instant(field: &str, text: Option<&str>) -> Result<Option<UnixMillis>, ApiError> {
    let read = |text: &str| {
        // An offset's `+` that was not percent-encoded arrives as a blank.
        UnixMillis::parse_rfc3339(&text.replace(' ', "+"))
            .map_err(|_| ApiError::bad_request(field, "RFC 3339, for example 2026-01-31T09:30:00Z"))
    };
    text.map(read).transpose()
}

fn result(text: &str) -> Result<AuditResult, ApiError> {
    serde_json::from_value(Value::String(text.to_owned()))
        .map_err(|_| ApiError::bad_request("result", "success, denied, failure or started"))
}
