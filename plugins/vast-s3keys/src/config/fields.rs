//! What a warehouse can say.

use pangolin_plugin_sdk::{Field, FieldKind, SecretUse};

use super::login::SCHEME;

/// Basic authentication, or the body of a login.
const PASSWORD: &[SecretUse] = &[SecretUse::Basic, SecretUse::JsonField("password")];
const TOKEN: &[SecretUse] = &[SecretUse::Authorization(SCHEME)];

/// The fields. A change of a user's name asks for its secrets again: a secret that was kept is
/// another user's.
pub(crate) const FIELDS: &[Field] = &[
    Field::new("vms_endpoint", FieldKind::Url, "VAST's management service (VMS), for example https://vms.example.com")
        .aliases(&["vast.vms-endpoint", "vms-endpoint", "vms_url", "vast.vms_endpoint"])
        .required()
        .destination(),
    Field::text("username", "User at VMS whose keys are minted, or the manager that mints for callers")
        .aliases(&["vast.username", "vms_username", "vms-username"])
        .required()
        .destination(),
    Field::secret("password", PASSWORD, "Password of that user").aliases(&[
        "vast.password",
        "vms_password",
        "vms-password",
    ]),
    Field::secret("api_token", TOKEN, "API token of that user, instead of a password").aliases(&[
        "vast.api-token",
        "vms_api_token",
        "vms-api-token",
        "api-token",
    ]),
    Field::text("auth", "How to authenticate: basic, jwt or api-token; default: by what is given").aliases(&[
        "vast.auth",
        "vms_auth",
        "vms-auth",
    ]),
    Field::text("read_username", "User whose keys are minted for those who only read")
        .aliases(&["vast.read-username", "read-username"])
        .destination(),
    Field::secret("read_password", PASSWORD, "Password of the user for reading")
        .aliases(&["vast.read-password", "read-password"]),
    Field::secret("read_api_token", TOKEN, "API token of the user for reading")
        .aliases(&["vast.read-api-token", "read-api-token"]),
    Field::text("vms_tenant", "VAST tenant, sent as X-Tenant-Name").aliases(&["vast.tenant", "vms-tenant"]),
    Field::text("ca_certificate", "Certificates (PEM) that VMS is trusted by; default: the system's").aliases(&[
        "vast.ca-certificate",
        "ca-certificate",
        "vms_ca_certificate",
    ]),
    Field::text("api_version", "Version in the path of VMS's API, for example latest; default: none").aliases(&[
        "vast.api-version",
        "api-version",
        "vms_api_version",
    ]),
    Field::text("identity", "Whose keys: account (those of the users named here) or caller (the caller's own user)")
        .aliases(&["vast.identity"])
        .choices(&["account", "caller"])
        .default("account"),
    Field::text("caller_username", "The caller's name in the directory; {principal} stands for the principal")
        .aliases(&["vast.caller-username", "caller-username"])
        .default("{principal}"),
    Field::text("host_username", "Directory user for the host's own reads and writes, with identity caller")
        .aliases(&["vast.host-username", "host-username"]),
    Field::text("context", "Directory of the callers: ad or ldap")
        .aliases(&["vast.context", "directory_context"])
        .default("ad"),
];
