use pangolin_core::access::Access;
use pangolin_core::audit::AuditResult;
use pangolin_core::emit::Client;
use pangolin_core::permission::Action;
use serde_json::{Value, json};

use super::world::{World, commit, path, plain, table, vended};
use crate::{CatalogError, CredentialsAsk, RouteForm, StorageError};

fn ask(access: Access) -> CredentialsAsk {
    CredentialsAsk { access, ttl_seconds: None, form: RouteForm::Plain, client: Client::default() }
}

async fn created(strategy: &str) -> (World, std::sync::Arc<super::bucket::Bucket>) {
    let (world, bucket) = World::bucket(strategy).await;
    let world = world.sales().await;
    world.table("orders").await;
    world.trail.take();
    (world, bucket)
}

#[tokio::test]
async fn the_host_writes_with_a_credential_for_this_one_table() {
    let (world, bucket) = created("Exact").await;
    let stored = world.shelf.tables().remove(0);
    assert_eq!(bucket.keys(), [stored.metadata_location.strip_prefix("s3://bucket/").unwrap()]);
    let token = format!("system:read-write-delete:{}/", stored.location);
    assert!(bucket.tokens().iter().all(|seen| *seen == token), "{:?}", bucket.tokens());
}

#[tokio::test]
async fn a_load_brings_the_credential_in_both_places_and_one_row() {
    let (world, _bucket) = created("Exact").await;
    let reader = world.on_catalog(&[Action::Read]);
    let sales = path("sales");
    let load = || world.catalogs.load_table(world.by(&reader), "lake", &sales, "orders", vended());
    let loaded = load().await.unwrap();
    let reply: Value = serde_json::from_slice(&loaded.to_json().unwrap()).unwrap();
    let root = format!("{}/", world.shelf.tables()[0].location);
    assert_eq!(reply["storage-credentials"].as_array().unwrap().len(), 1);
    assert_eq!(reply["storage-credentials"][0]["prefix"], json!(root));
    assert_eq!(reply["storage-credentials"][0]["config"], reply["config"]);
    assert_eq!(reply["config"]["s3.session-token"], json!(format!("ann:read:{root}")));
    assert_eq!(reply["config"]["client.region"], "eu-test-1");
    let refresh = "v1/lake/namespaces/sales/tables/orders/credentials";
    assert_eq!(reply["config"]["client.refresh-credentials-endpoint"], refresh);
    assert!(!format!("{loaded:?}").contains("planted-secret"));
    world.trail.take();
    load().await.unwrap();
    assert_eq!(world.trail.take(), [("vend_credentials".to_owned(), AuditResult::Success)], "a warm load is one row");
}

#[tokio::test]
async fn a_vend_of_what_is_hidden_is_recorded_and_answered_like_one_of_what_never_was() {
    let (world, bucket) = created("Exact").await;
    let (tokens, sales) = (bucket.tokens().len(), path("sales"));
    let denied = [("vend_credentials".to_owned(), AuditResult::Denied)];
    for stranger in [world.user(Vec::new()), world.on_namespace("marketing", &[Action::All])] {
        let by = world.by(&stranger);
        let full = || ask(Access::FULL);
        let text = |refused: CatalogError| refused.to_string();
        let hidden = world.catalogs.credentials(by, "lake", &sales, "orders", full()).await.map(drop).unwrap_err();
        assert_eq!(world.trail.take(), denied);
        let never = world.catalogs.credentials(by, "lake", &sales, "never-was", full()).await.map(drop).unwrap_err();
        assert_eq!(world.trail.take(), []);
        assert_eq!(text(hidden), text(never).replace("never-was", "orders"));
        let loaded = world.catalogs.load_table(by, "lake", &sales, "orders", vended()).await.map(drop).unwrap_err();
        assert!(matches!(loaded, CatalogError::NoSuchCatalog(_) | CatalogError::NoSuchTable(_)), "{loaded:?}");
        assert_eq!(world.trail.take(), denied);
    }
    let elsewhere = World::local().admin();
    let by = world.by(&elsewhere);
    world.catalogs.credentials(by, "lake", &sales, "orders", ask(Access::FULL)).await.map(drop).unwrap_err();
    assert_eq!(world.trail.take(), [], "another tenant's name leaves nothing in this one's trail");
    assert_eq!(bucket.tokens().len(), tokens);
}

#[tokio::test]
async fn without_the_header_nothing_is_vended_and_the_load_is_recorded() {
    let (world, _bucket) = created("Exact").await;
    let admin = world.admin();
    let loaded = world.catalogs.load_table(world.by(&admin), "lake", &path("sales"), "orders", plain()).await.unwrap();
    let reply: Value = serde_json::from_slice(&loaded.to_json().unwrap()).unwrap();
    assert_eq!(reply["config"], json!({}));
    assert!(reply.get("storage-credentials").is_none());
    assert_eq!(world.trail.take(), [("load_table".to_owned(), AuditResult::Success)]);
}

#[tokio::test]
async fn a_creation_vends_and_a_refused_vend_creates_nothing() {
    let (world, bucket) = created("Loose").await;
    let create = |by: pangolin_core::principal::Principal, name: &'static str| {
        let world = &world;
        async move {
            let by = world.by(&by);
            world.catalogs.create_table(by, "lake", &path("sales"), table(name, json!({})), vended()).await
        }
    };
    assert!(create(world.admin(), "a").await.unwrap().has_credential());
    let before = bucket.keys();
    let writer = world.on_namespace("sales", &[Action::Write]);
    let refused = create(writer, "b").await.unwrap_err();
    assert!(refused.is_refusal(), "{refused:?}");
    assert!(refused.to_string().contains("allow_unscoped"), "{refused}");
    assert_eq!((bucket.keys(), world.shelf.tables().len()), (before, 2));
}

#[tokio::test]
async fn an_unscoped_credential_is_refused_on_load_with_the_reason() {
    let (world, _bucket) = created("Loose").await;
    let reader = world.on_catalog(&[Action::Read]);
    let refused = world.catalogs.load_table(world.by(&reader), "lake", &path("sales"), "orders", vended()).await;
    let refused = refused.unwrap_err();
    assert!(refused.is_refusal() && refused.to_string().contains("remote signing"), "{refused}");
    assert_eq!(world.trail.take(), [("vend_credentials".to_owned(), AuditResult::Denied)]);
}

#[tokio::test]
async fn credentials_are_narrowed_by_rights_and_by_the_ask() {
    let (world, _bucket) = created("Exact").await;
    let token = |by: pangolin_core::principal::Principal, access| {
        let world = &world;
        async move {
            let by = world.by(&by);
            let got = world.catalogs.credentials(by, "lake", &path("sales"), "orders", ask(access)).await?;
            let got = serde_json::to_value(&got).unwrap();
            let token = got["storage-credentials"][0]["config"]["s3.session-token"].as_str().unwrap().to_owned();
            Ok::<_, CatalogError>(token.split(':').nth(1).unwrap().to_owned())
        }
    };
    assert_eq!(token(world.admin(), Access::FULL).await.unwrap(), "read-write-delete");
    assert_eq!(token(world.admin(), Access::READ).await.unwrap(), "read");
    assert_eq!(token(world.on_catalog(&[Action::Write]), Access::FULL).await.unwrap(), "read-write");
    assert_eq!(token(world.on_catalog(&[Action::Read]), Access::FULL).await.unwrap(), "read");
    let seer = token(world.on_catalog(&[Action::List]), Access::FULL).await.unwrap_err();
    assert!(seer.is_refusal(), "{seer:?}");
    let stranger = token(world.user(Vec::new()), Access::FULL).await;
    assert!(matches!(stranger, Err(CatalogError::NoSuchCatalog(_))), "{stranger:?}");
}

#[tokio::test]
async fn the_flat_form_is_the_same_credential() {
    let (world, _bucket) = created("Exact").await;
    let admin = world.admin();
    let flat = world
        .catalogs
        .flat_credentials(world.by(&admin), "lake", &path("sales"), "orders", ask(Access::READ))
        .await
        .unwrap();
    let flat = serde_json::to_value(&flat).unwrap();
    assert_eq!(flat["access_key_id"], "AKID");
    assert_eq!(flat["expiration"], "2027-01-15T09:00:00.000Z");
}

#[tokio::test]
async fn where_nothing_is_vended_the_credentials_route_says_so() {
    let world = World::local().sales().await;
    world.table("orders").await;
    let admin = world.admin();
    let refused =
        world.catalogs.credentials(world.by(&admin), "lake", &path("sales"), "orders", ask(Access::FULL)).await;
    assert!(matches!(refused, Err(CatalogError::NothingToVend)), "{refused:?}");
}

#[tokio::test]
async fn a_tag_is_known_until_the_table_or_its_credential_is_old() {
    let (world, _bucket) = created("Exact").await;
    let admin = world.admin();
    let sales = path("sales");
    let load = |how| world.catalogs.load_table(world.by(&admin), "lake", &sales, "orders", how);
    let bare = load(plain()).await.unwrap().etag().to_owned();
    let with_key = load(vended()).await.unwrap().etag().to_owned();
    assert_ne!(bare, with_key);
    assert!(load(plain()).await.unwrap().is_known(Some(&format!("\"x\", W/{bare}"))));
    assert!(load(vended()).await.unwrap().is_known(Some(&with_key)));
    assert!(!load(vended()).await.unwrap().is_known(Some(&bare)));
    assert!(!load(vended()).await.unwrap().is_known(None));
    world.clock.advance_seconds(1801);
    assert!(!load(vended()).await.unwrap().is_known(Some(&with_key)), "past half of its life");
    assert!(load(plain()).await.unwrap().is_known(Some(&bare)));
    let change = commit(json!([]), json!([{ "action": "set-properties", "updates": { "k": "v" } }]));
    world.catalogs.commit_table(world.by(&admin), "lake", &path("sales"), "orders", change).await.unwrap();
    assert!(!load(plain()).await.unwrap().is_known(Some(&bare)));
}

#[tokio::test]
async fn a_store_that_refuses_the_host_is_named_without_its_text() {
    let (world, bucket) = created("Exact").await;
    bucket.refuse();
    let admin = world.admin();
    let change = commit(json!([]), json!([{ "action": "set-properties", "updates": { "k": "v" } }]));
    let failed = world.catalogs.commit_table(world.by(&admin), "lake", &path("sales"), "orders", change).await;
    let Err(CatalogError::Storage(error @ StorageError::Refused { .. })) = failed else { panic!("{failed:?}") };
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("AccessDenied") && !shown.contains("planted"), "{shown}");
    assert_eq!(world.shelf.tables()[0].version, 1);
}

#[tokio::test]
async fn the_file_of_a_lost_commit_is_removed_from_the_bucket() {
    let (world, bucket) = created("Exact").await;
    world.shelf.conflicts.store(100, std::sync::atomic::Ordering::SeqCst);
    let admin = world.admin();
    let change = commit(json!([]), json!([{ "action": "set-properties", "updates": { "k": "v" } }]));
    let lost = world.catalogs.commit_table(world.by(&admin), "lake", &path("sales"), "orders", change).await;
    assert!(matches!(lost, Err(CatalogError::CommitConflict(_))), "{lost:?}");
    assert_eq!(bucket.keys().len(), 1);
}

#[tokio::test]
async fn purge_deletes_the_tables_objects_and_no_neighbours() {
    let (world, bucket) = created("Exact").await;
    let root = world.shelf.tables()[0].location.key().to_owned();
    bucket.put(&format!("{root}/data/f.parquet"));
    bucket.put(&format!("{root}2/data/f.parquet"));
    let admin = world.admin();
    world.catalogs.drop_table(world.by(&admin), "lake", &path("sales"), "orders", true).await.unwrap();
    assert_eq!(bucket.keys(), [format!("{root}2/data/f.parquet")]);
}
