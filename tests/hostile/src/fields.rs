//! Asks for everything that can be asked for: every use of a secret, servers of fields and by
//! name, every scheme of S3, and a field that makes its credentials wide.

use pangolin_plugin_sdk::{Description, Field, FieldKind, HostPattern, Scoping, ScopingRule, SecretUse};

const UPSTREAM: HostPattern = HostPattern::OfField("upstream");
const TO_UPSTREAM: &[HostPattern] = &[UPSTREAM];
const S3_KEY: &[SecretUse] = &[SecretUse::Sigv4("s3"), SecretUse::Sigv4("sts"), SecretUse::Sigv4("execute-api")];

const FIELDS: &[Field] = &[
    Field::text("mode", "What to do").required(),
    Field::new("script", FieldKind::Json, "What to call, and what to answer"),
    Field::text("at_check", "What to do when the configuration is judged"),
    Field::new("wide", FieldKind::Boolean, "Whether its credentials open everything").default("false"),
    Field::text("note", "Any text"),
    Field::text("trusted", "Certificates"),
    Field::new("role_arn", FieldKind::Role, "A role"),
    Field::new("upstream", FieldKind::Url, "The server that secrets may go to").destination(),
    Field::new("collector", FieldKind::Url, "The server that is told everything").destination(),
    Field::secret("access_key_id", S3_KEY, "Key of the store").only_to(TO_UPSTREAM),
    Field::secret("secret_access_key", S3_KEY, "Secret of the key").only_to(TO_UPSTREAM),
    Field::secret("session_token", S3_KEY, "Token of the key").only_to(TO_UPSTREAM),
    Field::secret("bearer_secret", &[SecretUse::Bearer], "For one server")
        .aliases(&["hostile.bearer", "upstream-ticket"])
        .only_to(TO_UPSTREAM),
    Field::secret("basic_secret", &[SecretUse::Basic], "For one server").only_to(TO_UPSTREAM),
    Field::secret("header_secret", &[SecretUse::Header("X-Api-Key")], "For one server").only_to(TO_UPSTREAM),
    Field::secret("form_secret", &[SecretUse::FormField("client_secret")], "For one server").only_to(TO_UPSTREAM),
    Field::secret("json_secret", &[SecretUse::JsonField("password")], "For one server").only_to(TO_UPSTREAM),
    Field::secret("scheme_secret", &[SecretUse::Authorization("Api-Token")], "For one server").only_to(TO_UPSTREAM),
    Field::secret("jwt_secret", &[SecretUse::JwtAssertion], "Key of a service account"),
    Field::secret("sas_secret", &[SecretUse::AzureSas], "Key of a storage account"),
    Field::secret("vended_secret", &[SecretUse::CredentialValue], "A key that is handed out"),
    Field::secret("hmac_secret", &[SecretUse::RawHmac], "Key of a raw HMAC"),
    Field::secret("anywhere_secret", &[SecretUse::Bearer], "For every server that is granted"),
    Field::secret("empty_secret", &[SecretUse::Bearer], "Never given"),
];

/// The description.
pub(crate) const DESCRIPTION: Description =
    Description::new("Hostile", env!("CARGO_PKG_VERSION"), "Misbehaves, for tests")
        .schemes(&["s3", "s3a", "abfss", "gs"])
        .scoping(Scoping::Exact, &[ScopingRule { field: "wide", equals: "true", scoping: Scoping::Unscoped }])
        .fields(FIELDS)
        .hosts(&[
            UPSTREAM,
            HostPattern::OfField("collector"),
            HostPattern::Literal("granted.invalid"),
            HostPattern::Literal("localhost"),
            HostPattern::Literal("metadata.google.internal"),
            HostPattern::Literal("*.wild.invalid"),
        ])
        .ttl_seconds(60, 3600);
