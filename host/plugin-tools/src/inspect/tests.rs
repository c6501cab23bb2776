use super::*;
use crate::guest::{BEARER, CREDENTIAL_VALUE, Guest};

fn shop() -> Guest {
    let mut guest = Guest::named("Shop").importing("http", "send", "(param i32 i32)");
    guest.secrets = vec![("api_key", BEARER), ("access_key_id", CREDENTIAL_VALUE)];
    guest.hosts = vec!["shop.example.com"];
    guest
}

struct Looked {
    folder: tempfile::TempDir,
    component: PathBuf,
}

impl Looked {
    fn at(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let component = folder.path().join("shop.wasm");
        std::fs::write(&component, bytes).unwrap();
        Self { folder, component }
    }

    fn grants(&self, text: &str) -> PathBuf {
        let path = self.folder.path().join("grants.toml");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        path
    }

    async fn report(&self, grants: Option<&Path>) -> Report {
        report(&self.component, grants, &Context::default()).await.unwrap()
    }
}

#[tokio::test]
async fn asked_granted_and_reachable_are_told_apart() {
    let looked = Looked::at(&shop().build());
    let grants = looked.grants("[plugins.Shop]\nhosts = [\"shop.example.com\"]\n");
    let report = looked.report(Some(&grants)).await;
    let text = text::of(&report);
    for line in [
        "Shop 1.0.0: A guest of the tests.",
        "  pangolin:vending/http@1.0.0   requests to granted hosts; the host puts the secrets in",
        "  host    shop.example.com",
        "  secret  api_key: bearer token, to shop.example.com",
        "  secret  access_key_id: goes out to clients as a credential",
        "  hosts   shop.example.com",
        "  # credential_values = true",
        "  signed  by nobody",
    ] {
        assert!(text.lines().any(|other| other == line), "{line} is not in\n{text}");
    }
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["granted"], true);
    assert_eq!(json["rights"]["credential_values"], false);
    assert_eq!(json["description"]["fields"][0]["secret_uses"][0], "bearer");
    assert_eq!(json["refused"], serde_json::Value::Null);
}

#[tokio::test]
async fn without_a_grant_file_it_may_do_nothing() {
    let text = text::of(&Looked::at(&shop().build()).report(None).await);
    assert!(text.contains("may, without a grant file\n  nothing\n"), "{text}");
    assert!(text.contains("  [plugins.Shop]\n"), "{text}");
}

#[tokio::test]
async fn the_lines_make_a_file_by_which_nothing_lacks() {
    let looked = Looked::at(&shop().build());
    let lines = looked.report(None).await.strategy.unwrap().missing_grants;
    let grants = looked.grants(&lines);
    let report = looked.report(Some(&grants)).await;
    assert_eq!(report.strategy.as_ref().unwrap().missing_grants, "");
    lines::print(&report, Some(&grants)).unwrap();
}

#[tokio::test]
async fn lines_that_would_spoil_the_file_are_refused() {
    let looked = Looked::at(&shop().build());
    let grants = looked.grants("[plugins.Shop]\n");
    let error = lines::print(&looked.report(Some(&grants)).await, Some(&grants)).unwrap_err().to_string();
    assert!(error.contains("nothing can just be appended"), "{error}");
    assert!(error.contains("# credential_values = true"), "{error}");
}

#[tokio::test]
async fn what_is_refused_still_shows_what_it_imports() {
    let text = r#"(component (import "wasi:http/outgoing-handler@0.2.0" (instance)))"#;
    let looked = Looked::at(&wat::parse_str(text).unwrap());
    let report = looked.report(None).await;
    assert!(report.refused.as_ref().unwrap().contains("wasi:http"), "{:?}", report.refused);
    let shown = text::of(&report);
    assert!(shown.contains("wasi:http/outgoing-handler@0.2.0  not offered"), "{shown}");
    assert!(shown.contains(&report.digest));
    let arguments = Arguments { component: looked.component.clone(), grants: None, lines: false, json: true };
    assert!(run(&arguments, &Context::default()).await.unwrap_err().to_string().contains("is refused"));
}

#[tokio::test]
async fn a_pin_of_another_digest_is_a_refusal() {
    let looked = Looked::at(&shop().build());
    let grants = looked.grants(&format!("[plugins.Shop]\nsha256 = \"{}\"\n", "0".repeat(64)));
    let report = looked.report(Some(&grants)).await;
    assert!(report.refused.unwrap().contains("pins"));
}

#[tokio::test]
async fn a_name_that_steers_the_terminal_is_not_printed() {
    let mut guest = shop();
    guest.name = b"Shop\x1b[2J".to_vec();
    let report = Looked::at(&guest.build()).report(None).await;
    let text = text::of(&report);
    assert!(!text.contains('\x1b') && text.contains("\\u{1b}"), "{text}");
}
