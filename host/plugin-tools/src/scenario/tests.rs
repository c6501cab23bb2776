use super::*;

const SHOP: &str = r#"
base = "s3://example-bucket/warehouse/"

[config]
token_url = "https://tokens.example.com/v1/credentials"
retries = 3
strict = true

[secrets]
api_key = "k-1234567890"
made_up = ""
account = { type = "service_account" }

[[upstream]]
method = "POST"
url = "https://tokens.example.com/v1/credentials"
body_contains = ["s3://"]
requires = ["authorization"]
headers = { content-type = "application/json" }
body = '{"id":"EX","at":{{expires_ms}},"deep":{"er":{}}}'
"#;

fn toml(text: &str) -> Result<Scenario, ScenarioError> {
    Scenario::parse(text, Path::new("scenario.toml"))
}

fn refused(text: &str) -> String {
    toml(text).unwrap_err().to_string()
}

#[test]
fn a_scenario_is_read_and_written_in_both_forms() {
    let scenario = toml(SHOP).unwrap();
    assert_eq!(scenario.config["retries"], 3);
    assert_eq!(scenario.upstream[0].status, 200);
    assert_eq!(scenario.secrets.len(), 3);
    for name in ["x.toml", "x.json"] {
        let text = scenario.to_text(Path::new(name)).unwrap();
        assert!(!text.contains("k-1234567890") && !text.contains("service_account"), "{text}");
        let again = Scenario::parse(&text, Path::new(name)).unwrap();
        let unsaid = scenario.secrets.keys().map(|name| (name.clone(), Secret::from(""))).collect();
        assert_eq!(again, Scenario { secrets: unsaid, ..scenario.clone() });
    }
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_without_its_text() {
    assert_eq!(
        refused("base = \"s3://b/w/\"\n[secret]\nkey = \"k-1234567890\"\n").split(": ").next(),
        Some("scenario.toml line 2")
    );
    let half = refused("[secrets]\nkey = \"k-1234567890\n");
    assert!(half.starts_with("scenario.toml line 2: ") && !half.contains("k-123"), "{half}");
    let json = Scenario::parse("{\n\"base\": 3}", Path::new("s.json")).unwrap_err().to_string();
    assert!(json.starts_with("s.json line 2: "), "{json}");
    assert!(refused("[secrets]\nkey = 3\n").contains("neither a text nor a table"));
    let forged = refused("\"\\u001b[31m\\nforged\" = 1");
    assert!(!forged.contains(['\u{1b}', '\n']) && forged.contains("forged"), "{forged}");
}

#[test]
fn contents_that_cannot_work_are_refused() {
    for (text, said) in [
        ("base = \"bucket\"", "base: location"),
        ("[config]\nkey = 1\n[secrets]\nkey = \"x\"", "in config and in secrets"),
        ("[[upstream]]\nmethod = \"get\"\nurl = \"https://x.example/\"", "entry 1: method"),
        ("[[upstream]]\nmethod = \"GET\"\nurl = \"/v1\"", "url is not an absolute"),
        ("[[upstream]]\nmethod = \"GET\"\nurl = \"*\"", "url is not an absolute"),
        ("[[upstream]]\nmethod = \"GET\"\nurl = \"https://x.example/\"\nstatus = 9", "status 9"),
        (
            "[[upstream]]\nmethod = \"GET\"\nurl = \"https://x.example/\"\nbody = \"{{when}}\"",
            "unknown placeholder {{when}}",
        ),
        (
            "[[upstream]]\nmethod = \"GET\"\nurl = \"https://x.example/\"\nheaders = { \"a b\" = \"c\" }",
            "no name of a header",
        ),
        ("[[upstream]]\nmethod = \"GET\"\nurl = \"https://x.example/\"\nheaders = { a = \"b\\nc\" }", "no valid value"),
        ("[[upstream]]\nmethod = \"GET\"\nurl = \"https://x.example/\"\nanswer = 1", "unknown field"),
    ] {
        let error = refused(text);
        assert!(error.contains(said), "{text}: {error}");
    }
}

#[test]
fn placeholders_are_instants_and_other_braces_stay() {
    let instants = Instants { now: pangolin_core::clock::UnixMillis(1_800_000_000_000), ttl_seconds: 900 };
    let text =
        r#"{{{now_ms}},{{expires_ms}},{{expires_s}},{{expires_in_s}},{{expires_rfc3339}},{"a":{"b":{}}},{{ x }}}"#;
    let (out, says_expiry) = render(text, &instants);
    assert_eq!(out, r#"{1800000000000,1800000900000,1800000900,900,2027-01-15T08:15:00Z,{"a":{"b":{}}},{{ x }}}"#);
    assert!(says_expiry);
    assert!(!render("{{now_ms}}", &instants).1);
    assert_eq!(render("ä{{{{", &instants).0, "ä{{{{");
}

#[test]
fn the_file_beside_the_component_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let component = folder.path().join("shop.wasm");
    assert_eq!(Scenario::find(None, &component).unwrap(), None);
    std::fs::write(folder.path().join("scenario.toml"), SHOP).unwrap();
    assert!(Scenario::find(None, &component).unwrap().is_some());
    let missing = folder.path().join("other.toml");
    assert!(Scenario::find(Some(&missing), &component).is_err());
    assert!(Scenario::read(folder.path()).unwrap_err().to_string().contains("not a file"));
}
