use super::*;

const APP: &str = r#"{"tenant_id":"7f0c0d5e-0000-4000-8000-000000000001","client_id":"client-1"}"#;

fn config(fields: &str, secret: bool) -> Config {
    Config::parse(fields, if secret { vec!["client_secret".to_owned()] } else { Vec::new() }).unwrap()
}

fn problems(fields: &str, secret: bool) -> Vec<String> {
    Settings::read(&config(fields, secret)).unwrap_err().into_iter().map(|problem| problem.field).collect()
}

#[test]
fn an_app_with_a_secret() {
    let config = config(APP, true);
    let settings = Settings::read(&config).unwrap();
    assert_eq!(
        settings.principal,
        Principal::ClientSecret {
            tenant_id: "7f0c0d5e-0000-4000-8000-000000000001".to_owned(),
            client_id: "client-1".to_owned(),
            secret: "client_secret".to_owned(),
            authority_host: None,
        }
    );
    assert_eq!((settings.vend, settings.hierarchical, settings.endpoint), (Vend::DelegationSas, true, None));
}

#[test]
fn without_a_secret_it_is_the_hosts_workload_identity() {
    let none = Principal::WorkloadIdentity { tenant_id: None, client_id: None };
    assert_eq!(Settings::read(&config("{}", false)).unwrap().principal, none);
    let named = Settings::read(&config(APP, false)).unwrap().principal;
    assert!(matches!(named, Principal::WorkloadIdentity { client_id: Some(id), .. } if id == "client-1"));
    assert_eq!(problems(r#"{"authority_host":"https://login.example"}"#, false), ["authority_host"]);
}

#[test]
fn what_is_missing_or_malformed_is_named_all_at_once() {
    assert_eq!(
        problems(r#"{"vend":"Token","hierarchical":"x"}"#, true),
        ["tenant_id", "client_id", "vend", "hierarchical"]
    );
    for tenant in ["a/b", "../x", "a b", "a..b", "-a", "a?b", "ä", &"a".repeat(254)] {
        let fields = format!(r#"{{"tenant_id":"{tenant}","client_id":"c"}}"#);
        assert_eq!(problems(&fields, true), ["tenant_id"], "{tenant}");
    }
    assert!(Settings::read(&config(r#"{"tenant_id":"contoso.onmicrosoft.com","client_id":"c"}"#, true)).is_ok());
}

#[test]
fn the_hosts_own_identity_opens_no_more_than_the_warehouse() {
    assert_eq!(problems(r#"{"vend":"token"}"#, false), ["vend"]);
    assert_eq!(problems(r#"{"vend":"both","hierarchical":false,"prefix":"a"}"#, false), ["vend", "hierarchical"]);
    assert!(Settings::read(&config(r#"{"hierarchical":false}"#, false)).is_ok());
    assert!(
        Settings::read(&config(&APP.replace('}', r#","hierarchical":false,"prefix":"a","vend":"both"}"#), true))
            .is_ok()
    );
}

#[test]
fn the_secret_goes_to_authorities_only() {
    let secret = FIELDS.iter().find(|field| field.name == "client_secret").unwrap();
    assert_eq!(secret.secret_hosts, AUTHORITIES);
    assert!(AUTHORITIES.iter().all(|host| crate::HOSTS.contains(host)));
}
