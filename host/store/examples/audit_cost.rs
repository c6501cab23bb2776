//! What recording one event costs: on SQLite in a temporary directory, and on the PostgreSQL
//! database, an empty one, whose URL is the argument. Alone, and with 64 writers at once.
#![expect(clippy::unwrap_used, reason = "a measurement fails by panicking")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use pangolin_core::audit::{AuditEvent, AuditResult};
use pangolin_core::clock::{SystemClock, UnixMillis};
use pangolin_core::id::{AuditId, TenantId, UserId};
use pangolin_core::ports::AuditTrail;
use pangolin_store::{AuditSync, Consistency, KeyRing, Store, StoreConfig};

const ALONE: u32 = 2_000;
const WRITERS: u32 = 64;
const EACH: u32 = 300;

fn event() -> AuditEvent {
    AuditEvent {
        id: AuditId::generate(),
        tenant_id: Some(TenantId::generate()),
        user_id: Some(UserId::generate()),
        username: "ann".to_owned(),
        action: "vend_credentials".to_owned(),
        resource_type: "table".to_owned(),
        resource_id: Some(uuid::Uuid::now_v7()),
        resource_name: "lake.sales.orders".to_owned(),
        timestamp: UnixMillis(1_800_000_000_000),
        ip_address: Some("10.0.0.1".to_owned()),
        user_agent: Some("PyIceberg/0.9".to_owned()),
        result: AuditResult::Success,
        error_message: None,
        request_id: uuid::Uuid::now_v7().to_string(),
        trace_id: None,
        metadata: serde_json::json!({"strategy": "AwsSts", "access": "read", "scopes": ["s3://bucket/lake/orders"]}),
    }
}

fn per_event(label: &str, events: u32, took: Duration) {
    println!("{label}: {:.1} µs per event", took.as_secs_f64() * 1e6 / f64::from(events));
}

async fn measure(name: &str, url: String) {
    let config = StoreConfig {
        url,
        keys: KeyRing::generate().0,
        audit_sync: AuditSync::Normal,
        consistency: Consistency::Eventual,
        host_name: "bench".to_owned(),
    };
    let store = Store::open(config, Arc::new(SystemClock)).await.unwrap();
    for _ in 0..200 {
        store.record(event()).await.unwrap();
    }
    let start = Instant::now();
    for _ in 0..ALONE {
        store.record(event()).await.unwrap();
    }
    per_event(&format!("{name}, alone"), ALONE, start.elapsed());
    let start = Instant::now();
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..EACH {
                    store.record(event()).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    per_event(&format!("{name}, {WRITERS} at once"), WRITERS * EACH, start.elapsed());
    store.close().await;
}

#[tokio::main]
async fn main() {
    let dir = tempfile::tempdir().unwrap();
    measure("SQLite", format!("sqlite://{}", dir.path().join("bench.db").display())).await;
    if let Some(url) = std::env::args().nth(1) {
        measure("PostgreSQL", url).await;
    }
}
