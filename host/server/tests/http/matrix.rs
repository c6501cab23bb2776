//! Every route against every caller. A route without a line in `routes.txt`, or a line without a
//! route, fails.

mod callers;
mod subject;
mod table;
mod trail;
mod world;

use std::collections::BTreeSet;

use axum_core::body::Body;
use http::{Request, header};

use self::callers::Role;
use self::subject::Subject;
use self::table::{Row, documented, rows};
use self::world::World;
use crate::support::Reply;

impl World {
    async fn ask(&self, row: &Row, role: Role, subject: &Subject) -> Reply {
        let token = self.token(role).await;
        self.host.send(row.method.clone(), &subject.path, &token, subject.body.clone()).await
    }
}

/// Fails with all that is wrong at once.
#[track_caller]
fn nothing_in(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_table_has_a_line_for_every_route_and_no_other() {
    let lines: Vec<String> = rows().iter().map(Row::key).collect();
    let listed: BTreeSet<String> = lines.iter().cloned().collect();
    assert_eq!(listed.len(), lines.len(), "a line stands twice");
    let routed: BTreeSet<String> = documented().into_iter().map(|(key, _)| key).collect();
    let missing: Vec<_> = routed.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&routed).collect();
    assert!(missing.is_empty(), "add to matrix/routes.txt what each caller gets: {missing:#?}");
    assert!(gone.is_empty(), "these lines of matrix/routes.txt have no route: {gone:#?}");
}

#[test]
fn what_the_table_says_the_document_says_too() {
    let documented = documented();
    let mut wrong = Vec::new();
    for row in rows() {
        let Some((_, operation)) = documented.iter().find(|(key, _)| *key == row.key()) else { continue };
        for role in Role::ALL {
            let status = row.answer(role).to_string();
            if operation["responses"].get(&status).is_none() {
                wrong.push(format!("{} does not document {status}", row.key()));
            }
        }
    }
    nothing_in(&wrong);
}

#[tokio::test]
async fn every_caller_gets_what_the_table_says() {
    let world = World::new().await;
    let mut wrong = Vec::new();
    for row in rows() {
        for role in Role::ALL {
            let subject = world.subject(&row).await;
            let reply = world.ask(&row, role, &subject).await;
            if reply.status != row.answer(role) {
                let said: String = reply.text.chars().take(300).collect();
                let what = format!("{} by {}", row.key(), role.name());
                wrong.push(format!("{what}: {}, not {}: {said}", reply.status.as_u16(), row.answer(role)));
            }
            // What is refused under the one form of a path is refused under the other.
            let nested = Subject { path: nested(&row.path, &subject.path), body: subject.body.clone() };
            if nested.path != subject.path && row.answer(role) >= 400 {
                let reply = world.ask(&row, role, &nested).await;
                if reply.status != row.answer(role) {
                    wrong.push(format!("{} by {}: {}", nested.path, role.name(), reply.text));
                }
            }
        }
    }
    nothing_in(&wrong);
}

#[tokio::test]
async fn a_token_that_is_none_is_as_no_token() {
    let world = World::new().await;
    let mut wrong = Vec::new();
    let mut asked = 0;
    for row in rows().into_iter().filter(|row| row.answer(Role::None) == 401) {
        let subject = world.subject(&row).await;
        let plain = world.ask(&row, Role::None, &subject).await;
        let token = world.token(Role::Admin).await;
        for bad in ["not.a.token", &token[..token.len() - 4]] {
            let reply = world.host.send(row.method.clone(), &subject.path, bad, subject.body.clone()).await;
            if (reply.status.as_u16(), &reply.text) != (401, &plain.text) {
                wrong.push(format!("{}: {} {}", row.key(), reply.status, reply.text));
            }
            asked += 1;
        }
    }
    nothing_in(&wrong);
    assert!(asked > 140, "{asked}");
}

/// The path for a client whose URI ends in the catalog's name.
fn nested(template: &str, path: &str) -> String {
    match path.strip_prefix("/v1/").and_then(|rest| rest.split_once('/')) {
        Some((catalog, rest)) if template.starts_with("/v1/{prefix}/") => format!("/v1/{catalog}/v1/{rest}"),
        _ => path.to_owned(),
    }
}

/// Bodies that no route takes.
const GARBAGE: [(&str, &str); 4] = [
    ("application/json", "{not json"),
    ("application/json", "[[]]"),
    ("application/json", r#"{"surprise": 1}"#),
    ("text/plain", "surprise"),
];

/// Routes whose body decides who asks.
const LOGINS: [&str; 3] = ["POST /api/v1/users/login", "POST /v1/oauth/tokens", "POST /v1/{prefix}/oauth/tokens"];

#[tokio::test]
async fn who_lacks_the_right_is_told_so_before_the_body_is_judged() {
    let world = World::new().await;
    let documented = documented();
    let takes_a_body =
        |row: &Row| documented.iter().any(|(key, operation)| *key == row.key() && operation["requestBody"].is_object());
    let mut wrong = Vec::new();
    let mut judged = 0;
    for row in rows().into_iter().filter(takes_a_body).filter(|row| !LOGINS.contains(&row.key().as_str())) {
        let subject = world.subject(&row).await;
        for role in Role::ALL {
            let wanted = row.answer(role);
            for (kind, text) in GARBAGE {
                let reply = world.send_text(&row, &subject.path, &world.token(role).await, kind, text).await;
                let status = reply.status.as_u16();
                let what = || format!("{} by {} with {text}: {status}: {}", row.key(), role.name(), reply.text);
                if [401, 403, 404].contains(&wanted) {
                    judged += 1;
                    if status != wanted && !is_about_the_body(&row, role) {
                        wrong.push(format!("{}, not {wanted}", what()));
                    }
                } else if status >= 500 || (status < 300 && !takes_anything(&row, text)) {
                    wrong.push(what());
                }
            }
        }
    }
    nothing_in(&wrong);
    assert!(judged > 300, "{judged}");
}

/// Reports are not read; and in the Iceberg protocol what is not known is read over, where nothing is needed.
fn takes_anything(row: &Row, text: &str) -> bool {
    row.path.ends_with("/metrics")
        || (row.path.starts_with("/v1/") && text.starts_with('{') && !text.starts_with("{not"))
}

/// Where the table's refusal comes of what a well-formed body names.
fn is_about_the_body(row: &Row, role: Role) -> bool {
    let named = ["POST /api/v1/users", "POST /api/v1/permissions", "POST /api/v1/revocations"];
    role == Role::Foreign && named.contains(&row.key().as_str())
}

impl World {
    async fn send_text(&self, row: &Row, path: &str, token: &str, kind: &str, text: &'static str) -> Reply {
        let mut request = Request::builder().method(row.method.clone()).uri(path).header(header::CONTENT_TYPE, kind);
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.host.raw(request.body(Body::from(text)).unwrap()).await
    }
}

/// Things that are the same for everybody.
const SHARED: [&str; 2] = ["/plugins/", "/oauth/tokens"];

#[tokio::test]
async fn what_is_another_tenants_is_as_what_never_was() {
    let world = World::new().await;
    let mut wrong = Vec::new();
    let mut compared = 0;
    for row in rows() {
        if !row.path.contains('{') || SHARED.iter().any(|shared| row.path.contains(shared)) {
            continue;
        }
        let subject = world.subject(&row).await;
        let absent = Subject { path: never(&subject.path, &row.path), body: subject.body.clone() };
        for role in [Role::Foreign, Role::Root].into_iter().filter(|role| [403, 404].contains(&row.answer(*role))) {
            let theirs = shown(&world.ask(&row, role, &subject).await, &subject.path);
            let nothing = shown(&world.ask(&row, role, &absent).await, &absent.path);
            if theirs != nothing {
                wrong.push(format!("{} by {}\n  {theirs:?}\n  {nothing:?}", row.key(), role.name()));
            }
            compared += 1;
        }
    }
    nothing_in(&wrong);
    assert!(compared > 70, "{compared}");
}

/// The path with other names of the same form.
fn never(path: &str, template: &str) -> String {
    let parts = path.split('/').zip(template.split('/')).map(|(part, form)| match form.starts_with('{') {
        true if uuid::Uuid::parse_str(part).is_ok() => uuid::Uuid::new_v4().to_string(),
        true => format!("never-{part}"),
        false => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

/// Everything that a reply tells but the names that were sent and the request's own number.
fn shown(reply: &Reply, path: &str) -> (u16, Vec<(String, String)>, String) {
    let mut headers: Vec<(String, String)> = reply
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id" && *name != header::CONTENT_LENGTH)
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    headers.sort();
    let mut text = reply.text.clone();
    for part in path.split('?').next().unwrap_or_default().split('/').filter(|part| part.len() > 3) {
        text = text.replace(part, "NAME");
    }
    (reply.status.as_u16(), headers, text)
}
