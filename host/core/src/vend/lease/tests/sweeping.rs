//! Many leases that are due at once, of tenants who do not know each other.

use std::time::Duration;

use super::bench::{Bench, bench};
use crate::clock::UnixMillis;
use crate::fixtures::NOW;
use crate::id::{LeaseId, TenantId};
use crate::lease::LeaseState::{Active, Revoked};
use crate::lease::{ActiveLease, LeaseIntent, LeaseState, MintRequest, ResourceKey};
use crate::ports::LeaseBook;
use crate::warehouse::Warehouse;

/// A lease of a tenant on a resource of its own, due at once.
async fn due(bench: &Bench, tenant: TenantId, resource: &str) -> LeaseId {
    let ActiveLease { mut lease, grant } =
        super::picking::lease(NOW.0 - 1_000, NOW.0, "s3://bucket/base/sales/orders/");
    (lease.tenant_id, lease.resource) = (tenant, ResourceKey::new(tenant, "Fake", resource));
    lease.state = LeaseState::Minting;
    let request = MintRequest {
        scopes: Vec::new(),
        ttl_seconds: 1,
        principal: String::new(),
        table: String::new(),
        request_id: String::new(),
    };
    let id = lease.id;
    let warehouse = Warehouse { tenant_id: tenant, ..(*bench.snapshot.warehouse).clone() };
    bench.book.begin(&LeaseIntent { lease, request, survey: String::new(), warehouse }).await.unwrap();
    bench.book.minted(id, &grant).await.unwrap();
    id
}

async fn is_ended(bench: &Bench, tenant: TenantId, id: LeaseId) -> bool {
    for _ in 0..100 {
        if bench.book.lease(tenant, id).await.unwrap().unwrap().state == Revoked {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

#[tokio::test]
async fn a_tenant_whose_server_hangs_delays_no_other() {
    let bench = bench();
    let (slow, other) = (TenantId::generate(), TenantId::generate());
    *bench.vms.hangs_for.lock().unwrap() = Some(slow);
    for turn in 0..200 {
        due(&bench, slow, &turn.to_string()).await;
    }
    let first = due(&bench, other, "vms/ada").await;
    let host = bench.clone();
    let sweep = tokio::spawn(async move { host.sweep().await });
    assert!(is_ended(&bench, other, first).await, "due after all of the slow one's");
    let second = due(&bench, other, "vms/bob").await;
    assert!(is_ended(&bench, other, second).await, "due while the slow one hangs");
    assert_eq!(bench.book.states().iter().filter(|state| **state == Active).count(), 196, "four at a time");
    sweep.abort();
}

#[tokio::test]
async fn everything_that_is_due_is_done_in_one_go() {
    let bench = bench();
    let tenants = [TenantId::generate(), TenantId::generate()];
    for turn in 0..150 {
        due(&bench, tenants[turn % 2], &turn.to_string()).await;
    }
    assert_eq!(bench.vending.sweep_leases().await.unwrap(), 150);
    assert!(bench.book.states().iter().all(|state| *state == Revoked));
}

#[tokio::test]
async fn a_lease_whose_papers_cannot_be_read_is_left_for_later() {
    let bench = bench();
    let id = due(&bench, TenantId::generate(), "vms/ada").await;
    bench.trouble.fail_at("papers");
    assert!(bench.vending.sweep_leases().await.is_err());
    let lease = bench.book.leases().remove(0);
    assert_eq!((lease.id, lease.attempts), (id, 1));
    assert!(lease.next_attempt_at > Some(UnixMillis(NOW.0 + 1_000)), "it does not come up first again");
}
