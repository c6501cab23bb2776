//! Whole files: paths, neighbours, lists.

use super::super::*;
use super::*;

fn leaves(value: &Value) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    if let Value::Object(map) = value {
        for (key, value) in map {
            flatten(value, &mut vec![Step::Key(key.clone())], &mut leaves);
        }
    }
    leaves
}

fn paths(value: &Value) -> Vec<String> {
    in_document(&leaves(value)).into_iter().map(|found| found.path).collect()
}

#[test]
fn secrets_are_found_where_tools_write_them() {
    let cases = [
        (serde_json::json!({"db": {"password": "hunter2"}}), "db.password"),
        (serde_json::json!({"db": {"password": {"value": "hunter2"}}}), "db.password.value"),
        (serde_json::json!({"env": [{"name": "DB_PASSWORD", "value": "hunter2"}]}), "env[0].value"),
        (serde_json::json!({"environment": ["DB_PASSWORD=hunter2"]}), "environment[0]"),
        (serde_json::json!({"api_keys": ["a", "b"]}), "api_keys[0] api_keys[1]"),
        (serde_json::json!({"kind": "Secret", "stringData": {"user": "ada"}, "type": "Opaque"}), "stringData.user"),
        (serde_json::json!({"items": [{"kind": "Secret", "data": {"x": "aHVudGVyMg=="}}]}), "items[0].data.x"),
    ];
    for (value, wanted) in cases {
        assert_eq!(paths(&value).join(" "), wanted, "{value}");
    }
}

#[test]
fn neighbours_and_lists_of_other_things_are_left_alone() {
    for value in [
        serde_json::json!({"env": [{"name": "LOG_LEVEL", "value": "debug"}]}),
        serde_json::json!({"env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]}),
        serde_json::json!({"environment": ["LOG_LEVEL=debug", "DB_PASSWORD=${DB_PASSWORD}"]}),
        serde_json::json!({"password": {"secret_ref": "lake-key"}, "passwords": []}),
        serde_json::json!({"kind": "ConfigMap", "data": {"user": "ada"}}),
        serde_json::json!({"properties": {"password": {"type": "string", "description": "of the user"}}}),
        serde_json::json!({"audience": ["api://x"], "tokens": 4096}),
    ] {
        assert_eq!(paths(&value), Vec::<String>::new(), "{value}");
    }
}

#[test]
fn a_path_shows_no_secret_and_nothing_that_a_terminal_obeys() {
    let key = format!("AKIA{}", drawn(CAPITALS, 16));
    let value = serde_json::json!({
        "a": {key.clone(): "x"},
        "b": {"hunter2-hunter2": {"password": "hunter2-hunter2"}},
        "c\u{1b}[2J": {"token": "abc"},
        "d".repeat(99): {"token": "abc"},
    });
    let found = paths(&value).join(" ");
    assert_eq!(found, "a.<…> b.<…>.password c\\u{1b}[2J.token <…>.token");
    assert!(!found.contains(&key));
}

#[test]
fn each_credential_has_its_line() {
    let leaf =
        |path: &str, text: &str, line| Leaf { path: vec![Step::Key(path.to_owned())], text: text.to_owned(), line };
    let found = in_document(&[leaf("user", "ada", 1), leaf("password", "hunter2", 2), leaf("token", "abc", 7)]);
    assert_eq!(found.iter().map(|found| found.line).collect::<Vec<_>>(), [2, 7]);
}

#[test]
fn a_manifest_of_a_secret_is_judged_by_what_its_base64_holds() {
    let kinds = |value: Value| -> Vec<(String, CredentialKind)> {
        in_document(&leaves(&value)).into_iter().map(|found| (found.path, found.kind)).collect()
    };
    let secret = |group: &str, name: &str, text: &str| serde_json::json!({"kind": "Secret", group: {name: text}});
    let base64 = |text: &str| -> String {
        let bits: String = text.bytes().map(|byte| format!("{byte:08b}")).collect();
        let six = |part: &[u8]| usize::from_str_radix(&format!("{:0<6}", String::from_utf8_lossy(part)), 2).unwrap();
        let word: String = bits.as_bytes().chunks(6).map(|part| BASE64.chars().nth(six(part)).unwrap()).collect();
        let padding = "=".repeat((4 - word.len() % 4) % 4);
        word + &padding
    };
    let key = format!("AKIA{}", drawn(CAPITALS, 16));
    for (value, kind) in [
        (secret("data", "id", &base64(&key)), AwsAccessKeyId),
        (secret("data", "url", &base64("postgres://ada:hunter2@db/lake")), DatabaseUrl),
        (secret("data", "tls", &base64("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w\n")), PrivateKey),
        (secret("data", "password", &base64("hunter2")), KubernetesSecret),
        (secret("data", "user", &base64("ada")), KubernetesSecret),
        (secret("data", "user", "not base64!"), KubernetesSecret),
        (secret("stringData", "user", "ada"), KubernetesSecret),
    ] {
        assert_eq!(kinds(value.clone()).iter().map(|(_, kind)| *kind).collect::<Vec<_>>(), [kind], "{value}");
    }
    for value in [
        secret("data", "password", ""),
        secret("data", "password", &base64("${PASSWORD}")),
        secret("data", "password", "{{ .Values.password | b64enc }}"),
        secret("stringData", "password", "<to be filled in>"),
        serde_json::json!({"kind": "SealedSecret", "spec": {"encryptedData": {"password": drawn(BASE64, 200)}}}),
        serde_json::json!({"kind": "ExternalSecret", "spec": {"data": [{"secretKey": "${A}", "remoteRef": {"key": "lake"}}]}}),
    ] {
        assert_eq!(kinds(value.clone()), [], "{value}");
    }
}
