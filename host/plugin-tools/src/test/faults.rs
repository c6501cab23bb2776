//! An upstream that fails, in every way and at every call: an error of a fitting kind, and never a
//! credential.

use pangolin_core::strategy::{Minted, StrategyError, StrategyErrorKind as Kind};

use super::suite::{Suite, told};
use crate::lab::{Observed, was_stopped};
use crate::scenario::Failure;
use crate::upstream::{ALL_FAULTS, Fault, Orders, RETRY_AFTER_SECONDS};

const GROUP: &str = "faults";

/// Calls that are made to fail.
const MOST_CALLS: usize = 8;

/// Longer than the host keeps a token or a key of a cloud.
pub(super) const COLD_SECONDS: i64 = 10 * 86_400;

pub(super) async fn run(suite: &mut Suite<'_>) {
    let Some(access) = suite.happy.as_ref().map(|happy| happy.access) else {
        suite.report.not_covered(GROUP, "all", "nothing was minted");
        return;
    };
    // The calls of a vend for which the host keeps nothing from before.
    suite.lab.clock.advance_seconds(COLD_SECONDS);
    let ask = suite.ask(access);
    let Ok(cold) = suite.vend(&ask).await else { return };
    if cold.seen.is_empty() {
        suite.report.not_covered(GROUP, "all", "a vend asks no upstream");
        return;
    }
    let mut places: Vec<String> = Vec::new();
    for (number, seen) in cold.seen.iter().enumerate() {
        let place = format!("{} {}", seen.request.method, seen.request.url);
        if places.contains(&place) || places.len() == MOST_CALLS {
            continue;
        }
        places.push(place);
        suite.report.pass_with(GROUP, format!("call-{}", number + 1), seen.title());
        for fault in ALL_FAULTS {
            if fault.is_of_body() && !seen.has_body() {
                continue;
            }
            suite.lab.clock.advance_seconds(COLD_SECONDS);
            let ask = suite.ask(access);
            let orders = Orders { fault: Some((number, fault)), ..suite.orders(&ask) };
            let judged = match suite.vend_with(suite.setting, &ask, orders).await {
                Ok(observed) => judge(suite, fault, &observed),
                Err(error) => Err(error.to_string()),
            };
            suite.report.judge(GROUP, format!("{}-at-{}", fault.name(), number + 1), judged);
        }
    }
}

fn judge(suite: &Suite<'_>, fault: Fault, observed: &Observed<Minted>) -> Result<Option<String>, String> {
    let Err(error) = &observed.result else { return Err("a credential was minted all the same".to_owned()) };
    if was_stopped(error) {
        return Err(format!("the component did not see the fault, or failed over it: {}", told(error)));
    }
    well_told(suite, error)?;
    if !kinds(fault).contains(&error.kind) {
        return Err(format!("the kind does not fit, {:?} would: {}", kinds(fault), told(error)));
    }
    let waits = u64::from(RETRY_AFTER_SECONDS) * 1_000;
    if fault == Fault::Throttled && error.retry_after_ms.map(u64::from) != Some(waits) {
        return Err(format!(
            "Retry-After of {RETRY_AFTER_SECONDS} s is not passed on as retry-after-ms {waits}: {}",
            told(error)
        ));
    }
    Ok(Some(format!("{:?}, {}", error.kind, error.code)))
}

/// A code that programs can read, and a message for people, without a secret.
fn well_told(suite: &Suite<'_>, error: &StrategyError) -> Result<(), String> {
    // The host puts this in the place of a code that has no valid form.
    if error.code == "plugin-error" {
        return Err("the code of the error is not kebab-case, or too long".to_owned());
    }
    if error.message.split_whitespace().count() < 2 {
        return Err(format!("the message tells nobody what to do: '{}'", error.message));
    }
    if suite.watch.has_secret(&error.message) {
        return Err("the message holds the value of a secret".to_owned());
    }
    Ok(())
}

/// Kinds that a client is served well with.
fn kinds(fault: Fault) -> &'static [Kind] {
    match fault {
        Fault::Status(401 | 403) => &[Kind::Denied, Kind::InvalidConfig, Kind::Upstream, Kind::Unavailable],
        Fault::Status(409) => &[Kind::Exhausted, Kind::Upstream, Kind::Denied, Kind::InvalidConfig, Kind::Unavailable],
        Fault::Status(503) => &[Kind::Unavailable, Kind::Throttled, Kind::Upstream],
        Fault::Status(500..) => &[Kind::Upstream, Kind::Unavailable],
        Fault::Status(_) => &[Kind::InvalidConfig, Kind::Denied, Kind::Upstream, Kind::Unsupported, Kind::Unavailable],
        Fault::Throttled => &[Kind::Throttled],
        Fault::Fails(Failure::Tls) => &[Kind::Unavailable, Kind::Upstream, Kind::InvalidConfig],
        _ => &[Kind::Upstream, Kind::Unavailable],
    }
}
