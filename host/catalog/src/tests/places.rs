//! Nobody comes to hold more by choosing where a table lies.

use pangolin_core::permission::{Action, Grant, PermissionScope};
use pangolin_core::principal::Principal;
use serde_json::{Value, json};

use super::world::{World, commit, path, plain, table, vended};
use crate::{CatalogError, CreateTable, LoadedTable, RegisterTable};

const WRITER: [Action; 2] = [Action::Write, Action::Delete];

/// Namespaces `sales` and `hr`; `hr.pay` was dropped, its files are there. The answer is its file.
async fn dropped_pay() -> (World, String) {
    let world = World::local().sales().await;
    let admin = world.admin();
    world.catalogs.create_namespace(world.by(&admin), "lake", path("hr"), Default::default()).await.unwrap();
    let pay = create(&world, &admin, "hr", table("pay", json!({}))).await.unwrap();
    let pay: Value = serde_json::from_slice(&pay.to_json().unwrap()).unwrap();
    world.catalogs.drop_table(world.by(&admin), "lake", &path("hr"), "pay", false).await.unwrap();
    (world, pay["metadata-location"].as_str().unwrap().to_owned())
}

async fn create(
    world: &World,
    who: &Principal,
    namespace: &str,
    request: CreateTable,
) -> Result<LoadedTable, CatalogError> {
    world.catalogs.create_table(world.by(who), "lake", &path(namespace), request, plain()).await
}

async fn register(world: &World, who: &Principal, namespace: &str, file: &str) -> Result<LoadedTable, CatalogError> {
    let request = json!({ "name": "again", "metadata-location": file });
    let request = serde_json::from_value::<RegisterTable>(request).unwrap();
    world.catalogs.register_table(world.by(who), "lake", &path(namespace), request, plain()).await
}

#[expect(clippy::needless_pass_by_value, reason = "tests hand results over in place")]
fn forbidden<T: std::fmt::Debug>(result: Result<T, CatalogError>, what: &str) {
    assert!(
        matches!(result, Err(CatalogError::Refused { code: "location-not-yours" | "staged-place-refused", .. })),
        "{what}: {result:?}"
    );
}

fn base(world: &World) -> String {
    world.shelf.snapshot().catalog.base.to_string()
}

#[tokio::test]
async fn a_writer_of_one_namespace_takes_no_place_of_another() {
    let (world, file) = dropped_pay().await;
    let (base, root) = (base(&world), file.rsplit_once("/metadata/").unwrap().0.to_owned());
    let writer = world.on_namespace("sales", &WRITER);
    for place in [root.clone(), format!("{root}/data"), format!("{base}/hr"), format!("{base}/salesx/t")] {
        let given = table("t", json!({ "location": place }));
        forbidden(create(&world, &writer, "sales", given).await, &place);
        for name in ["write.data.path", "write.metadata.path"] {
            let given = table("t", json!({ "properties": { name: place } }));
            forbidden(create(&world, &writer, "sales", given).await, &place);
        }
    }
    forbidden(register(&world, &writer, "sales", &file).await, "registered");
    create(&world, &writer, "sales", table("own", json!({ "location": format!("{base}/sales/own") }))).await.unwrap();
    create(&world, &writer, "sales", table("chosen", json!({}))).await.unwrap();
    for update in [
        json!({ "action": "set-location", "location": root }),
        json!({ "action": "set-properties", "updates": { "write.data.path": root } }),
    ] {
        let request = commit(json!([]), json!([update]));
        let moved = world.catalogs.commit_table(world.by(&writer), "lake", &path("sales"), "own", request).await;
        forbidden(moved, "moved");
    }
    let everywhere = world.on_catalog(&WRITER);
    register(&world, &everywhere, "hr", &file).await.unwrap();
}

#[tokio::test]
async fn the_namespaces_own_dropped_table_is_its_writers_to_register() {
    let (world, file) = dropped_pay().await;
    forbidden(
        register(&world, &world.on_namespace("hr", &[Action::List, Action::Create]), "hr", &file).await,
        "no right to read",
    );
    register(&world, &world.on_namespace("hr", &WRITER), "hr", &file).await.unwrap();
}

#[tokio::test]
async fn a_right_on_one_table_moves_it_nowhere() {
    let (world, _) = dropped_pay().await;
    world.table("orders").await;
    let granted = world.shelf.tables().remove(0);
    let scope = PermissionScope::Asset {
        catalog_id: granted.catalog_id,
        namespace: granted.namespace.clone(),
        asset_id: granted.id.0,
    };
    let caller = world.user(vec![Grant { scope, actions: vec![Action::All] }]);
    let moved = |place: String| {
        let (world, caller) = (&world, &caller);
        let update = json!([{ "action": "set-properties", "updates": { "write.data.path": place } }]);
        async move {
            let request = commit(json!([]), update);
            world.catalogs.commit_table(world.by(caller), "lake", &path("sales"), "orders", request).await
        }
    };
    forbidden(moved(format!("{}/sales/other", base(&world))).await, "in the namespace");
    moved(format!("{}/files", granted.location)).await.unwrap();
}

#[tokio::test]
async fn a_staged_table_opens_no_other_place_by_a_property() {
    let (world, _bucket) = World::bucket("Exact").await;
    let world = world.sales().await;
    let writer = world.on_namespace("sales", &WRITER);
    let stage = |place: &'static str| {
        let (world, writer) = (&world, &writer);
        let request = table("t", json!({ "stage-create": true, "properties": { "write.data.path": place } }));
        async move { world.catalogs.create_table(world.by(writer), "lake", &path("sales"), request, vended()).await }
    };
    forbidden(stage("s3://bucket/lake/sales/all").await, "held by nothing until the commit");
    forbidden(stage("s3://bucket/lake/hr").await, "elsewhere");
}

#[tokio::test]
async fn a_new_table_does_not_pass_for_another_by_its_uuid() {
    let world = World::local().sales().await;
    world.table("orders").await;
    let orders = world.shelf.tables().remove(0);
    let files = world.files();
    let updates = json!([
        { "action": "assign-uuid", "uuid": orders.id },
        { "action": "add-schema", "schema": { "type": "struct", "schema-id": 0, "fields": [
            { "id": 1, "name": "id", "type": "long", "required": true },
        ] } },
        { "action": "set-current-schema", "schema-id": -1 },
        { "action": "set-location", "location": orders.location },
    ]);
    let admin = world.admin();
    let request = commit(json!([{ "type": "assert-create" }]), updates);
    let made = world.catalogs.commit_table(world.by(&admin), "lake", &path("sales"), "copy", request).await;
    assert!(matches!(made, Err(CatalogError::LocationTaken)), "{made:?}");
    assert_eq!(world.files(), files);
}

/// Whoever stages a table says which identifier it has, and the host names its directory by that.
#[tokio::test]
async fn a_staged_table_takes_no_place_of_a_namespace_that_is_spelt_alike() {
    let world = World::local().sales().await;
    let admin = world.admin();
    for namespace in ["h_r", "h r"] {
        world.catalogs.create_namespace(world.by(&admin), "lake", path(namespace), Default::default()).await.unwrap();
    }
    let pay = create(&world, &admin, "h_r", table("pay", json!({}))).await.unwrap();
    let pay: Value = serde_json::from_slice(&pay.to_json().unwrap()).unwrap();
    world.catalogs.drop_table(world.by(&admin), "lake", &path("h_r"), "pay", false).await.unwrap();
    let writer = world.on_namespace("h r", &WRITER);
    let stage = |place: Option<&Value>| {
        let mut updates = vec![
            json!({ "action": "assign-uuid", "uuid": pay["metadata"]["table-uuid"] }),
            json!({ "action": "add-schema", "schema": pay["metadata"]["schemas"][0] }),
            json!({ "action": "set-current-schema", "schema-id": -1 }),
        ];
        updates.extend(place.map(|place| json!({ "action": "set-location", "location": place })));
        let request = commit(json!([{ "type": "assert-create" }]), json!(updates));
        let (world, writer) = (&world, &writer);
        async move { world.catalogs.commit_table(world.by(writer), "lake", &path("h r"), "pay", request).await }
    };
    forbidden(stage(Some(&pay["metadata"]["location"])).await, "the place of the dropped table");
    let made = stage(None).await.unwrap();
    let made: Value = serde_json::from_slice(&made.to_json().unwrap()).unwrap();
    assert_ne!(made["metadata"]["location"], pay["metadata"]["location"]);
}
