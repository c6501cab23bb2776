use pangolin_plugin_sdk::leases::Leases;
use pangolin_plugin_sdk::{Access, Strategy, http, testing};

use super::*;

mod scenarios;

fn config(fields: &str) -> Config {
    Config::parse(fields, vec!["password".to_owned()]).unwrap()
}

const ACCOUNT: &str = r#"{"vms_endpoint":"https://vms.example","username":"svc"}"#;

#[test]
fn it_says_how_narrow_it_is_and_whom_it_asks() {
    let description = VastS3Keys::describe();
    assert_eq!((description.name, description.scoping), ("VastS3Keys", Scoping::AccessOnly));
    assert_eq!(description.scoping_rules, RULES);
    assert_eq!(description.hosts, [HostPattern::OfField("vms_endpoint")]);
    assert_eq!((description.min_ttl_seconds, description.max_ttl_seconds), (Some(60), Some(43_200)));
}

#[test]
fn a_check_and_a_claim_ask_nobody() {
    let host = testing::Host::new();
    let request = testing::request(config(ACCOUNT), "s3://b/t/", Access::FULL);
    assert_eq!(host.run(|| VastS3Keys::check_config(&request.config)), Ok(()));
    let problems = host.run(|| VastS3Keys::check_config(&Config::default())).unwrap_err();
    assert_eq!(problems[0].field, "vms_endpoint");
    let claim = host.run(|| VastS3Keys::claim(&request)).unwrap();
    assert_eq!(
        (claim.resource.as_str(), claim.share.as_str(), claim.capacity),
        ("https://vms.example?tenant=&user=svc", "write", 2)
    );
    assert!(host.sent().is_empty());
}

#[test]
fn what_is_wrong_with_both_logins_is_said_once() {
    let fields = r#"{"vms_endpoint":"https://vms.example","username":"w","read_username":"r","auth":"digest"}"#;
    let config = Config::parse(fields, vec!["password".to_owned(), "read_password".to_owned()]).unwrap();
    let problems = testing::Host::new().run(|| VastS3Keys::check_config(&config)).unwrap_err();
    assert_eq!(problems.iter().map(|problem| problem.field.as_str()).collect::<Vec<_>>(), ["auth"]);
}

#[test]
fn one_user_is_one_resource_however_it_is_written() {
    let claim = |fields: &str| {
        let request = testing::request(config(fields), "s3://b/t/", Access::FULL);
        testing::Host::new().run(|| VastS3Keys::claim(&request)).unwrap().resource
    };
    let same = r#"{"vms_endpoint":"https://VMS.example:443/","username":"SVC","prefix":"x"}"#;
    assert_eq!(claim(ACCOUNT), claim(same));
    for other in [
        r#"{"vms_endpoint":"https://vms.example:8443","username":"svc"}"#,
        r#"{"vms_endpoint":"https://vms.example","username":"svc2"}"#,
        r#"{"vms_endpoint":"https://vms.example","username":"svc","vms_tenant":"blue"}"#,
    ] {
        assert_ne!(claim(ACCOUNT), claim(other), "{other}");
    }
}

#[test]
fn no_secret_is_shown() {
    let pair = r#"{"access_key":"AK","secret_key":"planted-secret"}"#;
    let host = testing::Host::new()
        .on_send(move |_| Ok(http::Response { status: 200, headers: Vec::new(), body: pair.as_bytes().to_vec() }));
    let request = testing::request(config(ACCOUNT), "s3://b/t/", Access::FULL);
    let credentials = host.run(|| VastS3Keys::vend(request)).unwrap();
    assert!(!format!("{credentials:?} {:?}", host.lines()).contains("planted"));
    assert!(!credentials[0].handle.as_deref().unwrap().contains("planted"));
}

#[test]
fn a_handle_is_read_as_it_was_written_and_nothing_else_is_one() {
    let handle = Handle {
        vms: "https://vms.example".to_owned(),
        tenant: Some("blue".to_owned()),
        level: "caller".to_owned(),
        user: "alice".to_owned(),
        owner: keys::Owner::Sid("S-1-5-21-1".to_owned()),
        access_key: "A/+=".to_owned(),
    };
    assert_eq!(Handle::parse(&handle.to_text()), Ok(handle.clone()));
    let own = Handle { tenant: None, level: "read".to_owned(), owner: keys::Owner::Oneself, ..handle };
    assert_eq!(Handle::parse(&own.to_text()), Ok(own));
    for text in ["", "{}", "AK", r#"{"vms":"x","level":"read","user":"u","access_key":""}"#] {
        assert_eq!(Handle::parse(text).unwrap_err().code, "bad-handle", "{text}");
    }
}
