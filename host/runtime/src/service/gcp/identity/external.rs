//! A workload of another identity provider (`external_account`): the provider's token, from a file
//! or a URL of the operator, for one of the pool, and that for one of a service account if the file
//! says so.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue};
use pangolin_core::clock::{Clock, UnixMillis};
use pangolin_core::secret::Secret;
use pangolin_core::strategy::StrategyError;
use serde_json::{Map, Value, json};
use url::Url;

use super::super::fault::{self, Asked, Server};
use super::super::wire::{self, Wire};
use super::super::{SCOPE, WideToken, exchange};
use super::{missing, read};

/// What the file says.
pub(in super::super) struct ExternalAccount {
    audience: String,
    subject_token_type: String,
    token_url: Url,
    impersonation: Option<Url>,
    source: Source,
    format: Format,
}

enum Source {
    File(PathBuf),
    Url(Url, Vec<(HeaderName, HeaderValue)>),
}

enum Format {
    Text,
    /// The member that is the token.
    Json(String),
}

const SUBJECT: Asked = Asked { server: Server::SubjectToken, of_host: true };
const FEDERATION: Asked = Asked { server: Server::Federation, of_host: true };
const SIGNING: Asked = Asked { server: Server::Signing, of_host: true };
const IMPERSONATION: Asked = Asked { server: Server::Impersonation, of_host: true };

impl ExternalAccount {
    /// Reads the members of the file. What is wrong names the member.
    pub(super) fn read(members: &Map<String, Value>) -> Result<Self, String> {
        let text = |name: &str| required(members, name);
        for unsupported in ["client_id", "client_secret", "workforce_pool_user_project"] {
            if members.contains_key(unsupported) {
                return Err(format!("'{unsupported}' is of workforce pools, which are not supported"));
            }
        }
        let source = members
            .get("credential_source")
            .and_then(Value::as_object)
            .ok_or("'credential_source' is missing or no object")?;
        Ok(Self {
            audience: text("audience")?,
            subject_token_type: text("subject_token_type")?,
            token_url: url(&text("token_url")?, "token_url")?,
            impersonation: members
                .get("service_account_impersonation_url")
                .map(|value| {
                    let name = "service_account_impersonation_url";
                    url(value.as_str().ok_or_else(|| format!("'{name}' is no text"))?, name)
                })
                .transpose()?,
            format: format(source.get("format"))?,
            source: Source::read(source)?,
        })
    }

    pub(super) fn token_url(&self) -> &Url {
        &self.token_url
    }

    /// The service account that the workload acts as.
    pub(super) fn impersonated(&self) -> Option<&str> {
        let path = self.impersonation.as_ref()?.path();
        let (_, account) = path.strip_suffix(":generateAccessToken")?.rsplit_once("/serviceAccounts/")?;
        (account.contains('@') && !account.contains(['/', '%'])).then_some(account)
    }

    pub(super) async fn token(&self, wire: &Wire<'_>, clock: &dyn Clock) -> Result<WideToken, StrategyError> {
        let federated = self.federated(wire, clock).await?;
        match &self.impersonation {
            None => Ok(federated),
            Some(url) => impersonated(wire, url, &federated).await,
        }
    }

    /// The workload's token at its pool.
    pub(in super::super) async fn federated(
        &self,
        wire: &Wire<'_>,
        clock: &dyn Clock,
    ) -> Result<WideToken, StrategyError> {
        let subject = self.subject_token(wire).await?;
        let pool = (self.audience.as_str(), self.subject_token_type.as_str());
        exchange::federated(wire, FEDERATION, &self.token_url, pool, &subject, clock).await
    }

    /// A signature of the service account that the workload acts as, made by Google.
    pub(in super::super) async fn sign(
        &self,
        wire: &Wire<'_>,
        text: &str,
        federated: &WideToken,
    ) -> Result<Vec<u8>, StrategyError> {
        let missing = || fault::unreadable(SIGNING, "it has no signature");
        let mut url = self.impersonation.clone().ok_or_else(missing)?;
        url.set_path(&url.path().replace(":generateAccessToken", ":signBlob"));
        let answer = wire.json(SIGNING, &url, &json!({ "payload": STANDARD.encode(text) }), &federated.token).await?;
        let signature = answer.get("signedBlob").and_then(Value::as_str).and_then(|text| STANDARD.decode(text).ok());
        signature.filter(|signature| !signature.is_empty()).ok_or_else(missing)
    }

    async fn subject_token(&self, wire: &Wire<'_>) -> Result<Secret<String>, StrategyError> {
        let text = match &self.source {
            Source::File(path) => read(path, "the workload's token (credential_source.file)").await?,
            Source::Url(url, headers) => {
                let answer = wire.get(SUBJECT, url.clone(), headers.iter().cloned()).await?;
                let text = String::from_utf8(answer.body.to_vec());
                Secret::new(text.map_err(|_| fault::unreadable(SUBJECT, "its answer is not text"))?)
            }
        };
        self.format.token(&text)
    }
}

impl Source {
    fn read(source: &Map<String, Value>) -> Result<Self, String> {
        if let Some(path) = source.get("file").and_then(Value::as_str) {
            return Ok(Self::File(PathBuf::from(path)));
        }
        // A source of AWS has a `url` beside its `environment_id`.
        if let Some(other) =
            ["environment_id", "executable", "certificate"].iter().find(|name| source.contains_key(**name))
        {
            return Err(format!("'credential_source.{other}' is not supported: use a file or a url"));
        }
        let text = source.get("url").and_then(Value::as_str).ok_or("'credential_source' has no file and no url")?;
        let mut headers = Vec::new();
        for (name, value) in source.get("headers").and_then(Value::as_object).into_iter().flatten() {
            let value = value.as_str().and_then(|value| HeaderValue::from_str(value).ok());
            match (HeaderName::from_bytes(name.as_bytes()), value) {
                (Ok(name), Some(mut value)) => {
                    value.set_sensitive(true);
                    headers.push((name, value));
                }
                _ => return Err("'credential_source.headers' has what is no header".to_owned()),
            }
        }
        Ok(Self::Url(url(text, "credential_source.url")?, headers))
    }
}

impl Format {
    #[expect(clippy::disallowed_methods, reason = "the token is taken out of the text that it stands in")]
    fn token(&self, text: &Secret<String>) -> Result<Secret<String>, StrategyError> {
        let token = match self {
            Self::Text => text.expose().trim().to_owned(),
            Self::Json(member) => serde_json::from_str::<Map<String, Value>>(text.expose())
                .ok()
                .and_then(|mut members| match members.remove(member) {
                    Some(Value::String(token)) => Some(token),
                    _ => None,
                })
                .ok_or_else(|| missing("the workload's token is not in the member that its format names"))?,
        };
        if token.is_empty() { Err(missing("the workload's token is empty")) } else { Ok(Secret::new(token)) }
    }
}

fn format(format: Option<&Value>) -> Result<Format, String> {
    let Some(format) = format else { return Ok(Format::Text) };
    match format.get("type").and_then(Value::as_str) {
        None | Some("text") => Ok(Format::Text),
        Some("json") => match format.get("subject_token_field_name").and_then(Value::as_str) {
            Some(name) => Ok(Format::Json(name.to_owned())),
            None => Err("'credential_source.format' has no subject_token_field_name".to_owned()),
        },
        Some(_) => Err("'credential_source.format.type' is neither text nor json".to_owned()),
    }
}

/// A service account's token for one of the pool, for the longest life that needs no organisation's policy.
async fn impersonated(wire: &Wire<'_>, url: &Url, federated: &WideToken) -> Result<WideToken, StrategyError> {
    let body = json!({ "scope": [SCOPE], "lifetime": "3600s" });
    let mut answer = wire.json(IMPERSONATION, url, &body, &federated.token).await?;
    let expires_at = answer
        .get("expireTime")
        .and_then(Value::as_str)
        .and_then(|text| UnixMillis::parse_rfc3339(text).ok())
        .ok_or_else(|| fault::unreadable(IMPERSONATION, "it does not say when its token ends"))?;
    Ok(WideToken { token: wire::token(IMPERSONATION, answer.remove("accessToken"))?, expires_at })
}

fn required(members: &Map<String, Value>, name: &str) -> Result<String, String> {
    let text = members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| format!("'{name}' is missing or no text"))
}

fn url(text: &str, name: &str) -> Result<Url, String> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| format!("'{name}' is no http or https URL"))
}
