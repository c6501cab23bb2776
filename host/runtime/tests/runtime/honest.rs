use pangolin_core::clock::UnixMillis;
use pangolin_core::ports::Strategies as _;

use crate::guest::{CREDENTIAL_VALUE, Credential, Entry, Guest, NOW_MS, SCOPE};
use crate::host::{Host, warehouse};

#[tokio::test]
async fn an_honest_guest_vends_and_says_who_it_is() {
    let host = Host::new(&[Guest::named("Good")], "[plugins.Good]").await;
    let minted = host.vend("Good").await.unwrap();
    assert_eq!((minted.strategy.as_str(), minted.version.as_str()), ("Good", "1.0.0"));
    let credential = &minted.credentials[0];
    assert_eq!(credential.prefix, SCOPE);
    assert_eq!(credential.expires_at, Some(UnixMillis(i64::try_from(NOW_MS).unwrap() + 900_000)));
    let info = host.runtime.find("Good").unwrap();
    assert_eq!(info.digest, minted.digest);
    assert!(info.granted);
    assert_eq!(host.runtime.list().len(), 1);
    assert_eq!(host.runtime.check_config(&warehouse("Good")).await.unwrap(), []);
}

#[tokio::test]
async fn nothing_is_kept_between_calls() {
    let guest = Guest {
        items: "(global $calls (mut i32) (i32.const 0))".to_owned(),
        ..Guest::named("Good").vending(
            "(if (i32.or (global.get $calls) (i32.load (i32.const 256))) (then unreachable))
             (global.set $calls (i32.const 1))
             (i32.store (i32.const 256) (i32.const 1))",
        )
    };
    let host = Host::new(&[guest], "[plugins.Good]").await;
    for _ in 0..20 {
        host.vend("Good").await.unwrap();
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "compares the value of a test's slot")]
async fn a_slot_goes_out_by_name_only() {
    let guest = Guest {
        scoping: 3,
        secrets: vec![("secret_access_key", CREDENTIAL_VALUE)],
        ..Guest::named("Static").answering(vec![Credential {
            entries: vec![Entry::Slot("s3.secret-access-key", "secret_access_key")],
            expires_at_ms: None,
            ..Credential::default()
        }])
    };
    let mut host = Host::new(&[guest], "[plugins.Static]\ncredential_values = true").await;
    host.slots.insert("secret_access_key".to_owned(), "planted-secret".into());
    let minted = host.vend("Static").await.unwrap();
    let (name, value) = &minted.credentials[0].entries[0];
    assert_eq!((name.as_str(), value.expose().as_str()), ("s3.secret-access-key", "planted-secret"));
    assert_eq!(minted.credentials[0].expires_at, None);
}

#[tokio::test]
async fn many_calls_at_a_time_share_the_places() {
    let host = Host::new(&[Guest::named("Good")], "[plugins.Good]").await;
    let calls = (0..64).map(|_| host.vend("Good"));
    for outcome in futures::future::join_all(calls).await {
        outcome.unwrap();
    }
}

#[tokio::test]
async fn a_strategy_that_is_not_loaded_is_named_with_those_that_are() {
    let host = Host::new(&[Guest::named("Good")], "[plugins.Good]").await;
    let error = host.vend("Nope").await.unwrap_err();
    assert_eq!(error.code, "plugin-not-loaded");
    assert!(error.message.contains("'Nope'") && error.message.contains("Good"), "{error}");
}
