//! Filters of the audit trail. A filter that cannot be read is refused: to ignore it would show
//! rows that were not asked for.

use std::str::FromStr;

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::Uri;
use pangolin_core::audit::AuditResult;
use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{AuditId, TenantId};
use pangolin_store::{AuditFilter, AuditPage};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use crate::error::ApiError;
use crate::paging;

/// What to show. All texts: each is read by itself, so that the answer names the one that is wrong.
#[derive(Debug, Default, Deserialize, IntoParams, clap::Args)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Root only: rows of this tenant.
    #[serde(alias = "tenant-id")]
    #[arg(long)]
    tenant_id: Option<String>,
    #[serde(alias = "user-id")]
    #[arg(long)]
    user_id: Option<String>,
    /// Exact.
    #[arg(long)]
    username: Option<String>,
    /// For example `vend_credentials`.
    #[arg(long)]
    action: Option<String>,
    /// For example `table`.
    #[serde(alias = "resource-type")]
    #[arg(long)]
    resource_type: Option<String>,
    #[serde(alias = "resource-id")]
    #[arg(long)]
    resource_id: Option<String>,
    /// Exact; of a table `catalog.namespace.table`.
    #[serde(alias = "resource-name")]
    #[arg(long)]
    resource_name: Option<String>,
    /// RFC 3339, inclusive.
    #[serde(alias = "start-time")]
    #[arg(long)]
    start_time: Option<String>,
    /// RFC 3339, inclusive.
    #[serde(alias = "end-time")]
    #[arg(long)]
    end_time: Option<String>,
    /// `success`, `denied`, `failure` or `started`.
    #[arg(long)]
    result: Option<String>,
    #[serde(alias = "request-id")]
    #[arg(long)]
    request_id: Option<String>,
    /// 32 hexadecimal digits, as in `traceparent`.
    #[serde(alias = "trace-id")]
    #[arg(long)]
    trace_id: Option<String>,
    /// At most 1000; 100 if absent.
    #[arg(skip)]
    limit: Option<String>,
    #[arg(skip)]
    offset: Option<String>,
    /// The last row of the page before: the rows after it. Unlike an offset it stays where it is
    /// while rows are written; the `Link` header of a full page holds it.
    #[arg(skip)]
    before: Option<String>,
}

/// The query of a request.
pub(super) fn read(query: Result<Query<AuditQuery>, QueryRejection>) -> Result<AuditQuery, ApiError> {
    query.map(|Query(query)| query).map_err(|rejection| ApiError::bad_request("", rejection.body_text()))
}

/// The address of the page after the row `last`, in the form of a `Link` header (RFC 8288).
pub(super) fn next(uri: &Uri, last: AuditId) -> String {
    let kept = uri.query().unwrap_or_default().split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !pair.is_empty() && !matches!(name, "before" | "offset")
    });
    let query: Vec<String> = kept.map(str::to_owned).chain([format!("before={last}")]).collect();
    format!("<{}?{}>; rel=\"next\"", uri.path(), query.join("&"))
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
            username: text("username", self.username.as_deref())?,
            action: text("action", self.action.as_deref())?,
            resource_type: text("resource_type", self.resource_type.as_deref())?,
            resource_id: parse("resource_id", self.resource_id.as_deref(), "a UUID")?,
            resource_name: text("resource_name", self.resource_name.as_deref())?,
            start: instant("start_time", self.start_time.as_deref())?,
            end: instant("end_time", self.end_time.as_deref())?,
            result: self.result.as_deref().map(result).transpose()?,
            request_id: text("request_id", self.request_id.as_deref())?,
            trace_id: self.trace_id.as_deref().map(trace_id).transpose()?,
        })
    }

    /// The filter of an export, which has no pages.
    pub(crate) fn whole(&self, own: Option<TenantId>) -> Result<AuditFilter, ApiError> {
        let paged = [("limit", &self.limit), ("offset", &self.offset), ("before", &self.before)];
        match paged.into_iter().find(|(_, given)| given.is_some()) {
            Some((field, _)) => Err(ApiError::bad_request(field, "an export has no pages")),
            None => self.filter(own),
        }
    }

    pub(super) fn page(&self) -> Result<AuditPage, ApiError> {
        let part = paging::page(self.limit.as_deref(), self.offset.as_deref())?;
        let before = parse("before", self.before.as_deref(), "the id of a row")?;
        if part.offset > 0 && before.is_some() {
            return Err(ApiError::bad_request("offset", "together with before it has no meaning"));
        }
        Ok(AuditPage { part, before })
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

/// Longest value of a filter.
const LONGEST: usize = 2048;

fn text(field: &str, text: Option<&str>) -> Result<Option<String>, ApiError> {
    match text {
        Some(text) if text.len() > LONGEST => Err(ApiError::bad_request(field, format!("at most {LONGEST} bytes"))),
        Some(text) if text.contains('\0') => Err(ApiError::bad_request(field, "has a NUL")),
        text => Ok(text.map(str::to_owned)),
    }
}

fn trace_id(text: &str) -> Result<String, ApiError> {
    if text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(ApiError::bad_request("trace_id", "32 hexadecimal digits"))
    }
}

fn result(text: &str) -> Result<AuditResult, ApiError> {
    serde_json::from_value(Value::String(text.to_owned()))
        .map_err(|_| ApiError::bad_request("result", "success, denied, failure or started"))
}
