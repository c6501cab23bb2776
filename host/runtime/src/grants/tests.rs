mod lines;
mod rules;
mod signers;

use pangolin_core::strategy::{FieldKind, Scoping};

use super::*;

fn description() -> Description {
    Description {
        name: "Mint".to_owned(),
        version: "1.0.0".to_owned(),
        summary: String::new(),
        schemes: vec!["s3".to_owned()],
        scoping: Scoping::Exact,
        scoping_rules: Vec::new(),
        fields: vec![Field {
            name: "key".to_owned(),
            aliases: Vec::new(),
            kind: FieldKind::Text,
            required: true,
            default: None,
            secret_uses: vec![SecretUse::CredentialValue, SecretUse::Bearer],
            choices: Vec::new(),
            example: None,
            secret_hosts: Vec::new(),
            destination: false,
            help: String::new(),
        }],
        hosts: vec![
            HostPattern::Literal("*.example.com".to_owned()),
            HostPattern::Literal("sts.amazonaws.com".to_owned()),
            HostPattern::OfField("endpoint".to_owned()),
        ],
        max_ttl_seconds: None,
        min_ttl_seconds: None,
    }
}

fn granted(file: Option<&str>, built_in: &[&str]) -> Result<Granted, PinMismatch> {
    let imports = ["pangolin:vending/sts@1.0.0".to_owned()];
    let digest = "ab".repeat(32);
    let file = file.map(|text| GrantFile::parse(text).unwrap());
    let built_in = BuiltIn { digests: built_in.iter().map(|&d| d.to_owned()).collect() };
    effective(Asked { description: &description(), imports: &imports, digest: &digest }, file.as_ref(), &built_in)
}

#[test]
fn without_a_grant_nothing_is_given_and_the_lines_that_would_are_named() {
    let granted = granted(None, &[]).unwrap();
    assert!(!granted.given && !granted.host_identity && granted.hosts.is_empty());
    assert_eq!(granted.fields[0].secret_uses, [SecretUse::Bearer]);
    let digest = "ab".repeat(32);
    assert_eq!(
        granted.missing,
        format!(
            "[plugins.Mint]\nsha256 = \"{digest}\"\nhosts = [\"*.example.com\", \"sts.amazonaws.com\", \
             \"field:endpoint\"]\nhost_identity = true\ncredential_values = true\n"
        )
    );
}

#[test]
fn the_named_lines_grant_everything() {
    let lines = granted(None, &[]).unwrap().missing;
    let granted = granted(Some(&lines), &[]).unwrap();
    assert!(granted.given && granted.host_identity && granted.missing.is_empty());
    assert_eq!(granted.hosts.len(), 3);
    assert_eq!(granted.fields[0].secret_uses.len(), 2);
}

#[test]
fn a_built_in_digest_gets_what_it_asks_for_unless_the_file_says_less() {
    let digest = "ab".repeat(32);
    assert!(granted(None, &[&digest]).unwrap().missing.is_empty());
    let less = granted(Some("[plugins.Mint]\nhosts = [\"a.example.com\"]"), &[&digest]).unwrap();
    assert!(less.given && !less.host_identity);
    assert_eq!(*less.hosts, [HostPattern::Literal("a.example.com".to_owned())]);
}

#[test]
fn another_digest_than_the_pinned_one_is_refused() {
    let file = format!("[plugins.Mint]\nsha256 = \"{}\"", "cd".repeat(32));
    let refusal = granted(Some(&file), &[]).unwrap_err().to_string();
    assert!(refusal.contains("pins 'Mint'") && refusal.ends_with("in the table [plugins.Mint]"), "{refusal}");
}

#[test]
fn unknown_keys_bad_digests_bad_hosts_and_bad_limits_are_refused() {
    for text in [
        "[plugins.Mint]\ncidr = \"10.0.0.0/8\"",
        "[plugins.Mint]\nsha256 = \"abc\"",
        "[plugins.Mint]\nhosts = [\"*\"]",
        "[plugins.Mint]\nhosts = [\"*.com\"]",
        "[plugins.Mint]\nhosts = [\"https://x.org\"]",
        "[plugins.Mint]\nhosts = [\"X.org\"]",
        "[plugins.Mint]\nhosts = [\"x.org.\"]",
        "[plugins.Mint]\nhosts = [\"x.org:443\"]",
        "[plugins.Mint]\nhosts = [\"b\u{fc}cher.example\"]",
        "[plugins.Mint]\nhosts = [\"a.*.example.com\"]",
        "[plugins.Mint]\nhosts = [\"[::1]\"]",
        "[plugins.Mint]\nhosts = [\"field:\"]",
        "[plugins.Mint]\nhosts = [\"field:End Point\"]",
        "[plugins.Mint]\nhosts = [\"field:a\\nhosts\"]",
        "[plugins.Mint]\n[plugins.Mint]",
        "[plugin.Mint]",
        "hosts = []",
        "[plugins.Mint.limits]\nmemory = 5",
        "[plugins.Mint.limits]\ncpu_ms = 0",
        "[plugins.Mint.limits]\ncpu_ms = -1",
        "[plugins.Mint.limits]\ncpu_ms = 60001",
        "[plugins.Mint.limits]\nwall_ms = 3600001",
        "[plugins.Mint.limits]\nmemory_bytes = 99999999999",
        "[plugins.Mint.limits]\nhost_calls = 4294967296",
        "[plugins.Mint.limits]\nhttp_bytes = 9223372036854775808",
    ] {
        assert!(GrantFile::parse(text).is_err(), "{text}");
    }
}

#[test]
fn limits_of_one_plugin_change_only_what_they_name() {
    let limits = granted(Some("[plugins.Mint.limits]\ncpu_ms = 50"), &[]).unwrap().limits;
    assert_eq!(limits, Limits { cpu_ms: 50, ..Limits::default() });
}

#[test]
fn a_suffix_covers_names_below_it_and_nothing_that_only_ends_alike() {
    assert!(hosts::text_covers("*.example.com", "a.example.com"));
    assert!(hosts::text_covers("*.example.com", "a.b.example.com"));
    assert!(hosts::text_covers("*.example.com", "*.b.example.com"));
    for no in ["example.com", "evilexample.com", "a.example.com.evil.org", "field:x.example.com", "*.com"] {
        assert!(!hosts::text_covers("*.example.com", no), "{no}");
    }
    assert!(!hosts::text_covers("a.example.com", "*.example.com"));
}

#[test]
fn a_grant_file_that_is_a_fifo_or_has_no_end_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let fifo = home.path().join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let refused = |path| GrantFile::read(path).unwrap_err().to_string();
    assert!(refused(&fifo).contains("not a regular file"));
    let large = home.path().join("large");
    // Sparse: no disk is used.
    std::fs::File::create(&large).unwrap().set_len(1 << 40).unwrap();
    std::fs::set_permissions(&large, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    assert!(refused(&large).contains("bytes"));
}
