//! Rules that hold for every body.

use proptest::prelude::*;

use super::*;
use crate::secret::REDACTED;

/// Names that requests use, known and not, in several dialects.
const NAMES: &[&str] = &[
    "bucket",
    "s3.bucket",
    "prefix",
    "region",
    "endpoint",
    "s3.endpoint",
    "role_arn",
    "s3.role-arn",
    "access_key_id",
    "s3.access-key-id",
    "access-key-id",
    "secret_access_key",
    "s3.secret-access-key",
    "session_token",
    "external_id",
    "sts_endpoint",
    "account_key",
    "session_tags",
    "nonsense",
    "container",
    "account_name",
];

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => "planted[a-z]{2,8}".prop_map(Value::from),
        1 => Just(json!("https://planted.example.com")),
        1 => Just(json!("true")),
        1 => Just(Value::Null),
        1 => Just(json!(REDACTED)),
        1 => Just(json!({ "secret_ref": "lake-key" })),
        1 => any::<i64>().prop_map(Value::from),
        1 => "\\PC{0,12}".prop_map(Value::from),
    ]
}

fn group() -> impl Strategy<Value = Value> {
    prop::collection::btree_map(prop::sample::select(NAMES), value(), 0..8).prop_map(|map| {
        map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<serde_json::Map<_, _>>().into()
    })
}

fn body() -> impl Strategy<Value = Value> {
    let strategy = prop::sample::select(vec!["AwsSts", "AwsStatic", "None", "Nope"]);
    (group(), group(), strategy, any::<bool>()).prop_map(|(mut storage, parameters, strategy, whole)| {
        if whole {
            storage["bucket"] = json!("my-data-bucket");
            storage["role_arn"] = json!(ROLE);
        }
        json!({ "name": "w", "storage_config": storage, "vending_strategy": { strategy: parameters } })
    })
}

proptest! {
    #[test]
    fn nothing_secret_is_shown_and_what_is_shown_is_stable(body in body()) {
        let host = Host { env_credentials: true, ..Host::default() };
        match host.create(&body) {
            Ok(made) => {
                let shown = host.view(&made);
                for group in [&shown["storage_config"], &shown["vending_strategy"]["AwsSts"], &shown["vending_strategy"]["AwsStatic"]] {
                    for name in ["access_key_id", "secret_access_key", "session_token"] {
                        let word = group.get(name).cloned().unwrap_or(Value::Null);
                        prop_assert!(word.is_null() || word == json!(REDACTED) || word.get("secret_ref").is_some());
                    }
                }
                prop_assert!(made.config.keys().all(|name| !made.secrets.contains_key(name)));
                let again = host.update(&made, &shown).unwrap();
                prop_assert_eq!(Warehouse { updated_at: made.updated_at, ..again }, made);
            }
            Err(problems) => {
                prop_assert!(!problems.problems().is_empty());
                prop_assert!(!problems.to_string().contains("planted"));
            }
        }
    }

    #[test]
    fn a_stored_secret_never_meets_a_new_destination(body in body()) {
        let host = Host::default();
        let storage = json!({ "role_arn": ROLE, "access_key_id": "kept-id", "secret_access_key": "kept-secret" });
        let stored = host.create(&s3(&storage, &json!({ "use_sts": true }))).unwrap();
        if let Ok(changed) = host.update(&stored, &body) {
            let moved = ["endpoint", "sts_endpoint"].iter().any(|name| changed.text(name) != stored.text(name))
                || (changed.strategy != stored.strategy && changed.strategy.is_some());
            let kept = changed.secrets.iter().any(|(name, secret)| stored.secrets.get(name) == Some(secret));
            prop_assert!(!(moved && kept));
        }
    }

    #[test]
    fn the_base_is_inside_the_bucket(prefix in "\\PC{0,20}") {
        let body = s3(&json!({ "prefix": prefix }), &json!({ "vending_strategy": "None" }));
        if let Ok(made) = Host::default().create(&body) {
            prop_assert_eq!(made.base.authority(), "my-data-bucket");
            prop_assert!(made.base.as_str().ends_with('/'));
        }
    }

    #[test]
    fn no_local_path_leads_out(path in "[a-z./%2eE\\\\]{0,16}") {
        let host = Host { local_root: Some("/data/lake"), ..Host::default() };
        for path in [path.clone(), format!("/data/lake/{path}"), format!("/{path}")] {
            if let Ok(made) = host.create(&json!({ "name": "l", "storage_config": { "type": "local", "path": path } })) {
                prop_assert!(made.base.as_str().starts_with("file:///data/lake/"));
                prop_assert!(made.base.as_str().len() > "file:///data/lake/".len());
                prop_assert!(!made.base.as_str().contains("/../"));
            }
        }
    }
}
