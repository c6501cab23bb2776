use async_trait::async_trait;
use pangolin_core::ports::StrategyCall;
use pangolin_core::strategy::{
    ConfigProblem, Description, DirectoryState, Minted, PendingPlugin, RejectedPlugin, Scoping, StrategyError,
    StrategyErrorKind, StrategyInfo,
};
use pangolin_core::warehouse::Warehouse;

use super::*;

/// One plugin, one refused file with a name that would break a line, one file on its way.
#[derive(Debug)]
struct Double {
    problem: bool,
}

#[async_trait]
impl Strategies for Double {
    fn list(&self) -> Vec<StrategyInfo> {
        let description = Description {
            name: "AwsSts".into(),
            version: "0.1.0".into(),
            summary: String::new(),
            schemes: vec!["s3".into()],
            scoping: Scoping::Exact,
            scoping_rules: Vec::new(),
            fields: Vec::new(),
            hosts: Vec::new(),
            max_ttl_seconds: None,
            min_ttl_seconds: None,
        };
        let since = UnixMillis(1_700_000_000_500);
        vec![StrategyInfo { file: "a.wasm".into(), digest: "ab".into(), since, ..StrategyInfo::of(description) }]
    }

    fn rejected(&self) -> Vec<RejectedPlugin> {
        let file = "x\"} 1\n.wasm".into();
        vec![RejectedPlugin { file, reason: "no".into(), digest: None, since: UnixMillis(0), serving: None }]
    }

    fn directory_state(&self) -> DirectoryState {
        let pending = PendingPlugin { file: "y.wasm".into(), digest: None, since: UnixMillis(0) };
        let problem = self.problem.then(|| ("broken".to_owned(), UnixMillis(0)));
        DirectoryState { pending: vec![pending], problem, looked_at: None }
    }

    fn find(&self, _: &str) -> Option<Arc<StrategyInfo>> {
        None
    }

    async fn check_config(&self, _: &Warehouse) -> Result<Vec<ConfigProblem>, StrategyError> {
        Ok(Vec::new())
    }

    async fn vend(&self, _: StrategyCall<'_>) -> Result<Minted, StrategyError> {
        Err(StrategyError::new(StrategyErrorKind::Unsupported, "none", "none"))
    }
}

fn shown(problem: bool) -> String {
    let mut registry = Registry::default();
    register(&mut registry, Arc::new(Double { problem }));
    let mut body = String::new();
    text::encode(&mut body, &registry).unwrap();
    body
}

#[test]
fn the_state_of_the_directory_is_shown() {
    let text = shown(true);
    for line in [
        concat!("pangolin_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
        "pangolin_plugin_info{plugin=\"AwsSts\",version=\"0.1.0\",digest=\"ab\",file=\"a.wasm\"} 1",
        "pangolin_plugin_loaded_since_seconds{plugin=\"AwsSts\"} 1700000000.5",
        r#"pangolin_plugin_rejected{file="x\"} 1\n.wasm"} 1"#,
        "pangolin_plugin_pending 1",
        "pangolin_plugin_directory_failed 1",
        "# EOF",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
    }
    assert!(shown(false).contains("pangolin_plugin_directory_failed 0\n"));
}
