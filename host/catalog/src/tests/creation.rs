use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::world::{World, done_as, path, plain, table, vended};
use crate::{CatalogError, LoadedTable, RegisterTable};

async fn create(world: &World, name: &str, more: Value) -> Result<LoadedTable, CatalogError> {
    let admin = world.admin();
    world.catalogs.create_table(world.by(&admin), "lake", &path("sales"), table(name, more), plain()).await
}

fn base(world: &World) -> String {
    world.shelf.snapshot().catalog.base.to_string()
}

#[tokio::test]
async fn writes_the_file_that_the_reply_and_the_store_name() {
    let world = World::local().sales().await;
    world.trail.take();
    let reply = world.table("orders").await;
    let stored = world.shelf.tables().remove(0);
    assert_eq!(reply["metadata-location"], json!(stored.metadata_location));
    assert_eq!(reply["metadata"]["table-uuid"], json!(stored.id.0));
    assert_eq!(reply["metadata"]["format-version"], 2);
    assert_eq!(reply["config"], json!({}));
    assert_eq!(stored.version, 1);
    let files = world.files();
    assert_eq!(files.len(), 1);
    assert!(files[0].starts_with("lake/sales/orders-") && files[0].contains("/metadata/00000-"), "{files:?}");
    let written = std::fs::read_to_string(world.root.path().join(&files[0])).unwrap();
    assert_eq!(written, *stored.metadata);
    assert_eq!(world.trail.take(), done_as("create_table"));
}

#[tokio::test]
async fn local_storage_vends_nothing_and_says_nothing_of_it() {
    let world = World::local().sales().await;
    let admin = world.admin();
    let made = world
        .catalogs
        .create_table(world.by(&admin), "lake", &path("sales"), table("t", json!({})), vended())
        .await
        .unwrap();
    assert!(!made.has_credential());
    let reply: Value = serde_json::from_slice(&made.to_json().unwrap()).unwrap();
    assert_eq!(reply.as_object().unwrap().keys().collect::<Vec<_>>(), ["config", "metadata", "metadata-location"]);
}

#[tokio::test]
async fn names_and_namespaces_are_checked() {
    let world = World::local().sales().await;
    world.table("orders").await;
    let twice = create(&world, "orders", json!({})).await;
    assert!(matches!(twice, Err(CatalogError::TableExists(_))), "{twice:?}");
    let odd = create(&world, "a/b", json!({})).await;
    assert!(matches!(odd, Err(CatalogError::Invalid(_))), "{odd:?}");
    let admin = world.admin();
    let nowhere =
        world.catalogs.create_table(world.by(&admin), "lake", &path("nowhere"), table("t", json!({})), plain()).await;
    assert!(matches!(nowhere, Err(CatalogError::NoSuchNamespace(_))), "{nowhere:?}");
    assert_eq!(world.files().len(), 1);
}

#[tokio::test]
async fn a_given_location_lies_inside_the_catalog_and_overlaps_none() {
    let world = World::local().sales().await;
    let base = base(&world);
    create(&world, "a", json!({ "location": format!("{base}/given/a/") })).await.unwrap();
    assert_eq!(world.shelf.tables()[0].location.as_str(), format!("{base}/given/a"));
    for inside in ["given/a", "given/a/b", "given"] {
        let taken = create(&world, "b", json!({ "location": format!("{base}/{inside}") })).await;
        assert!(matches!(taken, Err(CatalogError::LocationTaken)), "{inside}: {taken:?}");
    }
    create(&world, "a2", json!({ "location": format!("{base}/given/a2") })).await.unwrap();
    for outside in ["file:///etc/x".to_owned(), base.clone(), format!("{base}2/x"), "s3://lake/x".to_owned()] {
        let refused = create(&world, "c", json!({ "location": outside })).await;
        assert!(
            matches!(refused, Err(CatalogError::Refused { code: "location-outside-base", .. })),
            "{outside}: {refused:?}"
        );
    }
    for odd in [format!("{base}/a/../b"), format!("{base}//b"), format!("{base}/b?c"), "lake/x".to_owned()] {
        let refused = create(&world, "d", json!({ "location": odd })).await;
        assert!(matches!(refused, Err(CatalogError::Invalid(_))), "{odd}: {refused:?}");
    }
    assert_eq!(world.files().len(), 2, "a refused creation writes nothing");
}

#[tokio::test]
async fn paths_in_properties_are_judged_like_the_location() {
    let world = World::local().sales().await;
    let base = base(&world);
    let given = |name: &str, path: String| json!({ "properties": { name: path } });
    create(&world, "a", given("write.data.path", format!("{base}/data/a"))).await.unwrap();
    let stored = world.shelf.tables().remove(0);
    assert_eq!(stored.extra_locations[0].as_str(), format!("{base}/data/a"));
    let taken = create(&world, "b", given("write.data.path", format!("{base}/data"))).await;
    assert!(matches!(taken, Err(CatalogError::LocationTaken)), "{taken:?}");
    for name in ["write.data.path", "write.metadata.path", "write.object-storage.path", "write.folder-storage.path"] {
        let refused = create(&world, "c", given(name, "s3://elsewhere/x".to_owned())).await;
        assert!(
            matches!(refused, Err(CatalogError::Refused { code: "location-outside-base", .. })),
            "{name}: {refused:?}"
        );
    }
    create(&world, "m", given("write.metadata.path", format!("{base}/meta/m"))).await.unwrap();
    let stored = world.shelf.tables().pop().unwrap();
    assert!(stored.metadata_location.starts_with(&format!("{base}/meta/m/00000-")), "{}", stored.metadata_location);
}

#[tokio::test]
async fn the_format_version_is_no_property() {
    let world = World::local().sales().await;
    let made = create(&world, "v3", json!({ "properties": { "format-version": "3", "a": "b" } })).await.unwrap();
    let reply: Value = serde_json::from_slice(&made.to_json().unwrap()).unwrap();
    assert_eq!(reply["metadata"]["format-version"], 3);
    assert_eq!(reply["metadata"]["properties"], json!({ "a": "b" }));
    let refused = create(&world, "v9", json!({ "properties": { "format-version": "9" } })).await;
    assert!(matches!(refused, Err(CatalogError::Invalid(_))), "{refused:?}");
    let reserved = create(&world, "u", json!({ "properties": { "uuid": "x" } })).await;
    assert!(matches!(reserved, Err(CatalogError::Invalid(_))), "{reserved:?}");
}

#[tokio::test]
async fn a_failed_store_keeps_the_file_as_the_outcome_is_not_known() {
    let world = World::local().sales().await;
    world.shelf.broken.store(true, Ordering::SeqCst);
    let failed = create(&world, "t", json!({})).await;
    assert!(matches!(failed, Err(CatalogError::CommitUnknown(_))), "{failed:?}");
    assert_eq!(world.files().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_recorded_has_failed() {
    let world = World::local().sales().await;
    world.trail.broken.store(true, Ordering::SeqCst);
    let failed = create(&world, "t", json!({})).await;
    assert!(matches!(failed, Err(CatalogError::Audit(_))), "{failed:?}");
    assert_eq!((world.shelf.tables().len(), world.files().len()), (0, 0), "nothing was done");
}

#[tokio::test]
async fn a_dropped_table_is_registered_again_from_its_file() {
    let world = World::local().sales().await;
    let reply = world.table("orders").await;
    let admin = world.admin();
    let register = |name: &str, file: &str| {
        let request =
            serde_json::from_value::<RegisterTable>(json!({ "name": name, "metadata-location": file })).unwrap();
        let (world, admin) = (&world, &admin);
        async move { world.catalogs.register_table(world.by(admin), "lake", &path("sales"), request, plain()).await }
    };
    let file = reply["metadata-location"].as_str().unwrap();
    let taken = register("copy", file).await;
    assert!(matches!(taken, Err(CatalogError::LocationTaken)), "another table's files: {taken:?}");
    world.catalogs.drop_table(world.by(&admin), "lake", &path("sales"), "orders", false).await.unwrap();
    assert_eq!(world.files().len(), 1, "without purge the files stay");
    register("again", file).await.unwrap();
    let stored = world.shelf.tables().remove(0);
    assert_eq!((stored.name.as_str(), json!(stored.id.0)), ("again", reply["metadata"]["table-uuid"].clone()));
    let missing = register("none", &format!("{}/x/metadata/1.metadata.json", base(&world))).await;
    assert!(matches!(missing, Err(CatalogError::Storage(_))), "{missing:?}");
    let outside = register("out", "file:///etc/metadata/passwd").await;
    assert!(matches!(outside, Err(CatalogError::Refused { code: "location-outside-base", .. })), "{outside:?}");
}

#[tokio::test]
async fn purge_removes_the_table_and_nothing_else() {
    let world = World::local().sales().await;
    world.table("orders").await;
    world.table("orders2").await;
    let admin = world.admin();
    world.catalogs.drop_table(world.by(&admin), "lake", &path("sales"), "orders", true).await.unwrap();
    let files = world.files();
    assert_eq!(files.len(), 1);
    assert!(files[0].contains("/orders2-"), "{files:?}");
}
