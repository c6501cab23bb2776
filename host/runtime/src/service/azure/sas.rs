//! One SAS: held against the call, then shown to the audit trail.

use pangolin_core::clock::UnixMillis;
use pangolin_core::location::Location;
use pangolin_core::scope_proof::{self, AzureSasProof, SasResource};
use pangolin_core::secret::Secret;
use pangolin_core::strategy::{StrategyError, StrategyErrorKind as Kind};
use pangolin_signing::azure_sas::{self, SasError, SasFields};
use serde_json::{Value, json};

use super::{AccessToken, Resource, SasRequest, Signer, denied, millis};
use crate::call::Call;
use crate::dry_run::STAND_IN;

/// How far a life may go beyond what was asked for: clocks tick while a call runs.
const SLACK_SECONDS: i64 = 60;

/// A request that may be signed.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    proof: AzureSasProof,
    starts_at: Option<UnixMillis>,
    expires_at: UnixMillis,
    correlation_id: Option<String>,
}

/// Refuses what is wider or lives longer than the call.
pub(super) fn check(call: &Call, request: &SasRequest, now: UnixMillis) -> Result<Checked, StrategyError> {
    let Some(authorised) = &call.authorised else {
        return Err(denied("not-authorised", "a SAS can be signed from vend and presign only"));
    };
    if call.object.is_some() && (request.resource != Resource::Blob || !call.is_asked_for(&request.location)) {
        return Err(denied("sas-too-wide", "for a URL only the SAS of its one blob is signed"));
    }
    let location = Location::parse(&request.location).map_err(|bad| denied("sas-too-wide", bad.to_string()))?;
    let resource = match request.resource {
        Resource::Container => SasResource::Container,
        Resource::Directory => SasResource::Directory,
        Resource::Blob => SasResource::Blob,
    };
    let proof = scope_proof::azure_sas(&location, resource, &request.permissions, authorised.scopes())
        .map_err(|wide| denied("sas-too-wide", wide.to_string()))?;
    if !proof.is_within_scopes() && !authorised.may_be_unscoped() {
        return Err(denied(
            "not-unscoped",
            "a SAS of a container opens more than the table, and the caller may not have an unscoped credential",
        ));
    }
    let expires_at = instant(request.expires_at_ms)?;
    if expires_at > now.plus_seconds(i64::from(call.ttl_seconds).saturating_add(SLACK_SECONDS)) {
        return Err(denied("life-too-long", "the SAS would live longer than was asked for"));
    }
    if expires_at <= now {
        return Err(denied("life-over", "the SAS would have ended before it is made"));
    }
    let correlation_id = request.correlation_id.clone();
    if correlation_id.as_deref().is_some_and(|id| !is_guid(id)) {
        return Err(denied("correlation-id-invalid", "the correlation id must be a GUID"));
    }
    if correlation_id.is_some() && matches!(request.signer, Signer::AccountKey(_)) {
        return Err(denied("correlation-id-invalid", "only a user-delegation SAS has a correlation id"));
    }
    Ok(Checked { proof, starts_at: request.starts_at_ms.map(instant).transpose()?, expires_at, correlation_id })
}

impl Checked {
    pub(super) fn resource(&self) -> SasResource {
        self.proof.resource()
    }

    /// The location's host.
    pub(super) fn host(&self) -> &str {
        self.proof.host()
    }

    pub(super) fn expires_at(&self) -> UnixMillis {
        self.expires_at
    }

    /// The same, but no longer than the key that signs it.
    pub(super) fn until(&self, end: UnixMillis) -> Self {
        Self { expires_at: self.expires_at.min(end), ..self.clone() }
    }

    /// The fields without the signature, and by what it is made.
    pub(super) fn shown(&self, expires_at: UnixMillis, by: Value) -> Value {
        let proof = &self.proof;
        let resource = match proof.resource() {
            SasResource::Container => "container",
            SasResource::Directory => "directory",
            SasResource::Blob => "blob",
        };
        let mut shown = json!({
            "account": proof.account(),
            "container": proof.container(),
            "resource": resource,
            "path": proof.path(),
            "permissions": proof.permissions(),
            "starts_at": self.starts_at.map(UnixMillis::to_rfc3339),
            "expires_at": expires_at.to_rfc3339(),
            "protocol": "https",
            "version": azure_sas::VERSION,
            "correlation_id": self.correlation_id,
        });
        if let (Value::Object(shown), Value::Object(by)) = (&mut shown, by) {
            shown.extend(by);
        }
        shown
    }

    /// What is signed.
    pub(super) fn fields(&self) -> SasFields<'_> {
        let proof = &self.proof;
        SasFields {
            account: proof.account(),
            container: proof.container(),
            resource: match proof.resource() {
                SasResource::Container => azure_sas::Resource::Container,
                SasResource::Directory => azure_sas::Resource::Directory(proof.path()),
                SasResource::Blob => azure_sas::Resource::Blob(proof.path()),
            },
            permissions: proof.permissions(),
            starts_at: self.starts_at,
            expires_at: self.expires_at,
            correlation_id: self.correlation_id.as_deref(),
            https_only: true,
        }
    }
}

/// The signer's refusal.
pub(super) fn refused(error: &SasError) -> StrategyError {
    match error {
        SasError::Key => StrategyError::new(
            Kind::InvalidConfig,
            "account-key-invalid",
            "the key is not base64, as keys of storage accounts are: copy it again from the portal, or from az storage \
             account keys list",
        ),
        other => denied("sas-refused", other.to_string()),
    }
}

/// The fields of all SAS of a call, without their signatures: a list, one element for each.
pub(super) fn proof(before: Option<&str>, checked: &Checked, expires_at: UnixMillis, by: Value) -> String {
    let mut all: Vec<Value> = before.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    all.push(checked.shown(expires_at, by));
    Value::Array(all).to_string()
}

/// What a dry run goes on with.
pub(super) fn stand_in(ends: UnixMillis) -> AccessToken {
    AccessToken { token: Secret::new(format!("sig={STAND_IN}")), expires_at_ms: millis(ends) }
}

fn instant(ms: u64) -> Result<UnixMillis, StrategyError> {
    i64::try_from(ms).map(UnixMillis).map_err(|_| denied("life-too-long", "the SAS would end beyond the calendar"))
}

fn is_guid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    text.split('-').count() == lengths.len()
        && text
            .split('-')
            .zip(lengths)
            .all(|(part, length)| part.len() == length && part.bytes().all(|b| b.is_ascii_hexdigit()))
}
