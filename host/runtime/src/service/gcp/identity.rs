//! The host's own identity: a file of the operator, else the metadata server of the machine. Read
//! anew for each token, since files are swapped under a running host.

mod external;
mod metadata;

use std::path::Path;

use pangolin_core::clock::Clock;
use pangolin_core::secret::Secret;
use pangolin_core::strategy::{StrategyError, StrategyErrorKind};
use pangolin_signing::google::ServiceAccount;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use url::Url;

pub(super) use self::external::ExternalAccount;
use self::metadata::Metadata;
use super::cache::Key;
use super::fault::{Asked, Server};
use super::wire::Wire;
use super::{GcpSettings, TOKEN_URI, WideToken, exchange};

/// No credential file is larger.
const MAX_FILE: usize = 64 * 1024;

/// Who the host is.
pub(super) struct Identity {
    kind: Kind,
    /// Of everything that says who it is; no secret can be read from it.
    digest: Key,
}

enum Kind {
    /// A key in the operator's file.
    ServiceAccount { account: Box<ServiceAccount>, token_uri: Url },
    /// A workload of another provider.
    External(Box<ExternalAccount>),
    /// The service account of the machine.
    Metadata(Metadata),
}

impl Identity {
    /// The operator's file, else the metadata server if the operator switched it on.
    pub(super) async fn of(settings: &GcpSettings) -> Result<Self, StrategyError> {
        match &settings.credentials_file {
            Some(path) => Self::of_file(&read(path, "GOOGLE_APPLICATION_CREDENTIALS").await?),
            None if settings.metadata => {
                let metadata = Metadata::at(settings.metadata_host.as_deref())?;
                let digest = Sha256::digest(metadata.url().as_str()).into();
                Ok(Self { kind: Kind::Metadata(metadata), digest })
            }
            None => Err(missing(
                "the host has no identity at Google: let the operator set GOOGLE_APPLICATION_CREDENTIALS to a \
                 credential file, or PANGOLIN_GCP_METADATA=true on a machine with a service account, or give the \
                 warehouse a service_account_key",
            )),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the operator's file is parsed into what signs")]
    fn of_file(text: &Secret<String>) -> Result<Self, StrategyError> {
        let members: Map<String, Value> =
            serde_json::from_str(text.expose()).map_err(|_| bad_file("no JSON object"))?;
        let kind = match members.get("type").and_then(Value::as_str) {
            Some("service_account") => {
                let account = ServiceAccount::from_json(text).map_err(|error| bad_file(&error.to_string()))?;
                let token_uri = account.token_uri().unwrap_or(TOKEN_URI);
                let token_uri = Url::parse(token_uri).map_err(|_| bad_file("'token_uri' is no URL"))?;
                Kind::ServiceAccount { account: Box::new(account), token_uri }
            }
            Some("external_account") => {
                Kind::External(Box::new(ExternalAccount::read(&members).map_err(|what| bad_file(&what))?))
            }
            Some(other) => {
                let other = crate::text::printable(other, 60);
                return Err(bad_file(&format!(
                    "'type' is '{other}', and service_account and external_account are understood"
                )));
            }
            None => return Err(bad_file("it has no 'type'")),
        };
        Ok(Self { kind, digest: Sha256::digest(text.expose()).into() })
    }

    /// Under which its token is kept.
    pub(super) fn digest(&self) -> Key {
        self.digest
    }

    /// Where this identity's tokens are exchanged, if its file says so.
    pub(super) fn sts(&self) -> Option<&Url> {
        match &self.kind {
            Kind::External(account) => Some(account.token_url()),
            Kind::ServiceAccount { .. } | Kind::Metadata(_) => None,
        }
    }

    /// The service account that it acts as, as far as that is known here.
    pub(super) fn name(&self) -> String {
        match self.signer() {
            Some(Signer::Key(account)) => account.client_email().to_owned(),
            Some(Signer::Remote { email, .. }) => email.to_owned(),
            None => "the host's own identity".to_owned(),
        }
    }

    /// What signs URLs, if anything does.
    pub(super) fn signer(&self) -> Option<Signer<'_>> {
        match &self.kind {
            Kind::ServiceAccount { account, .. } => Some(Signer::Key(account)),
            Kind::External(account) => account.impersonated().map(|email| Signer::Remote { account, email }),
            Kind::Metadata(_) => None,
        }
    }

    /// A token of the host itself.
    pub(super) async fn token(&self, wire: &Wire<'_>, clock: &dyn Clock) -> Result<WideToken, StrategyError> {
        match &self.kind {
            Kind::ServiceAccount { account, token_uri } => {
                let asked = Asked { server: Server::Token, of_host: true };
                exchange::assertion(wire, asked, token_uri, account, clock).await
            }
            Kind::External(account) => account.token(wire, clock).await,
            Kind::Metadata(metadata) => metadata.token(wire, clock).await,
        }
    }
}

/// What signs for the host.
pub(super) enum Signer<'a> {
    /// A key in hand.
    Key(&'a ServiceAccount),
    /// Google, for the service account that the workload acts as.
    Remote { account: &'a ExternalAccount, email: &'a str },
}

/// A small file of the operator.
async fn read(path: &Path, what: &str) -> Result<Secret<String>, StrategyError> {
    let bytes = tokio::fs::read(path).await.map_err(|error| missing(&format!("{what} cannot be read: {error}")))?;
    if bytes.len() > MAX_FILE {
        return Err(missing(&format!("{what} is larger than 64 KiB")));
    }
    String::from_utf8(bytes).map(Secret::new).map_err(|_| missing(&format!("{what} is not text")))
}

fn missing(message: &str) -> StrategyError {
    StrategyError::new(StrategyErrorKind::Unavailable, "host-identity-missing", message)
}

fn bad_file(what: &str) -> StrategyError {
    missing(&format!("the file of GOOGLE_APPLICATION_CREDENTIALS cannot be used: {what}"))
}
