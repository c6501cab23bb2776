//! The optional export `leases`: one lease from its claim to its end, and one that is gone.

use pangolin_core::access::Access;
use pangolin_core::clock::Clock as _;
use pangolin_core::lease::{Claim, Interrupted, MintRequest, Revoked};
use pangolin_core::ports::{Strategies as _, StrategyCall};
use pangolin_core::secret::Secret;
use pangolin_core::strategy::StrategyError;

use super::suite::{Suite, told, told_with};
use crate::call::Ask;
use crate::lab::{Observed, was_stopped};
use crate::upstream::Orders;

const GROUP: &str = "leases";

pub(super) async fn run(suite: &mut Suite<'_>) {
    if !suite.lab.loaded.info.leases() {
        suite.report.not_covered(GROUP, "claim", "the component does not export `leases`");
        return;
    }
    let Some(access) = suite.happy.as_ref().map(|happy| happy.access) else {
        suite.report.not_covered(GROUP, "claim", "nothing was minted");
        return;
    };
    let judged = claim(suite, access).await;
    suite.report.judge(GROUP, "claim", judged);
    let handle = suite.happy.as_ref().and_then(|happy| {
        happy.observed.result.as_ref().ok()?.credentials.iter().find_map(|credential| credential.handle.clone())
    });
    let judged = recover(suite, access).await;
    suite.report.judge(GROUP, "survey-and-recover", judged);
    let Some(handle) = handle else {
        suite.report.not_covered(GROUP, "revoke", "what was minted has no handle");
        return;
    };
    let ask = suite.ask(access);
    let usual = suite.orders(&ask);
    let (observed, sent) = revoke(suite, &handle, usual).await;
    suite.report.judge(
        GROUP,
        "revoke",
        match observed {
            Ok(Revoked::Revoked) if sent > 0 => Ok(None),
            Ok(Revoked::Revoked) => Err("nothing was sent, so nothing was ended".to_owned()),
            Ok(Revoked::Gone) => {
                Err("it says that the lease was gone, and the upstream ended it: see the answers of the scenario"
                    .to_owned())
            }
            Err(why) => Err(why),
        },
    );
    let (observed, _) = revoke(suite, &handle, Orders { gone: true, ..usual }).await;
    suite.report.judge(
        GROUP,
        "revoke-what-is-gone",
        match observed {
            Ok(Revoked::Gone) => Ok(None),
            Ok(Revoked::Revoked) => Ok(Some("says `revoked`, and the upstream did not find it".to_owned())),
            Err(why) => Err(format!("the host would try again for ever: {why}")),
        },
    );
    let (observed, _) = revoke(suite, &Secret::from("no handle of this strategy"), usual).await;
    suite.report.judge(
        GROUP,
        "revoke-a-handle-that-is-none",
        match observed {
            Err(why) if why.starts_with("stopped") => Err(why),
            Err(why) => Ok(Some(why)),
            Ok(_) => Err("something was ended, or said to be".to_owned()),
        },
    );
}

/// Talks to nobody, and says the same of the same request.
async fn claim(suite: &mut Suite<'_>, access: Access) -> Result<Option<String>, String> {
    let ask = suite.ask(access);
    let first = claimed(suite, &ask).await?;
    let second = claimed(suite, &Ask { request_id: ask.request_id.clone() + "-2", ..ask }).await?;
    if first == second {
        Ok(Some(format!("room for {}", first.capacity)))
    } else {
        Err("the same request claims another resource the second time".to_owned())
    }
}

async fn claimed(suite: &mut Suite<'_>, ask: &Ask) -> Result<Claim, String> {
    let observed = asked(suite, ask, async |suite, call| suite.lab.loaded.runtime.claim(call).await).await?;
    if !observed.seen.is_empty() {
        return Err("a request was sent: a claim talks to nobody".to_owned());
    }
    observed.result.map_err(|error| told(&error))
}

/// What is known before a mint, and what is left of one that was interrupted.
async fn recover(suite: &mut Suite<'_>, access: Access) -> Result<Option<String>, String> {
    let ask = suite.ask(access);
    let observed = asked(suite, &ask, async |suite, call| suite.lab.loaded.runtime.survey(call, &[]).await).await?;
    let survey = match &observed.result {
        Ok(survey) => survey.clone(),
        Err(error) => return Err(format!("survey: {}", told_with(error, &observed))),
    };
    let authorised = suite.setting.authorise(&ask).map_err(|error| error.to_string())?;
    let now = suite.lab.clock.now();
    let request = MintRequest::new(&authorised, ask.ttl_seconds, &ask.request_id);
    let mint = Interrupted {
        request: &request,
        survey: &survey,
        started_at: now.plus_seconds(-30),
        ended_at: now,
        known: &[],
    };
    let run = suite.lab.loaded.runtime.recover(suite.setting.upkeep(&ask.request_id), mint);
    let observed = suite.lab.observe(&ask.request_id, suite.orders(&ask), run).await;
    suite.watch.look_at(&observed);
    match &observed.result {
        Ok(left) => Ok(Some(format!("{} found, {} undecided", left.found.len(), left.undecided.len()))),
        Err(error) => Err(format!("recover: {}", told_with(error, &observed))),
    }
}

/// How a revocation ended, and how many requests it took.
async fn revoke(suite: &mut Suite<'_>, handle: &Secret<String>, orders: Orders) -> (Result<Revoked, String>, usize) {
    let request_id = suite.ask(Access::READ).request_id;
    let run = suite.lab.loaded.runtime.revoke(suite.setting.upkeep(&request_id), handle);
    let observed = suite.lab.observe(&request_id, orders, run).await;
    suite.watch.look_at(&observed);
    let sent = observed.seen.len();
    let ended = observed.result.as_ref().copied().map_err(|error| {
        let stopped = if was_stopped(error) && error.code.starts_with("plugin-") { "stopped: " } else { "" };
        format!("{stopped}{}", told_with(error, &observed))
    });
    (ended, sent)
}

async fn asked<'s, T>(
    suite: &mut Suite<'s>,
    ask: &Ask,
    run: impl AsyncFnOnce(&Suite<'s>, StrategyCall<'_>) -> Result<T, StrategyError>,
) -> Result<Observed<T>, String> {
    let authorised = suite.setting.authorise(ask).map_err(|error| error.to_string())?;
    let call = suite.setting.call(ask, &authorised);
    let observed = suite.lab.observe(&ask.request_id, suite.orders(ask), run(suite, call)).await;
    suite.watch.look_at(&observed);
    Ok(observed)
}
