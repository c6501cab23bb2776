//! Signatures against a strategy and a trail that do as they are told.

use std::sync::atomic::Ordering;

use super::super::tests::doubles::{Bench, bench};
use super::*;
use crate::access::Access;
use crate::audit::AuditResult;
use crate::clock::Clock;
use crate::fixtures::{NOW, admin, catalog_snapshot, grant, principal, table};
use crate::permission::{Action, PermissionScope};
use crate::strategy::Scoping;

const OBJECT: &str = "s3://bucket/base/sales/orders/data/a";

fn reader() -> Principal {
    principal(vec![grant(PermissionScope::Tenant, &[Action::Read])])
}

fn context() -> RequestContext {
    RequestContext { request_id: "r1".to_owned(), ..RequestContext::default() }
}

async fn sign(bench: &Bench, who: &Principal, object: &str, access: Access) -> Result<Option<String>, VendError> {
    let (objects, context) = ([Location::parse(object).unwrap()], context());
    let touched = Touched { objects: &objects, listing: None, access, body_decides: false };
    let ask = SignatureAsk { signature: Signature::Request, method: "GET", touched, context: &context };
    let by = |key: KeptKey<'_>| Ok(format!("{}@{}", key.credential.prefix, key.at.0));
    bench.vending.sign_request(who, &catalog_snapshot(), &table("orders"), ask, by).await
}

async fn presign(bench: &Bench, snapshot: &CatalogSnapshot, ttl: Option<u32>) -> Result<Option<Presigned>, VendError> {
    let (objects, context) = ([Location::parse(OBJECT).unwrap()], context());
    let touched = Touched { objects: &objects, listing: None, access: Access::READ, body_decides: false };
    let ask = SignatureAsk { signature: Signature::Url, method: "GET", touched, context: &context };
    let by = |_: KeptKey<'_>, life: u32| Ok(Secret::from(format!("https://signed/{life}")));
    bench.vending.presign(&admin(), snapshot, &table("orders"), ask, ttl, by).await
}

fn rows(bench: &Bench) -> Vec<(String, AuditResult)> {
    bench.trail.take().into_iter().map(|row| (row.action, row.result)).collect()
}

fn row(action: &str, result: AuditResult) -> (String, AuditResult) {
    (action.to_owned(), result)
}

#[tokio::test]
async fn a_cold_signature_mints_for_the_method_and_a_warm_one_is_one_row() {
    let bench = bench();
    let made = sign(&bench, &reader(), OBJECT, Access::READ).await.unwrap().unwrap();
    assert_eq!(made, format!("s3://bucket/base/sales/orders/@{}", NOW.0));
    let cold = bench.trail.take();
    assert_eq!(
        cold.iter().map(|row| row.result).collect::<Vec<_>>(),
        [AuditResult::Started, AuditResult::Success, AuditResult::Success]
    );
    assert_eq!((cold[0].action.as_str(), &cold[0].metadata["trigger"]), ("vend_credentials", &"sign_request".into()));
    let last = cold.last().unwrap();
    assert_eq!((last.action.as_str(), &last.metadata["method"]), ("sign_request", &"GET".into()));
    assert_eq!(last.metadata["locations"][0], OBJECT);
    assert_eq!(last.metadata["expires_at"], NOW.plus_seconds(900).to_rfc3339());
    assert!(!serde_json::to_string(&cold).unwrap().contains("planted"));
    sign(&bench, &reader(), OBJECT, Access::READ).await.unwrap();
    assert_eq!(rows(&bench), [row("sign_request", AuditResult::Success)]);
    assert_eq!(bench.strategy.runs(), 1);
}

#[tokio::test]
async fn each_access_has_its_own_credential_and_no_more() {
    let bench = bench();
    for access in [Access::READ, Access::READ_WRITE, Access { read: true, write: false, delete: true }] {
        sign(&bench, &admin(), OBJECT, access).await.unwrap();
        let minted = bench.trail.take().remove(0);
        assert_eq!(minted.metadata["access"], access.describe());
    }
    assert_eq!(bench.strategy.runs(), 3);
}

#[tokio::test]
async fn refusals_are_rows_and_mint_nothing() {
    let bench = bench();
    for (object, access, code) in [
        ("s3://bucket/base/sales/orders2/a", Access::READ, "location-outside-table"),
        (OBJECT, Access::READ_WRITE, "missing-right"),
    ] {
        assert!(matches!(sign(&bench, &reader(), object, access).await, Err(VendError::Denied(_))));
        let refused = bench.trail.take();
        assert_eq!((refused.len(), refused[0].result), (1, AuditResult::Denied));
        assert_eq!((refused[0].action.as_str(), &refused[0].metadata["code"]), ("sign_request", &code.into()));
    }
    bench.store.shared.store(true, Ordering::SeqCst);
    assert!(matches!(sign(&bench, &reader(), OBJECT, Access::READ).await, Err(VendError::LocationShared)));
    assert_eq!(bench.strategy.runs(), 0);
}

#[tokio::test]
async fn a_row_keeps_no_text_of_any_length() {
    let (bench, context, method) = (bench(), context(), "x".repeat(100_000));
    let touched = Touched { objects: &[], listing: None, access: Access::READ, body_decides: false };
    let ask = SignatureAsk { signature: Signature::Request, method: &method, touched, context: &context };
    bench.vending.refuse_hidden_signature(&reader(), &catalog_snapshot(), &table("orders"), ask).await.unwrap();
    assert_eq!(bench.trail.take()[0].metadata["method"], "x".repeat(20));
}

#[tokio::test]
async fn nothing_is_signed_when_the_trail_cannot_be_written() {
    let bench = bench();
    sign(&bench, &reader(), OBJECT, Access::READ).await.unwrap();
    bench.trail.broken.store(true, Ordering::SeqCst);
    assert!(matches!(sign(&bench, &reader(), OBJECT, Access::READ).await, Err(VendError::Audit(_))));
}

#[tokio::test]
async fn an_unscoped_strategy_signs_for_callers_whom_it_vends_nothing() {
    let bench = bench();
    bench.strategy.describe(|info| info.description.scoping = Scoping::Unscoped);
    let context = context();
    let ask = VendAsk { access: Access::READ, ttl_seconds: None, trigger: "credentials", context: &context };
    let narrow = principal(vec![grant(
        PermissionScope::Asset {
            catalog_id: crate::fixtures::CATALOG,
            namespace: table("orders").namespace,
            asset_id: table("orders").id.0,
        },
        &[Action::Read],
    )]);
    let snapshot = catalog_snapshot();
    let orders = table("orders");
    let vend = || bench.vending.vend(&narrow, &snapshot, &orders, ask);
    let refused = |vended| matches!(vended, Err(VendError::Denied(Denied::Unscoped(_))));
    assert!(refused(vend().await));
    assert!(sign(&bench, &narrow, OBJECT, Access::READ).await.unwrap().is_some());
    assert!(bench.strategy.last_may_be_unscoped());
    assert!(refused(vend().await), "the credential that the host keeps is not handed out");
}

#[tokio::test]
async fn a_url_lives_no_longer_than_anything_that_limits_it() {
    let bench = bench();
    let snapshot = catalog_snapshot();
    let ends = |presigned: Option<Presigned>| (presigned.unwrap().expires_at.0 - bench.clock.now().0) / 1000;
    assert_eq!(ends(presign(&bench, &snapshot, None).await.unwrap()), 3600);
    assert_eq!(ends(presign(&bench, &snapshot, Some(60)).await.unwrap()), 60, "shorter than the shortest mint");
    bench.clock.advance_seconds(1000);
    assert_eq!(ends(presign(&bench, &snapshot, Some(999_999)).await.unwrap()), 2600, "what is left of the credential");
    let mut short = catalog_snapshot();
    short.warehouse =
        Arc::new(crate::warehouse::Warehouse { max_ttl_seconds: Some(900), ..crate::fixtures::warehouse() });
    assert_eq!(ends(presign(&bench, &short, None).await.unwrap()), 900);
    assert_eq!(bench.trail.take().last().unwrap().action, "presign");
}

#[tokio::test]
async fn a_strategy_that_presigns_does_so_between_two_rows() {
    let bench = bench();
    bench.strategy.describe(|info| info.exports = vec!["pangolin:vending/presign@1.0.0".to_owned()]);
    let made = presign(&bench, &catalog_snapshot(), Some(120)).await.unwrap().unwrap();
    assert_eq!((made.headers.len(), made.expires_at), (1, NOW.plus_seconds(120)));
    let written = bench.trail.take();
    assert_eq!(written.iter().map(|row| row.result).collect::<Vec<_>>(), [AuditResult::Started, AuditResult::Success]);
    assert!(written.iter().all(|row| row.action == "presign"));
    assert_eq!(written[1].metadata["expires_at"], NOW.plus_seconds(120).to_rfc3339());
    assert!(!serde_json::to_string(&written).unwrap().contains("sig="));
    bench.strategy.fail_with(StrategyError::new(StrategyErrorKind::Denied, "no", "no"));
    assert!(presign(&bench, &catalog_snapshot(), None).await.is_err());
    assert_eq!(rows(&bench), [row("presign", AuditResult::Started), row("presign", AuditResult::Failure)]);
    assert_eq!(bench.strategy.runs(), 0, "nothing is vended");
}

#[tokio::test]
async fn storage_that_nobody_can_sign_for_is_said() {
    let bench = bench();
    let with = |change: fn(&mut crate::warehouse::Warehouse)| {
        let mut snapshot = catalog_snapshot();
        let mut warehouse = crate::fixtures::warehouse();
        change(&mut warehouse);
        snapshot.warehouse = Arc::new(warehouse);
        snapshot
    };
    assert!(presign(&bench, &with(|warehouse| warehouse.strategy = None), None).await.unwrap().is_none());
    assert!(presign(&bench, &with(|warehouse| warehouse.kind = StorageKind::Local), None).await.unwrap().is_none());
    let azure = presign(&bench, &with(|warehouse| warehouse.kind = StorageKind::Azure), None).await;
    let Err(VendError::Strategy(error)) = azure else { panic!("{azure:?}") };
    assert_eq!((error.kind, error.code.as_str()), (StrategyErrorKind::Unsupported, "presign-not-supported"));
}
