//! Secrets that are made up: of the form that their use needs, and never the same twice.

use anyhow::Context as _;
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pangolin_core::secret::Secret;
use pangolin_core::strategy::{Field, FieldKind, SecretUse};
use serde_json::json;
use uuid::Uuid;

/// The value of a scenario, or one for a value that it leaves empty.
#[expect(clippy::disallowed_methods, reason = "looks whether the value is empty")]
pub(super) fn given_or_planted(field: &Field, given: &Secret<String>) -> anyhow::Result<Secret<String>> {
    if given.expose().is_empty() { planted(field) } else { Ok(given.clone()) }
}

/// A value that signs, or can be sent, as the field's uses say.
pub(super) fn planted(field: &Field) -> anyhow::Result<Secret<String>> {
    let uses = &field.secret_uses;
    Ok(Secret::new(if uses.contains(&SecretUse::JwtAssertion) {
        let key = private_key()?;
        if field.kind == FieldKind::Json { service_account(&key) } else { key }
    } else if uses.contains(&SecretUse::AzureSas) {
        let bytes: Vec<u8> = (0..4).flat_map(|_| Uuid::new_v4().into_bytes()).collect();
        STANDARD.encode(bytes)
    } else if field.kind == FieldKind::Json {
        json!({ "planted": random() }).to_string()
    } else {
        format!("planted{}", random())
    }))
}

/// 64 digits.
fn random() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// An RSA key in PEM.
fn private_key() -> anyhow::Result<String> {
    let pair = KeyPair::generate(KeySize::Rsa2048).ok().context("no RSA key can be made")?;
    let der: Pkcs8V1Der<'_> = pair.as_der().ok().context("no RSA key can be written")?;
    let body = STANDARD.encode(der.as_ref());
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    for line in body.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    Ok(pem)
}

/// A key file as Google makes it.
fn service_account(key: &str) -> String {
    json!({
        "type": "service_account",
        "project_id": "example",
        "private_key_id": Uuid::new_v4().simple().to_string(),
        "private_key": key,
        "client_email": "vending@example.iam.gserviceaccount.com",
        "client_id": "100000000000000000000",
        "token_uri": "https://oauth2.googleapis.com/token",
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: FieldKind, uses: &[SecretUse]) -> Field {
        Field {
            name: "key".to_owned(),
            aliases: Vec::new(),
            kind,
            required: true,
            default: None,
            choices: Vec::new(),
            example: None,
            secret_uses: uses.to_vec(),
            secret_hosts: Vec::new(),
            destination: false,
            help: String::new(),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the value is looked at")]
    fn value(kind: FieldKind, uses: &[SecretUse]) -> String {
        planted(&field(kind, uses)).unwrap().expose().clone()
    }

    #[test]
    fn a_value_has_the_form_of_its_use() {
        let bearer = value(FieldKind::Text, &[SecretUse::Bearer]);
        assert!(bearer.starts_with("planted") && bearer.len() > 40);
        assert_ne!(bearer, value(FieldKind::Text, &[SecretUse::Bearer]));
        assert_eq!(STANDARD.decode(value(FieldKind::Text, &[SecretUse::AzureSas])).unwrap().len(), 64);
        assert!(value(FieldKind::Text, &[SecretUse::JwtAssertion]).starts_with("-----BEGIN PRIVATE KEY-----\nMII"));
        let account: serde_json::Value =
            serde_json::from_str(&value(FieldKind::Json, &[SecretUse::JwtAssertion])).unwrap();
        assert_eq!(account["type"], "service_account");
    }
}
