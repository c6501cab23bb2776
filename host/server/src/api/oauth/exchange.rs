//! A new token for an older one (RFC 8693), as Iceberg's Java client refreshes: it shows the token
//! itself as Bearer, or its id and key by Basic once the token has ended.

use std::sync::Arc;

use pangolin_core::audit::RequestContext;
use pangolin_core::clock::UnixMillis;
use pangolin_core::id::UserId;
use pangolin_core::principal::{Principal, UserRole};
use pangolin_core::record::TokenRecord;
use pangolin_core::secret::Secret;
use pangolin_store::Basis;

use super::client::{self, Shown};
use super::fault::{Challenge, OAuthError};
use super::form::TokenForm;
use super::issue::{self, Issue};
use super::{TokenReply, scope};
use crate::auth::own_token;
use crate::error::ApiError;
use crate::state::AppState;

const TOKEN_TYPES: [&str; 2] = [issue::ACCESS_TOKEN, "urn:ietf:params:oauth:token-type:jwt"];

/// Who asks.
struct Asker {
    user: UserId,
    /// Whether an ended token is good enough: a client that shows its key could have a new one
    /// for the key alone.
    renews: bool,
}

/// Grants or refuses: the same chain, the same roles or fewer, never a higher rank.
pub(super) async fn grant(
    state: &AppState,
    context: &RequestContext,
    form: &TokenForm,
    shown: Shown,
) -> Result<TokenReply, OAuthError> {
    let (asker, principal) = asker(state, context, shown).await?;
    let issue = Issue { state, context, principal: &principal, grant_type: "token_exchange", subject: None };
    let (subject, of_subject) = match subject(state, form, &asker).await? {
        Ok(found) => found,
        Err(error) => return Err(issue.refused(error).await?),
    };
    let issue = Issue { principal: &of_subject, subject: Some(&subject), ..issue };
    let roles = match scope::parse(form.scope.as_deref()) {
        Ok(asked) => asked.resolve(&issue.held().await?, subject.roles.as_deref()),
        Err(error) => Err(error),
    };
    let roles = match roles {
        Ok(roles) => roles,
        Err(error) => return Err(issue.refused(error).await?),
    };
    let role = if roles.is_some() { UserRole::TenantUser } else { of_subject.role };
    // The token ends with its account, not with the one that is exchanged.
    let account_ends = principal_end(state, &of_subject).await?;
    let new = Principal { role, token_expires_at: account_ends, ..of_subject.clone() };
    let now = state.clock.now();
    let (token, record) = state.tokens.issue(&new, now, issue::seconds(state, &new))?;
    let record = TokenRecord { family: subject.family, roles, ..record };
    if !state.store.insert_token_of(Basis::Token(subject.id), &record, now).await? {
        return Err(issue.refused(not_yours()).await?);
    }
    issue.granted(&token, &record, form.scope.as_deref()).await
}

async fn asker(state: &AppState, context: &RequestContext, shown: Shown) -> Result<(Asker, Principal), OAuthError> {
    match shown {
        Shown::Client(credentials) => {
            let holder = client::authenticate(state, context, &credentials).await?;
            Ok((Asker { user: holder.principal.user_id, renews: true }, holder.principal))
        }
        Shown::Bearer(token) => match own_token::principal(state, exposed(&token)).await? {
            Ok(principal) => Ok((Asker { user: principal.user_id, renews: false }, principal)),
            Err(refused) => {
                let claimed = refused.whose.as_ref().map(|whose| whose.user_id);
                Err(client::refuse(state, context, claimed, &refused, Challenge::Bearer).await?)
            }
        },
        Shown::Nothing => Err(OAuthError::invalid_client(Challenge::Bearer)),
    }
}

type Subject = (Arc<TokenRecord>, Principal);

/// The token that is exchanged, and what it opens. Somebody else's, a revoked one, an ended one
/// and one that never was sound the same.
async fn subject(state: &AppState, form: &TokenForm, asker: &Asker) -> Result<Result<Subject, OAuthError>, ApiError> {
    let token = match subject_token(form) {
        Ok(token) => token,
        Err(error) => return Ok(Err(error)),
    };
    let Ok((claims, record)) = own_token::recorded(state, exposed(token)).await? else { return Ok(Err(not_yours())) };
    let ended = claims.has_ended(state.clock.now()) && !asker.renews;
    if record.user_id != asker.user || ended {
        return Ok(Err(not_yours()));
    }
    Ok(own_token::of_record(state, &record).await?.map(|principal| (record, principal)).ok_or_else(not_yours))
}

fn subject_token(form: &TokenForm) -> Result<&Secret<String>, OAuthError> {
    let known = |kind: &String| TOKEN_TYPES.contains(&kind.as_str());
    let kinds = || OAuthError::invalid_request("token types are …:access_token and …:jwt: tokens of this host");
    let token = form.subject_token.as_ref().ok_or_else(|| OAuthError::invalid_request("subject_token is missing"))?;
    let kind = form.subject_token_type.as_ref();
    let kind = kind.ok_or_else(|| OAuthError::invalid_request("subject_token_type is missing"))?;
    if !known(kind) || !form.requested_token_type.as_ref().is_none_or(known) {
        return Err(kinds());
    }
    if form.actor_token.is_some() {
        return Err(OAuthError::invalid_request("actor_token: nobody acts for somebody else"));
    }
    Ok(token)
}

/// RFC 8693 §2.2.2 has this code for a token that is not accepted.
fn not_yours() -> OAuthError {
    OAuthError::invalid_request("the subject token is none of yours that stands")
}

/// When the account behind a principal ends.
async fn principal_end(state: &AppState, principal: &Principal) -> Result<Option<UnixMillis>, ApiError> {
    Ok(state.store.principal(principal.user_id).await?.and_then(|record| record.expires_at))
}

#[expect(clippy::disallowed_methods, reason = "the token is verified, and goes nowhere else")]
fn exposed(token: &Secret<String>) -> &str {
    token.expose()
}
