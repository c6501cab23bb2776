//! From the name of a slot to its value, for one use.

use aws_credential_types::Credentials;
use pangolin_core::egress::{host_granted, wanted_host};
use pangolin_core::secret::Secret;
use pangolin_core::strategy::{SecretUse, StrategyError, StrategyErrorKind};

use url::Url;

use crate::call::Call;

/// Slots of an AWS key pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeySlots {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: Option<String>,
}

impl KeySlots {
    /// The names of the slots.
    pub(crate) fn names(&self) -> Vec<&str> {
        let keys = [&self.access_key_id, &self.secret_access_key].into_iter();
        keys.chain(&self.session_token).map(String::as_str).collect()
    }
}

/// Why a slot gives no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SlotDenied {
    /// The plugin has no such field.
    #[error("plugin '{plugin}' has no field '{slot}'")]
    Unknown { plugin: String, slot: String },
    /// The field does not allow this use, or the operator did not grant it.
    #[error("field '{slot}' of plugin '{plugin}' may not be used as {wanted}: {mend}")]
    Use { plugin: String, slot: String, wanted: String, mend: String },
    /// The field may be sent to other servers only.
    #[error("field '{slot}' of plugin '{plugin}' may not be sent to '{host}': its description names other servers")]
    Host { plugin: String, slot: String, host: String },
    /// The warehouse has no value for it.
    #[error("the warehouse has no value for '{slot}', which is needed as {wanted}")]
    Empty { slot: String, wanted: String },
    /// The value is not one line.
    #[error("the value of '{slot}' has a line break or another control character, which no key has: give it again")]
    Form { slot: String },
}

impl From<SlotDenied> for StrategyError {
    fn from(denied: SlotDenied) -> Self {
        match &denied {
            SlotDenied::Empty { .. } => {
                Self::new(StrategyErrorKind::InvalidConfig, "secret-missing", denied.to_string())
            }
            SlotDenied::Form { .. } => {
                Self::new(StrategyErrorKind::InvalidConfig, "secret-malformed", denied.to_string())
            }
            _ => Self::new(StrategyErrorKind::Denied, "slot-not-allowed", denied.to_string()),
        }
    }
}

/// The value of a slot for a use that its field allows.
pub(super) fn value<'c>(call: &'c Call, slot: &str, wanted: &SecretUse) -> Result<&'c Secret<String>, SlotDenied> {
    let (plugin, shown) = (call.plugin.to_string(), crate::text::printable(slot, 64));
    let Some(field) = call.fields.iter().find(|field| field.name == slot) else {
        return Err(SlotDenied::Unknown { plugin, slot: shown });
    };
    if !field.secret_uses.iter().any(|allowed| is_same_use(allowed, wanted)) {
        let mend = call.lacking.secret_use(slot, wanted).unwrap_or_else(|| "its description must allow it".to_owned());
        return Err(SlotDenied::Use { plugin, slot: shown, wanted: describe(wanted), mend });
    }
    match call.slots.get(slot) {
        Some(value) if !is_empty(value) => Ok(value),
        _ => Err(SlotDenied::Empty { slot: shown, wanted: describe(wanted) }),
    }
}

/// Refuses a server that the slot's field does not name, if it names any.
pub(super) fn require_host(call: &Call, slot: &str, url: &Url) -> Result<(), SlotDenied> {
    let field = call.fields.iter().find(|field| field.name == slot);
    let Some(hosts) = field.map(|field| &field.secret_hosts).filter(|hosts| !hosts.is_empty()) else { return Ok(()) };
    if host_granted(hosts, &call.config, url) {
        return Ok(());
    }
    let (plugin, slot) = (call.plugin.to_string(), crate::text::printable(slot, 64));
    Err(SlotDenied::Host { plugin, slot, host: wanted_host(url) })
}

/// The key pair of three slots, each of which must allow signing for the service.
#[expect(clippy::disallowed_methods, reason = "the keys go to the signer and nowhere else")]
pub(super) fn aws_keys(call: &Call, slots: &KeySlots, service: &str) -> Result<Credentials, SlotDenied> {
    let wanted = SecretUse::Sigv4(service.to_owned());
    let one_line = |slot: &str| match value(call, slot, &wanted)? {
        value if value.is_one_line() => Ok(value.expose().clone()),
        _ => Err(SlotDenied::Form { slot: crate::text::printable(slot, 64) }),
    };
    let (id, secret) = (one_line(&slots.access_key_id)?, one_line(&slots.secret_access_key)?);
    let token = slots.session_token.as_deref().map(one_line).transpose()?;
    Ok(Credentials::new(id, secret, token, None, "warehouse"))
}

/// Names of headers and of schemes have no case.
fn is_same_use(allowed: &SecretUse, wanted: &SecretUse) -> bool {
    match (allowed, wanted) {
        (SecretUse::Header(allowed), SecretUse::Header(wanted))
        | (SecretUse::Authorization(allowed), SecretUse::Authorization(wanted)) => allowed.eq_ignore_ascii_case(wanted),
        _ => allowed == wanted,
    }
}

#[expect(clippy::disallowed_methods, reason = "looks at the length only")]
fn is_empty(value: &Secret<String>) -> bool {
    value.expose().is_empty()
}

fn describe(wanted: &SecretUse) -> String {
    let named = |kind: &str, name: &str| format!("{kind}(\"{}\")", crate::text::printable(name, 64));
    match wanted {
        SecretUse::Sigv4(service) => named("sigv4", service),
        SecretUse::Header(name) => named("header", name),
        SecretUse::FormField(name) => named("form-field", name),
        SecretUse::JsonField(name) => named("json-field", name),
        SecretUse::Authorization(scheme) => named("authorization", scheme),
        SecretUse::Basic => "basic".to_owned(),
        SecretUse::Bearer => "bearer".to_owned(),
        SecretUse::JwtAssertion => "jwt-assertion".to_owned(),
        SecretUse::AzureSas => "azure-sas".to_owned(),
        SecretUse::CredentialValue => "credential-value".to_owned(),
        SecretUse::RawHmac => "raw-hmac".to_owned(),
        SecretUse::Other(name) => name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use pangolin_core::strategy::HostPattern;

    use super::*;
    use crate::grants::Missing;
    use crate::service::testing;

    #[test]
    fn a_slot_opens_for_its_use_only() {
        let call = testing::call()
            .secret("key", "value-1", &[SecretUse::Bearer, SecretUse::Header("X-Api-Key".into())])
            .field("plain")
            .build();
        assert!(value(&call, "key", &SecretUse::Bearer).is_ok());
        assert!(value(&call, "key", &SecretUse::Header("x-api-key".into())).is_ok());
        for wanted in [SecretUse::Basic, SecretUse::RawHmac, SecretUse::CredentialValue, SecretUse::Sigv4("sts".into())]
        {
            let denied = value(&call, "key", &wanted).unwrap_err();
            assert!(matches!(denied, SlotDenied::Use { .. }), "{denied}");
            assert!(denied.to_string().contains("'key'") && !denied.to_string().contains("value-1"), "{denied}");
        }
        assert!(matches!(value(&call, "plain", &SecretUse::Bearer), Err(SlotDenied::Use { .. })));
        assert!(matches!(value(&call, "other", &SecretUse::Bearer), Err(SlotDenied::Unknown { .. })));
    }

    #[test]
    fn a_use_that_the_operator_did_not_grant_names_the_line() {
        let lacking = Missing {
            plugin: "Probe".to_owned(),
            uses: vec![("key".to_owned(), SecretUse::RawHmac)],
            ..Missing::default()
        };
        let call = testing::call().secret("key", "value-1", &[SecretUse::Bearer]).lacking(lacking).build();
        let denied = |wanted| value(&call, "key", &wanted).unwrap_err().to_string();
        assert!(denied(SecretUse::RawHmac).ends_with("[plugins.Probe]\nraw_hmac = true"));
        assert!(denied(SecretUse::Basic).ends_with("its description must allow it"));
    }

    #[test]
    fn a_slot_goes_to_its_servers_only() {
        let mut call = testing::call().secret("key", "value-1", &[SecretUse::Bearer]).build();
        call.config.insert("vms".to_owned(), "https://vms.example:8443/api".into());
        let url = |text: &str| Url::parse(text).unwrap();
        assert!(require_host(&call, "key", &url("https://anywhere.example/")).is_ok(), "no server is named");
        let mut fields = call.fields.to_vec();
        fields[0].secret_hosts = vec![HostPattern::OfField("vms".to_owned())];
        call.fields = fields.into();
        assert!(require_host(&call, "key", &url("https://vms.example:8443/x")).is_ok());
        for elsewhere in ["https://anywhere.example/", "https://vms.example.evil/", "http://vms.example:8443/"] {
            let denied = require_host(&call, "key", &url(elsewhere)).unwrap_err();
            assert!(denied.to_string().contains("'key'") && !denied.to_string().contains("value-1"), "{denied}");
        }
    }

    /// The signers' libraries write keys into headers, and panic where that cannot be.
    #[test]
    fn no_key_has_a_line_break() {
        let uses = [SecretUse::Sigv4("s3".into())];
        let slots = KeySlots {
            access_key_id: "id".into(),
            secret_access_key: "secret".into(),
            session_token: Some("token".into()),
        };
        for odd in ["id", "secret", "token", ""] {
            let given = |slot: &str| if slot == odd { "planted\nkey" } else { "planted-key" };
            let call =
                slots.names().into_iter().fold(testing::call(), |call, slot| call.secret(slot, given(slot), &uses));
            match aws_keys(&call.build(), &slots, "s3").map_err(StrategyError::from) {
                Ok(_) => assert_eq!(odd, ""),
                Err(error) => {
                    assert_eq!(
                        (error.kind, error.code.as_str()),
                        (StrategyErrorKind::InvalidConfig, "secret-malformed")
                    );
                    assert!(error.message.contains(odd) && !error.message.contains("planted"), "{error}");
                }
            }
        }
    }

    #[test]
    fn a_slot_without_value_names_field_and_use() {
        let call = testing::call().secret("key", "", &[SecretUse::Sigv4("s3".into())]).build();
        let error = StrategyError::from(value(&call, "key", &SecretUse::Sigv4("s3".into())).unwrap_err());
        assert_eq!((error.kind, error.code.as_str()), (StrategyErrorKind::InvalidConfig, "secret-missing"));
        assert!(error.message.contains("'key'") && error.message.contains("sigv4(\"s3\")"), "{error}");
    }
}
