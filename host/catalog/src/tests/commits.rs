use std::sync::atomic::Ordering;

use pangolin_core::audit::AuditResult;
use serde_json::{Value, json};

use super::world::{World, commit, done_as, path};
use crate::{CatalogError, CommitTable, CommittedTable, TableChange};

async fn apply(world: &World, name: &str, request: CommitTable) -> Result<CommittedTable, CatalogError> {
    let admin = world.admin();
    world.catalogs.commit_table(world.by(&admin), "lake", &path("sales"), name, request).await
}

/// Adds a column; loses against another commit that does.
fn column(name: &str) -> CommitTable {
    commit(
        json!([{ "type": "assert-last-assigned-field-id", "last-assigned-field-id": 1 }]),
        json!([
            { "action": "add-schema", "schema": { "type": "struct", "schema-id": 1, "fields": [
                { "id": 1, "name": "id", "type": "long", "required": true },
                { "id": 2, "name": name, "type": "string", "required": false },
            ] }, "last-column-id": 2 },
            { "action": "set-current-schema", "schema-id": -1 },
        ]),
    )
}

fn property(name: &str, value: &str) -> CommitTable {
    commit(json!([]), json!([{ "action": "set-properties", "updates": { name: value } }]))
}

fn metadata(world: &World) -> Value {
    serde_json::from_str(&world.shelf.tables()[0].metadata).unwrap()
}

#[tokio::test]
async fn a_commit_moves_the_pointer_and_keeps_the_history() {
    let world = World::local().sales().await;
    let created = world.table("orders").await;
    world.trail.take();
    let done = apply(&world, "orders", column("note")).await.unwrap();
    let reply: Value = serde_json::from_slice(&done.to_json().unwrap()).unwrap();
    let stored = world.shelf.tables().remove(0);
    assert_eq!(stored.version, 2);
    assert_eq!(reply["metadata-location"], json!(stored.metadata_location));
    assert!(stored.metadata_location.contains("/metadata/00001-"));
    assert_eq!(reply["metadata"]["current-schema-id"], 1);
    assert_eq!(reply["metadata"]["metadata-log"][0]["metadata-file"], created["metadata-location"]);
    assert_eq!(world.files().len(), 2);
    assert_eq!(world.trail.take(), done_as("commit_table"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_conflicting_commits_one_wins_and_nothing_stays_of_the_others() {
    let world = std::sync::Arc::new(World::local().sales().await);
    world.table("orders").await;
    let tries: Vec<_> = (0..8)
        .map(|n| {
            let world = world.clone();
            tokio::spawn(async move { apply(&world, "orders", column(&format!("c{n}"))).await.map(drop) })
        })
        .collect();
    let mut won = 0;
    for one in tries {
        match one.await.unwrap() {
            Ok(()) => won += 1,
            Err(CatalogError::CommitConflict(_)) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(world.files().len(), 2, "{:?}", world.files());
    assert_eq!(world.shelf.tables()[0].version, 2);
}

#[tokio::test]
async fn commits_that_do_not_contradict_each_other_both_get_through() {
    let world = World::local().sales().await;
    world.table("orders").await;
    world.shelf.conflicts.store(2, Ordering::SeqCst);
    apply(&world, "orders", property("a", "1")).await.unwrap();
    assert_eq!(metadata(&world)["properties"], json!({ "a": "1" }));
    assert_eq!(world.files().len(), 2, "files of lost attempts are removed");
    world.shelf.conflicts.store(100, Ordering::SeqCst);
    let lost = apply(&world, "orders", property("a", "2")).await;
    assert!(matches!(lost, Err(CatalogError::CommitConflict(_))), "{lost:?}");
    assert_eq!(world.files().len(), 2);
}

#[tokio::test]
async fn an_unmet_requirement_changes_nothing() {
    let world = World::local().sales().await;
    world.table("orders").await;
    world.trail.take();
    let unmet = [
        json!({ "type": "assert-create" }),
        json!({ "type": "assert-table-uuid", "uuid": "00000000-0000-0000-0000-000000000001" }),
        json!({ "type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": 7 }),
        json!({ "type": "assert-current-schema-id", "current-schema-id": 3 }),
        json!({ "type": "assert-last-assigned-partition-id", "last-assigned-partition-id": 1 }),
        json!({ "type": "assert-default-spec-id", "default-spec-id": 4 }),
        json!({ "type": "assert-default-sort-order-id", "default-sort-order-id": 4 }),
    ];
    for requirement in unmet {
        let request = commit(json!([requirement]), json!([{ "action": "set-properties", "updates": { "a": "b" } }]));
        let refused = apply(&world, "orders", request).await;
        assert!(matches!(refused, Err(CatalogError::CommitConflict(_))), "{requirement}: {refused:?}");
        assert_eq!(world.trail.take(), [("commit_table".to_owned(), AuditResult::Failure)]);
    }
    assert_eq!((world.shelf.tables()[0].version, world.files().len()), (1, 1));
}

#[tokio::test]
async fn updates_that_make_no_sense_are_refused() {
    let world = World::local().sales().await;
    world.table("orders").await;
    let base = world.shelf.snapshot().catalog.base.to_string();
    let updates = [
        json!({ "action": "assign-uuid", "uuid": "00000000-0000-0000-0000-000000000001" }),
        json!({ "action": "set-current-schema", "schema-id": 9 }),
        json!({ "action": "upgrade-format-version", "format-version": 1 }),
        json!({ "action": "set-location", "location": format!("{base}/a/../b") }),
        json!({ "action": "set-properties", "updates": { "uuid": "x" } }),
    ];
    for update in updates {
        let refused = apply(&world, "orders", commit(json!([]), json!([update]))).await;
        assert!(matches!(refused, Err(CatalogError::Invalid(_))), "{update}: {refused:?}");
    }
    assert_eq!((world.shelf.tables()[0].version, world.files().len()), (1, 1));
}

#[tokio::test]
async fn a_table_moves_only_within_the_catalog_and_not_onto_another() {
    let world = World::local().sales().await;
    world.table("orders").await;
    world.table("other").await;
    let base = world.shelf.snapshot().catalog.base.to_string();
    let to = |location: String| commit(json!([]), json!([{ "action": "set-location", "location": location }]));
    let other = world.shelf.tables()[1].location.to_string();
    let taken = apply(&world, "orders", to(format!("{other}/inside"))).await;
    assert!(matches!(taken, Err(CatalogError::LocationTaken)), "{taken:?}");
    let outside = apply(&world, "orders", to("file:///tmp/elsewhere".to_owned())).await;
    assert!(matches!(outside, Err(CatalogError::Refused { code: "location-outside-base", .. })), "{outside:?}");
    let data = apply(&world, "orders", property("write.data.path", "s3://elsewhere/x")).await;
    assert!(matches!(data, Err(CatalogError::Refused { code: "location-outside-base", .. })), "{data:?}");
    apply(&world, "orders", to(format!("{base}/moved/"))).await.unwrap();
    let stored = world.shelf.tables().remove(0);
    assert_eq!(stored.location.as_str(), format!("{base}/moved"));
    assert!(stored.metadata_location.starts_with(&format!("{base}/moved/metadata/00001-")));
}

#[tokio::test]
async fn a_commit_that_changes_nothing_writes_nothing() {
    let world = World::local().sales().await;
    let created = world.table("orders").await;
    let done = apply(&world, "orders", commit(json!([]), json!([]))).await.unwrap();
    let reply: Value = serde_json::from_slice(&done.to_json().unwrap()).unwrap();
    assert_eq!(reply["metadata-location"], created["metadata-location"]);
    assert_eq!(world.files().len(), 1);
}

#[tokio::test]
async fn a_transaction_commits_all_or_none() {
    let world = World::local().sales().await;
    world.table("a").await;
    world.table("b").await;
    let admin = world.admin();
    let change = |name: &str, requirements: Value| {
        serde_json::from_value::<TableChange>(json!({
            "identifier": { "namespace": ["sales"], "name": name },
            "requirements": requirements,
            "updates": [{ "action": "set-properties", "updates": { "k": name } }],
        }))
        .unwrap()
    };
    let unmet = json!([{ "type": "assert-current-schema-id", "current-schema-id": 3 }]);
    let refused =
        world.catalogs.commit_tables(world.by(&admin), "lake", vec![change("a", json!([])), change("b", unmet)]).await;
    assert!(matches!(refused, Err(CatalogError::CommitConflict(_))), "{refused:?}");
    world.shelf.conflicts.store(1, Ordering::SeqCst);
    let both = || vec![change("a", json!([])), change("b", json!([]))];
    let lost = world.catalogs.commit_tables(world.by(&admin), "lake", both()).await;
    assert!(matches!(lost, Err(CatalogError::CommitConflict(_))), "{lost:?}");
    assert_eq!(world.files().len(), 2, "nothing stays of a lost transaction");
    world.trail.take();
    world.catalogs.commit_tables(world.by(&admin), "lake", both()).await.unwrap();
    assert_eq!(world.trail.take().len(), 4, "a row before and one after for each table");
    assert!(world.shelf.tables().iter().all(|table| table.version == 2));
    let twice = world
        .catalogs
        .commit_tables(world.by(&admin), "lake", vec![change("a", json!([])), change("a", json!([]))])
        .await;
    assert!(matches!(twice, Err(CatalogError::Invalid(_))), "{twice:?}");
}
