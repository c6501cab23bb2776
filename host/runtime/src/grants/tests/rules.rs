//! Properties: what a plugin may do is never more than what it imports, what it asks for, and what is
//! granted.

use std::collections::BTreeMap;

use pangolin_core::egress::host_granted;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::Value;
use url::Url;

use super::*;

const INTERFACES: [&str; 6] = ["http", "sts", "azure", "gcp", "signing", "log"];
const USES: [SecretUse; 3] = [SecretUse::Bearer, SecretUse::CredentialValue, SecretUse::RawHmac];

/// Names that are alike, and below each other.
fn name() -> impl Strategy<Value = String> {
    prop::collection::vec(select(vec!["a", "b", "ab", "com"]), 2..5).prop_map(|labels| labels.join("."))
}

fn pattern() -> impl Strategy<Value = String> {
    prop_oneof![
        name(),
        name().prop_map(|name| format!("*.{name}")),
        select(vec!["field:one", "field:two"]).prop_map(str::to_owned)
    ]
}

fn patterns() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(pattern(), 0..5)
}

fn read(patterns: &[String]) -> Vec<HostPattern> {
    patterns.iter().map(|text| hosts::parse(text).unwrap()).collect()
}

fn config() -> BTreeMap<String, Value> {
    BTreeMap::from([("one".to_owned(), "https://a.b.com:8443/x".into()), ("two".to_owned(), "http://b.ab.com".into())])
}

fn asked_url() -> impl Strategy<Value = Url> {
    let host = prop_oneof![name(), select(vec!["a.b.com", "b.ab.com"]).prop_map(str::to_owned)];
    (select(vec!["https", "http"]), host, select(vec!["", ":8443", ":80", "."]))
        .prop_map(|(scheme, host, port)| Url::parse(&format!("{scheme}://{host}{port}/")).unwrap())
}

#[derive(Debug, Clone)]
struct Case {
    imports: Vec<String>,
    asked: Vec<String>,
    uses: Vec<SecretUse>,
    grant: Option<Grant>,
    built_in: bool,
}

fn case() -> impl Strategy<Value = Case> {
    let grant = (patterns(), any::<[bool; 3]>()).prop_map(|(hosts, [identity, values, hmac])| Grant {
        hosts,
        host_identity: identity,
        credential_values: values,
        raw_hmac: hmac,
        ..Grant::default()
    });
    let imports = subsequence(INTERFACES.to_vec(), 0..=INTERFACES.len());
    let uses = subsequence(USES.to_vec(), 0..=USES.len());
    (imports, patterns(), uses, prop::option::of(grant), any::<bool>()).prop_map(
        |(imports, asked, uses, grant, built_in)| Case {
            imports: imports.iter().map(|name| format!("pangolin:vending/{name}@1.0.0")).collect(),
            asked,
            uses,
            grant,
            built_in,
        },
    )
}

impl Case {
    fn description(&self) -> Description {
        let mut description = description();
        description.hosts = read(&self.asked);
        description.fields[0].secret_uses.clone_from(&self.uses);
        description
    }

    fn file(&self) -> GrantFile {
        let plugins = self.grant.iter().map(|grant| ("Mint".to_owned(), grant.clone())).collect();
        GrantFile { plugins, ..GrantFile::default() }
    }

    fn effective(&self, file: &GrantFile) -> Granted {
        let (description, digest) = (self.description(), "ab".repeat(32));
        let digests = self.built_in.then(|| digest.clone()).into_iter().collect();
        let asked = Asked { description: &description, imports: &self.imports, digest: &digest };
        effective(asked, Some(file), &BuiltIn { digests }).unwrap()
    }

    fn imports(&self, any_of: &[&str]) -> bool {
        any_of.iter().any(|name| self.imports.contains(&format!("pangolin:vending/{name}@1.0.0")))
    }

    /// What the operator granted; the release's own components get what they ask for.
    fn granted(&self, of: impl Fn(&Grant) -> bool) -> bool {
        self.grant.as_ref().map_or(self.built_in, of)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_host_is_open_that_one_of_the_three_does_not_open(case in case(), url in asked_url()) {
        let granted = case.effective(&case.file());
        let opens = |patterns: &[HostPattern]| host_granted(patterns, &config(), &url);
        if opens(&granted.hosts) {
            prop_assert!(opens(&read(&case.asked)), "{} was not asked for", url);
            prop_assert!(case.granted(|grant| opens(&read(&grant.hosts))), "{} was not granted", url);
            prop_assert!(case.imports(&["http", "sts", "azure", "gcp"]), "nothing is imported that sends");
        }
    }

    #[test]
    fn a_name_that_all_three_open_is_open(asked in name(), granted in pattern(), url in asked_url()) {
        let wide = format!("*.{asked}");
        for asked in [asked, wide] {
            let both = hosts::intersect(&read(std::slice::from_ref(&asked)), std::slice::from_ref(&granted));
            let opens = |patterns: &[HostPattern]| host_granted(patterns, &config(), &url);
            let one_of_each = opens(&read(std::slice::from_ref(&asked))) && opens(&read(std::slice::from_ref(&granted)));
            if one_of_each && !granted.starts_with("field:") {
                prop_assert!(opens(&both), "{} and {} both open {}", asked, granted, url);
            }
        }
    }

    #[test]
    fn no_right_is_had_that_one_of_the_three_does_not_give(case in case()) {
        let granted = case.effective(&case.file());
        let rights = granted.rights();
        let all = |imported: bool, of: fn(&Grant) -> bool| imported && case.granted(of);
        let identity = case.imports(&["sts", "azure", "gcp"]);
        prop_assert_eq!(rights.host_identity, all(identity, |grant| grant.host_identity));
        let uses = |wanted: SecretUse| case.uses.contains(&wanted);
        let values = all(uses(SecretUse::CredentialValue), |grant| grant.credential_values);
        prop_assert_eq!(rights.credential_values, values);
        prop_assert_eq!(rights.raw_hmac, all(uses(SecretUse::RawHmac), |grant| grant.raw_hmac));
        prop_assert_eq!(granted.given, case.grant.is_some() || case.built_in);
        // Uses that need no grant stay, and none comes from elsewhere.
        let left = &granted.fields[0].secret_uses;
        prop_assert!(left.iter().all(|kind| case.uses.contains(kind)));
        prop_assert_eq!(left.contains(&SecretUse::Bearer), uses(SecretUse::Bearer));
    }

    #[test]
    fn the_lines_give_what_is_missing(case in case(), other in patterns()) {
        let before = case.effective(&case.file());
        if before.missing.is_empty() {
            return Ok(());
        }
        let text = match &case.grant {
            // Appended to a file that has tables of others.
            None => {
                let hosts: Vec<String> = other.iter().map(|host| format!("{host:?}")).collect();
                format!("[plugins.Other]\nhosts = [{}]\n{}", hosts.join(", "), before.missing)
            }
            // Set in the table that is there, over what it says.
            Some(grant) => {
                let (first, keys) = before.missing.split_once('\n').unwrap();
                prop_assert!(first.contains("[plugins.Mint]"));
                let mut lines: BTreeMap<String, String> = BTreeMap::new();
                for (key, value) in [
                    ("hosts", format!("{:?}", grant.hosts)),
                    ("host_identity", grant.host_identity.to_string()),
                    ("credential_values", grant.credential_values.to_string()),
                    ("raw_hmac", grant.raw_hmac.to_string()),
                ] {
                    lines.insert(key.to_owned(), value);
                }
                for line in keys.lines() {
                    let (key, value) = line.strip_prefix("# ").unwrap().split_once(" = ").unwrap();
                    lines.insert(key.to_owned(), value.to_owned());
                }
                let lines = lines.iter().map(|(key, value)| format!("{key} = {value}\n"));
                format!("[plugins.Mint]\n{}", lines.collect::<String>())
            }
        };
        let after = case.effective(&GrantFile::parse(&text).unwrap());
        prop_assert_eq!(&after.missing, "", "{}", text);
        prop_assert!(after.given);
        let asked = Case { grant: None, built_in: true, ..case };
        let everything = asked.effective(&asked.file());
        prop_assert_eq!(after.rights().host_identity, everything.rights().host_identity);
        prop_assert_eq!(after.fields, everything.fields);
        for pattern in everything.hosts.iter() {
            prop_assert!(after.hosts.contains(pattern), "{:?} is not open", pattern);
        }
    }
}
