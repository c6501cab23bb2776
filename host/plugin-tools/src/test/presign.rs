//! The optional export `presign`.

use pangolin_core::access::Access;
use pangolin_core::ports::{PresignAsk, Presigned, Strategies as _};

use super::suite::{Suite, told};
use crate::call::Ask;
use crate::lab::{Observed, was_stopped};

const GROUP: &str = "presign";

pub(super) async fn run(suite: &mut Suite<'_>) {
    if !suite.lab.loaded.info.presigns() {
        suite.report.not_covered(GROUP, "get", "the component does not export `presign`");
        return;
    }
    for (name, method, access, object) in [
        ("get", "GET", Access::READ, "data/part-0.parquet"),
        ("head", "HEAD", Access::READ, "data/part-0.parquet"),
        ("put", "PUT", Access::READ_WRITE, "data/part-0.parquet"),
        ("delete", "DELETE", Access::FULL, "data/part-0.parquet"),
        ("odd-name", "GET", Access::READ, "data/a b%25+'\"*\u{ef}&c=d.parquet"),
    ] {
        let ask = suite.ask(access);
        let judged = match one(suite, &ask, method, object).await {
            // That it leads to the object, at the warehouse's storage and in time, the host has judged.
            Ok(Ok(_)) => Ok(None),
            Ok(Err(error)) if was_stopped(&error) => Err(told(&error)),
            Ok(Err(error)) => Ok(Some(format!("refused: {}", told(&error)))),
            Err(why) => Err(why),
        };
        match judged {
            Ok(Some(why)) if name != "odd-name" => suite.report.not_covered(GROUP, name, why),
            judged => suite.report.judge(GROUP, name, judged),
        }
    }
}

async fn one(
    suite: &mut Suite<'_>,
    ask: &Ask,
    method: &str,
    object: &str,
) -> Result<Result<Presigned, pangolin_core::strategy::StrategyError>, String> {
    let location = suite.setting.location(&format!("{}/{object}", ask.table)).map_err(|error| error.to_string())?;
    let authorised = suite.setting.authorise(ask).map_err(|error| error.to_string())?;
    let call = suite.setting.call(ask, &authorised);
    let run = suite.lab.loaded.runtime.presign(call, PresignAsk { location: &location, method });
    let observed: Observed<Presigned> = suite.lab.observe(&ask.request_id, suite.orders(ask), run).await;
    suite.watch.look_at(&observed);
    if observed.result.is_err() && !observed.unanswered().is_empty() {
        return Err(format!("the scenario has no answer for {}", observed.unanswered().join(", ")));
    }
    Ok(observed.result)
}
