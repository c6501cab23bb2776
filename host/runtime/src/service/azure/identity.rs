//! Who asks Azure, checked: an app with a secret of the warehouse, or the host's workload identity.

use std::path::PathBuf;

use pangolin_core::secret::Secret;
use pangolin_core::strategy::{SecretUse, StrategyError, StrategyErrorKind as Kind};
use pangolin_egress::EgressClient;
use serde_json::{Value, json};
use url::Url;

use super::cache::CacheKey;
use super::{AzureSettings, Principal, denied};
use crate::call::Call;
use crate::service::{host_identity, server, slot};

/// The public cloud's.
const AUTHORITY: &str = "https://login.microsoftonline.com";

/// A principal that may be used in this call.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) tenant_id: String,
    pub(super) client_id: String,
    pub(super) authority: Url,
    pub(super) proof: Proof,
    /// Under which its token is kept.
    pub(super) key: CacheKey,
}

/// How it proves itself.
#[derive(Debug)]
pub(super) enum Proof {
    Secret(Secret<String>),
    /// A token in this file, read at each use.
    Federated(PathBuf),
}

impl Identity {
    /// Whether it is the host's own.
    pub(super) fn is_hosts(&self) -> bool {
        matches!(self.proof, Proof::Federated(_))
    }

    /// Who, for an explanation. What the operator set for the host is nobody's business.
    pub(super) fn shown(&self) -> Value {
        match self.proof {
            Proof::Secret(_) => json!({
                "kind": "client-secret",
                "tenant_id": self.tenant_id,
                "client_id": self.client_id,
                "authority": self.authority.as_str(),
            }),
            Proof::Federated(_) => json!({ "kind": "host" }),
        }
    }

    /// Where tokens are asked for.
    pub(super) fn token_url(&self) -> Url {
        let mut url = self.authority.clone();
        let path = format!("{}/{}/oauth2/v2.0/token", url.path().trim_end_matches('/'), self.tenant_id);
        url.set_path(&path);
        url
    }
}

/// Checks a principal.
pub(super) fn of(
    principal: &Principal,
    call: &Call,
    settings: &AzureSettings,
    egress: &EgressClient,
) -> Result<Identity, StrategyError> {
    let tenant = call.authorised.as_ref().map(|authorised| authorised.tenant_id().to_string()).unwrap_or_default();
    let (tenant_id, client_id, authority, proof) = match principal {
        Principal::ClientSecret { tenant_id, client_id, secret, authority_host } => {
            let value = slot::value(call, secret, &SecretUse::FormField("client_secret".to_owned()))?;
            let authority = own_authority(call, authority_host.as_deref().unwrap_or(AUTHORITY), egress)?;
            slot::require_host(call, secret, &authority)?;
            (tenant_id.clone(), client_id.clone(), authority, Proof::Secret(value.clone()))
        }
        Principal::WorkloadIdentity { tenant_id, client_id } => {
            host_identity::require(call)?;
            let tenant_id = named(call, "tenant_id", tenant_id.as_deref(), settings.tenant_id.as_deref())?;
            let client_id = named(call, "client_id", client_id.as_deref(), settings.client_id.as_deref())?;
            let file = settings.federated_token_file.clone().ok_or_else(no_host_identity)?;
            (tenant_id, client_id, operators_authority(settings)?, Proof::Federated(file))
        }
    };
    for (name, value) in [("tenant_id", &tenant_id), ("client_id", &client_id)] {
        if !is_identifier(value) {
            let message = format!("{name} must be a GUID{}", if name == "tenant_id" { " or a domain" } else { "" });
            return Err(StrategyError::new(Kind::InvalidConfig, "principal-invalid", message));
        }
    }
    let key = key([&tenant, &tenant_id, &client_id, authority.as_str()], &proof);
    Ok(Identity { tenant_id, client_id, authority, proof, key })
}

#[expect(clippy::disallowed_methods, reason = "the secret goes into a digest: another secret is another principal")]
fn key(parts: [&str; 4], proof: &Proof) -> CacheKey {
    let (kind, proof) = match proof {
        Proof::Secret(secret) => ("secret", secret.expose().as_bytes()),
        Proof::Federated(file) => ("federated", file.as_os_str().as_encoded_bytes()),
    };
    let [tenant, directory, client, authority] = parts.map(str::as_bytes);
    CacheKey::new(&[tenant, directory, client, authority, kind.as_bytes(), proof])
}

/// The server that a warehouse's secret is sent to.
fn own_authority(call: &Call, text: &str, egress: &EgressClient) -> Result<Url, StrategyError> {
    let url = server::allowed(egress, text, "authority")?;
    if url.query().is_some() {
        let message = "authority_host must be a URL without a query";
        return Err(StrategyError::new(Kind::InvalidConfig, "authority-invalid", message));
    }
    server::require_grant(call, &url, "the authority", "authority_host")?;
    Ok(url)
}

/// The operator's word, so no plugin needs a grant for it.
fn operators_authority(settings: &AzureSettings) -> Result<Url, StrategyError> {
    match &settings.authority_host {
        Some(url) => Ok(url.clone()),
        None => Url::parse(AUTHORITY).map_err(|_| no_host_identity()),
    }
}

/// The operator's value, or the one of the warehouse's own field, which was claimed with it. What
/// else a plugin names is nobody's.
fn named(call: &Call, field: &str, given: Option<&str>, operators: Option<&str>) -> Result<String, StrategyError> {
    let configured = call.config.get(field).and_then(serde_json::Value::as_str);
    match given {
        None => operators.map(str::to_owned).ok_or_else(no_host_identity),
        Some(given) if Some(given) == configured || Some(given) == operators => Ok(given.to_owned()),
        Some(_) => Err(denied(
            "principal-not-configured",
            format!("with the host's identity only the {field} of the warehouse can be used"),
        )),
    }
}

fn no_host_identity() -> StrategyError {
    StrategyError::new(
        Kind::Unavailable,
        "host-identity-missing",
        "the host has no workload identity at Azure: set AZURE_TENANT_ID, AZURE_CLIENT_ID and \
         AZURE_FEDERATED_TOKEN_FILE for the host, or give the warehouse tenant_id, client_id and client_secret",
    )
}

/// It becomes a segment of a URL.
fn is_identifier(text: &str) -> bool {
    (1..=253).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !text.contains("..")
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
}
