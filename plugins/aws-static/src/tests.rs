use super::*;
use pangolin_plugin_sdk::{Access, Scoping, Value, testing};

fn config(slots: &[&str]) -> Config {
    Config::parse(r#"{"bucket":"b"}"#, slots.iter().map(|&slot| slot.to_owned()).collect()).unwrap()
}

fn vend(slots: &[&str]) -> Result<Vec<Credential>, VendError> {
    AwsStatic::vend(testing::request(config(slots), "s3://b/t/", Access::READ))
}

#[test]
fn the_credential_names_slots_and_holds_no_value() {
    let credentials = vend(&["access_key_id", "secret_access_key"]).unwrap();
    let expected = Credential::new("s3://b/t/")
        .slot("s3.access-key-id", "access_key_id")
        .slot("s3.secret-access-key", "secret_access_key");
    assert_eq!(credentials, vec![expected]);
    assert!(credentials.iter().flat_map(|c| &c.entries).all(|entry| matches!(entry.value, Value::Slot(_))));
}

#[test]
fn a_session_token_goes_along() {
    let credentials = vend(&["access_key_id", "secret_access_key", "session_token"]).unwrap();
    assert_eq!(credentials[0].get("s3.session-token"), Some(&Value::Slot("session_token".to_owned())));
    assert_eq!(credentials[0].expires_at_ms, None);
}

#[test]
fn half_a_pair_is_refused_with_the_missing_field() {
    for (slots, missing) in [
        (&["access_key_id"][..], "secret_access_key"),
        (&["secret_access_key"], "access_key_id"),
        (&["session_token"], "access_key_id"),
        (&["access_key_id", "session_token"], "secret_access_key"),
    ] {
        assert_eq!(AwsStatic::check_config(&config(slots)).unwrap_err()[0].field, missing, "{slots:?}");
        assert_eq!(vend(slots).unwrap_err().code, "invalid-config", "{slots:?}");
    }
}

#[test]
fn no_keys_mint_nothing() {
    assert_eq!(AwsStatic::check_config(&config(&[])), Ok(()));
    assert_eq!(vend(&[]).unwrap_err().code, "keys-missing");
}

#[test]
fn no_scope_mints_nothing() {
    let mut request = testing::request(config(&["access_key_id", "secret_access_key"]), "s3://b/t/", Access::READ);
    request.scopes.clear();
    assert_eq!(AwsStatic::vend(request).unwrap_err().code, "no-scope");
}

#[test]
fn it_says_that_it_cannot_narrow_and_reaches_nobody() {
    let description = AwsStatic::describe();
    assert_eq!(description.scoping, Scoping::Unscoped);
    assert!(description.hosts.is_empty());
    assert!(description.fields.iter().all(|field| field.secret_uses == [SecretUse::CredentialValue]));
    for alias in ["s3.access-key-id", "access-key-id", "s3.secret-access-key", "s3.session-token"] {
        assert!(description.field(alias).is_some(), "{alias}");
    }
}
