use axum::extract::Query;
use axum::http::{StatusCode, Uri};
use pangolin_core::audit::{AuditEvent, AuditResult};
use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{AuditId, TenantId};
use pangolin_store::{AuditFilter, AuditPage, OffsetPage};
use serde_json::{Value, json};
use uuid::Uuid;

use super::entry::AuditLogEntry;
use super::filter::{AuditQuery, read};
use crate::error::ApiError;

const A: TenantId = TenantId(Uuid::from_u128(0xa));
const B: TenantId = TenantId(Uuid::from_u128(0xb));

fn query(text: &str) -> Result<AuditQuery, ApiError> {
    let uri: Uri = format!("/api/v1/audit?{text}").parse().unwrap();
    read(Query::try_from_uri(&uri))
}

fn filter(text: &str, own: Option<TenantId>) -> Result<AuditFilter, ApiError> {
    query(text)?.filter(own)
}

#[test]
fn every_filter_is_read_in_both_spellings() {
    let id = Uuid::from_u128(5);
    for (user, kind, start) in [("user_id", "resource_type", "start_time"), ("user-id", "resource-type", "start-time")]
    {
        let text = format!("{user}={id}&{kind}=table&{start}=1970-01-01T00:00:01Z&result=denied&action=login");
        let filter = filter(&text, None).unwrap();
        assert_eq!(filter.user_id.unwrap().0, id);
        assert_eq!(filter.resource_type.as_deref(), Some("table"));
        assert_eq!(filter.start, Some(UnixMillis(1000)));
        assert_eq!(filter.result, Some(AuditResult::Denied));
        assert_eq!(filter.tenant, None);
    }
}

#[test]
fn an_unencoded_plus_is_an_offset() {
    let filter = filter("end_time=1970-01-01T01:00:00+01:00", None).unwrap();
    assert_eq!(filter.end, Some(UnixMillis(0)));
}

#[test]
fn a_wrong_filter_is_a_bad_request_and_not_ignored() {
    for (text, field) in [
        ("user_id=ada", "user_id"),
        ("resource_id=1", "resource_id"),
        ("tenant_id=acme", "tenant_id"),
        ("start_time=yesterday", "start_time"),
        ("end_time=2026-13-01T00:00:00Z", "end_time"),
        ("result=maybe", "result"),
    ] {
        let error = filter(text, None).unwrap_err();
        assert_eq!((error.status, error.problems[0].field.as_str()), (StatusCode::BAD_REQUEST, field), "{text}");
    }
    let error = query("usr_id=x").err().unwrap();
    assert_eq!(error.status, StatusCode::BAD_REQUEST);
    assert!(error.detail.contains("usr_id"), "{}", error.detail);
}

#[test]
fn an_administrator_cannot_leave_the_own_tenant() {
    assert_eq!(filter("", Some(A)).unwrap().tenant, Some(A));
    assert_eq!(filter(&format!("tenant_id={A}"), Some(A)).unwrap().tenant, Some(A));
    assert_eq!(filter(&format!("tenant_id={B}"), Some(A)).unwrap_err().status, StatusCode::FORBIDDEN);
    assert_eq!(filter(&format!("tenant_id={B}"), None).unwrap().tenant, Some(B));
}

#[test]
fn pages_are_bounded() {
    let page = |text: &str| query(text).unwrap().page();
    assert_eq!(page("").unwrap(), AuditPage { part: OffsetPage { limit: 100, offset: 0 }, before: None });
    assert_eq!(
        page("limit=1000&offset=7").unwrap(),
        AuditPage { part: OffsetPage { limit: 1000, offset: 7 }, before: None }
    );
    for bad in ["limit=0", "limit=1001", "limit=x", "offset=-1"] {
        assert_eq!(page(bad).unwrap_err().status, StatusCode::BAD_REQUEST, "{bad}");
    }
}

#[test]
fn a_row_has_the_documented_fields() {
    let event = AuditEvent {
        id: AuditId(Uuid::nil()),
        tenant_id: None,
        user_id: None,
        username: "ada".into(),
        action: "login".into(),
        resource_type: "user".into(),
        resource_id: None,
        resource_name: "ada".into(),
        timestamp: UnixMillis(0),
        ip_address: None,
        user_agent: None,
        result: AuditResult::Denied,
        error_message: Some("invalid credentials".into()),
        request_id: "r".into(),
        trace_id: None,
        metadata: Value::Null,
    };
    let expected = json!({"id": Uuid::nil(), "tenant_id": null, "user_id": null, "username": "ada", "action": "login",
        "resource_type": "user", "resource_id": null, "resource_name": "ada", "timestamp": "1970-01-01T00:00:00.000Z",
        "ip_address": null, "user_agent": null, "result": "denied", "error_message": "invalid credentials",
        "request_id": "r", "trace_id": null, "metadata": null});
    assert_eq!(serde_json::to_value(AuditLogEntry::from(event)).unwrap(), expected);
}
