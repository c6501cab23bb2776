//! The three requests that make tokens of other tokens: an assertion for an access token, a
//! subject token of a workload for a federated one, and a wide token for a narrow one.

use pangolin_core::clock::Clock;
use pangolin_core::secret::Secret;
use pangolin_core::strategy::StrategyError;
use pangolin_signing::google::{Assertion, MAX_LIFE_SECONDS, ServiceAccount};
use url::Url;

use super::fault::{self, Asked};
use super::wire::{self, Wire};
use super::{SCOPE, WideToken, invalid};

const EXCHANGE: (&str, &str) = ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
const FOR_ACCESS: (&str, &str) = ("requested_token_type", ACCESS_TOKEN);
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A service account's token, by its signed assertion.
pub(super) async fn assertion(
    wire: &Wire<'_>,
    asked: Asked,
    token_uri: &Url,
    account: &ServiceAccount,
    clock: &dyn Clock,
) -> Result<WideToken, StrategyError> {
    let at = clock.now();
    let assertion = account
        .assertion(&Assertion { audience: token_uri.as_str(), scope: SCOPE, at, life_seconds: MAX_LIFE_SECONDS })
        .map_err(|error| invalid("service-account-key-invalid", error.to_string()))?;
    let grant = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")];
    let answer = wire.form(asked, token_uri, &grant, ("assertion", &assertion)).await?;
    wire::wide_token(asked, answer, at)
}

/// A workload's token at its pool, by the token of its own provider.
pub(super) async fn federated(
    wire: &Wire<'_>,
    asked: Asked,
    token_url: &Url,
    (audience, subject_token_type): (&str, &str),
    subject_token: &Secret<String>,
    clock: &dyn Clock,
) -> Result<WideToken, StrategyError> {
    let at = clock.now();
    let fields =
        [EXCHANGE, FOR_ACCESS, ("audience", audience), ("scope", SCOPE), ("subject_token_type", subject_token_type)];
    let answer = wire.form(asked, token_url, &fields, ("subject_token", subject_token)).await?;
    wire::wide_token(asked, answer, at)
}

/// A token within the boundary. Where STS does not say when it ends, it ends with the wide one.
pub(super) async fn downscope(
    wire: &Wire<'_>,
    asked: Asked,
    sts: &Url,
    wide: &WideToken,
    boundary: &str,
    clock: &dyn Clock,
) -> Result<WideToken, StrategyError> {
    let at = clock.now();
    let fields = [EXCHANGE, FOR_ACCESS, ("subject_token_type", ACCESS_TOKEN), ("options", boundary)];
    let mut answer = wire.form(asked, sts, &fields, ("subject_token", &wide.token)).await?;
    let expires_at = wire::expires_at(asked, &answer, at)?.unwrap_or(wide.expires_at);
    let token = wire::access_token(asked, &mut answer)?;
    if token == wide.token {
        return Err(fault::unreadable(asked, "its token is the one that it was to narrow"));
    }
    Ok(WideToken { token, expires_at })
}
