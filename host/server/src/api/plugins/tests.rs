use async_trait::async_trait;
use pangolin_core::clock::UnixMillis;
use pangolin_core::ports::{Strategies, StrategyCall};
use pangolin_core::strategy::{
    ConfigProblem, Description, DirectoryState, Field, FieldKind, HostPattern, Minted, PendingPlugin, RejectedPlugin,
    Rights, Scoping, SecretUse, StrategyError, StrategyErrorKind, StrategyInfo,
};
use pangolin_core::warehouse::Warehouse;
use serde_json::{Value, json};

use super::wire::PluginsReply;

fn info() -> StrategyInfo {
    let field = Field {
        name: "secret_access_key".into(),
        aliases: vec!["s3.secret-access-key".into()],
        kind: FieldKind::Text,
        required: false,
        default: None,
        secret_uses: vec![SecretUse::Sigv4("sts".into())],
        choices: Vec::new(),
        example: None,
        secret_hosts: Vec::new(),
        destination: false,
        help: "Secret of the base key.".into(),
    };
    let description = Description {
        name: "AwsSts".into(),
        version: "0.1.0".into(),
        summary: "AssumeRole".into(),
        schemes: vec!["s3".into()],
        scoping: Scoping::Exact,
        scoping_rules: Vec::new(),
        fields: vec![field],
        hosts: vec![HostPattern::OfField("sts_endpoint".into())],
        max_ttl_seconds: Some(43_200),
        min_ttl_seconds: Some(900),
    };
    StrategyInfo {
        file: "aws_sts.wasm".into(),
        digest: "ab".into(),
        signed_by: vec!["acme".into()],
        since: UnixMillis(1_700_000_000_000),
        rights: Rights { hosts: vec!["field:sts_endpoint".into()], host_identity: true, ..Rights::default() },
        missing_grants: "[plugins.AwsSts]\n".into(),
        imports: vec!["pangolin:vending/sts@1.0.0".into()],
        ..StrategyInfo::of(description)
    }
}

/// One plugin, one file on its way, one that is refused, and a grant file that is broken.
#[derive(Debug)]
struct Everything;

#[async_trait]
impl Strategies for Everything {
    fn list(&self) -> Vec<StrategyInfo> {
        vec![info()]
    }

    fn rejected(&self) -> Vec<RejectedPlugin> {
        vec![RejectedPlugin {
            file: "x.wasm".into(),
            reason: "not a component".into(),
            digest: Some("cd".into()),
            since: UnixMillis(1_700_000_001_000),
            serving: Some("AwsSts".into()),
        }]
    }

    fn directory_state(&self) -> DirectoryState {
        DirectoryState {
            pending: vec![PendingPlugin { file: "y.wasm".into(), digest: None, since: UnixMillis(0) }],
            problem: Some(("grant file: broken".into(), UnixMillis(0))),
            looked_at: Some(UnixMillis(1_700_000_002_000)),
        }
    }

    fn find(&self, _: &str) -> Option<std::sync::Arc<StrategyInfo>> {
        None
    }

    async fn check_config(&self, _: &Warehouse) -> Result<Vec<ConfigProblem>, StrategyError> {
        Ok(Vec::new())
    }

    async fn vend(&self, _: StrategyCall<'_>) -> Result<Minted, StrategyError> {
        Err(StrategyError::new(StrategyErrorKind::Unsupported, "none", "none"))
    }
}

fn reply(to_root: bool) -> Value {
    serde_json::to_value(PluginsReply::of(&Everything, to_root)).unwrap()
}

#[test]
fn root_sees_all_of_it() {
    let reply = reply(true);
    let plugin = &reply["plugins"][0];
    assert_eq!(plugin["fields"][0]["secret_uses"], json!([{"sigv4": "sts"}]));
    assert_eq!(
        (&plugin["name"], &plugin["scoping"], &plugin["signed_by"], &plugin["since"]),
        (&json!("AwsSts"), &json!("exact"), &json!(["acme"]), &json!("2023-11-14T22:13:20.000Z"))
    );
    assert_eq!(plugin["rights"]["hosts"], json!(["field:sts_endpoint"]));
    assert_eq!((&plugin["file"], &plugin["missing_grants"]), (&json!("aws_sts.wasm"), &json!("[plugins.AwsSts]\n")));
    assert_eq!(
        reply["rejected"],
        json!([{"file": "x.wasm", "reason": "not a component", "digest": "cd", "since": "2023-11-14T22:13:21.000Z",
            "serving": "AwsSts"}])
    );
    assert_eq!(reply["pending"], json!([{"file": "y.wasm", "digest": null, "since": "1970-01-01T00:00:00.000Z"}]));
    assert_eq!(reply["problem"]["reason"], "grant file: broken");
    assert_eq!(reply["looked_at"], "2023-11-14T22:13:22.000Z");
}

#[test]
fn others_see_no_file_and_no_error() {
    let reply = reply(false);
    assert_eq!(reply.as_object().unwrap().keys().collect::<Vec<_>>(), ["plugins"]);
    let plugin = reply["plugins"][0].as_object().unwrap();
    for shown in ["name", "version", "fields", "digest", "granted", "rights", "since", "signed_by", "imports"] {
        assert!(plugin.contains_key(shown), "{shown}");
    }
    for hidden in ["file", "missing_grants"] {
        assert!(!plugin.contains_key(hidden), "{hidden}");
    }
}
