//! V4 signed URLs of one object.

use pangolin_core::access::Access;
use pangolin_core::location::Location;
use pangolin_core::policy::Authorised;
use pangolin_core::revocation::Issued;
use pangolin_core::secret::Secret;
use pangolin_core::strategy::{StrategyError, StrategyErrorKind};
use pangolin_signing::google::{MAX_URL_LIFE_SECONDS, ServiceAccount, SignedUrl, UnsignedUrl, UrlError};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use url::Url;

use super::cache::Key;
use super::identity::{ExternalAccount, Identity, Signer};
use super::principal::account;
use super::wire::Wire;
use super::{Gcp, Principal, SignUrl, denied, fault, invalid};
use crate::call::Call;
use crate::dry_run::STAND_IN;
use crate::service::host_identity;

impl Gcp {
    /// A V4 signed URL of one object inside the call's scopes.
    #[tracing::instrument(name = "host.gcp.sign_url", skip_all, fields(plugin = %call.plugin, request_id = %call.request_id))]
    pub(crate) async fn sign_url(&self, call: &mut Call, ask: SignUrl) -> Result<Secret<String>, StrategyError> {
        let otherwise = || denied("not-authorised", "nothing may be signed outside of a vend");
        let authorised = call.authorised.clone().ok_or_else(otherwise)?;
        let longest = call.ttl_seconds.min(MAX_URL_LIFE_SECONDS);
        if !(1..=longest).contains(&ask.expires_in_seconds) {
            let message = format!("a signed URL lives 1 to {longest} seconds here, not {}", ask.expires_in_seconds);
            return Err(invalid("presign-life-out-of-range", message));
        }
        let location = within(&authorised, &ask)?;
        if !call.is_asked_for(&ask.location) {
            return Err(denied("presign-outside-scope", "the URL of another object was asked for"));
        }
        self.require_plain_storage(call, &ask)?;
        if matches!(ask.principal, Principal::Host) {
            host_identity::require(call)?;
        } else {
            account(call, &ask.principal)?;
        }
        let shown = || {
            json!({
                "method": ask.method, "location": ask.location, "principal": ask.principal.shown(),
                "expires_in_seconds": ask.expires_in_seconds,
            })
        };
        if call.rehearses("gcp.sign-url", shown)? {
            return Ok(Secret::from(STAND_IN));
        }
        let (url, principal) = match &ask.principal {
            Principal::Host => {
                let identity = Identity::of(&self.settings).await?;
                let name = identity.name();
                let url = match identity.signer().ok_or_else(cannot_sign)? {
                    Signer::Key(account) => signed(account, &self.wanted(call, &ask, &location))?,
                    Signer::Remote { account, email } => {
                        let unsigned = self.wanted(call, &ask, &location).unsigned(email).map_err(unsignable)?;
                        let signing = self.signed_by_google(account, identity.digest(), unsigned, call.deadline);
                        tokio::time::timeout_at(call.deadline, signing)
                            .await
                            .unwrap_or_else(|_| Err(fault::too_slow()))?
                    }
                };
                (url, name)
            }
            principal => {
                let (account, _) = account(call, principal)?;
                (signed(&account, &self.wanted(call, &ask, &location))?, account.client_email().to_owned())
            }
        };
        call.issued.push(Issued::GoogleSignedUrl { principal });
        call.masked.push(url.clone());
        Ok(url)
    }

    /// The host signs with its own key for Google by its one address, whose path names the bucket, or
    /// for the operator's server. By any other name the store could take the host for the bucket, and
    /// the bucket for a part of the object's name.
    fn require_plain_storage(&self, call: &Call, ask: &SignUrl) -> Result<(), StrategyError> {
        let endpoint = call.config.get("endpoint").and_then(Value::as_str).filter(|text| !text.is_empty());
        let (Principal::Host, Some(endpoint)) = (&ask.principal, endpoint) else { return Ok(()) };
        let is_operators = |url: &Url| self.egress.policy().is_some_and(|policy| policy.is_operator_origin(url));
        let is_googles = |url: &Url| url.origin().ascii_serialization() == "https://storage.googleapis.com";
        if Url::parse(endpoint).is_ok_and(|url| is_googles(&url) || is_operators(&url)) {
            return Ok(());
        }
        Err(denied(
            "endpoint-with-host-identity",
            "the host's own key signs no URL for an endpoint of the warehouse: leave endpoint out, or give the warehouse a \
             service_account_key",
        ))
    }

    fn wanted<'a>(&self, call: &'a Call, ask: &'a SignUrl, location: &'a Location) -> SignedUrl<'a> {
        SignedUrl {
            method: &ask.method,
            location,
            endpoint: call.config.get("endpoint").and_then(Value::as_str),
            at: self.clock.now(),
            life_seconds: ask.expires_in_seconds,
        }
    }

    async fn signed_by_google(
        &self,
        account: &ExternalAccount,
        identity: Key,
        unsigned: UnsignedUrl,
        deadline: Instant,
    ) -> Result<Secret<String>, StrategyError> {
        let wire = Wire { client: self.operator().await?, deadline };
        // Beside the identity's own token, which is the service account's.
        let key = Sha256::new().chain_update(b"federated").chain_update(identity).finalize().into();
        let federated = self.tokens.get(key, &*self.clock, account.federated(&wire, &*self.clock)).await?;
        let signature = account.sign(&wire, unsigned.to_sign(), &federated).await?;
        Ok(Secret::new(unsigned.signed(&signature)))
    }
}

fn signed(account: &ServiceAccount, wanted: &SignedUrl<'_>) -> Result<Secret<String>, StrategyError> {
    account.signed_url(wanted).map(Secret::new).map_err(unsignable)
}

fn unsignable(error: UrlError) -> StrategyError {
    let code = match &error {
        UrlError::Key(_) => "service-account-key-invalid",
        UrlError::Endpoint => "endpoint-invalid",
        UrlError::Method | UrlError::NoObject | UrlError::Life => "not-signable",
    };
    invalid(code, error.to_string())
}

/// The object, if it lies below a scope with the right that the method needs.
fn within(authorised: &Authorised, ask: &SignUrl) -> Result<Location, StrategyError> {
    let outside = |why: String| denied("presign-outside-scope", why);
    let shown = || crate::text::printable(&ask.location, 200);
    let location = Location::parse(&ask.location)
        .ok()
        .filter(|location| location.scheme() == "gs" && !location.key().is_empty() && !ask.location.ends_with('/'))
        .ok_or_else(|| outside(format!("'{}' is no object such as gs://bucket/object", shown())))?;
    let right: fn(Access) -> bool = match ask.method.as_str() {
        "GET" | "HEAD" => |access| access.read,
        "PUT" => |access| access.write,
        "DELETE" => |access| access.delete,
        _ => return Err(outside("only GET, HEAD, PUT and DELETE are signed".to_owned())),
    };
    let is_inside = |scope: &&pangolin_core::access::Scope| {
        scope.location.authority() == location.authority()
            && scope.location.contains(&location)
            && scope.location.canonical() != location.as_directory().canonical()
    };
    let mut scopes = authorised.scopes().iter().filter(is_inside).peekable();
    if scopes.peek().is_none() {
        return Err(outside(format!("'{}' lies outside of what was authorised", shown())));
    }
    if !scopes.any(|scope| right(scope.access)) {
        return Err(outside(format!("{} is not within the authorised access", ask.method)));
    }
    Ok(location)
}

fn cannot_sign() -> StrategyError {
    StrategyError::new(
        StrategyErrorKind::Unsupported,
        "host-cannot-sign",
        "the host's identity at Google has no key that signs URLs (a workload that acts as no service account, the metadata server): use the vended \
         token, or give the warehouse a service_account_key",
    )
}
