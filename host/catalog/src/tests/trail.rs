//! A row before each change and one of its end.

use std::sync::atomic::Ordering;

use pangolin_core::audit::AuditResult;
use pangolin_core::record::Properties;
use serde_json::{Value, json};

use super::world::{World, commit, done_as, path, plain, table};
use crate::{CatalogError, PropertyChanges, RegisterTable, TableChange};

/// The verbs that change something.
const VERBS: [&str; 9] = [
    "create_namespace",
    "update_namespace",
    "create_table",
    "commit_table",
    "commit_tables",
    "rename_table",
    "drop_table",
    "register_table",
    "drop_namespace",
];

/// `sales` with the table `orders`, an empty namespace `old`, and the file of a table that was dropped.
async fn world() -> (World, String) {
    let world = World::local().sales().await;
    world.table("orders").await;
    world.table("second").await;
    let admin = world.admin();
    world.catalogs.create_namespace(world.by(&admin), "lake", path("old"), Properties::new()).await.unwrap();
    let file = world.table("gone").await["metadata-location"].as_str().unwrap().to_owned();
    world.catalogs.drop_table(world.by(&admin), "lake", &path("sales"), "gone", false).await.unwrap();
    world.trail.take();
    (world, file)
}

fn change() -> Value {
    json!([{ "action": "set-properties", "updates": { "a": "b" } }])
}

async fn done(world: &World, file: &str, verb: &str) -> Result<(), CatalogError> {
    let admin = world.admin();
    let (by, sales, catalogs) = (world.by(&admin), path("sales"), &world.catalogs);
    match verb {
        "create_namespace" => catalogs.create_namespace(by, "lake", path("new"), Properties::new()).await.map(drop),
        "update_namespace" => {
            let changes = PropertyChanges { updates: [("a".to_owned(), "b".to_owned())].into(), ..Default::default() };
            catalogs.update_namespace(by, "lake", &sales, changes).await.map(drop)
        }
        "create_table" => catalogs.create_table(by, "lake", &sales, table("made", json!({})), plain()).await.map(drop),
        "commit_table" => {
            catalogs.commit_table(by, "lake", &sales, "orders", commit(json!([]), change())).await.map(drop)
        }
        "commit_tables" => {
            let change = |name: &str| {
                let identifier = json!({ "namespace": ["sales"], "name": name });
                let change = json!({ "identifier": identifier, "requirements": [], "updates": change() });
                serde_json::from_value::<TableChange>(change).unwrap()
            };
            catalogs.commit_tables(by, "lake", vec![change("orders"), change("second")]).await
        }
        "rename_table" => catalogs.rename_table(by, "lake", (&sales, "orders"), (&sales, "renamed")).await,
        "drop_table" => catalogs.drop_table(by, "lake", &sales, "orders", true).await,
        "register_table" => {
            let request = json!({ "name": "again", "metadata-location": file });
            let request = serde_json::from_value::<RegisterTable>(request).unwrap();
            catalogs.register_table(by, "lake", &sales, request, plain()).await.map(drop)
        }
        "drop_namespace" => catalogs.drop_namespace(by, "lake", &path("old")).await,
        other => panic!("{other}"),
    }
}

/// Everything that is stored.
fn stored(world: &World) -> (Vec<String>, String) {
    (world.files(), world.shelf.whole())
}

#[tokio::test]
async fn a_change_has_a_row_before_it_and_one_of_its_end() {
    for verb in VERBS {
        let (world, file) = world().await;
        done(&world, &file, verb).await.unwrap();
        let rows = world.trail.take();
        match verb {
            "commit_tables" => {
                let results: Vec<AuditResult> = rows.iter().map(|(_, result)| *result).collect();
                use AuditResult::{Started, Success};
                assert_eq!(results, [Started, Started, Success, Success], "{rows:?}");
            }
            _ => assert_eq!(rows, done_as(verb)),
        }
    }
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_done() {
    for verb in VERBS {
        let (world, file) = world().await;
        let before = stored(&world);
        world.trail.broken.store(true, Ordering::SeqCst);
        let refused = done(&world, &file, verb).await;
        assert!(matches!(refused, Err(CatalogError::Audit(_))), "{verb}: {refused:?}");
        assert_eq!(stored(&world), before, "{verb}");
    }
}

#[tokio::test]
async fn what_has_begun_has_an_end() {
    let (world, _) = world().await;
    let admin = world.admin();
    // The name is taken: without its row before, this one would leave none.
    let names = (&path("sales"), "orders");
    let taken = world.catalogs.rename_table(world.by(&admin), "lake", names, (&path("sales"), "second")).await;
    assert!(matches!(taken, Err(CatalogError::TableExists(_))), "{taken:?}");
    let ended = |result| ("rename_table".to_owned(), result);
    assert_eq!(world.trail.take(), [ended(AuditResult::Started), ended(AuditResult::Failure)]);
    // Of a commit that is tried again the begin is told once.
    world.shelf.conflicts.store(2, Ordering::SeqCst);
    let request = commit(json!([]), change());
    world.catalogs.commit_table(world.by(&admin), "lake", &path("sales"), "orders", request).await.unwrap();
    assert_eq!(world.trail.take(), done_as("commit_table"));
}
