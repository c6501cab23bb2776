//! How long a credential lives.

use pangolin_core::clock::{Clock as _, UnixMillis};
use pangolin_core::strategy::Scoping;

use super::suite::{Suite, told, told_with};
use crate::call::Ask;
use crate::upstream::Orders;

const GROUP: &str = "ttl";

/// Where a strategy gives no bounds of its own.
const SHORT: u32 = 60;
const LONG: u32 = 43_200;

pub(super) async fn run(suite: &mut Suite<'_>) {
    let Some(access) = suite.happy.as_ref().map(|happy| happy.access) else {
        suite.report.not_covered(GROUP, "lives", "nothing was minted");
        return;
    };
    let description = suite.description();
    let least = description.min_ttl_seconds.unwrap_or(SHORT);
    let most = description.max_ttl_seconds.unwrap_or(LONG).max(least);
    for (name, ttl_seconds) in [("shortest", least), ("between", least + (most - least) / 2), ("longest", most)] {
        let ask = Ask { ttl_seconds, ..suite.ask(access) };
        let judged = one(suite, &ask).await;
        suite.report.judge(GROUP, name, judged);
    }
    shortened(suite, access).await;
}

/// Never longer than asked for, to the second.
async fn one(suite: &mut Suite<'_>, ask: &Ask) -> Result<Option<String>, String> {
    let latest = suite.lab.clock.now().plus_seconds(i64::from(ask.ttl_seconds));
    let observed = suite.vend(ask).await.map_err(|error| error.to_string())?;
    let minted = match &observed.result {
        Ok(minted) => minted,
        Err(error) => return Err(format!("{} s: {}", ask.ttl_seconds, told_with(error, &observed))),
    };
    let ends: Vec<Option<UnixMillis>> = minted.credentials.iter().map(|credential| credential.expires_at).collect();
    match ends.iter().flatten().max() {
        None => Ok(Some(format!("{} s: it does not end by itself", ask.ttl_seconds))),
        Some(end) if *end <= latest || suite.scoping() == Scoping::Unscoped => {
            Ok(Some(format!("{} s", ask.ttl_seconds)))
        }
        Some(end) => Err(format!("{} s were asked for, it ends {} ms later", ask.ttl_seconds, end.0 - latest.0)),
    }
}

/// The upstream gives less than was asked for: it, and no arithmetic, says when a credential ends.
async fn shortened(suite: &mut Suite<'_>, access: pangolin_core::access::Access) {
    let name = "end-is-the-upstreams";
    if !suite.says_expiry {
        let why = "no answer of the upstream says when something ends (a placeholder such as {{expires_ms}})";
        suite.report.not_covered(GROUP, name, why);
        return;
    }
    let ask = Ask { ttl_seconds: suite.usual_ttl().max(SHORT * 2), ..suite.ask(access) };
    let given = ask.ttl_seconds / 2;
    // What the host kept of earlier calls has the end that was said then.
    suite.lab.clock.advance_seconds(super::faults::COLD_SECONDS);
    let end = suite.lab.clock.now().plus_seconds(i64::from(given));
    let orders = Orders { ttl_seconds: given, fault: None, gone: false };
    let judged = match suite.vend_with(suite.setting, &ask, orders).await.map(|observed| observed.result) {
        Err(error) => Err(error.to_string()),
        Ok(Err(error)) if crate::lab::was_stopped(&error) => Err(told(&error)),
        Ok(Err(error)) => Ok(Some(format!("refused: {}", error.code))),
        Ok(Ok(minted)) => match minted.credentials.iter().map(|credential| credential.expires_at).max().flatten() {
            Some(said) if said.0 < end.0 + 1_000 => Ok(None),
            Some(said) => Err(format!(
                "the upstream's credential ends after {given} s, and the strategy says {} s: say what the answer says",
                (said.0 - end.0) / 1_000 + i64::from(given)
            )),
            None => Err("the upstream says when it ends, and the strategy does not".to_owned()),
        },
    };
    suite.report.judge(GROUP, name, judged);
}
