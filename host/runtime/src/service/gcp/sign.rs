//! V4 signed URLs of one object.

use pangolin_core::access::Access;
use pangolin_core::location::Location;
use pangolin_core::policy::Authorised;
use pangolin_core::secret::Secret;
use pangolin_core::strategy::{StrategyError, StrategyErrorKind};
use pangolin_signing::google::{MAX_URL_LIFE_SECONDS, ServiceAccount, SignedUrl, UrlError};
use serde_json::Value;

use super::identity::Identity;
use super::principal::{account, require_host_identity};
use super::{Gcp, Principal, SignUrl, authorised, denied, invalid};
use crate::call::Call;

impl Gcp {
    /// A V4 signed URL of one object inside the call's scopes.
    #[tracing::instrument(name = "host.gcp.sign_url", skip_all, fields(plugin = %call.plugin, request_id = %call.request_id))]
    pub(crate) async fn sign_url(&self, call: &mut Call, ask: SignUrl) -> Result<Secret<String>, StrategyError> {
        let authorised = authorised(call, "nothing may be signed outside of a vend")?;
        let longest = call.ttl_seconds.min(MAX_URL_LIFE_SECONDS);
        if !(1..=longest).contains(&ask.expires_in_seconds) {
            let message = format!("a signed URL lives 1 to {longest} seconds here, not {}", ask.expires_in_seconds);
            return Err(invalid("presign-life-out-of-range", message));
        }
        let location = within(&authorised, &ask)?;
        let url = match &ask.principal {
            Principal::Host => {
                require_host_identity(call)?;
                let identity = Identity::of(&self.settings).await?;
                self.signed(call, identity.key().ok_or_else(cannot_sign)?, &ask, &location)?
            }
            principal => self.signed(call, &account(call, principal)?.0, &ask, &location)?,
        };
        call.masked.push(url.clone());
        Ok(url)
    }

    fn signed(
        &self,
        call: &Call,
        account: &ServiceAccount,
        ask: &SignUrl,
        location: &Location,
    ) -> Result<Secret<String>, StrategyError> {
        let wanted = SignedUrl {
            method: &ask.method,
            location,
            endpoint: call.config.get("endpoint").and_then(Value::as_str),
            at: self.clock.now(),
            life_seconds: ask.expires_in_seconds,
        };
        account.signed_url(&wanted).map(Secret::new).map_err(|error| {
            let code = match &error {
                UrlError::Key(_) => "service-account-key-invalid",
                UrlError::Endpoint => "endpoint-invalid",
                UrlError::Method | UrlError::NoObject | UrlError::Life => "not-signable",
            };
            invalid(code, error.to_string())
        })
    }
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
        "the host's identity at Google has no key that signs URLs (workload identity, metadata server): use the vended \
         token, or give the warehouse a service_account_key",
    )
}
