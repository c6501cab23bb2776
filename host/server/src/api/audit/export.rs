//! The trail as JSON lines, read and sent page by page.

use std::io;

use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use pangolin_store::{AuditExport, AuditExportError, AuditFilter};
use serde_json::json;
use tokio::sync::mpsc;

use super::{AuditQuery, filter, line};
use crate::audited::Event;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::AppState;

/// Pages that wait for a slow reader.
const WAITING: usize = 2;

/// Exports rows as JSON lines, the oldest first. Root's rows hold their place in the chain and the
/// covered text; without any filter Root gets everything with its seals, which
/// `pangolin audit verify --file` checks.
#[utoipa::path(get, path = "/api/v1/audit/export", tag = "audit", params(AuditQuery),
    responses((status = 200, description = "one JSON object a line", body = String, content_type = "application/x-ndjson"),
        (status = 400, description = "a filter is wrong"), (status = 403), (status = 503, description = "the export cannot be recorded")))]
pub(super) async fn export_audit(
    State(state): State<AppState>,
    caller: Caller,
    query: Result<Query<AuditQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let event = Event::new("export_audit", "audit");
    let own = state.attempt(&caller, &event, async { caller.require_admin_or_root() }).await?;
    let filter = filter::read(query)?.whole(own.or(caller.named_tenant))?;
    let whole = filter == AuditFilter::default();
    let event = event.metadata(json!({"whole": whole, "tenant_id": filter.tenant}));
    state.begin(&caller, &event).await?;
    let reader = state.store.audit_reader();
    let export = if whole { reader.export() } else { reader.export_filtered(filter, state.clock.now()) };
    let chained = caller.principal.is_root();
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let (rows, failed) = send(export, chained, &sender).await;
        let event = event.metadata(json!({"whole": whole, "rows": rows}));
        let recorded = match &failed {
            None => state.record_success(&caller, event).await,
            Some(error) => state.record_failure(&caller, event, error).await,
        };
        // An end that cannot be recorded is no end: the reader sees that something is missing.
        if failed.is_some() || recorded.is_err() {
            let _ = sender.send(Err(io::Error::other("the export ended early"))).await;
        }
    });
    let pages =
        futures::stream::unfold(
            receiver,
            |mut receiver| async move { receiver.recv().await.map(|page| (page, receiver)) },
        );
    let headers = [(CONTENT_TYPE, "application/x-ndjson"), (CACHE_CONTROL, "no-store")];
    Ok((headers, Body::from_stream(pages)).into_response())
}

/// Sends all pages; says how many rows went out, and why not all did.
async fn send(
    mut export: AuditExport,
    chained: bool,
    sender: &mpsc::Sender<Result<Bytes, io::Error>>,
) -> (u64, Option<ApiError>) {
    let mut rows = 0;
    loop {
        let page = match export.page().await {
            Ok(Some(page)) => page,
            Ok(None) => return (rows, None),
            Err(AuditExportError::Store(error)) => return (rows, Some(error.into())),
            Err(error @ AuditExportError::Pruned(_)) => return (rows, Some(ApiError::conflict(error.to_string()))),
        };
        let mut lines = String::new();
        for item in page {
            rows += u64::from(matches!(item, pangolin_store::AuditExportItem::Event(_)));
            if let Err(error) = line::append(&mut lines, item, chained) {
                return (rows, Some(ApiError::internal(error)));
            }
        }
        if !lines.is_empty() && sender.send(Ok(Bytes::from(lines))).await.is_err() {
            return (rows, Some(ApiError::conflict("the reader went away")));
        }
    }
}
