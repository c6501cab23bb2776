use pangolin_core::audit::AuditResult;
use pangolin_core::permission::Action;
use pangolin_core::principal::Principal;
use serde_json::{Value, json};

use super::world::{World, path, table, vended};
use crate::{CatalogError, Delegation, PresignTable, SignRequest};

async fn created(strategy: &str) -> (World, std::sync::Arc<super::bucket::Bucket>) {
    let (world, bucket) = World::bucket(strategy).await;
    let world = world.sales().await;
    world.table("orders").await;
    world.trail.take();
    (world, bucket)
}

fn root(world: &World) -> String {
    world.shelf.tables()[0].location.to_string()
}

fn signing() -> Delegation {
    Delegation { signing: true, ..Delegation::default() }
}

async fn presign(world: &World, who: &Principal, location: &str, method: Option<&str>) -> Result<Value, CatalogError> {
    let asked =
        PresignTable { location: location.to_owned(), method: method.map(str::to_owned), ttl_seconds: Some(60) };
    let made = world.catalogs.presign(world.by(who), "lake", &path("sales"), "orders", &asked).await?;
    Ok(serde_json::to_value(made).unwrap())
}

async fn sign(world: &World, who: &Principal, change: Value) -> Result<Value, CatalogError> {
    let endpoint = world.shelf.snapshot().warehouse.text("endpoint").unwrap().to_owned();
    let key = world.shelf.tables()[0].location.key().to_owned();
    let mut body = json!({
        "region": "eu-test-1", "method": "GET", "uri": format!("{endpoint}/bucket/{key}/data/a"), "headers": {},
    });
    if let (Value::Object(body), Value::Object(change)) = (&mut body, change) {
        body.extend(change);
    }
    let asked: SignRequest = serde_json::from_value(body).unwrap();
    let made = world.catalogs.sign_request(world.by(who), "lake", &path("sales"), "orders", &asked).await?;
    assert!(!format!("{made:?}").contains("Signature"), "{made:?}");
    Ok(serde_json::to_value(made).unwrap())
}

fn actions(world: &World) -> Vec<(String, AuditResult)> {
    world.trail.take().into_iter().filter(|(action, _)| action != "vend_credentials").collect()
}

fn row(action: &str, result: AuditResult) -> (String, AuditResult) {
    (action.to_owned(), result)
}

#[tokio::test]
async fn a_presigned_url_is_one_of_the_store_for_this_object() {
    // What does not narrow is minted once for all who ask.
    for (strategy, access) in [("Exact", "read"), ("Loose", "read-write-delete")] {
        let (world, _bucket) = created(strategy).await;
        let reader = world.on_namespace("sales", &[Action::Read]);
        let object = format!("{}/data/a b", root(&world));
        let made = presign(&world, &reader, &object, None).await.unwrap();
        let endpoint = world.shelf.snapshot().warehouse.text("endpoint").unwrap().to_owned();
        let url = made["url"].as_str().unwrap();
        let key = object.strip_prefix("s3://").unwrap().replace(' ', "%20");
        assert!(url.starts_with(&format!("{endpoint}/{key}?")), "{url}");
        assert!(url.contains("X-Amz-Expires=60&") && url.contains("X-Amz-Signature="), "{url}");
        assert!(url.contains(&format!("X-Amz-Security-Token=ann%3A{access}%3A")), "{url}");
        assert!(made["headers"].as_object().unwrap().is_empty());
        assert_eq!(made["expiration"], "2027-01-15T08:01:00.000Z");
        assert_eq!(actions(&world), [row("presign", AuditResult::Success)]);
    }
}

#[tokio::test]
async fn presigning_is_refused_outside_the_table_and_beyond_the_rights() {
    let (world, _bucket) = created("Exact").await;
    let reader = world.on_catalog(&[Action::Read]);
    let appender = world.on_catalog(&[Action::Read, Action::Write]);
    let root = root(&world);
    let inside = format!("{root}/data/a");
    assert!(presign(&world, &appender, &inside, Some("PUT")).await.is_ok());
    world.trail.take();
    for (who, location, method) in [
        (&reader, &format!("{root}2/a"), "GET"),
        (&reader, &"s3://bucket/lake/sales/a".to_owned(), "GET"),
        (&reader, &"s3://other/a".to_owned(), "GET"),
        (&reader, &inside, "PUT"),
        (&reader, &inside, "DELETE"),
        (&appender, &inside, "DELETE"),
    ] {
        let refused = presign(&world, who, location, Some(method)).await.unwrap_err();
        assert!(refused.is_refusal(), "{location} {method}: {refused:?}");
        assert_eq!(world.trail.take(), [row("presign", AuditResult::Denied)], "{location} {method}");
    }
    for location in [
        format!("{root}/../x"),
        format!("{root}/%2e%2e/x"),
        format!("{root}/a%2fb"),
        format!("{root}//a"),
        format!("{root}/a?b"),
        format!("{root}/"),
        "data/a".to_owned(),
        "https://bucket/a".to_owned(),
    ] {
        let refused = presign(&world, &reader, &location, None).await.unwrap_err();
        assert!(matches!(refused, CatalogError::Invalid(_)), "{location}: {refused:?}");
    }
    assert!(matches!(presign(&world, &reader, &inside, Some("POST")).await, Err(CatalogError::Invalid(_))));
    let seer = world.on_catalog(&[Action::List]);
    for location in [&inside, &"nonsense".to_owned()] {
        world.trail.take();
        assert!(presign(&world, &seer, location, None).await.unwrap_err().is_refusal(), "rights before form");
        assert_eq!(world.trail.take(), [row("presign", AuditResult::Denied)], "{location}");
    }
}

#[tokio::test]
async fn a_hidden_table_is_not_there_and_the_attempt_is_recorded() {
    let (world, _bucket) = created("Exact").await;
    let stranger = world.on_namespace("marketing", &[Action::All]);
    let refused = presign(&world, &stranger, "s3://bucket/lake/x", None).await;
    assert!(matches!(refused, Err(CatalogError::NoSuchTable(_))), "{refused:?}");
    assert_eq!(world.trail.take(), [row("presign", AuditResult::Denied)]);
    assert!(matches!(sign(&world, &stranger, json!({})).await, Err(CatalogError::NoSuchTable(_))));
    assert_eq!(world.trail.take(), [row("sign_request", AuditResult::Denied)]);
}

#[tokio::test]
async fn a_request_is_signed_with_the_least_that_it_needs() {
    let (world, _bucket) = created("Exact").await;
    let admin = world.admin();
    let token = |made: &Value| made["headers"]["x-amz-security-token"][0].as_str().unwrap().to_owned();
    let read = sign(&world, &admin, json!({ "headers": { "Range": ["bytes=0-9"] } })).await.unwrap();
    assert!(token(&read).starts_with("ann:read:"), "{read}");
    assert!(read["headers"]["authorization"][0].as_str().unwrap().contains("/eu-test-1/s3/aws4_request"));
    assert!(read["headers"].get("range").is_none());
    assert_eq!(actions(&world), [row("sign_request", AuditResult::Success)]);
    let written = sign(&world, &admin, json!({ "method": "PUT" })).await.unwrap();
    assert!(token(&written).starts_with("ann:read-write:"), "{written}");
    let deleted = sign(&world, &admin, json!({ "method": "DELETE" })).await.unwrap();
    assert!(token(&deleted).starts_with("ann:read-delete:"), "{deleted}");
    world.trail.take();
    sign(&world, &admin, json!({})).await.unwrap();
    assert_eq!(world.trail.take(), [row("sign_request", AuditResult::Success)], "warm: one row");
}

#[tokio::test]
async fn what_a_request_may_not_do_is_not_signed() {
    let (world, _bucket) = created("Loose").await;
    let reader = world.on_catalog(&[Action::Read]);
    let writer = world.on_catalog(&[Action::Read, Action::Write, Action::Delete]);
    let endpoint = world.shelf.snapshot().warehouse.text("endpoint").unwrap().to_owned();
    let key = world.shelf.tables()[0].location.key().to_owned();
    let at = |rest: &str| format!("{endpoint}/bucket{rest}");
    let listing = |prefix: &str| json!({ "uri": at(&format!("?list-type=2&prefix={}", prefix.replace('/', "%2F"))) });
    let delete = |keys: &[&str]| {
        let objects: String = keys.iter().map(|key| format!("<Object><Key>{key}</Key></Object>")).collect();
        json!({ "method": "POST", "uri": at("?delete"), "body": format!("<Delete>{objects}</Delete>") })
    };
    assert!(sign(&world, &reader, listing(&format!("{key}/"))).await.is_ok());
    let many = delete(&[&format!("{key}/a"), &format!("{key}/b")]);
    assert!(sign(&world, &writer, many.clone()).await.is_ok());
    let narrow = world.on_namespace("sales", &[Action::Read, Action::Write, Action::Delete]);
    assert!(sign(&world, &narrow, json!({ "method": "DELETE" })).await.is_ok());
    world.trail.take();
    for (who, change) in [
        (&reader, json!({ "method": "PUT" })),
        (&reader, json!({ "uri": at("/lake/sales/a") })),
        (&reader, json!({ "uri": at(&format!("/{key}2/a")) })),
        (&reader, json!({ "uri": at(&format!("/{key}/a?acl")) })),
        (&reader, json!({ "uri": format!("http://evil.io/bucket/{key}/a") })),
        (&reader, listing(&key)),
        (&reader, listing("")),
        (&reader, listing("lake/")),
        (&reader, delete(&[&format!("{key}/a")])),
        (&writer, delete(&[&format!("{key}/a"), &format!("{key}2/a")])),
        // The store might take another body under this signature, and the credential opens it all.
        (&narrow, many),
        (&writer, json!({ "method": "PUT", "headers": { "x-amz-acl": ["public-read"] } })),
        (&writer, json!({ "method": "PUT", "headers": { "x-amz-copy-source": ["/bucket/lake/other"] } })),
    ] {
        let refused = sign(&world, who, change.clone()).await.unwrap_err();
        assert!(refused.is_refusal(), "{change}: {refused:?}");
        assert_eq!(world.trail.take(), [row("sign_request", AuditResult::Denied)], "{change}");
    }
    for change in [
        json!({ "region": "us-east-1" }),
        json!({ "provider": "gcs" }),
        json!({ "uri": at(&format!("/{key}/%2e%2e/a")) }),
        json!({ "method": "POST", "uri": at("?delete") }),
    ] {
        let refused = sign(&world, &writer, change.clone()).await.unwrap_err();
        assert!(matches!(refused, CatalogError::Invalid(_)), "{change}: {refused:?}");
    }
    let seer = world.on_catalog(&[Action::List]);
    assert!(sign(&world, &seer, json!({ "region": "x" })).await.unwrap_err().is_refusal(), "rights before form");
}

#[tokio::test]
async fn a_table_made_again_under_its_name_is_another_one() {
    let (world, _bucket) = created("Exact").await;
    let id = world.shelf.tables()[0].id.0.to_string();
    let with = |id: &str| json!({ "properties": { "table-uuid": id, "other": "x" } });
    assert!(sign(&world, &world.admin(), with(&id)).await.is_ok());
    let old = sign(&world, &world.admin(), with("00000000-0000-0000-0000-000000000000")).await;
    assert!(matches!(old, Err(CatalogError::NoSuchTable(_))), "{old:?}");
}

#[tokio::test]
async fn remote_signing_brings_properties_and_no_credential() {
    let (world, _bucket) = created("Loose").await;
    let reader = world.on_catalog(&[Action::Read]);
    let both = Delegation { vended: true, ..signing() };
    let load = |who: Principal, delegation| {
        let world = &world;
        async move {
            let by = world.by(&who);
            let loaded = world.catalogs.load_table(by, "lake", &path("sales"), "orders", delegation).await.unwrap();
            let reply: Value = serde_json::from_slice(&loaded.to_json().unwrap()).unwrap();
            (loaded.etag().to_owned(), loaded.has_credential(), reply)
        }
    };
    let (tag, credential, reply) = load(reader.clone(), signing()).await;
    assert!(!credential);
    assert_eq!(reply["config"]["s3.remote-signing-enabled"], "true");
    assert_eq!(reply["config"]["s3.signer.endpoint"], "v1/lake/namespaces/sales/tables/orders/sign");
    assert_eq!(reply["remote-signing-config"]["properties"]["table-uuid"], reply["metadata"]["table-uuid"]);
    assert!(reply.get("storage-credentials").is_none() && !reply.to_string().contains("planted"));
    assert_eq!(world.trail.take(), [row("load_table", AuditResult::Success)]);
    let (bare, ..) = load(reader.clone(), Delegation::default()).await;
    assert_ne!(tag, bare, "who loaded without has not the same");
    world.trail.take();
    let (_, credential, reply) = load(reader, both).await;
    assert!(!credential && reply["config"]["s3.signer"] == "S3V4RestSigner", "in place of what is refused");
    let rows = [row("vend_credentials", AuditResult::Denied), row("load_table", AuditResult::Success)];
    assert_eq!(world.trail.take(), rows);
    let (_, credential, reply) = load(world.admin(), both).await;
    assert!(credential && reply["config"].get("s3.signer").is_none(), "a credential where one is vended");
}

#[tokio::test]
async fn a_creation_is_signed_for_and_a_staged_table_is_not() {
    let (world, _bucket) = created("Loose").await;
    let writer = world.on_namespace("sales", &[Action::Create, Action::Read, Action::Write]);
    let create = |name: &'static str, more: Value, delegation| {
        let (world, writer) = (&world, &writer);
        async move {
            let sales = path("sales");
            let made = world.catalogs.create_table(world.by(writer), "lake", &sales, table(name, more), delegation);
            made.await.map(|made| serde_json::from_slice::<Value>(&made.to_json().unwrap()).unwrap())
        }
    };
    let made = create("a", json!({}), Delegation { vended: true, ..signing() }).await.unwrap();
    assert_eq!(made["config"]["signer.endpoint"], "v1/lake/namespaces/sales/tables/a/sign");
    // No route can name it yet.
    let staged = create("b", json!({ "stage-create": true }), signing()).await;
    assert!(matches!(staged, Err(CatalogError::Refused { code: "staged-not-signable", .. })));
    let refused = create("c", json!({ "stage-create": true }), Delegation { vended: true, ..signing() }).await;
    assert!(refused.unwrap_err().is_refusal());
    assert!(create("d", json!({}), vended()).await.unwrap_err().is_refusal());
}

#[tokio::test]
async fn storage_that_vends_nothing_signs_nothing() {
    let world = World::local().sales().await;
    world.table("orders").await;
    let admin = world.admin();
    let object = format!("{}/a", root(&world));
    assert!(matches!(presign(&world, &admin, &object, None).await, Err(CatalogError::NothingToVend)));
    let loaded =
        world.catalogs.load_table(world.by(&admin), "lake", &path("sales"), "orders", signing()).await.unwrap();
    let reply: Value = serde_json::from_slice(&loaded.to_json().unwrap()).unwrap();
    assert_eq!(reply["config"], json!({}));
    assert!(reply.get("remote-signing-config").is_none());
}
