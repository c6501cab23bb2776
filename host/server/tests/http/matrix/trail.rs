//! Every change, and every refusal, leaves its row in the audit trail.

use axum_core::body::Body;
use http::{Method, Request, header};
use pangolin_core::audit::{AuditEvent, AuditResult};
use pangolin_store::{AuditFilter, AuditPage};
use serde_json::Value;

use super::callers::Role;
use super::nothing_in;
use super::subject::Subject;
use super::table::{Row, rows};
use super::world::World;
use crate::support::PASSWORD;

/// Reports that the host throws away: nothing is changed.
const KEEPS_NOTHING: [&str; 1] = ["POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics"];

impl World {
    /// Asks under a request's number of its own.
    async fn ask_as(&self, request: &str, row: &Row, role: Role, subject: &Subject) -> u16 {
        let mut builder =
            Request::builder().method(row.method.clone()).uri(&subject.path).header("x-request-id", request);
        let token = self.token(role).await;
        if !token.is_empty() {
            builder = builder.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = match &subject.body {
            Some(body) => {
                builder = builder.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.host.raw(builder.body(body).unwrap()).await.status.as_u16()
    }

    /// The rows of a request, the newest first.
    async fn recorded(&self, request: &str) -> Vec<AuditEvent> {
        let filter = AuditFilter { request_id: Some(request.to_owned()), ..AuditFilter::default() };
        let rows = self.store.audit_query(&filter, &AuditPage::default()).await.unwrap();
        let text = serde_json::to_string(&rows).unwrap();
        assert!(!text.contains(PASSWORD) && !text.contains(&self.robot.1), "a secret in a row of {request}");
        rows
    }
}

/// Routes without a row before: they hand something out, whose own rows are told by the tests of vends and
/// tokens; or the lease itself keeps that it is to be ended.
const NOT_BEGUN: [&str; 6] = [
    "POST /api/v1/leases/{id}/revoke",
    "POST /api/v1/users/login",
    "POST /v1/oauth/tokens",
    "POST /v1/{prefix}/oauth/tokens",
    "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials",
    "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/sign",
];

/// Routes about everything there is of a kind.
const ABOUT_ALL: [&str; 16] = [
    "GET /api/v1/tenants",
    "GET /api/v1/users",
    "GET /api/v1/service-users",
    "GET /api/v1/roles",
    "GET /api/v1/permissions",
    "GET /api/v1/warehouses",
    "GET /api/v1/catalogs",
    "GET /api/v1/plugins",
    "POST /api/v1/plugins/reload",
    "GET /api/v1/leases",
    "GET /api/v1/revocations",
    "GET /api/v1/audit",
    "GET /api/v1/audit/count",
    "GET /api/v1/audit/export",
    "GET /api/v1/search",
    "POST /api/v1/auth/cleanup-tokens",
];

/// Routes about the caller, or the token that was shown.
const ABOUT_ONESELF: [&str; 8] = [
    "POST /api/v1/users/login",
    "POST /api/v1/users/logout",
    "POST /api/v1/tokens",
    "POST /api/v1/tokens/rotate",
    "POST /api/v1/auth/revoke",
    "PUT /api/v1/users/me/password",
    "POST /v1/oauth/tokens",
    "POST /v1/{prefix}/oauth/tokens",
];

/// What the request names: by the parameters of its path, or else in its body.
fn named(row: &Row, subject: &Subject) -> Vec<String> {
    let path = subject.path.split('?').next().unwrap_or_default();
    let parts = path.split('/').zip(row.path.split('/'));
    let mut names: Vec<String> = parts.filter(|(_, form)| form.starts_with('{')).map(|(part, _)| part.into()).collect();
    if names.is_empty() {
        texts(subject.body.as_ref().unwrap_or(&Value::Null), &mut names);
    }
    names
}

fn texts(body: &Value, found: &mut Vec<String>) {
    match body {
        Value::String(text) => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| texts(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether a row tells what it is about. Where the thing is known, it may be told by another of its names.
fn tells(row: &Row, subject: &Subject, event: &AuditEvent) -> bool {
    if ABOUT_ALL.contains(&row.key().as_str()) {
        return true;
    }
    let id = event.resource_id.map(|id| id.to_string());
    let said = |name: &String| event.resource_name.contains(name) || id.as_ref() == Some(name);
    let any = !event.resource_name.is_empty() || id.is_some();
    let found = matches!(event.result, AuditResult::Success | AuditResult::Started);
    let freely = found || ABOUT_ONESELF.contains(&row.key().as_str());
    any && event.resource_name.len() <= 512 && (freely || named(row, subject).iter().any(said))
}

/// What the trail must say of an answer; none: it need not say anything.
fn owed(row: &Row, answer: u16) -> Option<AuditResult> {
    let changes = !matches!(row.method, Method::GET | Method::HEAD) && !KEEPS_NOTHING.contains(&row.key().as_str());
    match answer {
        403 => Some(AuditResult::Denied),
        200..300 if changes => Some(AuditResult::Success),
        _ => None,
    }
}

#[tokio::test]
async fn every_change_and_every_refusal_is_on_record() {
    let world = World::new().await;
    let mut wrong = Vec::new();
    let mut asked = 0;
    for row in rows() {
        for role in Role::ALL {
            let Some(owed) = owed(&row, row.answer(role)) else { continue };
            asked += 1;
            let request = format!("trail-{asked}");
            let subject = world.subject(&row).await;
            let answer = world.ask_as(&request, &row, role, &subject).await;
            let events = world.recorded(&request).await;
            let recorded: Vec<AuditResult> = events.iter().map(|event| event.result).collect();
            let what = || format!("{} by {}: {answer}, {recorded:?}", row.key(), role.name());
            // What begins has an end, and the end is the last word: the newest row comes first.
            let begun = recorded.contains(&AuditResult::Started);
            let ended = recorded.iter().filter(|result| **result != AuditResult::Started).count();
            let begins = owed == AuditResult::Success && !NOT_BEGUN.contains(&row.key().as_str());
            let begins_first = !begins || recorded.last() == Some(&AuditResult::Started);
            if answer == row.answer(role) && (!recorded.contains(&owed) || (begun && ended == 0) || !begins_first) {
                wrong.push(what());
            }
            for event in events.iter().filter(|event| !tells(&row, &subject, event)) {
                wrong.push(format!("{}: a row that names '{}'", what(), event.resource_name));
            }
        }
    }
    nothing_in(&wrong);
    assert!(asked > 200, "{asked}");
}

/// What is not there, or is another tenant's, leaves a row that names it where it leaves one.
#[tokio::test]
async fn a_row_of_what_failed_names_what_was_asked_for() {
    let world = World::new().await;
    let mut wrong = Vec::new();
    let mut seen = 0;
    for row in rows().into_iter().filter(|row| row.answer(Role::Foreign) == 404) {
        let request = format!("failed{}", row.key().replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
        let request: String = request.chars().take(64).collect();
        let subject = world.subject(&row).await;
        world.ask_as(&request, &row, Role::Foreign, &subject).await;
        for event in world.recorded(&request).await {
            seen += 1;
            if event.result != AuditResult::Failure || !tells(&row, &subject, &event) {
                wrong.push(format!("{}: {:?} '{}'", row.key(), event.result, event.resource_name));
            }
        }
    }
    nothing_in(&wrong);
    assert!(seen > 20, "{seen}");
}
