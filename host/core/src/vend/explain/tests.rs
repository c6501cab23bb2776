//! Explanations beside the vends that they explain.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use uuid::Uuid;

use serde_json::json;

use super::super::ttl::LimitedBy;
use super::super::{
    VendOutcome,
    tests::doubles::{Bench, bench},
};
use super::*;
use crate::fixtures::{CATALOG, NOW, admin, catalog_snapshot, grant, principal, table};
use crate::id::{RoleId, UserId};
use crate::location::Location;
use crate::permission::{Action, Grant, PermissionScope};
use crate::revocation::RevokedKind;
use crate::secret::SecretValue;
use crate::strategy::{Field, FieldKind, Scoping, SecretUse};
use crate::warehouse::Warehouse;

mod signatures;

const READER: RoleId = RoleId(Uuid::from_u128(70));

fn by_reader() -> Via {
    Via::Role { role_id: READER, role: "Reader".to_owned(), given_by: GivenBy::Account }
}

/// What one test asks for.
struct Case {
    bench: Bench,
    snapshot: CatalogSnapshot,
    table: Table,
    subject: Principal,
    access: Access,
    ttl_seconds: Option<u32>,
}

impl Case {
    fn of(subject: Principal) -> Self {
        let (snapshot, table) = (catalog_snapshot(), table("orders"));
        Self { bench: bench(), snapshot, table, subject, access: Access::FULL, ttl_seconds: None }
    }

    fn warehouse(&mut self, change: impl FnOnce(&mut Warehouse)) {
        let mut warehouse = (*self.snapshot.warehouse).clone();
        change(&mut warehouse);
        self.snapshot.warehouse = warehouse.into();
    }

    async fn explain_from(&self, sources: &[GrantSource]) -> Explanation {
        self.tried(sources).await.unwrap()
    }

    async fn tried(&self, sources: &[GrantSource]) -> Result<Explanation, VendError> {
        let context = RequestContext { request_id: "r1".to_owned(), ..RequestContext::default() };
        let Self { bench, snapshot, table, subject, access, ttl_seconds } = self;
        let ask = ExplainAsk { sources, ..asked(subject, *access, *ttl_seconds, &context) };
        bench.vending.explain(&admin(), snapshot, table, ask).await
    }

    async fn explain(&self) -> Explanation {
        self.explain_from(&[]).await
    }

    /// The code that a real vend ends with.
    async fn vend(&self) -> Result<(), String> {
        let context = RequestContext { request_id: "r2".to_owned(), ..RequestContext::default() };
        let ask =
            VendAsk { access: self.access, ttl_seconds: self.ttl_seconds, trigger: "credentials", context: &context };
        match self.bench.vending.vend(&self.subject, &self.snapshot, &self.table, ask).await {
            Ok(VendOutcome::Vended(_)) => Ok(()),
            Ok(VendOutcome::Nothing) => Err("nothing-to-vend".to_owned()),
            Err(error) => Err(error.code().to_owned()),
        }
    }
}

fn asked<'a>(
    subject: &'a Principal,
    access: Access,
    ttl_seconds: Option<u32>,
    context: &'a RequestContext,
) -> ExplainAsk<'a> {
    let of = ExplainUse::Credentials { access, ttl_seconds };
    ExplainAsk { subject, is_active: true, sources: &[], assumed_roles: &[], of, context }
}

fn reader() -> Principal {
    principal(vec![grant(PermissionScope::Tenant, &[Action::Read])])
}

/// The steps of a vend.
fn steps() -> impl Iterator<Item = Step> {
    Step::ALL.into_iter().filter(|step| !step.is_of_signatures())
}

fn names(explanation: &Explanation) -> Vec<(Step, bool)> {
    explanation.checks.iter().map(|check| (check.name, check.passed)).collect()
}

#[tokio::test]
async fn a_vend_that_would_go_out_is_told_from_end_to_end_and_nothing_is_minted() {
    let case = Case::of(admin());
    let told = case.explain().await;
    assert!(told.allowed && told.refusal.is_none());
    assert_eq!(names(&told), steps().map(|step| (step, true)).collect::<Vec<_>>());
    assert_eq!(told.access.granted, Some("read-write-delete"));
    assert_eq!(told.scopes, ["s3://bucket/base/sales/orders/"]);
    let ttl = told.ttl.as_ref().unwrap();
    assert_eq!((ttl.seconds, ttl.limited_by), (Some(3600), Some(LimitedBy::Default)));
    assert_eq!(told.would[0].ask["duration_seconds"], 3600);
    assert!(!told.revocable.as_ref().unwrap().by_host);
    assert_eq!(case.bench.strategy.runs(), 0);

    case.vend().await.unwrap();
    assert_eq!(case.bench.strategy.runs(), 1, "the explanation left nothing in the cache");
}

#[tokio::test]
async fn whatever_refuses_the_vend_is_the_check_that_fails() {
    type Change = fn(&mut Case);
    let cases: [(&str, Step, Change); 12] = [
        ("not-found", Step::Visible, |case| case.subject = principal(Vec::new())),
        ("missing-right", Step::Access, |case| {
            case.subject = principal(vec![grant(PermissionScope::Tenant, &[Action::List])]);
        }),
        ("host-identity-refused", Step::HostIdentity, |case| case.snapshot.host_identity_allowed = false),
        ("location-outside-base", Step::Locations, |case| {
            case.table.location = Location::parse("s3://other/orders").unwrap();
        }),
        ("revoked", Step::NotRevoked, |case| case.bench.book.revoke(RevokedKind::Table)),
        ("nothing-to-vend", Step::WarehouseVends, |case| case.warehouse(|warehouse| warehouse.strategy = None)),
        ("location-shared", Step::LocationExclusive, |case| case.bench.store.shared.store(true, Ordering::SeqCst)),
        ("unscoped-refused", Step::Scoping, |case| {
            case.subject = reader();
            case.bench.strategy.describe(|info| info.description.scoping = Scoping::Unscoped);
        }),
        ("ttl-too-short", Step::Ttl, |case| case.ttl_seconds = Some(60)),
        ("ttl-too-short", Step::Ttl, |case| case.warehouse(|warehouse| warehouse.max_ttl_seconds = Some(60))),
        ("secret-missing", Step::Secrets, |case| {
            case.bench.strategy.describe(|info| info.description.fields = vec![secret_field("key")]);
            let reference = BTreeMap::from([("key".to_owned(), SecretValue::Reference("nowhere".to_owned()))]);
            case.warehouse(|warehouse| warehouse.secrets = reference);
        }),
        ("role-not-assumable", Step::Strategy, |case| {
            let error = StrategyError::new(StrategyErrorKind::Denied, "role-not-assumable", "no");
            case.bench.strategy.fail_with(error);
        }),
    ];
    for (code, step, change) in cases {
        let mut case = Case::of(admin());
        change(&mut case);
        let told = case.explain().await;
        assert!(!told.allowed, "{code}");
        assert_eq!(told.refusal.as_ref().unwrap().code, code);
        let until = steps().take_while(|other| *other <= step).map(|other| (other, other != step));
        assert_eq!(names(&told), until.collect::<Vec<_>>(), "{code}");
        assert_eq!(case.vend().await.unwrap_err(), code, "the vend itself says the same");
    }
}

fn secret_field(name: &str) -> Field {
    Field {
        name: name.to_owned(),
        aliases: Vec::new(),
        kind: FieldKind::Text,
        required: false,
        default: None,
        choices: Vec::new(),
        example: None,
        secret_uses: vec![SecretUse::Bearer],
        secret_hosts: Vec::new(),
        destination: false,
        help: String::new(),
    }
}

#[tokio::test]
async fn an_account_that_cannot_log_in_is_vended_nothing() {
    let case = Case::of(admin());
    let (context, subject) = (RequestContext::default(), &case.subject);
    let ask = ExplainAsk { is_active: false, ..asked(subject, Access::FULL, None, &context) };
    let told = case.bench.vending.explain(&admin(), &case.snapshot, &case.table, ask).await.unwrap();
    assert_eq!(names(&told), [(Step::Account, false)]);
    assert!(!told.allowed && told.would.is_empty());
}

#[tokio::test]
async fn a_refusal_for_width_names_what_else_there_is() {
    let case = Case::of(reader());
    case.bench.strategy.describe(|info| info.description.scoping = Scoping::Unscoped);
    let told = case.explain().await;
    let failed = told.checks.last().unwrap();
    assert!(failed.alternatives.contains(&"presign") && failed.alternatives.contains(&"allow_unscoped"));
    assert!(told.strategy.unwrap().unscoped);
    assert!(told.would.is_empty(), "a strategy that may not run is not run");
}

#[tokio::test]
async fn who_may_not_read_learns_no_more_than_that() {
    let case = Case::of(principal(vec![grant(PermissionScope::Tenant, &[Action::List])]));
    let told = case.explain().await;
    assert!(told.warehouse.is_none() && told.strategy.is_none() && told.would.is_empty() && told.scopes.is_empty());
    assert_eq!(told.access.held, "none");
    assert_eq!(told.refusal.unwrap().message, "missing the right to read");
}

#[tokio::test]
async fn an_administrator_is_told_why_somebody_does_not_see_the_table() {
    let mut case = Case::of(principal(Vec::new()));
    case.subject.user_id = UserId(Uuid::from_u128(31));
    let refusal = case.explain().await.refusal.unwrap();
    assert_eq!(refusal.code, "not-found");
    assert!(refusal.message.contains("no grant and no role"), "{}", refusal.message);
    assert!(!refusal.message.contains("issuer"));
    case.subject.kind = AccountKind::External;
    assert!(case.explain().await.refusal.unwrap().message.contains("assume_roles"));
    case.subject.user_id = admin().user_id;
    assert_eq!(case.explain().await.refusal.unwrap().message, "table does not exist");
}

#[tokio::test]
async fn grants_are_named_by_what_holds_them_and_only_those_in_force() {
    let on_catalog = |actions: &[Action]| grant(PermissionScope::Catalog { catalog_id: CATALOG }, actions);
    let elsewhere = PermissionScope::Catalog { catalog_id: crate::id::CatalogId(Uuid::from_u128(99)) };
    let by_role = on_catalog(&[Action::Read]);
    let direct = on_catalog(&[Action::Write]);
    let narrowed_away = on_catalog(&[Action::Delete]);
    let by_claim = grant(PermissionScope::Tenant, &[Action::List]);
    let of = |via, grants: Vec<Grant>| GrantSource { via, grants: grants.into() };
    let sources = [of(Via::Direct, vec![direct.clone(), narrowed_away]), of(by_reader(), vec![by_role.clone()])];
    let unrelated = grant(elsewhere, &[Action::All]);
    let case = Case::of(principal(vec![direct, by_role, by_claim, unrelated]));
    let told = case.explain_from(&sources).await;
    let via: Vec<Via> = told.grants.iter().map(|applies| applies.via.clone()).collect();
    assert_eq!(via, [Via::Direct, by_reader(), Via::Other]);
    assert_eq!((told.access.held, told.access.granted), ("read-write", Some("read-write")));
}

#[tokio::test]
async fn the_rest_of_the_token_is_a_limit_only_where_it_is_one() {
    let mut case = Case::of(admin());
    case.subject.token_expires_at = Some(NOW.plus_seconds(1_000));
    assert_eq!(case.explain().await.ttl.unwrap().limits.token, None);
    case.ttl_seconds = Some(7_200);
    case.warehouse(|warehouse| warehouse.max_ttl_seconds = Some(1_800));
    let ttl = case.explain().await.ttl.unwrap();
    assert_eq!((ttl.seconds, ttl.limited_by), (Some(1_800), Some(LimitedBy::Warehouse)));
    assert_eq!((ttl.limits.requested, ttl.limits.strategy), (Some(7_200), Some(43_200)));
}

#[tokio::test]
async fn an_administrator_is_told_what_is_revoked_and_others_only_that() {
    let case = Case::of(admin());
    case.bench.book.revoke(RevokedKind::Table);
    let told = case.explain().await.refusal.unwrap();
    assert!(told.message.ends_with("revoked: the table (GET /api/v1/revocations)"), "{}", told.message);
    let context = RequestContext::default();
    let who = reader();
    let ask = asked(&who, Access::FULL, None, &context);
    let told = case.bench.vending.explain(&who, &case.snapshot, &case.table, ask).await.unwrap();
    assert_eq!(told.refusal.unwrap().message, Denied::Revoked.to_string());
}

#[tokio::test]
async fn the_trail_says_who_had_whose_vend_explained() {
    let mut case = Case::of(reader());
    case.subject.user_id = UserId(Uuid::from_u128(31));
    case.explain().await;
    let row = case.bench.trail.last();
    assert_eq!((row.action.as_str(), row.result), ("explain_credentials", AuditResult::Success));
    assert_eq!(row.user_id, Some(admin().user_id));
    assert_eq!(row.metadata["subject"], json!(case.subject.user_id));
    assert_eq!(row.metadata["allowed"], true);

    let context = RequestContext::default();
    let ask = asked(&case.subject, Access::FULL, None, &context);
    let Case { bench, snapshot, table, .. } = &case;
    bench.vending.refuse_explanation(&case.subject, snapshot, table, ask, "table does not exist").await.unwrap();
    assert_eq!(bench.trail.last().result, AuditResult::Denied);
    bench.trail.broken.store(true, Ordering::SeqCst);
    assert!(matches!(case.tried(&[]).await, Err(VendError::Audit(_))), "what cannot be recorded is not told");
}

#[tokio::test]
async fn a_host_without_a_place_explains_nothing() {
    let case = Case::of(admin());
    case.bench.strategy.fail_with(StrategyError::new(StrategyErrorKind::NotReady, "plugin-busy", "later"));
    assert!(matches!(case.tried(&[]).await, Err(VendError::Strategy(_))));
    case.bench.strategy.fail_with(StrategyError::new(StrategyErrorKind::NotReady, "plugin-not-loaded", "none"));
    assert_eq!(case.explain().await.refusal.unwrap().code, "plugin-not-loaded");
}
