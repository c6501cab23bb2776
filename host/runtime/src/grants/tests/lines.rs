use std::collections::BTreeMap;

use url::Url;

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

#[test]
fn of_a_table_that_is_there_the_keys_to_change_are_named_as_comments() {
    let file = "[plugins.Mint]\nhosts = [\"a.example.com\"]\nraw_hmac = true\n";
    let granted = granted(Some(file), &[]).unwrap();
    assert_eq!(
        granted.missing,
        "# In the table [plugins.Mint], which the file has already, set:\n\
         # hosts = [\"a.example.com\", \"*.example.com\", \"sts.amazonaws.com\", \"field:endpoint\"]\n\
         # host_identity = true\n# credential_values = true\n"
    );
    let appended = GrantFile::parse(&format!("{file}{}", granted.missing)).unwrap();
    assert_eq!(appended, GrantFile::parse(file).unwrap());
}

#[test]
fn a_table_that_grants_everything_needs_no_line() {
    let all = "[plugins.Mint]\nhosts = [\"*.example.com\", \"*.amazonaws.com\", \"field:endpoint\"]\n\
               host_identity = true\ncredential_values = true\n";
    assert_eq!(granted(Some(all), &[]).unwrap().missing, "");
}

#[test]
fn one_right_is_named_by_its_own_line() {
    let config = BTreeMap::from([("endpoint".to_owned(), "https://s3.corp.example:9000".into())]);
    let lacking = granted(Some("[plugins.Mint]\nhosts = [\"sts.amazonaws.com\"]"), &[]).unwrap().lacking;
    let host = |text: &str| lacking.host(&config, &url(text));
    assert_eq!(
        host("https://a.example.com/x").unwrap(),
        "in the table [plugins.Mint] of the grant file (PANGOLIN_PLUGIN_GRANTS) set \
         hosts = [\"sts.amazonaws.com\", \"*.example.com\"]"
    );
    assert!(host("https://s3.corp.example:9000/").unwrap().ends_with("\"field:endpoint\"]"));
    // Granted already, or never asked for: no line opens it.
    for other in ["https://sts.amazonaws.com/", "https://evil.example/", "https://a.example.com:8443/"] {
        assert_eq!(host(other), None, "{other}");
    }
    assert!(lacking.host_identity().unwrap().ends_with("set host_identity = true"));
    let of_key = |wanted| lacking.secret_use("key", &wanted);
    assert!(of_key(SecretUse::CredentialValue).unwrap().ends_with("set credential_values = true"));
    assert_eq!(of_key(SecretUse::RawHmac), None, "not asked for");
    assert_eq!(of_key(SecretUse::Bearer), None, "needs no grant");
    assert_eq!(lacking.secret_use("other", &SecretUse::CredentialValue), None);
}

#[test]
fn without_a_table_each_line_comes_with_one() {
    let lacking = granted(None, &[]).unwrap().lacking;
    let advice = lacking.host_identity().unwrap();
    assert_eq!(advice, "add to the grant file (PANGOLIN_PLUGIN_GRANTS)\n[plugins.Mint]\nhost_identity = true");
    let (_, lines) = advice.split_once('\n').unwrap();
    assert!(granted(Some(lines), &[]).unwrap().host_identity);
}
