use pangolin_core::ports::Strategies as _;
use pangolin_core::strategy::{Rights, StrategyErrorKind};
use sha2::{Digest as _, Sha256};

use crate::guest::{CREDENTIAL_VALUE, Guest};
use crate::host::{Host, config, home, open};

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[tokio::test]
async fn a_plugin_without_a_grant_loads_and_may_do_nothing() {
    let host = Host::new(&[Guest::named("Good")], "").await;
    assert!(!host.runtime.find("Good").unwrap().granted);
    let error = host.vend("Good").await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (StrategyErrorKind::Denied, "plugin-not-granted"));
    assert!(error.message.contains("PANGOLIN_PLUGIN_GRANTS"), "{error}");
}

#[tokio::test]
async fn a_built_in_digest_needs_no_grant() {
    let bytes = Guest::named("Good").build();
    let home = home(&[("good.wasm", &bytes)]);
    let mut config = config(&home, "");
    config.grants = None;
    config.builtin = vec![digest(&bytes).to_uppercase()];
    assert!(open(config).await.unwrap().find("Good").unwrap().granted);
}

#[tokio::test]
async fn a_pinned_plugin_must_be_the_very_file() {
    let bytes = Guest::named("Good").build();
    let pinned = format!("[plugins.Good]\nsha256 = \"{}\"", digest(&bytes));
    let home_ = home(&[("good.wasm", &bytes)]);
    assert!(open(config(&home_, &pinned)).await.unwrap().find("Good").is_some());

    let other = Guest { version: "2.0.0", ..Guest::named("Good") }.build();
    let home_ = home(&[("good.wasm", &other)]);
    let runtime = open(config(&home_, &pinned)).await.unwrap();
    assert!(runtime.find("Good").is_none());
    assert!(runtime.rejected()[0].reason.contains("pins 'Good'"));
}

#[tokio::test]
async fn a_name_goes_to_the_digest_that_was_named_and_not_to_the_first_file() {
    let real = Guest::named("AwsSts").build();
    let fake = Guest { version: "6.6.6", ..Guest::named("AwsSts") }.build();
    let home = home(&[("00.wasm", &fake), ("real.wasm", &real)]);
    let mut config = config(&home, "");
    config.builtin = vec![digest(&real)];
    let runtime = open(config).await.unwrap();
    assert_eq!(runtime.find("AwsSts").unwrap().description.version, "1.0.0");
    assert_eq!(runtime.rejected()[0].file, "00.wasm");
    assert!(runtime.rejected()[0].reason.contains("real.wasm"));
}

#[tokio::test]
async fn what_is_asked_for_and_not_imported_is_not_granted() {
    let guest = Guest { hosts: vec!["*.example.com"], ..Guest::named("Good") };
    let host = Host::new(&[guest], "[plugins.Good]\nhosts = [\"*.example.com\"]\nhost_identity = true").await;
    let info = host.runtime.find("Good").unwrap();
    assert_eq!((info.granted, &info.rights), (true, &Rights::default()));
    assert_eq!(info.missing_grants, "");
}

#[tokio::test]
async fn the_lines_that_would_grant_are_in_the_log() {
    let guest =
        Guest { hosts: vec!["*.example.com"], secrets: vec![("key", CREDENTIAL_VALUE)], ..Guest::named("Good") };
    let guest = guest.importing("http", "send", "(param i32 i32)");
    let digest = digest(&guest.build());
    let log = crate::logs::captured(async {
        Host::new(&[guest], "").await;
    })
    .await;
    for line in
        ["[plugins.Good]", &format!("sha256 = \"{digest}\""), "hosts = [\"*.example.com\"]", "credential_values = true"]
    {
        assert!(log.contains(line), "{line} is not in\n{log}");
    }
}
