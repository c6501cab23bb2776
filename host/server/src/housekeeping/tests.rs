use pangolin_core::audit::{AuditEvent, AuditResult};
use pangolin_core::id::AuditId;
use pangolin_store::{AuditFilter, AuditPage};

use super::*;
use crate::{config, wiring};

async fn host(dir: &tempfile::TempDir, retention: Option<&str>) -> AppState {
    let data = dir.path().join("data").display().to_string();
    let config = config::from_lookup(|name| match name {
        "PANGOLIN_JWT_SECRET" => Some("kJ8s7dfg6Qw2xZ0pLmN4vBtR5yU1iO3a".to_owned()),
        "PANGOLIN_ROOT_USER" => Some("root".to_owned()),
        "PANGOLIN_ROOT_PASSWORD" => Some("Start123!ComplexPassword".to_owned()),
        "PANGOLIN_DATA_DIR" => Some(data.clone()),
        "PANGOLIN_AUDIT_RETENTION_DAYS" => retention.map(str::to_owned),
        _ => None,
    });
    wiring::build(config.unwrap()).await.unwrap()
}

async fn record(state: &AppState, days_ago: i64) {
    let event = AuditEvent {
        id: AuditId::generate(),
        tenant_id: None,
        user_id: None,
        username: "ann".to_owned(),
        action: "login".to_owned(),
        resource_type: "user".to_owned(),
        resource_id: None,
        resource_name: "ann".to_owned(),
        timestamp: state.clock.now().plus_seconds(-DAY * days_ago),
        ip_address: None,
        user_agent: None,
        result: AuditResult::Success,
        error_message: None,
        request_id: "r".to_owned(),
        trace_id: None,
        metadata: Value::Null,
    };
    state.audit.record(event).await.unwrap();
}

async fn rows(state: &AppState, action: &str) -> Vec<AuditEvent> {
    let filter = AuditFilter { action: Some(action.to_owned()), ..AuditFilter::default() };
    state.store.audit_query(&filter, &AuditPage::default()).await.unwrap()
}

#[tokio::test]
async fn old_events_go_and_that_is_on_record() {
    let dir = tempfile::tempdir().unwrap();
    let state = host(&dir, Some("30")).await;
    for days_ago in [40, 31, 31, 29, 0] {
        record(&state, days_ago).await;
    }
    keep(&state).await;
    assert_eq!(rows(&state, "login").await.len(), 2);
    let on_record = rows(&state, "prune_audit").await;
    let [row] = on_record.as_slice() else { panic!("{on_record:?}") };
    assert_eq!((row.result, row.username.as_str(), &row.metadata["rows"]), (AuditResult::Success, "system", &json!(3)));
    assert_eq!(row.metadata["retention_days"], json!(30));
    assert_eq!(row.metadata["chains"][0]["until"], json!(3));
    assert!(state.store.audit_reader().verify().await.unwrap().is_whole());
    keep(&state).await;
    assert_eq!(rows(&state, "prune_audit").await.len(), 1, "nothing was removed, nothing is told");
    state.close().await;
}

#[tokio::test]
async fn without_a_retention_everything_stays() {
    let dir = tempfile::tempdir().unwrap();
    let state = host(&dir, None).await;
    record(&state, 4_000).await;
    keep(&state).await;
    assert_eq!((rows(&state, "login").await.len(), rows(&state, "prune_audit").await.len()), (1, 0));
    state.close().await;
}

#[tokio::test]
async fn tokens_that_ended_are_listed_for_a_day_and_then_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let state = host(&dir, None).await;
    let root = crate::auth::root(&state);
    let now = state.clock.now();
    let mut kept = Vec::new();
    for ended_ago in [DAY + 2, DAY - 60, 60, -60] {
        let (_, record) = state.tokens.issue(&root, now.plus_seconds(-ended_ago - 600), 600).unwrap();
        state.store.insert_token(&record).await.unwrap();
        if ended_ago < DAY {
            kept.push(record.id);
        }
    }
    keep(&state).await;
    let listed = state.store.list_tokens(root.user_id, None, &pangolin_store::OffsetPage::default()).await.unwrap();
    kept.reverse();
    assert_eq!(listed.iter().map(|token| token.id).collect::<Vec<_>>(), kept);
    state.close().await;
}
