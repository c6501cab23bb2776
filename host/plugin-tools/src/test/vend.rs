//! Credentials, as they are asked for every day.

use pangolin_core::access::Access;
use pangolin_core::emit::{Client, Emission, StorageDefaults, emit};
use pangolin_core::location::Location;
use pangolin_core::strategy::{Minted, StrategyErrorKind};
use pangolin_core::warehouse::Warehouse;

use super::suite::{Happy, Suite, told, told_with};
use crate::call::Ask;
use crate::lab::{Observed, was_stopped};

const GROUP: &str = "vend";

/// The reason of each access stands in its own line, which is no failure where it is a refusal.
const NOTHING: &str = "no credential was minted for any access, as `vend/read`, `vend/read-write` and `vend/all` above \
                       say: the groups below cover nothing";

/// Names that the cloud's trail has to show somehow.
const PRINCIPALS: [&str; 4] = ["zo\u{eb} \u{1f511}", "o'brien@example.com", "a\"b\\c;DROP", "x"];

pub(super) async fn run(suite: &mut Suite<'_>) {
    for (name, access) in [("read", Access::READ), ("read-write", Access::READ_WRITE), ("all", Access::FULL)] {
        let ask = suite.ask(access);
        if let Some(observed) = one(suite, name, &ask).await {
            suite.happy = Some(Happy { access, observed });
        }
    }
    let Some(access) = suite.happy.as_ref().map(|happy| happy.access) else {
        suite.report.fail(GROUP, "mints", NOTHING);
        return;
    };
    suite.report.pass(GROUP, "mints");
    let reaches = suite.happy.as_ref().and_then(|happy| happy.observed.result.as_ref().ok());
    let reaches = reaches.map_or(Ok(None), |minted| what_clients_read(minted, &suite.setting.warehouse));
    suite.report.judge(GROUP, "clients-can-use-it", reaches);
    several(suite, access).await;
    let mut failed = Ok(None);
    for principal in PRINCIPALS.iter().map(|name| (*name).to_owned()).chain(["p".repeat(300)]) {
        let ask = Ask { principal, ..suite.ask(access) };
        match suite.vend(&ask).await.map(|observed| observed.result) {
            Ok(Err(error)) if was_stopped(&error) => {
                failed = Err(format!("{}: {}", crate::shown::printable(&ask.principal, 40), told(&error)));
            }
            Ok(_) => {}
            Err(error) => failed = Err(error.to_string()),
        }
    }
    suite.report.judge(GROUP, "principals-of-any-text", failed);
    // Nothing is kept between calls, so the same question has the same kind of answer.
    let again = suite.ask(access);
    let observed = suite.vend(&again).await;
    suite.report.judge(
        GROUP,
        "again",
        match observed.map(|observed| observed.result) {
            Ok(Ok(_)) => Ok(None),
            Ok(Err(error)) => Err(told(&error)),
            Err(error) => Err(error.to_string()),
        },
    );
}

/// One vend of which nothing but success is expected, or a refusal of the access.
async fn one(suite: &mut Suite<'_>, name: &str, ask: &Ask) -> Option<Observed<Minted>> {
    let observed = match suite.vend(ask).await {
        Ok(observed) => observed,
        Err(error) => {
            suite.report.fail(GROUP, name, error.to_string());
            return None;
        }
    };
    match &observed.result {
        Ok(minted) => {
            let keys =
                minted.credentials.iter().flat_map(|credential| &credential.entries).map(|(key, _)| key.as_str());
            let shown: Vec<&str> = keys.collect();
            suite.report.pass_with(GROUP, name, shown.join(", "));
            Some(observed)
        }
        Err(error) => {
            let is_refusal = matches!(error.kind, StrategyErrorKind::Denied | StrategyErrorKind::Unsupported);
            if is_refusal && observed.unanswered().is_empty() {
                suite.report.not_covered(GROUP, name, format!("refused: {}", told(error)));
            } else {
                suite.report.fail(GROUP, name, told_with(error, &observed));
            }
            None
        }
    }
}

/// Sends the credential through the host's own tables of names: a name that clients do not read is dropped there,
/// and one that lacks makes the vend fail.
fn what_clients_read(minted: &Minted, warehouse: &Warehouse) -> Result<Option<String>, String> {
    let Some(first) = minted.credentials.first() else { return Err("no credential".to_owned()) };
    let root = Location::parse(&first.prefix).map_err(|error| error.to_string())?;
    let emission = Emission {
        warehouse,
        credentials: &minted.credentials,
        strategy: &minted.strategy,
        unscoped: false,
        table_root: &root,
        refresh_endpoint: "",
        defaults: StorageDefaults::default(),
        client: Client::from_user_agent(""),
    };
    let sent = emit(&emission).map_err(|error| error.to_string())?;
    let dropped = |name: &&str| sent.config().get(name).is_none();
    let dropped: Vec<&str> = first.entries.iter().map(|(name, _)| name.as_str()).filter(dropped).collect();
    if dropped.is_empty() {
        return Ok(None);
    }
    Err(format!("the host sends no client what is named {}: see PyIceberg's names of properties", dropped.join(", ")))
}

/// A table whose data lies elsewhere.
async fn several(suite: &mut Suite<'_>, access: Access) {
    let ask = Ask { more: vec![suite.table("elsewhere/data")], ..suite.ask(access) };
    let judged = match suite.vend(&ask).await {
        Ok(observed) => match &observed.result {
            Ok(minted) => Ok(Some(format!("{} credentials", minted.credentials.len()))),
            Err(error) if matches!(error.kind, StrategyErrorKind::Unsupported | StrategyErrorKind::Denied) => {
                Ok(Some(format!("refused: {}", error.code)))
            }
            Err(error) => Err(told_with(error, &observed)),
        },
        Err(error) => Err(error.to_string()),
    };
    suite.report.judge(GROUP, "several-places", judged);
}
