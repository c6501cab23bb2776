use pangolin_core::strategy::{Description, Field, FieldKind, HostPattern, Scoping, SecretUse, StrategyInfo};
use serde_json::json;

use super::{PluginReply, PluginsReply, RejectedReply};

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
    let imports = vec!["pangolin:vending/sts@1.0.0".into()];
    StrategyInfo { digest: "ab".into(), imports, ..StrategyInfo::of(description) }
}

#[test]
fn a_reply_has_the_description_at_its_top() {
    let reply = serde_json::to_value(PluginReply::from(info())).unwrap();
    for field in ["name", "version", "summary", "schemes", "scoping", "fields", "hosts", "digest", "granted", "imports"]
    {
        assert!(reply.get(field).is_some(), "{field}");
    }
    assert_eq!(reply["fields"][0]["secret_uses"], json!([{"sigv4": "sts"}]));
    assert_eq!(reply["scoping"], "exact");
}

#[test]
fn rejected_files_are_absent_where_they_are_not_shown() {
    let reply = |rejected| serde_json::to_value(PluginsReply { plugins: Vec::new(), rejected }).unwrap();
    assert_eq!(reply(None), json!({"plugins": []}));
    let file = RejectedReply { file: "x.wasm".into(), reason: "not a component".into() };
    assert_eq!(reply(Some(vec![file]))["rejected"][0]["file"], "x.wasm");
}
