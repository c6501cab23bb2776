use pangolin_core::permission::Action;
use serde_json::{Value, json};

use super::world::{World, commit, path, plain, table, vended};
use crate::CatalogError;

/// The updates with which clients commit what they staged.
fn updates_of(metadata: &Value) -> Value {
    json!([
        { "action": "assign-uuid", "uuid": metadata["table-uuid"] },
        { "action": "upgrade-format-version", "format-version": metadata["format-version"] },
        { "action": "add-schema", "schema": metadata["schemas"][0], "last-column-id": metadata["last-column-id"] },
        { "action": "set-current-schema", "schema-id": -1 },
        { "action": "add-spec", "spec": metadata["partition-specs"][0] },
        { "action": "set-default-spec", "spec-id": -1 },
        { "action": "add-sort-order", "sort-order": metadata["sort-orders"][0] },
        { "action": "set-default-sort-order", "sort-order-id": -1 },
        { "action": "set-location", "location": metadata["location"] },
        { "action": "set-properties", "updates": metadata["properties"] },
    ])
}

#[tokio::test]
async fn a_staged_table_exists_only_after_its_commit_and_is_the_one_that_was_staged() {
    let world = World::local().sales().await;
    let admin = world.admin();
    let request = table(
        "orders",
        json!({
            "stage-create": true,
            "properties": { "a": "b" },
            "partition-spec": { "fields": [{ "source-id": 1, "name": "bucket", "transform": "bucket[8]" }] },
            "write-order": { "order-id": 1, "fields": [
                { "transform": "identity", "source-id": 1, "direction": "asc", "null-order": "nulls-first" },
            ] },
        }),
    );
    let staged = world.catalogs.create_table(world.by(&admin), "lake", &path("sales"), request, plain()).await.unwrap();
    let staged: Value = serde_json::from_slice(&staged.to_json().unwrap()).unwrap();
    assert!(staged.get("metadata-location").is_none());
    assert!(world.shelf.tables().is_empty() && world.files().is_empty());

    let create = commit(json!([{ "type": "assert-create" }]), updates_of(&staged["metadata"]));
    let done =
        world.catalogs.commit_table(world.by(&admin), "lake", &path("sales"), "orders", create.clone()).await.unwrap();
    let done: Value = serde_json::from_slice(&done.to_json().unwrap()).unwrap();
    for key in ["table-uuid", "location", "schemas", "partition-specs", "sort-orders", "properties", "format-version"] {
        assert_eq!(done["metadata"][key], staged["metadata"][key], "{key}");
    }
    assert_eq!(done["metadata"]["default-sort-order-id"], staged["metadata"]["default-sort-order-id"]);
    assert_eq!(done["metadata"]["last-partition-id"], staged["metadata"]["last-partition-id"]);
    assert_eq!(world.shelf.tables().len(), 1);
    let again = world.catalogs.commit_table(world.by(&admin), "lake", &path("sales"), "orders", create).await;
    assert!(matches!(again, Err(CatalogError::CommitConflict(_))), "{again:?}");
}

#[tokio::test]
async fn identifiers_of_fields_are_the_clients_own() {
    let world = World::local().sales().await;
    let admin = world.admin();
    let request = commit(
        json!([{ "type": "assert-create" }]),
        json!([
            { "action": "add-schema", "schema": { "type": "struct", "schema-id": 0, "fields": [
                { "id": 7, "name": "late", "type": "long", "required": false },
                { "id": 3, "name": "early", "type": "string", "required": false },
            ] } },
            { "action": "set-current-schema", "schema-id": -1 },
        ]),
    );
    let done = world.catalogs.commit_table(world.by(&admin), "lake", &path("sales"), "t", request).await.unwrap();
    let done: Value = serde_json::from_slice(&done.to_json().unwrap()).unwrap();
    assert_eq!(done["metadata"]["schemas"][0]["fields"][0]["id"], 7);
    assert_eq!(done["metadata"]["last-column-id"], 7);
    assert!(done["metadata"]["location"].as_str().unwrap().contains("/lake/sales/t-"));
}

#[tokio::test]
async fn a_commit_without_assert_create_creates_nothing() {
    let world = World::local().sales().await;
    let admin = world.admin();
    let request = commit(json!([]), json!([{ "action": "set-properties", "updates": { "a": "b" } }]));
    let refused = world.catalogs.commit_table(world.by(&admin), "lake", &path("sales"), "t", request).await;
    assert!(matches!(refused, Err(CatalogError::NoSuchTable(_))), "{refused:?}");
    let empty = commit(json!([{ "type": "assert-create" }]), json!([]));
    let refused = world.catalogs.commit_table(world.by(&admin), "lake", &path("sales"), "t", empty).await;
    assert!(matches!(refused, Err(CatalogError::Invalid(_))), "{refused:?}");
    assert!(world.files().is_empty());
}

#[tokio::test]
async fn a_place_that_nothing_holds_is_not_vended_for() {
    let (world, _bucket) = World::bucket("Exact").await;
    let world = world.sales().await;
    let writer = world.on_namespace("sales", &[Action::Write, Action::Delete]);
    let stage = |more: Value| {
        let (world, writer) = (&world, &writer);
        async move {
            world.catalogs.create_table(world.by(writer), "lake", &path("sales"), table("t", more), vended()).await
        }
    };
    let chosen = stage(json!({ "stage-create": true })).await.unwrap();
    assert!(chosen.has_credential());
    let given = stage(json!({ "stage-create": true, "location": "s3://bucket/lake/x" })).await;
    assert!(matches!(given, Err(CatalogError::Refused { code: "location-not-yours", .. })), "{given:?}");
}
