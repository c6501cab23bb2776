//! `sts`: AssumeRole, spoken by the host with keys that no guest sees. The session policy is held
//! against what was authorised before anything is sent (PRODUCT A20), and the host's own identity
//! assumes no role but the warehouse's own (A4).

mod client;
mod connector;
mod fault;
mod identity;
mod request;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sts::types::Tag;
use pangolin_core::clock::{Clock, UnixMillis};
use pangolin_core::deputy::{self, OperatorIdentity};
use pangolin_core::policy::Authorised;
use pangolin_core::revocation::Issued;
use pangolin_core::scope_proof;
use pangolin_core::secret::Secret;
use pangolin_core::strategy::{StrategyError, StrategyErrorKind};
use pangolin_egress::{EgressClient, EgressError};
use url::Url;

use self::client::{Clients, Target};
use self::fault::Asked;
pub(crate) use self::request::{AssumeRole, Base};
use super::{host_identity, server, slot};
use crate::call::Call;
use crate::dry_run::STAND_IN;

/// What the operator set for STS.
#[derive(Debug, Clone, Default)]
pub struct StsSettings {
    /// `AWS_REGION`: where a request names none.
    pub region: Option<String>,
    /// `AWS_ENDPOINT_URL_STS`, else `AWS_ENDPOINT_URL`.
    pub endpoint: Option<Url>,
    /// `AWS_STS_REGIONAL_ENDPOINTS=legacy`: `sts.amazonaws.com` instead of the regional endpoint.
    pub legacy_global: bool,
    /// `PANGOLIN_STS_ROLE_ARN`: a role that every tenant may use through the host's identity.
    pub role_arn: Option<String>,
    /// `PANGOLIN_STS_EXTERNAL_ID`: sent with that role and no other.
    pub external_id: Option<String>,
}

/// A session as STS answered it.
#[derive(Debug, Clone)]
pub(crate) struct StsSession {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: Secret<String>,
    pub(crate) session_token: Secret<String>,
    pub(crate) expires_at_ms: u64,
    pub(crate) packed_policy_percent: Option<u32>,
}

/// The service. One per process.
#[derive(Debug)]
pub(crate) struct Sts {
    settings: StsSettings,
    clients: Clients,
    egress: EgressClient,
}

impl Sts {
    /// With the standard provider chain as the host's own identity: environment, profile, web
    /// identity, ECS, IMDS. It is asked at the first use, not at start.
    pub(crate) fn new(egress: EgressClient, settings: StsSettings, clock: Arc<dyn Clock>) -> Result<Self, EgressError> {
        let identity = identity::standard_chain(settings.region.clone())?;
        Ok(Self::with_identity(egress, settings, clock, identity))
    }

    /// With the host's own identity given.
    pub(crate) fn with_identity(
        egress: EgressClient,
        settings: StsSettings,
        clock: Arc<dyn Clock>,
        identity: SharedCredentialsProvider,
    ) -> Self {
        Self { settings, clients: Clients::new(egress.clone(), clock, identity), egress }
    }

    /// Assumes a role for one vend.
    #[tracing::instrument(name = "host.sts.assume_role", skip_all, fields(plugin = %call.plugin, request_id = %call.request_id))]
    pub(crate) async fn assume_role(&self, call: &mut Call, request: AssumeRole) -> Result<StsSession, StrategyError> {
        let Some(authorised) = call.to_mint().cloned() else {
            return Err(denied("not-authorised", "a role can be assumed from vend only"));
        };
        request.check()?;
        let proof = scope_proof::session_policy(&request.policy, authorised.scopes())
            .map_err(|too_wide| denied("policy-too-wide", too_wide.to_string()))?;
        let external_id = self.external_id(call, &authorised, &request)?;
        let (target, endpoint_of) = self.target(call, &request)?;
        let keys = match &request.base {
            Base::Host => None,
            Base::Slots(slots) => Some(slot::aws_keys(call, slots, "sts")?),
        };
        call.proof = Some(proof.policy().to_owned());

        let asked = Asked {
            role: &request.role_arn,
            base: &request.base,
            duration_seconds: request.duration_seconds,
            has_external_id: external_id.is_some(),
        };
        let tags: Option<Vec<Tag>> = if request.tags.is_empty() {
            None
        } else {
            Some(request.tags.iter().map(request::tag).collect::<Result<_, _>>()?)
        };
        let shown = || request.shown(proof.policy(), external_id.is_some(), target.region(), &endpoint_of);
        if call.rehearses("sts.assume-role", shown)? {
            return Ok(stand_in(self.clients.now().plus_seconds(i64::from(request.duration_seconds))));
        }
        let client = match keys {
            None => self.clients.of_host(&target),
            Some(keys) => self.clients.of_keys(&target, keys),
        };
        let sending = client
            .assume_role()
            .role_arn(&request.role_arn)
            .role_session_name(&request.session_name)
            .duration_seconds(i32::try_from(request.duration_seconds).unwrap_or(i32::MAX))
            .policy(proof.policy())
            .set_external_id(external_id.clone())
            .set_tags(tags)
            .send();
        let answer = match tokio::time::timeout_at(call.deadline, sending).await {
            Ok(Ok(output)) => session(&output),
            Ok(Err(error)) => Err(fault::of_sdk(&error, &asked)),
            Err(_) => Err(fault::too_slow()),
        };
        match answer {
            Ok(session) => {
                call.issued.push(Issued::AssumedRole {
                    endpoint: self.issuer(&request),
                    role_arn: request.role_arn,
                    session_name: request.session_name,
                });
                call.masked.extend([session.secret_access_key.clone(), session.session_token.clone()]);
                Ok(session)
            }
            // An upstream that repeats what it was sent must not carry it out in its error.
            Err(error) => Err(StrategyError { message: crate::text::masked(&error.message, call), ..error }),
        }
    }

    /// The host of the STS that is asked, where it is not AWS's own.
    fn issuer(&self, request: &AssumeRole) -> Option<String> {
        let own = request.endpoint.as_deref().and_then(|text| Url::parse(text).ok());
        let url = own.or_else(|| self.settings.endpoint.clone())?;
        url.host_str().filter(|host| !is_aws(host)).map(str::to_owned)
    }

    /// The external id that goes along. With the host's own identity it is the host that chooses,
    /// and only a role that the warehouse itself was claimed with can be assumed.
    fn external_id(
        &self,
        call: &Call,
        authorised: &Authorised,
        request: &AssumeRole,
    ) -> Result<Option<String>, StrategyError> {
        if request.base != Base::Host {
            return Ok(request.external_id.clone());
        }
        host_identity::require(call)?;
        let configured = call.config.get("role_arn").and_then(serde_json::Value::as_str);
        let role = Some(request.role_arn.as_str());
        if role != configured && role != self.settings.role_arn.as_deref() {
            return Err(denied(
                "role-not-configured",
                "with the host's identity only the role of the warehouse's 'role_arn' can be assumed",
            ));
        }
        let operator = OperatorIdentity {
            role: self.settings.role_arn.as_deref(),
            external_id: self.settings.external_id.as_deref(),
            own_sts: deputy::is_own_sts(self.settings.endpoint.as_ref()),
        };
        deputy::external_id(authorised.tenant_id(), &request.role_arn, request.external_id.as_deref(), operator)
            .map_err(|refused| denied("external-id-refused", refused.to_string()))
    }

    /// Endpoint and region of the request, and whose endpoint it is. The operator's own is nobody's
    /// business.
    fn target(&self, call: &Call, request: &AssumeRole) -> Result<(Target, String), StrategyError> {
        let own_endpoint =
            request.endpoint.as_deref().map(|text| self.own_endpoint(call, request, text)).transpose()?;
        let endpoint_of = match (&own_endpoint, &self.settings.endpoint) {
            (Some(own), _) => own.to_string(),
            (None, Some(_)) => "operator".to_owned(),
            (None, None) => "aws".to_owned(),
        };
        Ok((Target::choose(&self.settings, own_endpoint, request.region.as_deref())?, endpoint_of))
    }

    /// A warehouse's own endpoint: with its own keys only, granted to the plugin, and allowed by
    /// the egress policy.
    fn own_endpoint(&self, call: &Call, request: &AssumeRole, text: &str) -> Result<Url, StrategyError> {
        if request.base == Base::Host {
            return Err(denied(
                "endpoint-with-host-identity",
                "an STS endpoint of the warehouse needs keys of the warehouse: the host's identity is not sent there",
            ));
        }
        let url = server::allowed(&self.egress, text, "STS endpoint")?;
        server::require_grant(call, &url, "STS", "sts_endpoint")?;
        // The id of the key and a session token stand in the request as they are.
        if let Base::Slots(slots) = &request.base {
            for name in slots.names() {
                slot::require_host(call, name, &url)?;
            }
        }
        Ok(url)
    }
}

/// What a dry run goes on with.
fn stand_in(ends: UnixMillis) -> StsSession {
    StsSession {
        access_key_id: STAND_IN.to_owned(),
        secret_access_key: Secret::from(STAND_IN),
        session_token: Secret::from(STAND_IN),
        expires_at_ms: u64::try_from(ends.0).unwrap_or_default(),
        packed_policy_percent: None,
    }
}

fn is_aws(host: &str) -> bool {
    host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn")
}

fn denied(code: &str, message: impl Into<String>) -> StrategyError {
    StrategyError::new(StrategyErrorKind::Denied, code, message)
}

fn session(output: &aws_sdk_sts::operation::assume_role::AssumeRoleOutput) -> Result<StsSession, StrategyError> {
    let keys = output.credentials().ok_or_else(|| fault::unreadable("it has no credentials"))?;
    let whole =
        [keys.access_key_id(), keys.secret_access_key(), keys.session_token()].iter().all(|text| !text.is_empty());
    if !whole {
        return Err(fault::unreadable("its credentials are not whole"));
    }
    // The SDK writes the epoch where the answer has no expiry.
    let expires_at_ms = keys
        .expiration()
        .to_millis()
        .ok()
        .and_then(|millis| u64::try_from(millis).ok())
        .filter(|millis| *millis > 0)
        .ok_or_else(|| fault::unreadable("its expiry is not an instant"))?;
    Ok(StsSession {
        access_key_id: keys.access_key_id().to_owned(),
        secret_access_key: Secret::from(keys.secret_access_key()),
        session_token: Secret::from(keys.session_token()),
        expires_at_ms,
        packed_policy_percent: packed_percent(output),
    })
}

#[expect(deprecated, reason = "its successor measures the token, not the policy's own budget")]
fn packed_percent(output: &aws_sdk_sts::operation::assume_role::AssumeRoleOutput) -> Option<u32> {
    output.packed_policy_size().and_then(|percent| u32::try_from(percent).ok())
}
