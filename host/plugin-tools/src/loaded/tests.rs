use super::*;
use crate::guest::{BEARER, Guest};

fn written(guest: &Guest) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.wasm");
    std::fs::write(&path, guest.build()).unwrap();
    (folder, path)
}

fn shop() -> Guest {
    let mut guest = Guest::named("Shop").importing("http", "send", "(param i32 i32)");
    guest.secrets = vec![("api_key", BEARER)];
    guest.hosts = vec!["shop.example.com"];
    guest
}

async fn opened(path: &Path, grants: Grants<'_>) -> Result<Loaded, NotLoaded> {
    open(Opening::to_look_at(path, grants).unwrap(), &Context::default()).await
}

#[tokio::test]
async fn with_nothing_granted_a_component_says_what_it_lacks() {
    let (_folder, path) = written(&shop());
    let loaded = opened(&path, Grants::Nothing).await.unwrap();
    assert!(!loaded.info.granted);
    assert!(loaded.info.missing_grants.contains(r#"hosts = ["shop.example.com"]"#), "{}", loaded.info.missing_grants);
    assert_eq!(loaded.info.file, "shop.wasm");
    assert!(loaded.log.since(0).iter().any(|line| line.text.contains("nothing is granted")));
}

#[tokio::test]
async fn everything_that_it_asks_for_can_be_granted() {
    let (_folder, path) = written(&shop());
    let loaded = opened(&path, Grants::Everything { identity: false }).await.unwrap();
    assert!(loaded.info.granted);
    assert_eq!(loaded.info.missing_grants, "");
    assert_eq!(loaded.info.rights.hosts, ["shop.example.com"]);
}

#[tokio::test]
async fn the_operators_file_decides_and_is_not_changed() {
    let (folder, path) = written(&shop());
    let grants = folder.path().join("grants.toml");
    write_private(&grants, "[plugins.Shop]\n").unwrap();
    let loaded = opened(&path, Grants::File(&grants)).await.unwrap();
    assert!(loaded.info.granted);
    assert_eq!(loaded.info.rights.hosts, Vec::<String>::new());
    assert_eq!(std::fs::read_to_string(&grants).unwrap(), "[plugins.Shop]\n");
}

#[tokio::test]
async fn a_name_without_an_ending_is_opened_too() {
    let (folder, path) = written(&shop());
    let other = folder.path().join("sha256-of-something");
    std::fs::rename(path, &other).unwrap();
    assert_eq!(opened(&other, Grants::Nothing).await.unwrap().info.file, "component.wasm");
}

#[tokio::test]
async fn what_the_runtime_refuses_is_refused_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wasm");
    std::fs::write(&path, b"\0asm\x01\0\0\0").unwrap();
    let NotLoaded::Refused(rejected) = opened(&path, Grants::Nothing).await.unwrap_err() else { panic!() };
    assert_eq!(rejected.file, "x.wasm");
    assert!(rejected.reason.contains("core Wasm module"), "{}", rejected.reason);
}

#[tokio::test]
async fn a_refusal_shows_what_the_component_said_before() {
    let mut guest = shop();
    guest.describe = "unreachable".to_owned();
    let (_folder, path) = written(&guest);
    let NotLoaded::Refused(rejected) = opened(&path, Grants::Nothing).await.unwrap_err() else { panic!() };
    let (first, rest) = rejected.reason.split_once("\nlog ").unwrap();
    assert!(first.contains("`describe` failed"), "{first}");
    assert!(rest.starts_with("warn: stopped") && rest.contains("wasm backtrace"), "{rest}");
}

#[tokio::test]
async fn what_is_no_file_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let error = opened(folder.path(), Grants::Nothing).await.unwrap_err();
    assert!(matches!(error, NotLoaded::Failed(_)) && error.to_string().contains("is not a file"), "{error}");
    let missing = opened(&folder.path().join("missing.wasm"), Grants::Nothing).await.unwrap_err();
    assert!(missing.to_string().contains("missing.wasm cannot be read"), "{missing}");
}

/// Whoever tries a component lends it what is in the component's own configuration, not their cloud.
#[tokio::test]
async fn the_identity_of_the_machine_is_lent_only_if_that_is_said() {
    let (_folder, path) = written(&Guest::named("Shop").importing("sts", "assume-role", "(param i32 i32)"));
    let lent = async |identity| {
        let loaded = opened(&path, Grants::Everything { identity }).await.unwrap();
        assert!(loaded.info.granted);
        loaded.info.rights.host_identity
    };
    assert!(!lent(false).await);
    assert!(lent(true).await);
}
