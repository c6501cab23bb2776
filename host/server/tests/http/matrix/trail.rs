//! Every change, and every refusal, leaves its row in the audit trail.

use axum_core::body::Body;
use http::{Method, Request, header};
use pangolin_core::audit::AuditResult;
use pangolin_store::{AuditFilter, AuditPage};

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

    /// How the rows of a request ended.
    async fn recorded(&self, request: &str) -> Vec<AuditResult> {
        let filter = AuditFilter { request_id: Some(request.to_owned()), ..AuditFilter::default() };
        let rows = self.store.audit_query(&filter, &AuditPage::default()).await.unwrap();
        assert!(!serde_json::to_string(&rows).unwrap().contains(PASSWORD), "a password in a row of {request}");
        rows.into_iter().map(|row| row.result).collect()
    }
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
            let recorded = world.recorded(&request).await;
            let what = || format!("{} by {}: {answer}, {recorded:?}", row.key(), role.name());
            // What begins has an end, and the end is the last word: the newest row comes first.
            let begun = recorded.contains(&AuditResult::Started);
            let ended = recorded.iter().filter(|result| **result != AuditResult::Started).count();
            if answer == row.answer(role) && (!recorded.contains(&owed) || (begun && ended == 0)) {
                wrong.push(what());
            }
        }
    }
    nothing_in(&wrong);
    assert!(asked > 200, "{asked}");
}
