//! What both grants have in common: the life of a token, and what the audit trail says of it.

use std::sync::Arc;

use pangolin_core::audit::{AuditResult, RequestContext};
use pangolin_core::principal::Principal;
use pangolin_core::record::TokenRecord;
use pangolin_core::secret::Secret;
use pangolin_store::HeldRole;
use serde_json::json;

use super::fault::OAuthError;
use super::{TokenReply, scope};
use crate::audited::Event;
use crate::auth::tokens::within;
use crate::error::ApiError;
use crate::state::AppState;

pub(super) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A token that is asked for by somebody who is known.
#[derive(Clone, Copy)]
pub(super) struct Issue<'a> {
    pub(super) state: &'a AppState,
    pub(super) context: &'a RequestContext,
    pub(super) principal: &'a Principal,
    pub(super) grant_type: &'static str,
    /// The token that is exchanged.
    pub(super) subject: Option<&'a TokenRecord>,
}

impl Issue<'_> {
    /// The roles that the account holds now.
    pub(super) async fn held(&self) -> Result<Arc<[HeldRole]>, ApiError> {
        let record = self.state.store.principal(self.principal.user_id).await?;
        Ok(record.map_or_else(|| Arc::from([]), |record| Arc::clone(&record.held)))
    }

    /// Records the token, then shows it.
    #[expect(clippy::disallowed_methods, reason = "the token is the reply")]
    pub(super) async fn granted(
        &self,
        token: &Secret<String>,
        record: &TokenRecord,
        asked: Option<&str>,
    ) -> Result<TokenReply, OAuthError> {
        let metadata = json!({
            "grant_type": self.grant_type,
            "role": record.role,
            "roles": record.roles,
            "family": record.family,
            "subject": self.subject.map(|subject| subject.id),
            "expires_at": record.expires_at.to_rfc3339(),
        });
        let event = self.event().id(record.id.0).metadata(metadata);
        self.record(event, AuditResult::Success, None).await?;
        Ok(TokenReply {
            access_token: token.expose().clone(),
            token_type: "bearer",
            expires_in: (record.expires_at.0 - record.created_at.0) / 1000,
            issued_token_type: ACCESS_TOKEN,
            scope: scope::granted(asked),
        })
    }

    /// Records that the token is refused; gives the refusal back.
    pub(super) async fn refused(&self, error: OAuthError) -> Result<OAuthError, ApiError> {
        let event = self.event().metadata(json!({"grant_type": self.grant_type, "reason": error.code}));
        self.record(event, AuditResult::Denied, Some(error.description().to_owned())).await?;
        Ok(error)
    }

    fn event(&self) -> Event {
        Event::new("issue_token", "token").name(&self.principal.username).tenant(self.principal.tenant_id)
    }

    async fn record(&self, event: Event, result: AuditResult, error: Option<String>) -> Result<(), ApiError> {
        let who = (Some(self.principal.user_id), &*self.principal.username);
        Ok(self.state.audit.record(event.finish(self.state, who, self.context, result, error)).await?)
    }
}

/// The life of a token of `principal`: that of the settings, but no longer than what it rests on.
pub(super) fn seconds(state: &AppState, principal: &Principal) -> i64 {
    within(principal.token_expires_at, state.clock.now(), state.config.limits.oauth_token_seconds)
}
