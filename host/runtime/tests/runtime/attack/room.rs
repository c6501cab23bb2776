//! Many hostile guests in one host, beside an honest one, in front of servers that remember.

use std::cell::RefCell;
use std::sync::Arc;

use pangolin_core::ports::Strategies as _;
use pangolin_core::strategy::{Minted, StrategyError};
use pangolin_egress::EgressClient;
use serde_json::Value;

use super::planted;
use crate::ask::Back;
use crate::cloud::{Cloud, answer};
use crate::guest::Guest;
use crate::host::Host;
use crate::{logs, services};

/// Guests that are called at a time.
const AT_A_TIME: usize = 4;

/// The guests and what they see.
pub(super) struct Room {
    pub(super) host: Host,
    pub(super) cloud: Arc<Cloud>,
    names: Vec<String>,
}

/// A guest with a field for each planted secret, that may reach their server and one of its author.
pub(super) fn thief() -> Guest {
    Guest { fields: planted::fields(), hosts: vec![planted::TOKENS, "*.evil.example"], ..Guest::named("Bad") }
}

impl Room {
    /// Each guest is granted what it asks for; values of slots as credentials are not among it.
    pub(super) async fn of(guests: Vec<Guest>) -> Self {
        Self::with(guests, Cloud::answering(|_| answer("{}")), "").await
    }

    /// The same, with these servers and bounds.
    pub(super) async fn with(guests: Vec<Guest>, cloud: Arc<Cloud>, limits: &str) -> Self {
        Self { cloud: cloud.clone(), ..Self::over(guests, cloud.client(), limits).await }
    }

    /// The same, with what this client reaches.
    pub(super) async fn over(mut guests: Vec<Guest>, egress: EgressClient, limits: &str) -> Self {
        let mut grants = "[plugins.Good]\n".to_owned();
        let mut names = Vec::new();
        for (number, guest) in guests.iter_mut().enumerate() {
            let name = format!("Bad{number}");
            let hosts: Vec<String> = guest.hosts.iter().map(|host| format!("\"{host}\"")).collect();
            grants += &format!("[plugins.{name}]\nhosts = [{}]\n[plugins.{name}.limits]\n{limits}\n", hosts.join(","));
            guest.name = name.clone().into_bytes();
            names.push(name);
        }
        guests.push(Guest::named("Good"));
        let mut host = Host::over(&guests, &grants, services::through(egress)).await;
        assert_eq!(host.runtime.rejected(), [], "hostile guests must load to be called");
        host.slots = planted::slots();
        Self { host, cloud: Cloud::answering(|_| answer("")), names }
    }

    /// A field of the warehouse.
    pub(super) fn config(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.host.config.insert(name.to_owned(), value.into());
        self
    }

    /// Calls each guest, beside the honest one. No planted secret is anywhere but where it may be.
    pub(super) async fn outcomes(&self) -> Vec<Result<Minted, StrategyError>> {
        let outcomes = RefCell::new(Vec::new());
        let log = logs::captured(async {
            let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
            for names in names.chunks(AT_A_TIME) {
                let some = self.host.beside_honest(names).await;
                outcomes.borrow_mut().extend(some);
            }
        })
        .await;
        assert_eq!(planted::found_in(log.as_bytes()), [""; 0], "in the log");
        let outcomes = outcomes.into_inner();
        for outcome in &outcomes {
            let said = match outcome {
                Ok(minted) => all_of(minted),
                Err(error) => format!("{error} {error:?}"),
            };
            assert_eq!(planted::found_in(said.as_bytes()), [""; 0], "in an answer or an error");
        }
        for seen in self.cloud.seen() {
            if seen.host != planted::TOKENS {
                assert_eq!(planted::found_in(&seen.bytes), [""; 0], "sent to {}", seen.host);
            }
        }
        outcomes
    }

    /// The errors of all guests.
    pub(super) async fn errors(&self) -> Vec<StrategyError> {
        self.outcomes().await.into_iter().map(Result::unwrap_err).collect()
    }

    /// The codes of all guests' errors.
    pub(super) async fn codes(&self) -> Vec<String> {
        self.errors().await.into_iter().map(|error| error.code).collect()
    }

    /// What came back of all guests' last requests.
    pub(super) async fn backs(&self) -> Vec<Back> {
        self.errors().await.iter().map(Back::of).collect()
    }
}

/// Everything that is in an answer, values of credentials too.
#[expect(clippy::disallowed_methods, reason = "planted secrets are looked for in what goes out")]
fn all_of(minted: &Minted) -> String {
    let entries = minted.credentials.iter().flat_map(|credential| &credential.entries);
    let values: Vec<&str> = entries.map(|(_, value)| value.expose().as_str()).collect();
    format!("{minted:?} {values:?}")
}
