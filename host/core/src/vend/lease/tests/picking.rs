//! Whatever is picked fits: nobody is served another's, wider or longer lease.

use proptest::prelude::*;

use super::super::reuse::{Rest, Wanted, pick};
use crate::access::Access;
use crate::clock::UnixMillis;
use crate::fixtures::{admin, catalog_snapshot, table};
use crate::id::{LeaseId, TableId, TenantId, UserId, WarehouseId};
use crate::lease::{ActiveLease, Lease, LeaseGrant, LeaseState, ResourceKey};
use crate::policy::{Authorised, authorise};
use crate::secret::Secret;
use crate::strategy::{MintedCredential, Scoping};

const ALL: [Scoping; 4] = [Scoping::Exact, Scoping::Delegated, Scoping::AccessOnly, Scoping::Unscoped];

fn wanted() -> Authorised {
    authorise(&admin(), &catalog_snapshot(), &table("orders"), Access::FULL).unwrap()
}

pub(super) fn lease(issued_at: i64, expires_at: i64, prefix: &str) -> ActiveLease {
    let to = wanted();
    let credential = |key: &str| MintedCredential {
        prefix: prefix.to_owned(),
        entries: vec![("s3.access-key-id".to_owned(), Secret::from(key))],
        expires_at: Some(UnixMillis(expires_at)),
        handle: None,
    };
    ActiveLease {
        lease: Lease {
            id: LeaseId::generate(),
            tenant_id: to.tenant_id(),
            warehouse_id: to.warehouse_id(),
            warehouse: "lake".to_owned(),
            strategy: "Fake".to_owned(),
            resource: ResourceKey::new(to.tenant_id(), "Fake", "r"),
            share: "s".to_owned(),
            state: LeaseState::Active,
            access: to.access(),
            user_id: to.user_id(),
            principal: "ada".to_owned(),
            table_id: to.table_id(),
            table: to.table_name().to_owned(),
            request_id: String::new(),
            started_at: UnixMillis(issued_at),
            ended_at: None,
            issued_at: Some(UnixMillis(issued_at)),
            expires_at: Some(UnixMillis(expires_at)),
            revoked_at: None,
            attempts: 0,
            last_error: None,
            next_attempt_at: Some(UnixMillis(expires_at)),
            undecided: Vec::new(),
        },
        grant: LeaseGrant {
            handles: vec![Secret::from("h")],
            credentials: vec![credential("k")],
            issued_at: UnixMillis(issued_at),
            expires_at: UnixMillis(expires_at),
            version: String::new(),
            digest: String::new(),
            fingerprint: None,
            scoping: Scoping::Exact,
        },
    }
}

/// Whether a lease that was minted under the same scoping serves.
fn serves(lease: &ActiveLease, scoping: Scoping, ttl_seconds: u32, now: i64, rest: Rest) -> bool {
    let mut lease = lease.clone();
    lease.grant.scoping = scoping;
    serves_as_it_is(&lease, scoping, ttl_seconds, now, rest)
}

fn serves_as_it_is(lease: &ActiveLease, scoping: Scoping, ttl_seconds: u32, now: i64, rest: Rest) -> bool {
    let authorised = wanted();
    let wanted = Wanted { authorised: &authorised, share: "s", scoping, ttl_seconds, now: UnixMillis(now) };
    pick(std::slice::from_ref(lease), &wanted, rest).is_some()
}

#[test]
fn every_difference_that_counts_keeps_a_lease_from_being_served() {
    let fits = |change: fn(&mut Lease)| -> Vec<bool> {
        let mut lease = lease(0, 3_600_000, "s3://bucket/base/sales/orders/");
        change(&mut lease.lease);
        ALL.iter().map(|scoping| serves(&lease, *scoping, 3600, 0, Rest::Half)).collect()
    };
    assert_eq!(fits(|_| ()), [true; 4]);
    assert_eq!(fits(|lease| lease.tenant_id = TenantId::generate()), [false; 4]);
    assert_eq!(fits(|lease| lease.warehouse_id = WarehouseId::generate()), [false; 4]);
    assert_eq!(fits(|lease| lease.share.push('x')), [false; 4]);
    assert_eq!(fits(|lease| lease.access = Access::READ), [false, false, false, true]);
    assert_eq!(fits(|lease| lease.user_id = UserId::generate()), [true, false, true, true]);
    assert_eq!(fits(|lease| lease.table_id = TableId::generate()), [false, true, true, true]);
}

/// The warehouse was changed, or the strategy, and what was minted before opens more.
#[test]
fn a_lease_serves_only_what_it_was_minted_for() {
    for minted in ALL {
        for now in ALL {
            let mut lease = lease(0, 3_600_000, "s3://bucket/base/sales/orders/");
            lease.grant.scoping = minted;
            assert_eq!(serves_as_it_is(&lease, now, 3600, 0, Rest::Half), minted == now, "{minted:?} as {now:?}");
        }
    }
}

#[test]
fn a_credential_of_exactly_its_location_serves_no_other() {
    for (prefix, fits) in [
        ("s3://bucket/base/sales/orders/", true),
        ("s3://bucket/base/sales/orders/data/", true),
        ("s3://bucket/base/sales/", false),
        ("s3://bucket/base/old/orders/", false),
    ] {
        let lease = lease(0, 3_600_000, prefix);
        assert_eq!(serves(&lease, Scoping::Exact, 3600, 0, Rest::Half), fits, "{prefix}");
        assert!(serves(&lease, Scoping::AccessOnly, 3600, 0, Rest::Half), "{prefix}");
    }
}

#[test]
fn credentials_that_differ_serve_their_own_locations_only() {
    let mut lease = lease(0, 3_600_000, "s3://bucket/base/sales/returns/");
    assert!(serves(&lease, Scoping::AccessOnly, 3600, 0, Rest::Half));
    let mut other = lease.grant.credentials[0].clone();
    other.entries[0].1 = Secret::from("another key");
    lease.grant.credentials.push(other);
    assert!(!serves(&lease, Scoping::AccessOnly, 3600, 0, Rest::Half));
    lease.grant.credentials.clear();
    assert!(!serves(&lease, Scoping::AccessOnly, 3600, 0, Rest::Least), "nothing is no answer");
}

proptest! {
    #[test]
    fn what_is_served_lives_long_enough_and_not_too_long(
        life in 0_i64..10_000_000, age in 0_i64..20_000_000, ttl in 0_u32..20_000,
    ) {
        let lease = lease(0, life, "s3://bucket/base/sales/orders/");
        let left = life - age;
        let half = serves(&lease, Scoping::Exact, ttl, age, Rest::Half);
        let least = serves(&lease, Scoping::Exact, ttl, age, Rest::Least);
        let not_longer = left <= i64::from(ttl) * 1000 + 60_000;
        prop_assert_eq!(half, left > 0 && left * 2 >= life && not_longer);
        prop_assert_eq!(least, left >= 30_000 && not_longer);
    }
}
