//! Explanations of signatures beside the signatures.

use super::*;
use crate::secret::Secret;
use crate::vend::{KeptKey, SignatureAsk, Signer};

const OBJECT: &str = "s3://bucket/base/sales/orders/data/a";

/// What is asked for, by whom.
struct Sign {
    case: Case,
    signature: Signature,
    method: &'static str,
    access: Access,
    object: Location,
    obstacle: Option<Refusal>,
}

impl Sign {
    fn of(subject: Principal, signature: Signature) -> Self {
        let object = Location::parse(OBJECT).unwrap();
        Self { case: Case::of(subject), signature, method: "GET", access: Access::READ, object, obstacle: None }
    }

    fn touched(&self) -> Touched<'_> {
        let objects = std::slice::from_ref(&self.object);
        Touched { objects, listing: None, access: self.access, body_decides: false }
    }

    async fn explain(&self) -> Explanation {
        let context = RequestContext { request_id: "r1".to_owned(), ..RequestContext::default() };
        let request = UnsignedRequest {
            url: "https://store/bucket/a".to_owned(),
            region: "r".to_owned(),
            service: "s3",
            operation: None,
        };
        let of = ExplainUse::Signature(SignatureUse {
            signature: self.signature,
            method: self.method,
            touched: self.touched(),
            ttl_seconds: self.case.ttl_seconds,
            request: Some(&request),
            obstacle: self.obstacle.as_ref(),
        });
        let Case { bench, snapshot, table, subject, .. } = &self.case;
        let ask = ExplainAsk { of, ..asked(subject, Access::FULL, None, &context) };
        bench.vending.explain(&admin(), snapshot, table, ask).await.unwrap()
    }

    /// The code that the signature itself ends with, or its life in seconds.
    async fn sign(&self) -> Result<i64, String> {
        let context = RequestContext { request_id: "r2".to_owned(), ..RequestContext::default() };
        let ask =
            SignatureAsk { signature: self.signature, method: self.method, touched: self.touched(), context: &context };
        let Case { bench, snapshot, table, subject, ttl_seconds, .. } = &self.case;
        let ended = match self.signature {
            Signature::Url => {
                let sign = |_: KeptKey<'_>, _| Ok(Secret::from("https://signed"));
                let made = bench.vending.presign(subject, snapshot, table, ask, *ttl_seconds, sign).await;
                made.map(|made| made.map(|made| (made.expires_at.0 - NOW.0) / 1000))
            }
            Signature::Request => {
                let sign = |_: KeptKey<'_>| Ok(0);
                bench.vending.sign_request(subject, snapshot, table, ask, sign).await
            }
        };
        ended.map_err(|error| error.code().to_owned())?.ok_or_else(|| "nothing-to-vend".to_owned())
    }
}

#[tokio::test]
async fn a_signature_that_would_be_made_is_told_from_end_to_end_and_nothing_is_minted() {
    for (signature, purpose, action) in
        [(Signature::Url, Purpose::Presign, "presign"), (Signature::Request, Purpose::Sign, "sign_request")]
    {
        let asked = Sign::of(reader(), signature);
        let told = asked.explain().await;
        assert!(told.allowed && told.refusal.is_none());
        assert_eq!((told.purpose, told.audit_action), (purpose, action));
        assert_eq!(names(&told), Step::ALL.map(|step| (step, true)));
        assert_eq!(told.access.granted, Some("read"));
        let signed = told.signature.unwrap();
        assert_eq!((signed.signer, signed.needs), (Some(Signer::Host), "read"));
        assert_eq!((signed.method.as_str(), signed.location.as_str()), ("GET", OBJECT));
        assert_eq!(signed.request.unwrap().url, "https://store/bucket/a");
        assert_eq!(told.would[0].service, "sts.assume-role", "the key that the host would sign with");
        assert!(told.outcome.is_none(), "no credential leaves");
        assert_eq!(asked.case.bench.strategy.runs(), 0);
        asked.sign().await.unwrap();
    }
}

#[tokio::test]
async fn whatever_refuses_the_signature_is_the_check_that_fails() {
    type Change = fn(&mut Sign);
    let list: [(&str, Step, Change); 11] = [
        ("not-found", Step::Visible, |asked| asked.case.subject = principal(Vec::new())),
        ("missing-right", Step::Access, |asked| {
            asked.case.subject = principal(vec![grant(PermissionScope::Tenant, &[Action::List])]);
        }),
        ("host-identity-refused", Step::HostIdentity, |asked| asked.case.snapshot.host_identity_allowed = false),
        ("missing-right", Step::Method, |asked| (asked.method, asked.access) = ("PUT", Access::READ_WRITE)),
        ("location-outside-table", Step::Object, |asked| {
            asked.object = Location::parse("s3://bucket/base/sales/orders2/a").unwrap();
        }),
        ("revoked", Step::NotRevoked, |asked| asked.case.bench.book.revoke(RevokedKind::Warehouse)),
        ("nothing-to-vend", Step::WarehouseVends, |asked| asked.case.warehouse(|warehouse| warehouse.strategy = None)),
        ("location-shared", Step::LocationExclusive, |asked| {
            asked.case.bench.store.shared.store(true, Ordering::SeqCst);
        }),
        ("ttl-too-short", Step::Ttl, |asked| asked.case.warehouse(|warehouse| warehouse.max_ttl_seconds = Some(60))),
        ("secret-missing", Step::Secrets, |asked| {
            asked.case.bench.strategy.describe(|info| info.description.fields = vec![secret_field("key")]);
            let reference = BTreeMap::from([("key".to_owned(), SecretValue::Reference("nowhere".to_owned()))]);
            asked.case.warehouse(|warehouse| warehouse.secrets = reference);
        }),
        ("role-not-assumable", Step::Strategy, |asked| {
            let error = StrategyError::new(StrategyErrorKind::Denied, "role-not-assumable", "no");
            asked.case.bench.strategy.fail_with(error);
        }),
    ];
    for signature in [Signature::Url, Signature::Request] {
        for (code, step, change) in list {
            let mut asked = Sign::of(reader(), signature);
            change(&mut asked);
            let told = asked.explain().await;
            assert!(!told.allowed, "{code}");
            assert_eq!(told.refusal.as_ref().unwrap().code, code);
            let until = Step::ALL.into_iter().take_while(|other| *other <= step).map(|other| (other, other != step));
            assert_eq!(names(&told), until.collect::<Vec<_>>(), "{code}");
            let signed = told.signature.unwrap();
            assert!(signed.request.is_none() && signed.signer.is_none(), "{code}: where the storage is is not told");
            assert_eq!(asked.sign().await.unwrap_err(), code, "the signature itself says the same");
        }
    }
}

#[tokio::test]
async fn a_strategy_that_does_not_narrow_signs_for_everybody_who_may() {
    let asked = Sign::of(reader(), Signature::Url);
    asked.case.bench.strategy.describe(|info| info.description.scoping = Scoping::Unscoped);
    let told = asked.explain().await;
    assert!(told.allowed && told.strategy.unwrap().unscoped);
    assert_eq!(told.access.granted, Some("read"), "the key is wide, the signature is not");
    asked.sign().await.unwrap();
}

#[tokio::test]
async fn what_the_storage_does_not_take_is_told_to_who_has_the_right_only() {
    let mut asked = Sign::of(reader(), Signature::Url);
    let code = "bad-request".to_owned();
    asked.obstacle = Some(Refusal { code, message: "the warehouse names no region".to_owned() });
    assert_eq!(names(&asked.explain().await).last(), Some(&(Step::Signable, false)));
    (asked.method, asked.access) = ("PUT", Access::READ_WRITE);
    let told = asked.explain().await;
    assert_eq!(told.refusal.unwrap().message, "missing the right to write");

    let mut elsewhere = Sign::of(reader(), Signature::Url);
    elsewhere.case.warehouse(|warehouse| warehouse.kind = crate::warehouse::StorageKind::Gcs);
    let told = elsewhere.explain().await;
    assert_eq!(names(&told).last(), Some(&(Step::Signable, false)));
    assert_eq!(told.refusal.unwrap().code, "presign-not-supported");
    assert_eq!(elsewhere.sign().await.unwrap_err(), "presign-not-supported");
}

#[tokio::test]
async fn a_strategy_that_makes_the_url_itself_is_run_for_that() {
    let asked = Sign::of(reader(), Signature::Url);
    asked.case.bench.strategy.describe(|info| info.exports = vec!["pangolin:vending/presign@1.0.0".to_owned()]);
    let told = asked.explain().await;
    assert!(told.allowed);
    assert_eq!(names(&told), Step::ALL.map(|step| (step, true)));
    let signed = told.signature.unwrap();
    assert_eq!(signed.signer, Some(Signer::Strategy));
    assert!(signed.request.is_none() && signed.signed_with.is_none());
    assert_eq!(told.would[0].service, "gcp.sign-url");
    assert_eq!(told.would[0].ask["location"], OBJECT);
    let ttl = told.ttl.unwrap();
    assert_eq!((ttl.seconds, ttl.limits.credential, ttl.limits.strategy), (Some(3600), None, Some(43_200)));
    assert_eq!(asked.sign().await, Ok(3600));
}

#[tokio::test]
async fn the_life_of_a_url_is_what_the_url_gets() {
    for (asked_for, maximum, seconds, limited_by) in [
        (None, None, 3_600, LimitedBy::Default),
        (Some(60), None, 60, LimitedBy::Requested),
        (Some(99_999_999), None, 3_600, LimitedBy::Credential),
        (Some(2_000), Some(1_800), 1_800, LimitedBy::Warehouse),
    ] {
        let mut asked = Sign::of(reader(), Signature::Url);
        asked.case.ttl_seconds = asked_for;
        asked.case.warehouse(|warehouse| warehouse.max_ttl_seconds = maximum);
        let ttl = asked.explain().await.ttl.unwrap();
        assert_eq!((ttl.seconds, ttl.limited_by), (Some(seconds), Some(limited_by)), "{asked_for:?}");
        assert_eq!(ttl.limits.signature, Some(604_800));
        assert_eq!(asked.sign().await, Ok(i64::from(seconds)), "{asked_for:?}");
    }
}

#[tokio::test]
async fn a_signed_request_lives_as_long_as_stores_take_it() {
    let ttl = Sign::of(reader(), Signature::Request).explain().await.ttl.unwrap();
    assert_eq!((ttl.seconds, ttl.limited_by), (Some(900), Some(LimitedBy::Signature)));
    assert_eq!((ttl.limits.credential, ttl.limits.requested), (Some(3_600), None));
}

#[tokio::test]
async fn the_trail_names_the_object() {
    let asked = Sign::of(reader(), Signature::Request);
    asked.explain().await;
    let row = asked.case.bench.trail.last();
    assert_eq!((row.action.as_str(), &row.metadata["for"]), ("explain_credentials", &json!("sign")));
    assert_eq!((&row.metadata["method"], &row.metadata["locations"]), (&json!("GET"), &json!([OBJECT])));
}
