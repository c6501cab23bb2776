use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pangolin_core::id::RoleId;
use pangolin_store::HeldRole;
use proptest::prelude::*;

use super::client::Shown;
use super::fault::OAuthError;
use super::form::TokenForm;
use super::scope::{self, Scope};
use crate::body::Body;

fn headers(content_type: Option<&str>, authorization: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let given = [(header::CONTENT_TYPE, content_type), (header::AUTHORIZATION, authorization)];
    for (name, value) in given.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        headers.insert(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn read(content_type: Option<&str>, body: &str) -> Result<TokenForm, OAuthError> {
    TokenForm::read(&headers(content_type, None), &Body::of(body))
}

const FORM: Option<&str> = Some("application/x-www-form-urlencoded; charset=UTF-8");

#[expect(clippy::disallowed_methods, reason = "a test looks at the key")]
fn secret(form: &TokenForm) -> Option<&str> {
    form.client_secret.as_ref().map(|secret| secret.expose().as_str())
}

#[test]
fn a_form_and_json_say_the_same() {
    let form = "grant_type=client_credentials&client_id=a%20b&client_secret=c%2Bd&scope=catalog";
    let json =
        r#" {"grant_type": "client_credentials", "client_id": "a b", "client_secret": "c+d", "scope": "catalog"}"#;
    for (content_type, body) in [(FORM, form), (None, form), (FORM, json), (None, json), (Some("text/plain"), json)] {
        let read = read(content_type, body).unwrap();
        assert_eq!((read.client_id.as_deref(), secret(&read)), (Some("a b"), Some("c+d")));
        assert_eq!(read.scope.as_deref(), Some("catalog"));
        read.grant_type().unwrap();
    }
}

#[test]
fn what_is_empty_or_unknown_is_not_there() {
    let form = read(FORM, "grant_type=client_credentials&scope=&client_id=&audience=x&audience=y&resource=z").unwrap();
    assert!(form.scope.is_none() && form.client_id.is_none());
    let json = read(None, r#"{"grant_type": "client_credentials", "scope": null, "client_id": ""}"#).unwrap();
    assert!(json.scope.is_none() && json.client_id.is_none());
}

#[test]
fn malformed_requests_are_told_apart() {
    let refused = |content_type, body: &str| read(content_type, body).err().unwrap().code;
    for body in ["scope=a&scope=b", "client_secret=a&client_id=1&client_secret=a", r#"{"scope":"a","scope":"a"}"#] {
        assert_eq!(refused(FORM, body), "invalid_request", "{body}");
    }
    for body in ["{", r#"{"scope": 1}"#, r#"{"scope": ["a"]}"#, r#"{"scope": "a"} trailing"#] {
        assert_eq!(refused(None, body), "invalid_request", "{body}");
    }
    for content_type in ["text/plain", "multipart/form-data; boundary=x", "application/xml", "application/json"] {
        assert_eq!(refused(Some(content_type), "grant_type=client_credentials"), "invalid_request", "{content_type}");
    }
    let many: Vec<String> = (0..33).map(|at| format!("p{at}=1")).collect();
    assert_eq!(refused(FORM, &many.join("&")), "invalid_request");
    let many: Vec<String> = (0..33).map(|at| format!("\"p{at}\":\"1\"")).collect();
    assert_eq!(refused(None, &format!("{{{}}}", many.join(","))), "invalid_request");
    assert_eq!(read(FORM, "").unwrap().grant_type().unwrap_err().code, "invalid_request");
    assert_eq!(read(FORM, "grant_type=password").unwrap().grant_type().unwrap_err().code, "unsupported_grant_type");
}

fn shown(authorization: Option<&str>, body: &str) -> Result<Shown, OAuthError> {
    Shown::of(&headers(None, authorization), &read(FORM, body).unwrap())
}

fn basic(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

#[expect(clippy::disallowed_methods, reason = "a test looks at the key")]
fn client(shown: Result<Shown, OAuthError>) -> (Option<String>, String) {
    match shown.unwrap() {
        Shown::Client(credentials) => (credentials.id, credentials.secret.expose().clone()),
        Shown::Nothing | Shown::Bearer(_) => panic!("no client"),
    }
}

#[test]
fn a_client_is_read_from_the_form_or_from_basic() {
    let both = (Some("id".to_owned()), "key".to_owned());
    assert_eq!(client(shown(None, "client_id=id&client_secret=key")), both);
    assert_eq!(client(shown(Some(&basic("id:key")), "")), both);
    assert_eq!(client(shown(Some(&basic("id:key").replacen("Basic", "bAsIc", 1)), "client_id=id")), both);
    assert_eq!(client(shown(Some(&basic("%69d:k%65y")), "")), both, "form-encoded, as RFC 6749 has it");
    assert_eq!(client(shown(Some(&basic("a+b&c:d:e=f")), "")), (Some("a b&c".to_owned()), "d:e=f".to_owned()));
    assert_eq!(client(shown(Some(&basic("key")), "")), (None, "key".to_owned()), "Java's credential without an id");
    assert_eq!(client(shown(None, "client_secret=key")), (None, "key".to_owned()));
    // The token that a client has besides does not matter.
    assert_eq!(client(shown(Some("Bearer old.token"), "client_id=id&client_secret=key")), both);
}

#[test]
fn a_client_authenticates_in_one_way() {
    let refused = |authorization: &str, body: &str| shown(Some(authorization), body).err().unwrap().code;
    assert_eq!(refused(&basic("id:key"), "client_secret=key"), "invalid_request");
    assert_eq!(refused(&basic("id:key"), "client_id=id&client_secret=key"), "invalid_request");
    assert_eq!(refused(&basic("id:key"), "client_id=other"), "invalid_request");
    for broken in ["Basic", "Basic ", "Basic %%%", &basic("id:"), &format!("Basic {}", STANDARD.encode(b"\xff:\xfe"))] {
        assert_eq!(refused(broken, ""), "invalid_client", "{broken}");
    }
    let mut twice = headers(None, Some("Bearer a"));
    twice.append(header::AUTHORIZATION, HeaderValue::from_static("Basic aTpr"));
    assert_eq!(Shown::of(&twice, &read(FORM, "").unwrap()).err().unwrap().code, "invalid_request");
    assert!(matches!(shown(Some("Bearer a"), ""), Ok(Shown::Bearer(_))));
    assert!(matches!(shown(Some("Digest a"), ""), Ok(Shown::Nothing)));
}

fn role(id: u128, name: &str) -> HeldRole {
    HeldRole { id: RoleId(uuid::Uuid::from_u128(id)), name: name.to_owned(), grants: Vec::new() }
}

#[test]
fn scopes_of_clients_are_understood() {
    for whole in
        [None, Some(""), Some("catalog"), Some("sign"), Some("PRINCIPAL_ROLE:ALL"), Some("catalog PRINCIPAL_ROLE:ALL")]
    {
        assert_eq!(scope::parse(whole).unwrap(), Scope::Whole, "{whole:?}");
    }
    assert_eq!(scope::parse(Some("PRINCIPAL_ROLE:Reader")).unwrap(), Scope::Roles(vec!["Reader"]));
    assert_eq!(scope::parse(Some("catalog  PRINCIPAL_ROLE:a PRINCIPAL_ROLE:b")).unwrap(), Scope::Roles(vec!["a", "b"]));
    for unknown in
        ["admin", "PRINCIPAL_ROLE:", "principal_role:Reader", "Catalog", "PRINCIPAL_ROLE:ALL PRINCIPAL_ROLE:a", "*"]
    {
        let error = scope::parse(Some(unknown)).unwrap_err();
        assert_eq!((error.code, error.status()), ("invalid_scope", StatusCode::BAD_REQUEST), "{unknown}");
    }
    assert_eq!(scope::granted(None), "catalog");
    assert_eq!(scope::granted(Some(" PRINCIPAL_ROLE:a  PRINCIPAL_ROLE:b ")), "PRINCIPAL_ROLE:a PRINCIPAL_ROLE:b");
}

#[test]
fn a_role_is_found_by_name_or_by_id_among_those_held() {
    let held = [role(1, "Reader"), role(2, "two words")];
    let chosen = |text: &str, basis: Option<&[RoleId]>| scope::parse(Some(text)).unwrap().resolve(&held, basis);
    assert_eq!(chosen("catalog", None).unwrap(), None);
    assert_eq!(chosen("PRINCIPAL_ROLE:Reader PRINCIPAL_ROLE:Reader", None).unwrap(), Some(vec![held[0].id]));
    assert_eq!(chosen(&format!("PRINCIPAL_ROLE:{}", held[1].id), None).unwrap(), Some(vec![held[1].id]));
    for missing in ["PRINCIPAL_ROLE:Writer", "PRINCIPAL_ROLE:reader", &format!("PRINCIPAL_ROLE:{}", role(3, "x").id)] {
        assert_eq!(chosen(missing, None).unwrap_err().code, "invalid_scope", "{missing}");
    }
    assert_eq!(chosen("PRINCIPAL_ROLE:Reader", Some(&[held[1].id])).unwrap_err().code, "invalid_scope");
    assert_eq!(chosen("catalog", Some(&[held[1].id])).unwrap(), Some(vec![held[1].id]), "as narrow as before");
}

proptest! {
    /// Whatever is asked for in a chain of exchanges, each token has at most the roles of the one
    /// before it, and once narrowed it stays so.
    #[test]
    fn a_chain_of_exchanges_never_widens(
        held in proptest::collection::btree_set(0u128..6, 0..6),
        asked in proptest::collection::vec(proptest::collection::vec(0u128..8, 0..4), 1..6),
    ) {
        let held: Vec<HeldRole> = held.into_iter().map(|id| role(id, &format!("r{id}"))).collect();
        let mut basis: Option<Vec<RoleId>> = None;
        for names in asked {
            let text: Vec<String> = names.iter().map(|id| format!("PRINCIPAL_ROLE:r{id}")).collect();
            let Ok(next) = scope::parse(Some(&text.join(" "))).unwrap().resolve(&held, basis.as_deref()) else { continue };
            match (&basis, &next) {
                (Some(before), Some(after)) => prop_assert!(after.iter().all(|id| before.contains(id))),
                (Some(_), None) => prop_assert!(false, "a narrowed token became a whole one"),
                (None, Some(after)) => {
                    prop_assert!(!after.is_empty() && after.iter().all(|id| held.iter().any(|role| role.id == *id)));
                }
                (None, None) => prop_assert!(names.is_empty()),
            }
            basis = next;
        }
    }

    #[test]
    fn no_body_and_no_header_breaks_the_reader(body in ".{0,200}", authorization in "[ -~]{0,80}") {
        if let Ok(form) = read(FORM, &body) {
            let _ = Shown::of(&headers(None, Some(&authorization)), &form);
            let _ = scope::parse(form.scope.as_deref());
        }
    }
}
