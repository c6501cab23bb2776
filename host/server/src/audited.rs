//! Audit rows of management requests and of the catalog.

pub(crate) mod refused;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pangolin_core::audit::{AuditEvent, AuditResult, RequestContext};
use pangolin_core::id::{AuditId, TenantId, UserId};
use pangolin_core::ports::AuditUnavailable;
use serde_json::Value;
use uuid::Uuid;

use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::AppState;

/// What happened, without who and how it ended.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    action: &'static str,
    resource_type: &'static str,
    resource_id: Option<Uuid>,
    resource_name: String,
    tenant: Option<TenantId>,
    metadata: Value,
    /// Whether its begin is on record; shared by copies, which say more of the same event.
    begun: Arc<AtomicBool>,
}

impl Event {
    pub(crate) fn new(action: &'static str, resource_type: &'static str) -> Self {
        Self {
            action,
            resource_type,
            resource_id: None,
            resource_name: String::new(),
            tenant: None,
            metadata: Value::Null,
            begun: Arc::default(),
        }
    }

    pub(crate) fn id(self, id: impl Into<Option<Uuid>>) -> Self {
        Self { resource_id: id.into(), ..self }
    }

    pub(crate) fn name(self, name: &str) -> Self {
        Self { resource_name: name.chars().take(512).collect(), ..self }
    }

    /// What the path names by its identifier, before it is known whether there is such a thing.
    pub(crate) fn of_path(self, id: &str) -> Self {
        Self { resource_id: id.parse().ok(), ..self.name(id) }
    }

    /// What the body names, if it reads: rows of what was refused or failed tell it too.
    pub(crate) fn of_body<'a>(self, name: impl Into<Option<&'a str>>) -> Self {
        match name.into() {
            Some(name) => self.name(name),
            None => self,
        }
    }

    /// The tenant concerned, where it is not the caller's own.
    pub(crate) fn tenant(self, tenant: impl Into<Option<TenantId>>) -> Self {
        Self { tenant: tenant.into(), ..self }
    }

    pub(crate) fn metadata(self, metadata: Value) -> Self {
        Self { metadata, ..self }
    }

    /// Whether its begin is on record.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }

    /// Who did it, when nobody is authenticated: a login.
    pub(crate) fn finish(
        self,
        state: &AppState,
        who: (Option<UserId>, &str),
        context: &RequestContext,
        result: AuditResult,
        error: Option<String>,
    ) -> AuditEvent {
        AuditEvent {
            id: AuditId::generate(),
            tenant_id: self.tenant,
            user_id: who.0,
            username: who.1.chars().take(256).collect(),
            action: self.action.to_owned(),
            resource_type: self.resource_type.to_owned(),
            resource_id: self.resource_id,
            resource_name: self.resource_name,
            timestamp: state.clock.now(),
            ip_address: context.ip_address.clone(),
            user_agent: context.user_agent.clone(),
            result,
            error_message: error.map(|text| text.chars().take(1024).collect()),
            request_id: context.request_id.clone(),
            trace_id: context.trace_id.clone(),
            metadata: self.metadata,
        }
    }
}

impl AppState {
    /// The caller may, and the change is about to be made: it is not if that cannot be recorded.
    pub(crate) async fn begin(&self, caller: &Caller, event: &Event) -> Result<(), ApiError> {
        self.record(caller, event.clone(), AuditResult::Started, None).await?;
        event.begun.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// The change is made; the request fails if that cannot be recorded, and says how it is then.
    pub(crate) async fn record_success(&self, caller: &Caller, event: Event) -> Result<(), ApiError> {
        let after = if event.has_begun() {
            "the change was made, and its begin is on record"
        } else {
            "what was asked for may have been done; nothing is handed out"
        };
        let recorded = self.record(caller, event, AuditResult::Success, None).await;
        recorded.map_err(|error| ApiError { detail: format!("{AuditUnavailable}; {after}"), ..error })
    }

    /// The caller was refused.
    pub(crate) async fn record_denied(&self, caller: &Caller, event: Event, error: &ApiError) -> Result<(), ApiError> {
        self.record(caller, event, AuditResult::Denied, Some(error.detail.clone())).await
    }

    /// The change was tried and failed.
    pub(crate) async fn record_failure(&self, caller: &Caller, event: Event, error: &ApiError) -> Result<(), ApiError> {
        self.record(caller, event, AuditResult::Failure, Some(error.detail.clone())).await
    }

    async fn record(
        &self,
        caller: &Caller,
        event: Event,
        result: AuditResult,
        error: Option<String>,
    ) -> Result<(), ApiError> {
        let event = Event { tenant: event.tenant.or(caller.principal.tenant_id), ..event };
        let who = (Some(caller.principal.user_id), &*caller.principal.username);
        let row = event.finish(self, who, &caller.context, result, error);
        Ok(self.audit.record(row).await?)
    }
}
