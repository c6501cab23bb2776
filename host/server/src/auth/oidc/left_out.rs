//! A token without the claim for roles although its issuer says that there is one: it has no room
//! for all groups of its owner. Where they are to be had is never asked.

use pangolin_core::audit::{AuditResult, RequestContext};
use pangolin_core::id::UserId;
use serde_json::json;

use super::account::Accounts;
use super::identity::Identity;
use crate::audited::Event;
use crate::config::IssuerSettings;
use crate::error::ApiError;
use crate::state::AppState;

/// What the owner of the token and the administrator read.
pub(super) const HINT: &str = "your token gives no roles: its issuer left the claim for roles out because you have more groups than a token holds. Ask the operator for app roles, or for tokens with the groups of the application only";

impl Accounts {
    /// Notes what the newest token of somebody leaves out; says it, once in a while, in the log and in
    /// the audit trail.
    pub(super) async fn note_left_out(
        &self,
        state: &AppState,
        settings: &IssuerSettings,
        user: UserId,
        identity: &Identity,
        context: &RequestContext,
    ) -> Result<(), ApiError> {
        if !identity.roles_left_out {
            self.left_out.invalidate(&user);
            return Ok(());
        }
        let issuer = settings.issuer.as_str();
        let claim = settings.roles_claim.as_deref().unwrap_or_default();
        self.left_out.insert(user, ());
        if !self.is_new(format!("left out\u{0}{issuer}\u{0}{}", user.0)) {
            return Ok(());
        }
        tracing::warn!(
            issuer,
            subject = identity.external.subject,
            claim,
            "a token of this issuer is without the claim for roles, which has more values than a token holds: it gives no roles"
        );
        let metadata = json!({"oauth-provider": issuer, "claim": claim, "hint": HINT});
        let event = Event::new("authenticate", "user").id(user.0).name(&identity.username).tenant(identity.tenant);
        let who = (Some(user), identity.username.as_str());
        let row = event.metadata(metadata).finish(state, who, context, AuditResult::Success, None);
        Ok(state.audit.record(row).await?)
    }

    /// Whether the newest token of somebody left roles out.
    pub(super) fn has_left_out(&self, user: UserId) -> bool {
        self.left_out.contains_key(&user)
    }
}
