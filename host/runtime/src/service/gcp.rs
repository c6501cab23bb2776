//! `gcp`: downscoped tokens and signed URLs, with keys and wide tokens that no guest sees.
//!
//! A principal's own token opens all that its roles allow; it is kept here between calls
//! ([`cache`]) and never handed out. What a guest gets is a token within an access boundary that
//! was held against what was authorised before anything is sent (PRODUCT A20).

mod cache;
mod exchange;
mod fault;
mod identity;
mod principal;
mod sign;
#[cfg(test)]
mod tests;
mod wire;

use std::path::PathBuf;
use std::sync::Arc;

use pangolin_core::clock::{Clock, UnixMillis};
use pangolin_core::egress::wanted_host;
use pangolin_core::revocation::Issued;
use pangolin_core::scope_proof;
use pangolin_core::secret::Secret;
use pangolin_core::strategy::{StrategyError, StrategyErrorKind};
use pangolin_egress::EgressClient;
use tokio::sync::OnceCell;
use url::Url;

use self::cache::TokenCache;
use self::wire::Wire;
use super::azure::AccessToken;
use super::server;
use crate::call::Call;
use crate::dry_run::STAND_IN;

/// The scope of every token that is to be downscoped: STS takes no narrower one.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Where service accounts get tokens.
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
/// Where tokens are exchanged.
const STS: &str = "https://sts.googleapis.com";

/// What the operator set for Google Cloud: the host's own identity.
#[derive(Debug, Clone, Default)]
pub struct GcpSettings {
    /// `GOOGLE_APPLICATION_CREDENTIALS`.
    pub credentials_file: Option<PathBuf>,
    /// `PANGOLIN_GCP_METADATA`: whether the metadata server may be asked.
    pub metadata: bool,
    /// `GCE_METADATA_HOST`.
    pub metadata_host: Option<String>,
    /// `PANGOLIN_GCP_STS_ENDPOINT`: where the host's own tokens are exchanged.
    pub sts_endpoint: Option<Url>,
}

/// Who asks Google.
#[derive(Debug, Clone)]
pub(crate) enum Principal {
    ServiceAccountKey(String),
    ServiceAccount { client_email: String, private_key: String },
    Host,
}

/// One downscoped token, as the guest asks for it.
#[derive(Debug, Clone)]
pub(crate) struct Downscope {
    pub(crate) principal: Principal,
    pub(crate) token_uri: Option<String>,
    pub(crate) sts: Option<String>,
    pub(crate) boundary: String,
}

/// One signed URL, as the guest asks for it.
#[derive(Debug, Clone)]
pub(crate) struct SignUrl {
    pub(crate) principal: Principal,
    pub(crate) method: String,
    pub(crate) location: String,
    pub(crate) expires_in_seconds: u32,
}

/// A principal's own token.
#[derive(Debug, Clone)]
struct WideToken {
    token: Secret<String>,
    expires_at: UnixMillis,
}

/// The service. One per process.
#[derive(Debug)]
pub(crate) struct Gcp {
    egress: EgressClient,
    settings: GcpSettings,
    clock: Arc<dyn Clock>,
    tokens: TokenCache,
    /// For servers that nobody but the operator can name; made at the first use.
    operator: OnceCell<EgressClient>,
}

impl Gcp {
    pub(crate) fn new(egress: EgressClient, settings: GcpSettings, clock: Arc<dyn Clock>) -> Self {
        Self { egress, settings, clock, tokens: TokenCache::default(), operator: OnceCell::new() }
    }

    /// Exchanges the principal's token for one within a boundary that is no wider than the call.
    #[tracing::instrument(name = "host.gcp.downscope", skip_all, fields(plugin = %call.plugin, request_id = %call.request_id))]
    pub(crate) async fn downscope(&self, call: &mut Call, ask: Downscope) -> Result<AccessToken, StrategyError> {
        let otherwise = || denied("not-authorised", "a token can be downscoped from vend only");
        let authorised = call.to_mint().cloned().ok_or_else(otherwise)?;
        let proof = scope_proof::access_boundary(&ask.boundary, authorised.scopes())
            .map_err(|too_wide| denied("boundary-too-wide", too_wide.to_string()))?;
        if call.dry_run.is_some() {
            let shown = self.shown(call, &ask, proof.boundary())?;
            call.rehearses("gcp.downscope", || shown)?;
            return Ok(stand_in(self.clock.now().plus_seconds(i64::from(call.ttl_seconds))));
        }
        let source = self.source(call, &ask).await?;
        call.proof = Some(proof.boundary().to_owned());

        let deadline = call.deadline;
        let exchanging = async {
            let wide = self.tokens.get(source.cache_key(), &*self.clock, self.wide_token(&source, deadline)).await?;
            let wire = Wire { client: source.sts_client(), deadline };
            let asked = source.asked(fault::Server::Sts);
            let narrow =
                exchange::downscope(&wire, asked, source.sts_url(), &wide, proof.boundary(), &*self.clock).await;
            if narrow.as_ref().is_err_and(|error| error.code == fault::SOURCE_REFUSED) {
                self.tokens.forget(&source.cache_key());
            }
            narrow
        };
        let narrow = tokio::time::timeout_at(deadline, exchanging)
            .await
            .unwrap_or_else(|_| Err(fault::too_slow()))
            .map_err(|error| StrategyError { message: crate::text::masked(&error.message, call), ..error })?;
        call.issued.push(Issued::DownscopedToken { principal: source.principal() });
        call.masked.push(narrow.token.clone());
        Ok(AccessToken { token: narrow.token, expires_at_ms: u64::try_from(narrow.expires_at.0).unwrap_or_default() })
    }

    /// The client for servers that the operator named, without an address policy.
    async fn operator(&self) -> Result<&EgressClient, StrategyError> {
        let make = || async { EgressClient::operator() };
        self.operator.get_or_try_init(make).await.map_err(|error| fault::of_egress(&error, "the host's own identity"))
    }

    /// A server for what opens more than one table (assertions, wide tokens): Google's, or one that a
    /// field of the warehouse names that decides so; granted to the plugin, allowed by the policy.
    fn granted(&self, call: &Call, text: &str, field: &str) -> Result<Url, StrategyError> {
        let url = server::allowed(&self.egress, text, field)?;
        if !is_googles(&url) && !is_destination(call, &url) {
            let (plugin, host) = (&call.plugin, wanted_host(&url));
            return Err(denied(
                "server-not-configured",
                format!(
                    "plugin '{plugin}' names '{host}', which is neither Google's nor in a field of the warehouse that \
                     decides where secrets are sent"
                ),
            ));
        }
        server::require_grant(call, &url, "Google", field)?;
        Ok(url)
    }
}

/// What a dry run goes on with.
fn stand_in(ends: UnixMillis) -> AccessToken {
    AccessToken { token: Secret::from(STAND_IN), expires_at_ms: u64::try_from(ends.0).unwrap_or_default() }
}

/// At Google, by https.
fn is_googles(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    url.scheme() == "https" && url.port().is_none() && host.ends_with(".googleapis.com")
}

/// A change of such a field asks for the secrets again, so whoever set it has them.
fn is_destination(call: &Call, url: &Url) -> bool {
    let fields = call.fields.iter().filter(|field| field.destination);
    let mut named = fields.filter_map(|field| Url::parse(call.config.get(&field.name)?.as_str()?).ok());
    named.any(|named| named.origin() == url.origin())
}

fn denied(code: &str, message: impl Into<String>) -> StrategyError {
    StrategyError::new(StrategyErrorKind::Denied, code, message)
}

fn invalid(code: &str, message: impl Into<String>) -> StrategyError {
    StrategyError::new(StrategyErrorKind::InvalidConfig, code, message)
}
