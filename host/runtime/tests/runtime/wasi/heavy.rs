//! Components as large as those that a language's runtime makes, as many at a time as there are places.

use crate::guest::Guest;
use pangolin_core::ports::Strategies as _;

use crate::host::Host;

/// A guest with as many memories and tables as one may have, which takes its time. The adapters of
/// its imports have a table, too.
fn large(name: &str) -> Guest {
    let memories = "(memory 300) (memory 1) (memory 1) ";
    let tables = "(table 15000 funcref) ".repeat(6);
    Guest {
        items: format!("{memories} {tables}"),
        ..Guest::named(name)
            .sleeping()
            .vending("(local $wait i32) (call $block (local.tee $wait (call $sleep (i64.const 200000000))))")
    }
}

#[tokio::test]
async fn who_has_a_place_has_room_however_large_the_others_are() {
    let names = ["One", "Two", "Three", "Four"];
    let grants: String = names.map(|name| format!("[plugins.{name}]\n")).concat();
    let host = Host::new(&names.map(large), &grants).await;
    assert_eq!(host.runtime.rejected(), []);
    // Twice the eight places of this host: the second half runs where the first did.
    let calls = names.iter().cycle().take(16);
    for outcome in futures::future::join_all(calls.map(|name| host.vend(name))).await {
        outcome.unwrap();
    }
}

#[tokio::test]
async fn more_than_one_component_may_have_is_refused_at_load() {
    for items in ["(memory 1) ".repeat(4), "(table 1 funcref) ".repeat(9), "(table 20001 funcref)".to_owned()] {
        let host = Host::new(&[Guest { items, ..Guest::named("Bad") }], "").await;
        assert_eq!(host.runtime.rejected().len(), 1);
    }
}
