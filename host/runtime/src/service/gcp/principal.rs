//! From the principal that a guest names to whose token it is, and where it is got and exchanged.

use pangolin_core::secret::Secret;
use pangolin_core::strategy::{SecretUse, StrategyError};
use pangolin_egress::EgressClient;
use pangolin_signing::google::ServiceAccount;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use url::Url;

use super::cache::Key;
use super::fault::{self, Asked, Server};
use super::identity::Identity;
use super::wire::Wire;
use super::{Downscope, Gcp, Principal, STS, TOKEN_URI, WideToken, denied, exchange, invalid, is_googles};
use crate::call::Call;
use crate::service::{host_identity, slot};

/// Whose token is exchanged.
pub(super) struct Source<'a> {
    base: Base<'a>,
    sts_url: Url,
    sts_client: &'a EgressClient,
}

enum Base<'a> {
    /// A key of the warehouse.
    Key { account: ServiceAccount, token_uri: Url, key: Key },
    /// The host's own.
    Host { identity: Identity, operator: &'a EgressClient },
}

impl Source<'_> {
    pub(super) fn sts_url(&self) -> &Url {
        &self.sts_url
    }

    pub(super) fn sts_client(&self) -> &EgressClient {
        self.sts_client
    }

    pub(super) fn asked(&self, server: Server) -> Asked {
        Asked { server, of_host: matches!(self.base, Base::Host { .. }) }
    }

    /// The name by which Google knows it, as far as that is known here.
    pub(super) fn principal(&self) -> String {
        match &self.base {
            Base::Key { account, .. } => account.client_email().to_owned(),
            Base::Host { identity, .. } => identity.name(),
        }
    }

    pub(super) fn cache_key(&self) -> Key {
        match &self.base {
            Base::Key { key, .. } => *key,
            Base::Host { identity, .. } => identity.digest(),
        }
    }
}

impl Gcp {
    /// Finds the principal's key or identity, and the servers that it may be used at.
    pub(super) async fn source(&self, call: &Call, ask: &Downscope) -> Result<Source<'_>, StrategyError> {
        if matches!(ask.principal, Principal::Host) {
            return self.host_source(call, ask).await;
        }
        self.key_source(call, ask)
    }

    fn key_source(&self, call: &Call, ask: &Downscope) -> Result<Source<'_>, StrategyError> {
        let (account, digest) = account(call, &ask.principal)?;
        let token_uri = self.granted(call, token_uri(&account, ask.token_uri.as_deref())?, "token_uri")?;
        if let Principal::ServiceAccountKey(slot) | Principal::ServiceAccount { private_key: slot, .. } = &ask.principal
        {
            slot::require_host(call, slot, &token_uri)?;
        }
        let sts_url = sts_url(ask.sts.as_deref().unwrap_or(STS))?;
        let sts_url = self.granted(call, sts_url.as_str(), "sts_endpoint")?;
        let key = Sha256::new().chain_update(digest).chain_update(token_uri.as_str()).finalize().into();
        Ok(Source { base: Base::Key { account, token_uri, key }, sts_url, sts_client: &self.egress })
    }

    /// What an explanation shows, judged as the exchange would be. The host's own credential file is
    /// not looked at.
    pub(super) fn shown(&self, call: &Call, ask: &Downscope, boundary: &str) -> Result<Value, StrategyError> {
        let boundary = serde_json::from_str(boundary).unwrap_or_else(|_| Value::from(boundary));
        let principal = ask.principal.shown();
        if matches!(ask.principal, Principal::Host) {
            require_host(call, ask)?;
            return Ok(json!({ "boundary": boundary, "principal": principal }));
        }
        let source = self.key_source(call, ask)?;
        let token_uri = match &source.base {
            Base::Key { token_uri, .. } => Some(token_uri.as_str()),
            Base::Host { .. } => None,
        };
        let sts = source.sts_url.as_str();
        Ok(json!({ "boundary": boundary, "principal": principal, "sts": sts, "token_uri": token_uri }))
    }

    async fn host_source(&self, call: &Call, ask: &Downscope) -> Result<Source<'_>, StrategyError> {
        require_host(call, ask)?;
        let identity = Identity::of(&self.settings).await?;
        let operator = self.operator().await?;
        // Google's servers pass the policy as any other; the operator's own word needs none.
        let (sts_url, sts_client) = match (&self.settings.sts_endpoint, identity.sts()) {
            (Some(base), _) => (sts_url(base.as_str())?, operator),
            (None, Some(url)) => (url.clone(), operator),
            (None, None) => (sts_url(STS)?, &self.egress),
        };
        Ok(Source { base: Base::Host { identity, operator }, sts_url, sts_client })
    }

    /// Asks for a fresh token of the principal itself.
    pub(super) async fn wide_token(&self, source: &Source<'_>, deadline: Instant) -> Result<WideToken, StrategyError> {
        match &source.base {
            Base::Key { account, token_uri, .. } => {
                let wire = Wire { client: &self.egress, deadline };
                exchange::assertion(&wire, source.asked(Server::Token), token_uri, account, &*self.clock).await
            }
            Base::Host { identity, operator } => {
                identity.token(&Wire { client: operator, deadline }, &*self.clock).await
            }
        }
    }
}

impl Principal {
    /// Who, for an explanation.
    pub(super) fn shown(&self) -> Value {
        match self {
            Self::ServiceAccountKey(slot) => json!({ "kind": "service-account-key", "slot": slot }),
            Self::ServiceAccount { client_email, private_key } => {
                json!({ "kind": "service-account", "client_email": client_email, "slot": private_key })
            }
            Self::Host => json!({ "kind": "host" }),
        }
    }
}

/// The host's own identity, and nowhere but where the operator's word leads.
fn require_host(call: &Call, ask: &Downscope) -> Result<(), StrategyError> {
    host_identity::require(call)?;
    if ask.token_uri.is_some() || ask.sts.is_some() {
        return Err(denied(
            "endpoint-with-host-identity",
            "a token_uri or sts_endpoint of the warehouse needs a key of the warehouse: the host's tokens are not \
             sent there",
        ));
    }
    Ok(())
}

/// The service account of the warehouse's slots, and a digest of its key.
pub(super) fn account(call: &Call, principal: &Principal) -> Result<(ServiceAccount, Key), StrategyError> {
    let (slot, read) = match principal {
        Principal::ServiceAccountKey(slot) => (slot, None),
        Principal::ServiceAccount { client_email, private_key } => (private_key, Some(client_email)),
        Principal::Host => return Err(denied("host-identity-not-used", "the host's identity is in no slot")),
    };
    let value = slot::value(call, slot, &SecretUse::JwtAssertion)?;
    let read = match read {
        None => ServiceAccount::from_json(value),
        Some(email) => ServiceAccount::from_parts(email, &with_lines(value)),
    };
    let account = read.map_err(|error| {
        invalid("service-account-key-invalid", format!("{error}: give the JSON key as Google made it, in '{slot}'"))
    })?;
    let digest = digest(account.client_email(), value);
    Ok((account, digest))
}

/// Keys that came through an environment variable often have `\n` in place of the ends of lines.
#[expect(clippy::disallowed_methods, reason = "the key becomes the same key with its lines")]
fn with_lines(key: &Secret<String>) -> Secret<String> {
    if key.expose().contains('\n') { key.clone() } else { Secret::new(key.expose().replace("\\n", "\n")) }
}

#[expect(clippy::disallowed_methods, reason = "only a digest of the key is kept")]
fn digest(email: &str, key: &Secret<String>) -> Key {
    let email_length = u64::try_from(email.len()).unwrap_or(u64::MAX).to_be_bytes();
    Sha256::new().chain_update(email_length).chain_update(email).chain_update(key.expose()).finalize().into()
}

/// The configuration's, else the key's own if it is Google's, else Google's. Whoever wrote the key
/// must not choose where assertions are sent.
fn token_uri<'a>(account: &'a ServiceAccount, configured: Option<&'a str>) -> Result<&'a str, StrategyError> {
    match configured.or(account.token_uri()) {
        None => Ok(TOKEN_URI),
        Some(uri) if configured.is_some() || Url::parse(uri).is_ok_and(|url| is_googles(&url)) => Ok(uri),
        Some(uri) => {
            let uri = crate::text::printable(uri, 200);
            Err(invalid(
                "token-uri-not-googles",
                format!(
                    "the key's own token_uri '{uri}' is not at googleapis.com: set the field token_uri of the warehouse \
                     to it if that server is meant, or use a key as Google made it"
                ),
            ))
        }
    }
}

/// The exchange at a base URL of STS.
fn sts_url(base: &str) -> Result<Url, StrategyError> {
    let url = format!("{}/v1/token", base.trim_end_matches('/'));
    Url::parse(&url).map_err(|_| fault::bad_url("sts_endpoint", base))
}
