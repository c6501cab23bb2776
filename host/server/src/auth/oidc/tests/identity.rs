use std::collections::BTreeMap;

use pangolin_core::id::TenantId;
use serde_json::{Value, json};

use super::super::identity::{Identity, NotAdmitted, read};
use super::issuer::object;
use super::{TENANT, settings};
use crate::config::{IssuerSettings, MappedRole, TenantRule};

const OTHER: TenantId = TenantId(uuid::Uuid::from_u128(0xb));

fn with_roles(claim: &str) -> IssuerSettings {
    let named = |name: &str| MappedRole::Named(name.to_owned());
    let roles = BTreeMap::from([
        ("boss".to_owned(), MappedRole::TenantAdmin),
        ("read".to_owned(), named("Reader")),
        ("write".to_owned(), named("Writer")),
        ("read all".to_owned(), named("Discovery")),
    ]);
    IssuerSettings { roles_claim: Some(claim.to_owned()), roles, ..settings() }
}

fn given(settings: &IssuerSettings, more: Value) -> (bool, Vec<String>) {
    let mut all = object(json!({"sub": "ada"}));
    all.extend(object(more));
    let Identity { administrator, roles, .. } = read(&all, settings).unwrap();
    (administrator, roles)
}

#[test]
fn roles_come_as_an_array_as_one_text_or_as_several_with_blanks() {
    let settings = with_roles("roles");
    for (value, administrator, roles) in [
        (json!(["read", "write", "read", "unknown"]), false, vec!["Reader", "Writer"]),
        (json!(["boss", 7, null, ["read"], {"read": true}]), true, vec![]),
        (json!("read"), false, vec!["Reader"]),
        (json!("openid read  write"), false, vec!["Reader", "Writer"]),
        (json!("read all"), false, vec!["Discovery"]),
        // An element of an array is one value, whatever blanks are in it.
        (json!(["write boss", "Read"]), false, vec![]),
        (json!({"boss": true}), false, vec![]),
        (json!(true), false, vec![]),
        (json!(null), false, vec![]),
    ] {
        assert_eq!(
            given(&settings, json!({"roles": value})),
            (administrator, roles.into_iter().map(str::to_owned).collect()),
            "{value}"
        );
    }
    assert_eq!(given(&super::settings(), json!({"roles": ["boss"]})), (false, vec![]), "nothing is mapped");
}

#[test]
fn dots_lead_into_objects_unless_the_name_stands_as_it_is() {
    let reader = (false, vec!["Reader".to_owned()]);
    let nested = with_roles("realm_access.roles");
    assert_eq!(given(&nested, json!({"realm_access": {"roles": ["read"]}})), reader);
    assert_eq!(given(&nested, json!({"realm_access.roles": ["read"], "realm_access": {"roles": ["boss"]}})), reader);
    assert_eq!(given(&nested, json!({"realm_access": ["read"]})), (false, vec![]));
    let client = with_roles("resource_access.my.client.roles");
    assert_eq!(given(&client, json!({"resource_access": {"my.client": {"roles": ["read"]}}})), reader);
    assert_eq!(given(&with_roles("https://a.example/roles"), json!({"https://a.example/roles": "read"})), reader);
}

#[test]
fn a_tenant_is_fixed_or_listed() {
    let tenants =
        BTreeMap::from([("acme".to_owned(), TENANT), ("other".to_owned(), OTHER), ("old".to_owned(), TENANT)]);
    let by_claim = IssuerSettings { tenant: TenantRule::Claim { claim: "org.name".to_owned(), tenants }, ..settings() };
    let of = |value: Value| {
        read(&object(json!({"sub": "ada", "org": {"name": value}})), &by_claim).map(|found| found.tenant)
    };
    assert_eq!(of(json!("acme")), Ok(TENANT));
    assert_eq!(of(json!(["other", "unknown"])), Ok(OTHER));
    assert_eq!(of(json!(["acme", "old"])), Ok(TENANT));
    for value in
        [json!("Acme"), json!("acme "), json!(""), json!(null), json!(["acme", "other"]), json!([]), json!({"acme": 1})]
    {
        assert_eq!(of(value.clone()), Err(NotAdmitted::NoTenantRule), "{value}");
    }
    // The UUID itself is no value that was listed.
    assert_eq!(of(json!(TENANT.to_string())), Err(NotAdmitted::NoTenantRule));
    assert_eq!(read(&object(json!({"sub": "ada"})), &settings()).unwrap().tenant, TENANT);
}

#[test]
fn a_subject_and_a_name_are_needed() {
    for subject in [json!(null), json!(""), json!(7), json!("x".repeat(256)), json!("a\nb")] {
        assert_eq!(read(&object(json!({"sub": subject})), &settings()), Err(NotAdmitted::NoSubject), "{subject}");
    }
    let by_mail = IssuerSettings { username_claim: "email".to_owned(), ..settings() };
    for name in [
        json!(null),
        json!(""),
        json!(" ada"),
        json!("a\u{7}"),
        json!("x".repeat(129)),
        json!(["ada"]),
        json!("SYSTEM"),
    ] {
        let found = read(&object(json!({"sub": "s", "email": name})), &by_mail);
        assert_eq!(found, Err(NotAdmitted::NoName), "{name}");
    }
    let found = read(&object(json!({"sub": "s-1", "email": "ada@example.com", "iat": 12})), &by_mail).unwrap();
    assert_eq!((found.username.as_str(), found.external.subject.as_str()), ("ada@example.com", "s-1"));
    assert_eq!(found.issued_at.0, 12_000);
}

#[test]
fn roles_that_the_token_has_no_room_for_are_noticed() {
    let groups = with_roles("groups");
    let left_out = |settings: &IssuerSettings, more: Value| {
        let mut all = object(json!({"sub": "ada"}));
        all.extend(object(more));
        let found = read(&all, settings).unwrap();
        (found.roles_left_out, found.roles.len())
    };
    // As Entra ID writes it, and as OpenID Connect Core has it for any claim.
    let sources = json!({"src1": {"endpoint": "https://graph.example/getMemberObjects"}});
    let overage = json!({"_claim_names": {"groups": "src1"}, "_claim_sources": sources});
    assert_eq!(left_out(&groups, overage.clone()), (true, 0));
    assert_eq!(left_out(&groups, json!({"hasgroups": true})), (true, 0));
    assert_eq!(left_out(&groups, json!({"groups": "src1", "_claim_sources": sources})), (true, 0));
    // The name of a source is no value, also where the settings know it as one.
    assert_eq!(left_out(&groups, json!({"groups": "read", "_claim_sources": {"read": {}}})), (true, 0));
    let nested = with_roles("resource_access.lake.roles");
    assert_eq!(left_out(&nested, json!({"_claim_names": {"resource_access": "src1"}})), (true, 0));
    // The claim is there, it is another claim, or nothing is said.
    for more in
        [json!({"groups": ["read"], "_claim_names": {"groups": "src1"}}), json!({"groups": "read", "hasgroups": true})]
    {
        assert_eq!(left_out(&groups, more.clone()), (false, 1), "{more}");
    }
    for more in [
        json!({}),
        json!({"groups": []}),
        json!({"_claim_names": {"address": "src1"}}),
        json!({"_claim_names": ["groups"]}),
        json!({"_claim_names": "groups", "_claim_sources": {"groups": {}}}),
        json!({"hasgroups": false}),
        json!({"hasgroups": "maybe"}),
    ] {
        assert_eq!(left_out(&groups, more.clone()), (false, 0), "{more}");
    }
    assert_eq!(left_out(&with_roles("roles"), json!({"hasgroups": true})), (false, 0), "roles are no groups");
    assert_eq!(left_out(&super::settings(), overage), (false, 0), "no roles are asked for");
}
