use pangolin_core::audit::AuditResult;
use pangolin_core::permission::{Action, Grant, PermissionScope};
use pangolin_core::principal::Principal;
use serde_json::json;

use super::world::{World, commit, path, plain, table};
use crate::{CatalogError, Paging};

/// How each verb ends for a caller: `ok`, `403`, `404`.
async fn verbs(world: &World, caller: &Principal) -> Vec<(&'static str, &'static str)> {
    fn ended<T>(result: Result<T, CatalogError>) -> &'static str {
        match result {
            Ok(_) => "ok",
            Err(CatalogError::Forbidden(_) | CatalogError::Refused { .. }) => "403",
            Err(CatalogError::NoSuchTable(_) | CatalogError::NoSuchNamespace(_) | CatalogError::NoSuchCatalog(_)) => {
                "404"
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    let (catalogs, by, sales) = (&world.catalogs, world.by(caller), path("sales"));
    let change = commit(json!([]), json!([{ "action": "set-properties", "updates": { "k": "v" } }]));
    vec![
        ("exists", ended(catalogs.table_exists(by, "lake", &sales, "orders").await)),
        ("load", ended(catalogs.load_table(by, "lake", &sales, "orders", plain()).await)),
        ("commit", ended(catalogs.commit_table(by, "lake", &sales, "orders", change).await)),
        ("create", ended(catalogs.create_table(by, "lake", &sales, table("new", json!({})), plain()).await)),
        ("rename", ended(catalogs.rename_table(by, "lake", (&sales, "orders"), (&sales, "renamed")).await)),
        ("drop", ended(catalogs.drop_table(by, "lake", &sales, "orders", false).await)),
    ]
}

fn all(how: &'static str) -> Vec<(&'static str, &'static str)> {
    ["exists", "load", "commit", "create", "rename", "drop"].map(|verb| (verb, how)).to_vec()
}

async fn world() -> World {
    let world = World::local().sales().await;
    world.table("orders").await;
    world
}

#[tokio::test]
async fn a_stranger_learns_nothing() {
    let world = world().await;
    assert_eq!(verbs(&world, &world.user(Vec::new())).await, all("404"));
    assert_eq!(verbs(&world, &World::local().admin()).await, all("404"));
    let elsewhere = world.on_namespace("marketing", &[Action::All]);
    assert_eq!(verbs(&world, &elsewhere).await, all("404"));
}

#[tokio::test]
async fn discovery_sees_and_a_reader_loads() {
    let world = world().await;
    let mut expected = all("403");
    expected[0].1 = "ok";
    assert_eq!(verbs(&world, &world.on_catalog(&[Action::List])).await, expected);
    expected[1].1 = "ok";
    world.trail.take();
    assert_eq!(verbs(&world, &world.on_catalog(&[Action::Read])).await, expected);
    let rows = world.trail.take();
    let denied = rows.iter().filter(|(_, result)| *result == AuditResult::Denied).count();
    assert_eq!((rows.len(), denied), (5, 4), "{rows:?}");
}

#[tokio::test]
async fn write_is_not_delete() {
    let world = world().await;
    let writer = world.on_catalog(&[Action::Write]);
    let refused = world.catalogs.drop_table(world.by(&writer), "lake", &path("sales"), "orders", false).await;
    assert!(matches!(refused, Err(CatalogError::Forbidden(_))), "{refused:?}");
    let change = commit(json!([]), json!([{ "action": "set-properties", "updates": { "k": "v" } }]));
    world.catalogs.commit_table(world.by(&writer), "lake", &path("sales"), "orders", change).await.unwrap();
    let sales = path("sales");
    world.catalogs.rename_table(world.by(&writer), "lake", (&sales, "orders"), (&sales, "orders2")).await.unwrap();
    let deleter = world.on_catalog(&[Action::List, Action::Delete]);
    world.catalogs.drop_table(world.by(&deleter), "lake", &sales, "orders2", false).await.unwrap();
}

#[tokio::test]
async fn one_table_may_be_granted_alone() {
    let world = world().await;
    world.table("secret").await;
    let granted = world.shelf.tables().remove(0);
    let scope = PermissionScope::Asset {
        catalog_id: granted.catalog_id,
        namespace: granted.namespace.clone(),
        asset_id: granted.id.0,
    };
    let caller = world.user(vec![Grant { scope, actions: vec![Action::Read] }]);
    let listed =
        world.catalogs.list_tables(world.by(&caller), "lake", &path("sales"), &Paging::default()).await.unwrap();
    assert_eq!(listed.items, ["orders"]);
    world.catalogs.load_table(world.by(&caller), "lake", &path("sales"), "orders", plain()).await.unwrap();
    let hidden = world.catalogs.load_table(world.by(&caller), "lake", &path("sales"), "secret", plain()).await;
    let never = world.catalogs.load_table(world.by(&caller), "lake", &path("sales"), "never-was", plain()).await;
    let text = |result: Result<crate::LoadedTable, CatalogError>| result.unwrap_err().to_string();
    assert_eq!(text(hidden).replace("secret", "X"), text(never).replace("never-was", "X"));
}

#[tokio::test]
async fn a_move_needs_the_right_to_create_there() {
    let world = world().await;
    world.catalogs.create_namespace(world.by(&world.admin()), "lake", path("vault"), Default::default()).await.unwrap();
    let writer = world.on_namespace("sales", &[Action::Write]);
    let (sales, vault) = (path("sales"), path("vault"));
    let hidden = world.catalogs.rename_table(world.by(&writer), "lake", (&sales, "orders"), (&vault, "t")).await;
    assert!(matches!(hidden, Err(CatalogError::NoSuchNamespace(_))), "{hidden:?}");
}

#[tokio::test]
async fn a_table_leaves_its_namespace_only_with_the_right_to_delete_it() {
    let world = world().await;
    world.catalogs.create_namespace(world.by(&world.admin()), "lake", path("vault"), Default::default()).await.unwrap();
    let on = |namespace: &str, actions: &[Action]| world.on_namespace(namespace, actions).grants.to_vec();
    let (sales, vault) = (path("sales"), path("vault"));
    let full = [Action::Write, Action::Delete];
    let appender = world.user([on("sales", &[Action::Write]), on("vault", &full)].concat());
    let moved = world.catalogs.rename_table(world.by(&appender), "lake", (&sales, "orders"), (&vault, "t")).await;
    assert!(matches!(moved, Err(CatalogError::Forbidden(_))), "it would come to hold delete there: {moved:?}");
    let writer = world.user([on("sales", &full), on("vault", &full)].concat());
    world.catalogs.rename_table(world.by(&writer), "lake", (&sales, "orders"), (&vault, "t")).await.unwrap();
}
