//! User-delegation keys: the storage account gives one to a principal, and it signs for a day.

mod fault;

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderValue};
use pangolin_core::clock::UnixMillis;
use pangolin_core::secret::Secret;
use pangolin_core::strategy::StrategyError;
use pangolin_signing::azure_sas::{DelegationKey, VERSION};
use url::Url;

use super::cache::Ends;
use super::exchange::{self, Answer, Exchange, skewed};
use super::token::StorageToken;
use super::xml;

/// A key's life where nothing asks for more.
const DAY_SECONDS: i64 = 86_400;
/// A key begins earlier, for clocks that are behind.
const BACK_SECONDS: i64 = 300;
/// Azure's bound is seven days from the beginning.
const MAX_SECONDS: i64 = 7 * 86_400 - 2 * BACK_SECONDS;
/// A key outlives what it signs by so much.
const SPARE_SECONDS: i64 = 3_600;

/// Why there is no key.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) error: StrategyError,
    /// The account did not take the token.
    pub(super) token_is_refused: bool,
}

impl Ends for DelegationKey {
    fn expires_at(&self) -> UnixMillis {
        // A key was kept only if its end could be read.
        end(self).unwrap_or(UnixMillis(0))
    }
}

/// When the key ends, as Azure said it.
pub(super) fn end(key: &DelegationKey) -> Result<UnixMillis, StrategyError> {
    UnixMillis::parse_rfc3339(&key.expires_at).map_err(|_| fault::unreadable("its key has no expiry"))
}

/// Asks the account for a key that lives until then, or a day.
pub(super) async fn request(
    exchange: &Exchange<'_>,
    token: &StorageToken,
    endpoint: &Url,
    until: UnixMillis,
) -> Result<DelegationKey, Refused> {
    let now = exchange.clock.now();
    let least = (until.0 - now.0) / 1000 + SPARE_SECONDS;
    let ends = now.plus_seconds(least.clamp(DAY_SECONDS, MAX_SECONDS));
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><KeyInfo><Start>{}</Start><Expiry>{}</Expiry></KeyInfo>",
        seconds(now.plus_seconds(-BACK_SECONDS)),
        seconds(ends),
    );
    let refused = |error, token_is_refused| Refused { error: exchange::without(error, &token.token), token_is_refused };
    let mut url = endpoint.clone();
    url.set_query(Some("restype=service&comp=userdelegationkey"));
    let headers = headers(token).ok_or_else(|| refused(fault::unreadable("the token has no header's form"), true))?;
    match exchange.post(url, "application/xml", headers, body).await {
        Ok(answer) if answer.status == 200 => read(&answer).map_err(|error| refused(error, false)),
        Ok(answer) => Err(refused(fault::of_answer(&answer), matches!(answer.status, 401 | 403))),
        Err(error) => Err(refused(fault::of_egress(&error), false)),
    }
}

#[expect(clippy::disallowed_methods, reason = "the token goes to the checked blob service, as what it is made for")]
fn headers(token: &StorageToken) -> Option<HeaderMap> {
    let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.token.expose())).ok()?;
    bearer.set_sensitive(true);
    let version = ("x-ms-version", HeaderValue::from_static(VERSION));
    let mut headers = HeaderMap::new();
    headers.insert(http::header::AUTHORIZATION, bearer);
    headers.insert(version.0, version.1);
    Some(headers)
}

/// The key, each text as Azure gave it.
fn read(answer: &Answer) -> Result<DelegationKey, StrategyError> {
    // What a host with a wrong clock signs does not work, or works for longer than it says.
    if let Some(seconds) = answer.skew_seconds {
        return Err(skewed(seconds));
    }
    let mut texts = xml::elements(&answer.body).ok_or_else(|| fault::unreadable("its key is not XML"))?;
    let key = DelegationKey {
        object_id: take(&mut texts, "SignedOid")?,
        tenant_id: take(&mut texts, "SignedTid")?,
        starts_at: take(&mut texts, "SignedStart")?,
        expires_at: take(&mut texts, "SignedExpiry")?,
        service: take(&mut texts, "SignedService")?,
        version: take(&mut texts, "SignedVersion")?,
        value: Secret::new(take(&mut texts, "Value")?),
    };
    end(&key).map(|_| key)
}

fn take(texts: &mut BTreeMap<String, String>, name: &str) -> Result<String, StrategyError> {
    let text = texts.remove(name).filter(|text| !text.is_empty() && text.len() <= 256);
    text.ok_or_else(|| fault::unreadable("its key is not whole"))
}

/// `2026-01-31T09:30:00Z`.
fn seconds(at: UnixMillis) -> String {
    format!("{}Z", at.to_rfc3339().get(..19).unwrap_or_default())
}
