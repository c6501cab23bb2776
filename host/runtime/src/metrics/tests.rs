use std::collections::BTreeSet;
use std::path::Path;

use pangolin_core::strategy::StrategyErrorKind;

use super::*;

fn text(metrics: &Metrics) -> String {
    let mut registry = Registry::default();
    metrics.register(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    text
}

fn error(code: &str) -> StrategyError {
    StrategyError::new(StrategyErrorKind::Plugin, code, "text of a guest")
}

#[tokio::test]
async fn each_call_is_counted_by_its_outcome() {
    let metrics = Arc::new(Metrics::default());
    let calls = CallMetrics::new(&metrics, "Good");
    calls.count(Phase::Vend, async { Ok(1) }).await.unwrap();
    calls.count(Phase::Vend, async { Ok(1) }).await.unwrap();
    for code in ["plugin-trap", "plugin-brand-new", "ok", "refused", "no-such-role"] {
        calls.count::<()>(Phase::Vend, async { Err(error(code)) }).await.unwrap_err();
    }
    // Another object of the same plugin goes on where this one is.
    let after_swap = CallMetrics::new(&metrics, "Good");
    after_swap.count(Phase::Presign, async { Ok(()) }).await.unwrap();
    drop(
        tokio::time::timeout(Duration::from_millis(1), after_swap.count::<()>(Phase::Vend, std::future::pending()))
            .await,
    );
    let text = text(&metrics);
    for (export, outcome, count) in [
        ("vend", "ok", 2),
        ("vend", "plugin-trap", 1),
        ("vend", "plugin-other", 1),
        ("vend", "refused", 3),
        ("vend", "abandoned", 1),
        ("presign", "ok", 1),
    ] {
        let line = format!(
            "pangolin_plugin_calls_total{{plugin=\"Good\",export=\"{export}\",outcome=\"{outcome}\"}} {count}\n"
        );
        assert!(text.contains(&line), "{line}{text}");
    }
    assert!(
        text.contains("pangolin_plugin_call_duration_seconds_count{plugin=\"Good\",export=\"vend\"} 8\n"),
        "{text}"
    );
    assert!(!text.contains("no-such-role") && !text.contains("text of"));
}

#[test]
fn readings_of_the_directory_show_before_the_first() {
    let metrics = Metrics::default();
    metrics.reloaded(false);
    let text = text(&metrics);
    assert!(text.contains("pangolin_plugin_reloads_total{outcome=\"ok\"} 0\n"), "{text}");
    assert!(text.contains("pangolin_plugin_reloads_total{outcome=\"failed\"} 1\n"), "{text}");
}

#[test]
fn every_export_has_a_place() {
    let metrics = Arc::new(Metrics::default());
    let calls = CallMetrics::new(&metrics, "Good");
    for phase in [
        Phase::Describe,
        Phase::CheckConfig,
        Phase::Vend,
        Phase::Presign,
        Phase::Claim,
        Phase::Survey,
        Phase::Revoke,
        Phase::Recover,
    ] {
        calls.add(phase, OK, Duration::ZERO);
        assert!(text(&metrics).contains(&format!("export=\"{}\"", phase.name())));
    }
}

/// Codes of the host in the sources below, but for those of tests.
fn codes(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" {
            codes(&path, found);
        } else if path.is_file() && name != "tests.rs" && name != "metrics.rs" {
            let text = std::fs::read_to_string(&path).unwrap();
            let words =
                text.split('"').filter(|word| word.strip_prefix("plugin-").is_some_and(|rest| !rest.is_empty()));
            let is_code = |word: &&str| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
            found.extend(words.filter(is_code).map(str::to_owned));
        }
    }
}

#[test]
fn every_code_of_the_host_is_an_outcome() {
    let mut found = BTreeSet::new();
    codes(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    // No call of a plugin ends with these.
    for other in ["plugin-not-loaded", "plugin-bad-description"] {
        assert!(found.remove(other), "{other}");
    }
    let known: BTreeSet<String> = OUTCOMES.iter().filter(|it| it.starts_with("plugin-")).map(|&it| it.into()).collect();
    let missing: Vec<_> = found.difference(&known).collect();
    assert!(missing.is_empty(), "add to OUTCOMES: {missing:?}");
    let gone: Vec<_> = known.difference(&found).filter(|it| *it != "plugin-other").collect();
    assert!(gone.is_empty(), "nothing ends with: {gone:?}");
}
