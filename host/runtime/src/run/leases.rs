//! The optional export `leases`: claim, survey, revoke, recover.

use pangolin_core::lease::{Claim, Interrupted, Recovery, Revoked};
use pangolin_core::ports::{StrategyCall, UpkeepCall};
use pangolin_core::secret::Secret;
use pangolin_core::strategy::{StrategyError, StrategyErrorKind};

use super::presign::not_exported;
use super::{GuestConfig, Sandbox, failure, request, require_granted};
use crate::answer::{MAX_HANDLE_BYTES, handle};
use crate::bindings::leases as wit;
use crate::call::Call;
use crate::directory::LoadedPlugin;
use crate::guest::Phase;
use crate::text;

/// Characters of a resource's or a share's name.
const MAX_NAME: usize = 1_024;

/// Leases that a resource may have room for.
const MAX_CAPACITY: u32 = 1_000;

/// Bytes of a survey.
const MAX_SURVEY: usize = 64 * 1024;

/// Handles and names that one recovery may report.
const MAX_FOUND: usize = 64;

impl Sandbox {
    /// Runs `claim`.
    pub(crate) async fn claim(&self, plugin: &LoadedPlugin, ask: StrategyCall<'_>) -> Result<Claim, StrategyError> {
        let (linked, export) = leases(plugin)?;
        let limits = &plugin.granted.limits;
        let _places = self.places(plugin, ask.authorised.tenant_id()).await?;
        let config = GuestConfig::new(plugin, &ask.warehouse.config);
        let request = request::vend_request(config.configuration(plugin, |slot| ask.slots.contains_key(slot))?, &ask);
        let call = Call::ungranted(&plugin.name, limits);
        let (answer, call) = self
            .run(linked, call, Phase::Claim, limits, async |store, instance| {
                export.load(&mut *store, instance)?.call_claim(store, &request).await
            })
            .await?;
        let claim = answer.map_err(|error| failure::of_guest(error, &call))?;
        let fits = |name: &str| (1..=MAX_NAME).contains(&name.len()) && !name.chars().any(char::is_control);
        if !fits(&claim.resource) || !fits(&claim.share) || !(1..=MAX_CAPACITY).contains(&claim.capacity) {
            return Err(bad("a claim has a resource and a share of 1 to 1024 bytes, and room for 1 to 1000 leases"));
        }
        Ok(Claim { resource: claim.resource, share: claim.share, capacity: claim.capacity })
    }

    /// Runs `survey`.
    #[expect(clippy::disallowed_methods, reason = "handles go back to the strategy that made them")]
    pub(crate) async fn survey(
        &self,
        plugin: &LoadedPlugin,
        ask: StrategyCall<'_>,
        known: &[Secret<String>],
    ) -> Result<String, StrategyError> {
        let (linked, export) = leases(plugin)?;
        let limits = &plugin.granted.limits;
        let _places = self.places(plugin, ask.authorised.tenant_id()).await?;
        let config = GuestConfig::new(plugin, &ask.warehouse.config);
        let request = request::vend_request(config.configuration(plugin, |slot| ask.slots.contains_key(slot))?, &ask);
        let known: Vec<String> = known.iter().map(|handle| handle.expose().clone()).collect();
        let call = request::call(plugin, config, &ask);
        let (answer, call) = self
            .run(linked, call, Phase::Survey, limits, async |store, instance| {
                export.load(&mut *store, instance)?.call_survey(store, &request, &known).await
            })
            .await?;
        let survey = answer.map_err(|error| failure::of_guest(error, &call))?;
        if survey.len() > MAX_SURVEY { Err(bad("a survey has at most 65536 bytes")) } else { Ok(survey) }
    }

    /// Runs `revoke`.
    #[expect(clippy::disallowed_methods, reason = "the handle goes back to the strategy that made it")]
    pub(crate) async fn revoke(
        &self,
        plugin: &LoadedPlugin,
        ask: UpkeepCall<'_>,
        handle: &Secret<String>,
    ) -> Result<Revoked, StrategyError> {
        let (linked, export) = leases(plugin)?;
        let limits = &plugin.granted.limits;
        let _places = self.places(plugin, ask.warehouse.tenant_id).await?;
        let config = GuestConfig::new(plugin, &ask.warehouse.config);
        let request = wit::RevokeRequest {
            configuration: config.configuration(plugin, |slot| ask.slots.contains_key(slot))?,
            handle: handle.expose().clone(),
            tenant: ask.warehouse.tenant_id.to_string(),
            request_id: ask.request_id.to_owned(),
        };
        let call = request::upkeep(plugin, config, &ask);
        let (answer, call) = self
            .run(linked, call, Phase::Revoke, limits, async |store, instance| {
                export.load(&mut *store, instance)?.call_revoke(store, &request).await
            })
            .await?;
        answer.map_err(|error| failure::of_guest(error, &call)).map(|revoked| match revoked {
            wit::Revoked::Revoked => Revoked::Revoked,
            wit::Revoked::Gone => Revoked::Gone,
        })
    }

    /// Runs `recover`.
    #[expect(clippy::disallowed_methods, reason = "handles go back to the strategy that made them")]
    pub(crate) async fn recover(
        &self,
        plugin: &LoadedPlugin,
        ask: UpkeepCall<'_>,
        mint: Interrupted<'_>,
    ) -> Result<Recovery, StrategyError> {
        let (linked, export) = leases(plugin)?;
        let limits = &plugin.granted.limits;
        let _places = self.places(plugin, ask.warehouse.tenant_id).await?;
        let config = GuestConfig::new(plugin, &ask.warehouse.config);
        let configuration = config.configuration(plugin, |slot| ask.slots.contains_key(slot))?;
        let tenant = ask.warehouse.tenant_id.to_string();
        let request = wit::RecoverRequest {
            interrupted: request::interrupted(configuration, mint.request, tenant),
            survey: mint.survey.to_owned(),
            started_at_ms: u64::try_from(mint.started_at.0).unwrap_or(0),
            ended_at_ms: u64::try_from(mint.ended_at.0).unwrap_or(0),
            known: mint.known.iter().map(|handle| handle.expose().clone()).collect(),
        };
        let call = request::upkeep(plugin, config, &ask);
        let (answer, call) = self
            .run(linked, call, Phase::Recover, limits, async |store, instance| {
                export.load(&mut *store, instance)?.call_recover(store, &request).await
            })
            .await?;
        let recovery = answer.map_err(|error| failure::of_guest(error, &call))?;
        if recovery.found.len() > MAX_FOUND || recovery.undecided.len() > MAX_FOUND {
            return Err(bad("a recovery reports at most 64 handles and 64 names"));
        }
        Ok(Recovery {
            found: recovery.found.into_iter().map(handle_of).collect::<Result<_, _>>()?,
            undecided: recovery.undecided.iter().map(|name| text::printable(&text::masked(name, &call), 200)).collect(),
        })
    }
}

fn handle_of(text: String) -> Result<Secret<String>, StrategyError> {
    handle(Some(text))?.ok_or_else(|| bad(format!("a handle has 1 to {MAX_HANDLE_BYTES} bytes")))
}

fn leases(plugin: &LoadedPlugin) -> Result<(&crate::bindings::Exports, &wit::GuestIndices), StrategyError> {
    require_granted(plugin)?;
    let linked = &plugin.component.linked;
    let export = linked.leases.as_ref().ok_or_else(|| not_exported(plugin, "leases"))?;
    Ok((linked, export))
}

fn bad(message: impl Into<String>) -> StrategyError {
    StrategyError::new(StrategyErrorKind::Plugin, "plugin-bad-answer", message)
}
