//! `pangolin plugin run`: one call of a component, with what it sent, logged and answered. Against
//! a scenario, against the servers themselves, or against the transcript of an earlier run.

mod arguments;
mod print;
mod transcript;

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use pangolin_core::access::Access;
use pangolin_core::clock::{Clock as _, SystemClock, UnixMillis};
use pangolin_core::egress::EgressPolicy;
use pangolin_core::ports::{PresignAsk, Strategies as _};
use pangolin_core::strategy::Minted;
use serde_json::Value;
use uuid::Uuid;

pub(crate) use self::arguments::{Arguments, Export};
use self::print::Printer;
pub(crate) use self::transcript::is_sensitive;
use crate::Context;
use crate::call::{Ask, Setting, parse_access};
use crate::lab::{Lab, Observed, Reached};
use crate::loaded::NotLoaded;
use crate::scenario::{Recorded, Scenario};
use crate::upstream::Orders;

/// A life that most strategies can mint.
const USUAL_SECONDS: u32 = 900;

pub(crate) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<()> {
    let scenario = scenario(arguments)?;
    let recorded = scenario.recorded.as_ref().filter(|_| arguments.replay.is_some());
    let (reached, now) = reached(arguments, recorded)?;
    let lab = match Lab::open(&arguments.component, &scenario, reached, now, context).await {
        Ok(lab) => lab,
        Err(NotLoaded::Refused(rejected)) => {
            bail!("{}", crate::shown::printable_lines(&format!("the component is refused: {}", rejected.reason), 2_000))
        }
        Err(NotLoaded::Failed(error)) => return Err(error),
    };
    let export = match (arguments.export, recorded) {
        (Some(export), _) => export,
        (None, Some(recorded)) => Export::named(&recorded.export).context("the transcript is of another export")?,
        (None, None) => Export::Vend,
    };
    if export == Export::Describe {
        let text = serde_json::to_string_pretty(lab.description())?;
        return crate::printed::out(&format!("{}\n", crate::shown::printable_lines(&text, 10_000)));
    }
    let setting = lab.maker().setting(&scenario).await?;
    let access = arguments.access.as_deref().or(recorded.map(|recorded| recorded.access.as_str()));
    let ttl_seconds = arguments.ttl.or(recorded.map(|recorded| recorded.ttl_seconds));
    let ask = Ask {
        table: arguments.table.clone(),
        more: Vec::new(),
        access: access.map_or(Ok(Access::FULL), parse_access)?,
        ttl_seconds: ttl_seconds.unwrap_or_else(|| usual(&lab)),
        principal: arguments.principal.clone(),
        request_id: Uuid::new_v4().to_string(),
    };
    let mut printer = Printer::new(&lab, &setting, arguments.show_secrets);
    printer.asked(export, &ask);
    let ended = match export {
        Export::Vend => vend(&lab, &setting, &ask, &mut printer, &scenario, arguments).await,
        Export::Presign => presign(&lab, &setting, &ask, &mut printer, &scenario, arguments).await,
        // By making the setting it was done; a problem is an error there.
        Export::CheckConfig => {
            printer.line("no problem");
            Ok(())
        }
        Export::Describe => Ok(()),
    };
    crate::printed::out(&printer.text())?;
    ended
}

/// The scenario with what the command line says.
fn scenario(arguments: &Arguments) -> anyhow::Result<Scenario> {
    let mut scenario = match &arguments.replay {
        Some(path) => Scenario::read(path)?,
        // What lies there by chance does not say where secrets are sent to.
        None if arguments.network => arguments.scenario.as_deref().map(Scenario::read).transpose()?.unwrap_or_default(),
        None => Scenario::find(arguments.scenario.as_deref(), &arguments.component)?.unwrap_or_default(),
    };
    if arguments.replay.is_some() && scenario.recorded.is_none() {
        bail!("this is no transcript of a run: it has no [recorded]");
    }
    scenario.config.extend(overrides(&arguments.config)?);
    scenario.secrets.extend(arguments::secrets(&arguments.secret)?);
    scenario.config.retain(|name, _| !scenario.secrets.contains_key(name));
    Ok(scenario)
}

fn reached(arguments: &Arguments, recorded: Option<&Recorded>) -> anyhow::Result<(Reached, UnixMillis)> {
    let now = SystemClock.now();
    if let Some(recorded) = recorded {
        return Ok((Reached::Transcript, UnixMillis(recorded.at_ms)));
    }
    if !arguments.network {
        return Ok((Reached::Scenario, UnixMillis(now.0 / 1000 * 1000)));
    }
    let ranges = EgressPolicy::parse_ranges(arguments.allow.as_deref().unwrap_or_default())?;
    let policy = EgressPolicy::new(ranges, &[], false);
    Ok((Reached::Network { policy, identity: arguments.host_identity }, now))
}

/// `name=value`; a value is text, and the host reads numbers and booleans from text.
fn overrides(given: &[String]) -> anyhow::Result<BTreeMap<String, Value>> {
    let one = |text: &String| {
        let (name, value) = text.split_once('=').with_context(|| format!("--config {text} is not name=value"))?;
        if pangolin_core::warehouse::names_a_secret(name) {
            bail!("'{name}' is a secret: give it as --secret {name}=@FILE or --secret {name}=env:VARIABLE");
        }
        Ok((name.to_owned(), Value::from(value)))
    };
    given.iter().map(one).collect()
}

fn usual(lab: &Lab) -> u32 {
    let description = lab.description();
    USUAL_SECONDS.min(description.max_ttl_seconds.unwrap_or(u32::MAX)).max(description.min_ttl_seconds.unwrap_or(0))
}

async fn vend(
    lab: &Lab,
    setting: &Setting,
    ask: &Ask,
    printer: &mut Printer<'_>,
    scenario: &Scenario,
    arguments: &Arguments,
) -> anyhow::Result<()> {
    let orders = Orders { ttl_seconds: ask.ttl_seconds, fault: None, gone: false };
    let observed = lab.vend(setting, ask, orders).await?;
    if let Ok(minted) = &observed.result {
        printer.knows(minted);
    }
    printer.observed(&observed);
    record(lab, setting, ask, Export::Vend, &observed, observed.result.as_ref().ok(), scenario, arguments)?;
    match &observed.result {
        Ok(minted) => {
            printer.minted(minted);
            Ok(())
        }
        Err(error) => {
            printer.error(error);
            bail!("nothing was minted")
        }
    }
}

async fn presign(
    lab: &Lab,
    setting: &Setting,
    ask: &Ask,
    printer: &mut Printer<'_>,
    scenario: &Scenario,
    arguments: &Arguments,
) -> anyhow::Result<()> {
    let location = setting.location(&format!("{}/{}", ask.table, arguments.object))?;
    let authorised = setting.authorise(ask)?;
    let call = setting.call(ask, &authorised);
    let orders = Orders { ttl_seconds: ask.ttl_seconds, fault: None, gone: false };
    let object = PresignAsk { location: &location, method: &arguments.method };
    let observed = lab.observe(&ask.request_id, orders, lab.loaded.runtime.presign(call, object)).await;
    printer.observed(&observed);
    record(lab, setting, ask, Export::Presign, &observed, None, scenario, arguments)?;
    match &observed.result {
        Ok(presigned) => {
            printer.presigned(presigned);
            Ok(())
        }
        Err(error) => {
            printer.error(error);
            bail!("nothing was signed")
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "a transcript is made of all that a run had")]
fn record<T>(
    lab: &Lab,
    setting: &Setting,
    ask: &Ask,
    export: Export,
    observed: &Observed<T>,
    minted: Option<&Minted>,
    scenario: &Scenario,
    arguments: &Arguments,
) -> anyhow::Result<()> {
    let Some(path) = &arguments.record else { return Ok(()) };
    let recorded = Recorded {
        at_ms: lab.clock.now().0,
        export: export.name().to_owned(),
        access: arguments::access_text(ask.access),
        ttl_seconds: ask.ttl_seconds,
    };
    let base = scenario.base.clone().unwrap_or_else(|| setting.warehouse.base.as_str().to_owned());
    let transcript = transcript::of(&base, recorded, setting, &observed.seen, minted);
    transcript::write(&transcript, path)
}

#[cfg(test)]
mod tests;
