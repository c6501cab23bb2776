//! `azure`: SAS and tokens, with keys and wide tokens that no guest sees.
//!
//! A SAS is held against what was authorised before anything is signed (PRODUCT A20). Tokens and
//! delegation keys are kept between calls, so a warm SAS is an HMAC and no request. The host's own
//! workload identity signs for directories of its tenant, and its token never goes out.

mod cache;
mod delegation;
mod endpoint;
mod exchange;
mod identity;
mod sas;
#[cfg(test)]
mod tests;
mod token;
mod xml;

use std::path::PathBuf;
use std::sync::Arc;

use pangolin_core::clock::{Clock, UnixMillis};
use pangolin_core::revocation::Issued;
use pangolin_core::secret::Secret;
use pangolin_core::strategy::{SecretUse, StrategyError, StrategyErrorKind as Kind};
use pangolin_egress::EgressClient;
use pangolin_signing::azure_sas::{DelegationKey, sign_with_account_key, sign_with_delegation_key};
use serde_json::json;
use url::Url;

use self::cache::Kept;
use self::exchange::Exchange;
use self::identity::Identity;
use self::token::StorageToken;
use super::slot;
use crate::call::Call;

/// What the operator set for Azure: the host's workload identity.
#[derive(Debug, Clone, Default)]
pub struct AzureSettings {
    /// `AZURE_TENANT_ID`.
    pub tenant_id: Option<String>,
    /// `AZURE_CLIENT_ID`.
    pub client_id: Option<String>,
    /// `AZURE_FEDERATED_TOKEN_FILE`: read at each use.
    pub federated_token_file: Option<PathBuf>,
    /// `AZURE_AUTHORITY_HOST`.
    pub authority_host: Option<Url>,
}

/// Who asks Azure.
#[derive(Debug, Clone)]
pub(crate) enum Principal {
    ClientSecret { tenant_id: String, client_id: String, secret: String, authority_host: Option<String> },
    WorkloadIdentity { tenant_id: Option<String>, client_id: Option<String> },
}

/// Whose key signs.
#[derive(Debug, Clone)]
pub(crate) enum Signer {
    AccountKey(String),
    Delegation(Principal),
}

/// What a SAS opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource {
    Container,
    Directory,
    Blob,
}

/// One SAS, as the guest asks for it.
#[derive(Debug, Clone)]
pub(crate) struct SasRequest {
    pub(crate) signer: Signer,
    pub(crate) resource: Resource,
    pub(crate) location: String,
    pub(crate) permissions: String,
    pub(crate) starts_at_ms: Option<u64>,
    pub(crate) expires_at_ms: u64,
    pub(crate) correlation_id: Option<String>,
}

/// A SAS or an access token, and when it ends.
#[derive(Debug, Clone)]
pub(crate) struct AccessToken {
    pub(crate) token: Secret<String>,
    pub(crate) expires_at_ms: u64,
}

/// A token that goes out, or that gets a delegation key, works at least so long.
const TOKEN_LEAST_SECONDS: i64 = 60;

/// The service. One per process.
#[derive(Debug)]
pub(crate) struct Azure {
    egress: EgressClient,
    settings: AzureSettings,
    clock: Arc<dyn Clock>,
    tokens: Kept<StorageToken>,
    keys: Kept<DelegationKey>,
}

impl Azure {
    pub(crate) fn new(egress: EgressClient, settings: AzureSettings, clock: Arc<dyn Clock>) -> Self {
        let (tokens, keys) = (Kept::new(clock.clone()), Kept::new(clock.clone()));
        Self { egress, settings, clock, tokens, keys }
    }

    /// Signs a SAS that is no wider than the call.
    #[tracing::instrument(name = "host.azure.sign_sas", skip_all, fields(plugin = %call.plugin, request_id = %call.request_id))]
    pub(crate) async fn sign_sas(&self, call: &mut Call, request: SasRequest) -> Result<AccessToken, StrategyError> {
        let checked = sas::check(call, &request, self.clock.now())?;
        let (signed, by) = match &request.signer {
            Signer::AccountKey(name) => {
                let key = slot::value(call, name, &SecretUse::AzureSas)?;
                let signed = sign_with_account_key(&checked.fields(), key).map_err(|error| sas::refused(&error))?;
                let by = json!({ "kind": "service-sas", "slot": name });
                if call.rehearses("azure.sign-sas", || checked.shown(signed.expires_at, by))? {
                    return Ok(sas::stand_in(signed.expires_at));
                }
                call.issued.push(Issued::ServiceSas { account: account(&checked) });
                (signed, json!({ "kind": "service-sas" }))
            }
            Signer::Delegation(principal) => {
                let identity = identity::of(principal, call, &self.settings, &self.egress)?;
                endpoint::require_own_container(call, &identity, checked.resource())?;
                let endpoint = endpoint::of(call, &identity, checked.host(), &self.egress)?;
                let by = || json!({ "kind": "user-delegation-sas", "principal": identity.shown(), "server": endpoint.as_str() });
                if call.rehearses("azure.sign-sas", || checked.shown(checked.expires_at(), by()))? {
                    return Ok(sas::stand_in(checked.expires_at()));
                }
                let key = self.delegation_key(call, &identity, &endpoint, checked.expires_at()).await?;
                let checked = checked.until(delegation::end(&key)?);
                let signed = sign_with_delegation_key(&checked.fields(), &key).map_err(|error| sas::refused(&error))?;
                let by = json!({
                    "kind": "user-delegation-sas",
                    "tenant_id": identity.tenant_id,
                    "client_id": identity.client_id,
                    "object_id": key.object_id,
                    "key_expires_at": key.expires_at,
                });
                let client_id = identity.client_id.clone();
                call.issued.push(Issued::UserDelegationSas { account: account(&checked), client_id });
                (signed, by)
            }
        };
        call.proof = Some(sas::proof(call.proof.as_deref(), &checked, signed.expires_at, by));
        call.masked.push(signed.token.clone());
        Ok(AccessToken { token: signed.token, expires_at_ms: millis(signed.expires_at) })
    }

    /// A token of the whole principal, for callers who may have an unscoped credential.
    #[tracing::instrument(name = "host.azure.access_token", skip_all, fields(plugin = %call.plugin, request_id = %call.request_id))]
    pub(crate) async fn access_token(&self, call: &mut Call, from: Principal) -> Result<AccessToken, StrategyError> {
        let Some(authorised) = call.to_mint() else {
            return Err(denied("not-authorised", "a token can be asked for from vend only"));
        };
        if !authorised.may_be_unscoped() {
            return Err(denied(
                "not-unscoped",
                "an access token opens all that its principal may, and the caller may not have an unscoped credential",
            ));
        }
        if matches!(from, Principal::WorkloadIdentity { .. }) {
            return Err(denied(
                "host-identity-not-vended",
                "a token of the host's own workload identity opens what belongs to other tenants and is never vended: \
                 give the warehouse a client_secret, or vend delegation-sas",
            ));
        }
        let identity = identity::of(&from, call, &self.settings, &self.egress)?;
        let shown = || json!({ "resource": token::RESOURCE, "principal": identity.shown() });
        if call.rehearses("azure.access-token", shown)? {
            return Ok(sas::stand_in(self.clock.now().plus_seconds(i64::from(call.ttl_seconds))));
        }
        let token = self.in_time(call, self.token(call, &identity)).await?;
        let shown = json!([{
            "kind": "access-token", "resource": token::RESOURCE,
            "tenant_id": identity.tenant_id, "client_id": identity.client_id,
            "expires_at": token.expires_at.to_rfc3339(),
        }]);
        call.proof = Some(shown.to_string());
        call.issued.push(Issued::AzureToken { client_id: identity.client_id.clone() });
        call.masked.push(token.token.clone());
        Ok(AccessToken { token: token.token.clone(), expires_at_ms: millis(token.expires_at) })
    }

    /// The identity's token, kept or new.
    async fn token(&self, call: &Call, identity: &Identity) -> Result<Arc<StorageToken>, StrategyError> {
        let until = self.clock.now().plus_seconds(TOKEN_LEAST_SECONDS);
        let exchange = self.exchange(call);
        self.tokens.get(identity.key, until, async || token::request(&exchange, identity).await).await
    }

    /// A delegation key of the identity that lives until then, kept or new.
    async fn delegation_key(
        &self,
        call: &Call,
        identity: &Identity,
        endpoint: &Url,
        until: UnixMillis,
    ) -> Result<Arc<DelegationKey>, StrategyError> {
        let exchange = self.exchange(call);
        let fetch = async || {
            let token = self.token(call, identity).await?;
            delegation::request(&exchange, &token, endpoint, until).await.map_err(|refused| {
                if refused.token_is_refused {
                    self.tokens.forget(identity.key);
                }
                refused.error
            })
        };
        self.in_time(call, self.keys.get(identity.key.of(endpoint.as_str()), until, fetch)).await
    }

    /// Within the time of the call, and without secrets in the text of an error.
    async fn in_time<T>(
        &self,
        call: &Call,
        work: impl Future<Output = Result<T, StrategyError>>,
    ) -> Result<T, StrategyError> {
        match tokio::time::timeout_at(call.deadline, work).await {
            Ok(result) => {
                result.map_err(|error| StrategyError { message: crate::text::masked(&error.message, call), ..error })
            }
            Err(_) => Err(StrategyError::new(
                Kind::Unavailable,
                "azure-unreachable",
                "Azure did not answer within the time of this call; try again",
            )),
        }
    }

    fn exchange(&self, call: &Call) -> Exchange<'_> {
        Exchange { egress: &self.egress, clock: &*self.clock, deadline: call.deadline }
    }
}

/// The storage account: the first label of its host.
fn account(checked: &sas::Checked) -> String {
    checked.host().split('.').next().unwrap_or_default().to_owned()
}

fn denied(code: &str, message: impl Into<String>) -> StrategyError {
    StrategyError::new(Kind::Denied, code, message)
}

fn millis(at: UnixMillis) -> u64 {
    u64::try_from(at.0).unwrap_or_default()
}
