//! The statements are held against a small reading of IAM that refuses what it does not know.

mod iam;

use proptest::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use self::iam::{Request, denies};
use super::*;
use crate::fixtures::{NOW, TENANT};
use crate::id::{RevocationId, UserId};
use crate::location::Location;

const ROLE: &str = "arn:aws:iam::123456789012:role/path/lake";

fn revocation(kind: RevokedKind, locations: &[&str]) -> Revocation {
    Revocation {
        id: RevocationId(Uuid::from_u128(7)),
        tenant_id: TENANT,
        kind,
        target: Uuid::from_u128(8),
        name: "ada".to_owned(),
        warehouse_id: None,
        locations: locations.iter().map(|text| Location::parse(text).unwrap()).collect(),
        reason: None,
        revoked_by: UserId::ROOT,
        revoked_by_name: "root".to_owned(),
        revoked_at: NOW,
        lifted_by: None,
        lifted_at: None,
    }
}

fn group(issued: &[Issued]) -> Group {
    let latest_expiry = Some(NOW.plus_seconds(900));
    let (strategy, warehouse) = ("S".to_owned(), "lake".to_owned());
    Group { strategy, warehouse, issued: issued.to_vec(), count: 2, endless: 0, latest_expiry }
}

fn session(name: &str) -> Issued {
    Issued::AssumedRole { role_arn: ROLE.to_owned(), session_name: name.to_owned(), endpoint: None }
}

fn policy(revocation: &Revocation, issued: &[Issued]) -> Value {
    let advice = advise(revocation, &[group(issued)], NOW);
    assert_eq!(advice.len(), 1);
    assert!(advice[0].recallable);
    advice[0].policy.clone().unwrap()
}

#[test]
fn a_principals_sessions_are_denied_and_nobody_elses() {
    let policy = policy(&revocation(RevokedKind::Principal, &[]), &[session("ada"), session("ada=0123456789abcdef")]);
    let ada = Request { userid: Some("AROAEXAMPLE:ada"), issued: Some(NOW), ..Request::get("bucket", "key") };
    assert!(denies(&policy, &ada));
    assert!(denies(&policy, &Request { userid: Some("AROAEXAMPLE:ada=0123456789abcdef"), ..ada }));
    assert!(denies(&policy, &Request { action: "kms:Decrypt", resource: "arn:aws:kms:x", ..ada }));
    for other in ["AROAEXAMPLE:bob", "AROAEXAMPLE:ada2", "AROAEXAMPLE:xada", "AROAEXAMPLE:ad", "ada"] {
        assert!(!denies(&policy, &Request { userid: Some(other), ..ada }), "{other}");
    }
    // The same principal later, and the keys that assume the role.
    assert!(!denies(&policy, &Request { issued: Some(NOW.plus_seconds(2)), ..ada }));
    assert!(!denies(&policy, &Request { issued: None, userid: Some("AIDAEXAMPLE"), ..ada }));
}

#[test]
fn a_second_is_the_least_that_aws_tells_apart() {
    let policy = policy(&revocation(RevokedKind::Principal, &[]), &[session("ada")]);
    let at = |issued| {
        let who = Request { userid: Some("A:ada"), issued: Some(issued), ..Request::get("b", "k") };
        denies(&policy, &who)
    };
    let rounded = UnixMillis(NOW.0 - NOW.0.rem_euclid(1000));
    assert!(at(rounded), "issued in the very second");
    assert!(!at(rounded.plus_seconds(1)));
}

#[test]
fn a_tables_files_are_denied_to_older_sessions_and_its_neighbours_are_not() {
    let policy =
        policy(&revocation(RevokedKind::Table, &["s3://bucket/base/orders", "s3a://second/extra/"]), &[session("x")]);
    let old = Request { userid: Some("A:anyone"), issued: Some(NOW), ..Request::get("bucket", "base/orders/a") };
    assert!(denies(&policy, &old));
    assert!(denies(&policy, &Request { action: "s3:PutObject", ..old }));
    assert!(denies(&policy, &Request { ..Request::of(&old, "arn:aws:s3:::second/extra/deep/a") }));
    for free in ["arn:aws:s3:::bucket/base/orders2/a", "arn:aws:s3:::bucket/base/a", "arn:aws:s3:::other/base/orders/a"]
    {
        assert!(!denies(&policy, &Request::of(&old, free)), "{free}");
    }
    let list = |bucket, prefix| Request {
        action: "s3:ListBucket",
        prefix: Some(prefix),
        ..Request::of(&old, if bucket == "bucket" { "arn:aws:s3:::bucket" } else { "arn:aws:s3:::second" })
    };
    assert!(denies(&policy, &list("bucket", "base/orders/")) && denies(&policy, &list("second", "extra/x")));
    assert!(!denies(&policy, &list("bucket", "base/orders2/")) && !denies(&policy, &list("second", "base/orders/")));
    assert!(!denies(&policy, &Request { issued: Some(NOW.plus_seconds(2)), ..old }));
}

#[test]
fn a_whole_bucket_needs_no_prefix() {
    let policy = policy(&revocation(RevokedKind::Warehouse, &["s3://bucket"]), &[session("x")]);
    let old = Request { userid: Some("A:x"), issued: Some(NOW), ..Request::get("bucket", "anything") };
    let list = Request { action: "s3:ListBucket", ..Request::of(&old, "arn:aws:s3:::bucket") };
    assert!(denies(&policy, &old) && denies(&policy, &list));
}

#[test]
fn the_partition_is_the_roles() {
    let role_arn = ROLE.replace("arn:aws:", "arn:aws-cn:");
    let cn = Issued::AssumedRole { role_arn, session_name: "x".to_owned(), endpoint: None };
    let policy = policy(&revocation(RevokedKind::Table, &["s3://bucket/t"]), &[cn]);
    assert_eq!(policy["Statement"][0]["Resource"][0], "arn:aws-cn:s3:::bucket/t/*");
}

#[test]
fn each_issuer_has_its_own_way() {
    let account = || "acme".to_owned();
    let client = || "11111111-2222-3333-4444-555555555555".to_owned();
    let principal = || "lake@acme.iam.gserviceaccount.com".to_owned();
    let cases = [
        (Issued::ServiceSas { account: account() }, "service-sas", Some("keys renew --account-name acme")),
        (
            Issued::UserDelegationSas { account: account(), client_id: client() },
            "user-delegation-sas",
            Some("revoke-delegation-keys --name acme"),
        ),
        (Issued::AzureToken { client_id: client() }, "azure-token", None),
        (
            Issued::DownscopedToken { principal: principal() },
            "downscoped-token",
            Some("remove-iam-policy-binding gs://lake --member=serviceAccount:lake@acme.iam.gserviceaccount.com"),
        ),
        (Issued::GoogleSignedUrl { principal: principal() }, "google-signed-url", Some("gs://lake")),
        (Issued::StoredKey, "stored-key", None),
    ];
    for (issued, credential, command) in cases {
        let table = revocation(RevokedKind::Table, &["gs://lake/t"]);
        let [advice] = <[Advice; 1]>::try_from(advise(&table, &[group(std::slice::from_ref(&issued))], NOW)).unwrap();
        assert_eq!((advice.credential, advice.count, advice.recallable), (credential, 2, command.is_some()));
        assert_eq!(advice.until, Some(NOW.plus_seconds(900)));
        assert_eq!(advice.policy, None);
        if let Some(command) = command {
            assert!(advice.command.as_deref().unwrap().contains(command), "{advice:?}");
        }
    }
    let [unknown] =
        <[Advice; 1]>::try_from(advise(&revocation(RevokedKind::Principal, &[]), &[group(&[])], NOW)).unwrap();
    assert_eq!((unknown.service, unknown.recallable), ("other", false));
    assert!(unknown.action.contains("'S'"));
}

#[test]
fn groups_of_one_issuer_are_told_once_and_what_never_ends_has_no_end() {
    let endless = Group { endless: 1, count: 1, ..group(&[session("bob")]) };
    let advice = advise(&revocation(RevokedKind::Principal, &[]), &[group(&[session("ada")]), endless], NOW);
    assert_eq!((advice.len(), advice[0].count, advice[0].until), (1, 3, None));
    let names = &advice[0].policy.as_ref().unwrap()["Statement"][0]["Condition"]["StringLike"]["aws:userid"];
    assert_eq!(*names, serde_json::json!(["*:ada", "*:bob"]));
}

#[test]
fn nothing_of_a_name_becomes_a_command() {
    let issued = Issued::ServiceSas { account: "a; rm -rf $(x)".to_owned() };
    let advice = advise(&revocation(RevokedKind::Principal, &[]), &[group(&[issued])], NOW);
    assert!(!advice[0].command.as_deref().unwrap().contains("rm -rf"), "{advice:?}");
}

proptest! {
    /// Whatever a table's directory is called: its own objects, and no other's.
    #[test]
    fn a_directorys_name_is_no_pattern(name in "[a-z*$?{}']{1,6}", other in "[a-z*$?{}']{1,6}") {
        let Ok(at) = Location::parse(&format!("s3://bucket/{name}")) else { return Ok(()) };
        let table = Revocation { locations: vec![at], ..revocation(RevokedKind::Table, &[]) };
        let policy = policy(&table, &[session("x")]);
        let (own, others) = (format!("arn:aws:s3:::bucket/{name}/f"), format!("arn:aws:s3:::bucket/{other}/f"));
        let old = Request { userid: Some("A:x"), issued: Some(NOW), ..Request::get("bucket", "f") };
        prop_assert!(denies(&policy, &Request::of(&old, &own)));
        prop_assert_eq!(denies(&policy, &Request::of(&old, &others)), other == name);
    }

    #[test]
    fn a_session_name_stands_for_itself(name in "[A-Za-z0-9_+=,.@-]{2,12}", other in "[A-Za-z0-9_+=,.@-]{2,12}") {
        let policy = policy(&revocation(RevokedKind::Principal, &[]), &[session(&name)]);
        let userid = format!("AROA:{other}");
        let asked = Request { userid: Some(&userid), issued: Some(NOW), ..Request::get("b", "k") };
        prop_assert_eq!(denies(&policy, &asked), other == name);
    }
}
