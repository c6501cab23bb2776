//! A token for a service user's id and key.

use pangolin_core::audit::RequestContext;
use pangolin_core::principal::{Principal, UserRole};
use pangolin_core::record::TokenRecord;
use pangolin_store::Basis;

use super::client::{self, Shown};
use super::fault::{Challenge, OAuthError};
use super::form::TokenForm;
use super::issue::{self, Issue};
use super::{TokenReply, scope};
use crate::auth::refusal::Refusal;
use crate::state::AppState;

/// Grants or refuses. A token that the client may have besides is not looked at.
pub(super) async fn grant(
    state: &AppState,
    context: &RequestContext,
    form: &TokenForm,
    shown: Shown,
) -> Result<TokenReply, OAuthError> {
    let Shown::Client(credentials) = shown else { return Err(OAuthError::invalid_client(Challenge::Basic)) };
    let holder = client::authenticate(state, context, &credentials).await?;
    let issue = Issue { state, context, principal: &holder.principal, grant_type: "client_credentials", subject: None };
    let roles = match scope::parse(form.scope.as_deref()) {
        Ok(asked) => asked.resolve(&issue.held().await?, None),
        Err(error) => Err(error),
    };
    let roles = match roles {
        Ok(roles) => roles,
        Err(error) => return Err(issue.refused(error).await?),
    };
    let role = if roles.is_some() { UserRole::TenantUser } else { holder.principal.role };
    let principal = Principal { role, ..holder.principal.clone() };
    let now = state.clock.now();
    let (token, record) = state.tokens.issue(&principal, now, issue::seconds(state, &principal))?;
    let record = TokenRecord { roles, ..record };
    if !state.store.insert_token_of(Basis::Key(&holder.hash), &record, now).await? {
        let refused = Refusal::Revoked.into();
        return Err(client::refuse(state, context, Some(principal.user_id), &refused, Challenge::Basic).await?);
    }
    issue.granted(&token, &record, form.scope.as_deref()).await
}
