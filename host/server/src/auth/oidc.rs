//! Tokens of other issuers (OpenID Connect): found by their unverified `iss`, held against the
//! issuer's own keys, and mapped to an account of a tenant.

mod account;
mod cache;
mod claims;
mod freshness;
mod identity;
mod keys;
mod left_out;
mod source;
#[cfg(test)]
mod tests;
mod token;

use std::sync::Arc;

use pangolin_core::audit::RequestContext;
use pangolin_core::clock::Clock;
use pangolin_core::egress::EgressPolicy;
use pangolin_core::id::UserId;
use pangolin_core::principal::Principal;
use pangolin_egress::EgressClient;

use self::account::Accounts;
use self::cache::KeyCache;
use self::source::Source;
pub(crate) use self::token::Unverified;
use super::refusal::{Refusal, Refused};
use crate::config::{EgressSection, IssuerSettings};
use crate::error::ApiError;
use crate::state::AppState;

/// The issuers whose tokens are taken.
#[derive(Debug)]
pub(crate) struct Issuers {
    issuers: Vec<Issuer>,
    accounts: Accounts,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Issuer {
    settings: IssuerSettings,
    keys: KeyCache,
}

impl Issuers {
    /// Their endpoints are the operator's word, like that of the settings; for nobody else: a
    /// tenant's endpoint does not become allowed by being an issuer's.
    pub(crate) fn new(
        settings: &[IssuerSettings],
        egress: &EgressSection,
        clock: &Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let urls: Vec<url::Url> = settings.iter().map(|issuer| issuer.url.clone()).collect();
        let policy = Arc::new(EgressPolicy::new(egress.allow.clone(), &urls, egress.allow_http));
        let client = if settings.is_empty() { None } else { Some(EgressClient::new(policy)?) };
        let mut issuers = Vec::new();
        for settings in settings {
            let Some(client) = &client else { continue };
            let client = match &settings.authorities {
                Some(pem) => client.trusting(pem)?,
                None => client.clone(),
            };
            let source = Source::new(client, settings);
            issuers.push(Issuer { settings: settings.clone(), keys: KeyCache::new(source, clock.clone()) });
        }
        Ok(Self { issuers, accounts: Accounts::default() })
    }

    /// The issuer that a token says it is from, if it is one of these. Nothing is verified yet.
    pub(crate) fn of<'t>(&self, unverified: &'t str) -> Option<(&Issuer, Unverified<'t>)> {
        if self.issuers.is_empty() {
            return None;
        }
        let token = Unverified::parse(unverified)?;
        let named = token.issuer()?;
        let issuer = self.issuers.iter().find(|issuer| issuer.settings.issuer == named)?;
        Some((issuer, token))
    }

    /// What somebody should know of the token that they just showed, if it gives no roles although
    /// its issuer has some.
    pub(crate) fn hint(&self, user: UserId) -> Option<&'static str> {
        self.accounts.has_left_out(user).then_some(left_out::HINT)
    }

    /// Fetches all keys: an outage after this is bridged.
    pub(crate) async fn warm(&self) {
        futures::future::join_all(self.issuers.iter().map(|issuer| issuer.keys.warm())).await;
    }
}

impl Issuer {
    /// Who shows this token: it verifies, is for this host, and its claims have a place here.
    pub(crate) async fn principal(
        &self,
        state: &AppState,
        token: &Unverified<'_>,
        context: &RequestContext,
    ) -> Result<Result<Principal, Refused>, ApiError> {
        let Some(algorithm) = token.algorithm().filter(|named| self.settings.algorithms.contains(named)) else {
            return Ok(Err(Refusal::Malformed.into()));
        };
        match self.keys.verify(token, algorithm).await {
            Ok(true) => {}
            Ok(false) => return Ok(Err(Refusal::Malformed.into())),
            Err(unavailable) => return Err(unavailable.into()),
        }
        // From here on the claims are the issuer's own words.
        let judged = claims::check(&token.claims, &self.settings, state.clock.now());
        let subject = identity::subject(&token.claims).unwrap_or_default();
        let identity = identity::read(&token.claims, &self.settings);
        if let Err(refusal) = judged {
            state.issuers.accounts.say_refused(&self.settings, subject, &token.claims);
            return Ok(Err(account::refused(state, refusal, identity.ok().as_ref()).await?));
        }
        state.issuers.accounts.principal(state, &self.settings, subject, identity, context).await
    }
}
