//! What a strategy says of itself: its name, its fields, the servers it wants to reach.
//!
//! Everything is `const`: a description is a constant of the plugin and costs nothing to start.

/// How a configuration field is written and checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A whole number.
    Integer,
    /// `true` or `false`, also as text.
    Boolean,
    /// An absolute `http` or `https` URL, checked against the egress policy.
    Url,
    /// An identity that is assumed, for example an IAM role. With the host's own identity as
    /// base it belongs to one tenant.
    Role,
    /// A JSON document.
    Json,
}

/// What a secret may be used for. The host refuses any other use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretUse {
    /// Part of an AWS key pair that signs requests to this service, for example `sts`.
    Sigv4(&'static str),
    /// Password of HTTP Basic authentication.
    Basic,
    /// Bearer token.
    Bearer,
    /// Value of this request header.
    Header(&'static str),
    /// Value of this field of a form body.
    FormField(&'static str),
    /// Value of this member of a JSON body.
    JsonField(&'static str),
    /// After this scheme in the `Authorization` header, for example `Api-Token`.
    Authorization(&'static str),
    /// Key of a signed JWT assertion.
    JwtAssertion,
    /// Key that signs an Azure SAS.
    AzureSas,
    /// A value of the vended credential itself, unscoped and long-lived.
    CredentialValue,
    /// Key of a raw HMAC: an oracle, needs its own grant.
    RawHmac,
    /// A use that a later optional interface defines, by its name.
    Other(&'static str),
}

/// A server that the strategy wants to talk to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostPattern {
    /// A host name, or `*.` and a suffix of at least two labels.
    Literal(&'static str),
    /// The host of the URL in this configuration field.
    OfField(&'static str),
}

/// How narrow a minted credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scoping {
    /// Exactly the scopes asked for.
    Exact,
    /// The access asked for, on more than the locations asked for.
    AccessOnly,
    /// What the caller's own identity at the store opens.
    Delegated,
    /// Cannot be narrowed: opens all that the base identity opens.
    Unscoped,
}

/// A value of the configuration that changes how narrow a credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScopingRule {
    /// Canonical field name.
    pub field: &'static str,
    /// The value as text; booleans are `true` and `false`.
    pub equals: &'static str,
    /// How narrow it is then.
    pub scoping: Scoping,
}

/// One field of the warehouse's configuration. Forms, validation, redaction and documentation
/// come from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Canonical name, `snake_case`.
    pub name: &'static str,
    /// Other spellings that are accepted.
    pub aliases: &'static [&'static str],
    /// How it is written.
    pub kind: FieldKind,
    /// Refused when missing, at creation of the warehouse.
    pub required: bool,
    /// The value that stands for a missing one.
    pub default: Option<&'static str>,
    /// The only values, as text. Empty: any of the kind.
    pub choices: &'static [&'static str],
    /// A value that shows the form.
    pub example: Option<&'static str>,
    /// Not empty: a secret, and what it may be used for.
    pub secret_uses: &'static [SecretUse],
    /// The servers that the secret may be sent to, of those in `hosts`. Empty: any of them.
    pub secret_hosts: &'static [HostPattern],
    /// Decides to which server secrets are sent: a change requires the secrets again.
    pub destination: bool,
    /// One line for forms and documentation.
    pub help: &'static str,
}

impl Field {
    /// An optional field without aliases.
    #[must_use]
    pub const fn new(name: &'static str, kind: FieldKind, help: &'static str) -> Self {
        let aliases: &[&str] = &[];
        let secret_uses: &[SecretUse] = &[];
        let secret_hosts: &[HostPattern] = &[];
        Self {
            name,
            aliases,
            kind,
            required: false,
            default: None,
            choices: aliases,
            example: None,
            secret_uses,
            secret_hosts,
            destination: false,
            help,
        }
    }

    /// An optional field of any text.
    #[must_use]
    pub const fn text(name: &'static str, help: &'static str) -> Self {
        Self::new(name, FieldKind::Text, help)
    }

    /// A secret. The guest sees its name as a slot and never its value.
    #[must_use]
    pub const fn secret(name: &'static str, uses: &'static [SecretUse], help: &'static str) -> Self {
        Self { secret_uses: uses, ..Self::new(name, FieldKind::Text, help) }
    }

    /// Other spellings that are accepted.
    #[must_use]
    pub const fn aliases(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// Refused when missing.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The value that stands for a missing one.
    #[must_use]
    pub const fn default(self, value: &'static str) -> Self {
        Self { default: Some(value), ..self }
    }

    /// The only values, as text.
    #[must_use]
    pub const fn choices(self, choices: &'static [&'static str]) -> Self {
        Self { choices, ..self }
    }

    /// A value that shows the form, for forms and documentation.
    #[must_use]
    pub const fn example(self, value: &'static str) -> Self {
        Self { example: Some(value), ..self }
    }

    /// The servers that the secret may be sent to.
    #[must_use]
    pub const fn only_to(self, hosts: &'static [HostPattern]) -> Self {
        Self { secret_hosts: hosts, ..self }
    }

    /// Decides where secrets are sent.
    #[must_use]
    pub const fn destination(self) -> Self {
        Self { destination: true, ..self }
    }
}

/// What the strategy is and asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    /// The name that warehouses use, for example `AwsSts`.
    pub name: &'static str,
    /// Semantic version of the strategy.
    pub version: &'static str,
    /// One line for lists.
    pub summary: &'static str,
    /// Location schemes it serves.
    pub schemes: &'static [&'static str],
    /// How narrow its credentials are where no rule applies.
    pub scoping: Scoping,
    /// Of several that apply the widest counts.
    pub scoping_rules: &'static [ScopingRule],
    /// Configuration fields.
    pub fields: &'static [Field],
    /// Servers it wants to reach. The operator grants them or not.
    pub hosts: &'static [HostPattern],
    /// The longest life it can mint, in seconds.
    pub max_ttl_seconds: Option<u32>,
    /// The shortest life it can mint, in seconds.
    pub min_ttl_seconds: Option<u32>,
}

impl Description {
    /// A strategy that serves no scheme yet, cannot narrow, has no fields and reaches nobody.
    #[must_use]
    pub const fn new(name: &'static str, version: &'static str, summary: &'static str) -> Self {
        Self {
            name,
            version,
            summary,
            schemes: &[],
            scoping: Scoping::Unscoped,
            scoping_rules: &[],
            fields: &[],
            hosts: &[],
            max_ttl_seconds: None,
            min_ttl_seconds: None,
        }
    }

    /// Location schemes it serves, for example `s3`.
    #[must_use]
    pub const fn schemes(self, schemes: &'static [&'static str]) -> Self {
        Self { schemes, ..self }
    }

    /// Its credentials open exactly the scopes asked for.
    #[must_use]
    pub const fn exact(self) -> Self {
        Self { scoping: Scoping::Exact, ..self }
    }

    /// How narrow its credentials are, and what of the configuration changes that.
    #[must_use]
    pub const fn scoping(self, scoping: Scoping, rules: &'static [ScopingRule]) -> Self {
        Self { scoping, scoping_rules: rules, ..self }
    }

    /// Its configuration fields.
    #[must_use]
    pub const fn fields(self, fields: &'static [Field]) -> Self {
        Self { fields, ..self }
    }

    /// Servers it wants to reach.
    #[must_use]
    pub const fn hosts(self, hosts: &'static [HostPattern]) -> Self {
        Self { hosts, ..self }
    }

    /// The shortest and the longest life it can mint, in seconds.
    #[must_use]
    pub const fn ttl_seconds(self, min: u32, max: u32) -> Self {
        Self { min_ttl_seconds: Some(min), max_ttl_seconds: Some(max), ..self }
    }

    /// The field of this name or alias.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name || field.aliases.contains(&name))
    }
}
