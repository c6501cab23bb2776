//! The body of a token request: a form, or JSON with the same fields.

use axum::http::{HeaderMap, header};
use pangolin_core::secret::Secret;
use serde::Deserialize;
use serde::de::{self, MapAccess, Visitor};
use url::form_urlencoded;
use utoipa::ToSchema;

use super::fault::OAuthError;
use crate::body::Body;

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// More parameters are no token request.
const MAX_PARAMETERS: usize = 32;

/// How a token is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grant {
    ClientCredentials,
    TokenExchange,
}

/// What is asked for. Parameters that are not known are ignored, as RFC 6749 has it; so are empty
/// ones. No `Debug`: it holds secrets.
#[derive(Default, ToSchema)]
pub(super) struct TokenForm {
    /// `client_credentials` or `urn:ietf:params:oauth:grant-type:token-exchange`.
    #[schema(required)]
    grant_type: Option<String>,
    /// The id of the service user.
    #[schema(nullable = false)]
    pub(super) client_id: Option<String>,
    /// Its API key.
    #[schema(value_type = Option<String>, nullable = false)]
    pub(super) client_secret: Option<Secret<String>>,
    /// Scopes between blanks.
    #[schema(nullable = false)]
    pub(super) scope: Option<String>,
    /// The token that is exchanged.
    #[schema(value_type = Option<String>, nullable = false)]
    pub(super) subject_token: Option<Secret<String>>,
    /// `urn:ietf:params:oauth:token-type:access_token` or `…:jwt`.
    #[schema(nullable = false)]
    pub(super) subject_token_type: Option<String>,
    /// The same two.
    #[schema(nullable = false)]
    pub(super) requested_token_type: Option<String>,
    /// Refused: nobody acts for somebody else.
    #[schema(value_type = Option<String>, nullable = false)]
    pub(super) actor_token: Option<Secret<String>>,
}

impl TokenForm {
    pub(super) fn read(headers: &HeaderMap, body: &Body) -> Result<Self, OAuthError> {
        let bytes = body.bytes();
        let mut form = Self::default();
        // No form begins with a brace, and curl calls whatever it sends a form.
        if bytes.trim_ascii_start().starts_with(b"{") {
            let Pairs(pairs) = serde_json::from_slice(bytes)
                .map_err(|_| OAuthError::invalid_request("the body is not a JSON object of texts"))?;
            form.take_all(pairs.into_iter())?;
        } else if is_form(headers) {
            let pairs = form_urlencoded::parse(bytes).map(|(name, value)| (name.into_owned(), value.into_owned()));
            form.take_all(pairs)?;
        } else {
            return Err(OAuthError::invalid_request(
                "send the body as 'Content-Type: application/x-www-form-urlencoded'",
            ));
        }
        Ok(form)
    }

    pub(super) fn grant_type(&self) -> Result<Grant, OAuthError> {
        match self.grant_type.as_deref() {
            None => Err(OAuthError::invalid_request("grant_type is missing")),
            Some("client_credentials") => Ok(Grant::ClientCredentials),
            Some(TOKEN_EXCHANGE) => Ok(Grant::TokenExchange),
            Some(_) => Err(OAuthError::unsupported_grant_type()),
        }
    }

    fn take_all(&mut self, pairs: impl Iterator<Item = (String, String)>) -> Result<(), OAuthError> {
        for (at, (name, value)) in pairs.enumerate() {
            if at >= MAX_PARAMETERS {
                return Err(OAuthError::invalid_request(format!("more than {MAX_PARAMETERS} parameters")));
            }
            if !value.is_empty() {
                self.take(&name, value)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, name: &str, value: String) -> Result<(), OAuthError> {
        let taken = match name {
            "grant_type" => self.grant_type.replace(value).is_some(),
            "client_id" => self.client_id.replace(value).is_some(),
            "client_secret" => self.client_secret.replace(value.into()).is_some(),
            "scope" => self.scope.replace(value).is_some(),
            "subject_token" => self.subject_token.replace(value.into()).is_some(),
            "subject_token_type" => self.subject_token_type.replace(value).is_some(),
            "requested_token_type" => self.requested_token_type.replace(value).is_some(),
            "actor_token" => self.actor_token.replace(value.into()).is_some(),
            _ => false,
        };
        if taken { Err(OAuthError::invalid_request(format!("{name} is given more than once"))) } else { Ok(()) }
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return true };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The fields of a JSON object in their order, one that is given twice among them.
struct Pairs(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: de::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let mut pairs = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Option<String>>()? {
            if pairs.len() > MAX_PARAMETERS {
                break;
            }
            pairs.push((name, value.unwrap_or_default()));
        }
        Ok(Pairs(pairs))
    }
}
