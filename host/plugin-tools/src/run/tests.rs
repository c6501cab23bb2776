use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::*;
use crate::ask::{Ask, Auth};
use crate::guest::{BEARER, Guest};
use tempfile::TempDir;

const SHOP: &str = r#"
base = "s3://lake/base/"
[config]
region = "eu-west-1"
[secrets]
api_key = "k-1234567890-abcdef"
[[upstream]]
method = "POST"
url = "https://shop.example/token"
headers = { content-type = "application/json" }
body = '{"sessionToken":"minted-token-of-the-shop","expires":{{expires_ms}},"token_type":"bearer"}'
"#;

/// A component that tells what came back of its request, and a scenario beside it.
fn shop() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let mut guest = Guest::named("Shop");
    guest.secrets = vec![("api_key", BEARER)];
    guest.hosts = vec!["shop.example"];
    let ask = Ask::get("https://shop.example/token").with(Auth::Bearer("api_key"));
    let path = folder.path().join("shop.wasm");
    std::fs::write(&path, guest.asking(vec![ask]).build()).unwrap();
    std::fs::write(folder.path().join("scenario.toml"), SHOP).unwrap();
    (folder, path)
}

fn arguments(component: PathBuf) -> Arguments {
    Arguments {
        component,
        table: "sales/orders".to_owned(),
        principal: "ada".to_owned(),
        method: "GET".to_owned(),
        object: "x".to_owned(),
        ..Arguments::default()
    }
}

#[tokio::test]
async fn a_transcript_repeats_the_run_without_a_secret() {
    for ending in ["toml", "json"] {
        let (folder, component) = shop();
        let transcript = folder.path().join(format!("transcript.{ending}"));
        let recording = Arguments { record: Some(transcript.clone()), ttl: Some(600), ..arguments(component.clone()) };
        // The report of the guest is an error; what was sent and answered is recorded all the same.
        let first = run(&recording, &Context::default()).await.unwrap_err();
        assert_eq!(first.to_string(), "nothing was minted");
        let text = std::fs::read_to_string(&transcript).unwrap();
        for secret in ["k-1234567890-abcdef", "minted-token-of-the-shop", "authorization", "Bearer"] {
            assert!(!text.contains(secret), "{secret} in\n{text}");
        }
        assert_eq!(std::fs::metadata(&transcript).unwrap().permissions().mode() & 0o777, 0o600);
        let read = Scenario::read(&transcript).unwrap();
        assert_eq!(read.upstream.len(), 1);
        assert_eq!(read.upstream[0].times, Some(1));
        assert_eq!(read.recorded.as_ref().unwrap().ttl_seconds, 600);
        assert_eq!(read.config["region"], "eu-west-1");
        assert!(read.secrets.contains_key("api_key"));

        // Of what the scenario says nothing is left.
        std::fs::remove_file(folder.path().join("scenario.toml")).unwrap();
        let replaying = Arguments { replay: Some(transcript.clone()), ..arguments(component) };
        let second = run(&replaying, &Context::default()).await.unwrap_err();
        assert_eq!(second.to_string(), "nothing was minted");
    }
}

#[tokio::test]
async fn only_a_transcript_is_replayed() {
    let (folder, component) = shop();
    let replaying = Arguments { replay: Some(folder.path().join("scenario.toml")), ..arguments(component) };
    let error = run(&replaying, &Context::default()).await.unwrap_err().to_string();
    assert!(error.contains("no transcript"), "{error}");
}

#[tokio::test]
async fn a_secret_is_never_given_on_the_command_line() {
    let (folder, component) = shop();
    for (config, secret, said) in [
        (vec!["api_key=hunter2"], vec![], "is a secret"),
        (vec!["region"], vec![], "is not name=value"),
        (vec![], vec!["api_key=hunter2"], "NAME=@FILE or NAME=env:VARIABLE"),
        (vec![], vec!["api_key=@/nowhere/at/all"], "cannot be read"),
        (vec![], vec!["api_key=env:PANGOLIN_TEST_NO_SUCH"], "is not set"),
    ] {
        let config = config.into_iter().map(str::to_owned).collect();
        let secret = secret.into_iter().map(str::to_owned).collect();
        let arguments = Arguments { config, secret, ..arguments(component.clone()) };
        let error = run(&arguments, &Context::default()).await.unwrap_err();
        assert!(format!("{error:#}").contains(said) && !format!("{error:#}").contains("hunter2"), "{error:#}");
    }
    let key = folder.path().join("key");
    std::fs::write(&key, "from-a-file-1234\n").unwrap();
    let read = arguments::secrets(&[format!("api_key=@{}", key.display())]).unwrap();
    assert_eq!(read, [("api_key".to_owned(), "from-a-file-1234".into())]);
}

#[test]
fn rights_are_read_as_they_are_written() {
    for text in ["read", "read,write", "read,delete", "read,write,delete"] {
        assert_eq!(arguments::access_text(parse_access(text).unwrap()), text);
    }
    assert_eq!(parse_access("all").unwrap(), Access::FULL);
    assert_eq!(arguments::access_text(parse_access("write").unwrap()), "read,write");
    assert!(parse_access("admin").is_err());
}

#[test]
fn names_of_secrets_are_known() {
    for name in
        ["access_token", "SecretAccessKey", "x-api-key", "Authorization", "session-token", "set-cookie", "Value"]
    {
        assert!(is_sensitive(name), "{name}");
    }
    for name in ["token_type", "expires_in", "content-type", "keys", "location"] {
        assert!(!is_sensitive(name), "{name}");
    }
}

#[test]
fn secrets_are_not_sent_where_a_scenario_says_that_nobody_named() {
    let (folder, component) = shop();
    let here = |network| scenario(&Arguments { network, ..arguments(component.clone()) }).unwrap();
    assert!(here(false).config.contains_key("region"));
    assert_eq!(here(true), Scenario::default());
    let named = Some(folder.path().join("scenario.toml"));
    let named = scenario(&Arguments { network: true, scenario: named, ..arguments(component.clone()) }).unwrap();
    assert!(named.config.contains_key("region"));
}
