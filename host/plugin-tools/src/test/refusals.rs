//! What must not lead to a credential.

use std::collections::BTreeMap;

use pangolin_core::access::Access;
use serde_json::Value;

use super::suite::{Suite, told};
use crate::call::{NotAsked, Setting};

const GROUP: &str = "refusals";

pub(super) async fn run(suite: &mut Suite<'_>) {
    for (name, access) in
        [("no-rights", Access::NONE), ("write-without-read", Access { read: false, write: true, delete: false })]
    {
        let ask = suite.ask(access);
        let judged = match suite.vend(&ask).await {
            Err(NotAsked::Denied(_)) => Ok(None),
            Err(error) => Err(error.to_string()),
            Ok(_) => Err("the policy let a caller through who may not read".to_owned()),
        };
        suite.report.judge(GROUP, name, judged);
    }
    if suite.watch.is_empty() {
        suite.report.not_covered(GROUP, "no-secrets", "the strategy has no secrets");
    } else {
        refused(suite, "no-secrets", &suite.setting.without_secrets()).await;
    }
    let own: Vec<&str> =
        suite.description().fields.iter().filter(|field| field.required).map(|field| field.name.as_str()).collect();
    let config: BTreeMap<String, Value> = suite
        .setting
        .warehouse
        .config
        .iter()
        .filter(|(name, _)| !own.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if config.len() == suite.setting.warehouse.config.len() {
        suite.report.not_covered(GROUP, "no-configuration", "no field that is no secret is required");
    } else {
        refused(suite, "no-configuration", &suite.setting.with_config(config)).await;
    }
}

/// A warehouse that was changed behind the component's back gets a reason, and no credential.
async fn refused(suite: &mut Suite<'_>, name: &str, setting: &Setting) {
    let access = suite.happy.as_ref().map_or(Access::READ, |happy| happy.access);
    let ask = suite.ask(access);
    let orders = suite.orders(&ask);
    let judged = match suite.vend_with(setting, &ask, orders).await.map(|observed| observed.result) {
        Err(error) => Err(error.to_string()),
        Ok(Ok(_)) => Err("a credential was minted".to_owned()),
        Ok(Err(error)) if crate::lab::was_stopped(&error) => Err(told(&error)),
        Ok(Err(error)) => Ok(Some(error.code)),
    };
    suite.report.judge(GROUP, name, judged);
}
