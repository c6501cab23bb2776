//! The warehouse's fields, read and judged.

use pangolin_plugin_sdk::{Config, Problem};

mod fields;
mod login;
mod shape;
#[cfg(test)]
mod tests;

pub(crate) use fields::FIELDS;
pub(crate) use login::{Login, Proof, SCHEME};

/// The field with VMS's own authority.
const CERTIFICATE: &str = "ca_certificate";
/// Where the principal stands in the template of a user's name.
pub(crate) const PRINCIPAL: &str = "{principal}";

/// Which directory a user is looked up in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    Ad,
    Ldap,
}

impl Context {
    /// As VMS writes it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ad => "ad",
            Self::Ldap => "ldap",
        }
    }
}

/// Whose keys are minted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Identity<'a> {
    /// Of accounts that the warehouse names, each by its own login.
    Account { write: Login<'a>, read: Option<Login<'a>> },
    /// Of the caller's own directory user, by a manager.
    Caller { manager: Login<'a>, template: &'a str, host_username: &'a str, context: Context },
}

/// A configuration that can work.
#[derive(Debug)]
pub(crate) struct Settings<'a> {
    /// Scheme, host and port of VMS, in lower case.
    pub(crate) origin: String,
    /// Absolute URL below which the calls are, with a trailing `/`.
    pub(crate) base: String,
    pub(crate) tenant: Option<&'a str>,
    /// The field with certificates, if it has any.
    pub(crate) trust: Option<&'static str>,
    pub(crate) identity: Identity<'a>,
}

impl<'a> Settings<'a> {
    /// Reads the fields.
    ///
    /// # Errors
    /// Everything that is wrong at once.
    pub(crate) fn read(config: &'a Config) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let origin = keep(origin(config), &mut problems);
        let version = keep(version(config), &mut problems);
        keep(tenant(config), &mut problems);
        keep(certificates(config), &mut problems);
        let identity = identity(config, &mut problems);
        match (origin, version, identity) {
            (Some(origin), Some(version), Some(identity)) if problems.is_empty() => Ok(Self {
                base: format!("{origin}/api/{version}"),
                origin,
                tenant: config.text("vms_tenant"),
                trust: config.text(CERTIFICATE).map(|_| CERTIFICATE),
                identity,
            }),
            _ => Err(problems),
        }
    }
}

fn keep<T>(read: Result<T, Problem>, problems: &mut Vec<Problem>) -> Option<T> {
    // Both logins read `auth`.
    read.map_err(|problem| {
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    })
    .ok()
}

fn origin(config: &Config) -> Result<String, Problem> {
    let text = config.text("vms_endpoint").ok_or_else(|| {
        Problem::new("vms_endpoint", "vms_endpoint is missing: give the URL of VAST's management service (VMS)")
    })?;
    shape::origin(text).ok_or_else(|| {
        Problem::new(
            "vms_endpoint",
            "vms_endpoint must be the address of VMS alone, such as https://vms.example.com, without user or path: \
             the version of the API goes into api_version",
        )
    })
}

/// The part of the path that names the version, with its `/`; empty without one.
fn version(config: &Config) -> Result<String, Problem> {
    match config.text("api_version") {
        None => Ok(String::new()),
        Some(version) if shape::is_version(version) => Ok(format!("{version}/")),
        Some(_) => Err(Problem::new("api_version", "api_version must be 'latest' or a version such as v7")),
    }
}

fn tenant(config: &Config) -> Result<(), Problem> {
    match config.text("vms_tenant") {
        Some(tenant) if !shape::is_header(tenant) => {
            Err(Problem::new("vms_tenant", "vms_tenant must be 1 to 128 printable ASCII characters"))
        }
        _ => Ok(()),
    }
}

/// Whether the certificates can be read is the host's to say; that there are some is seen here.
fn certificates(config: &Config) -> Result<(), Problem> {
    match config.text(CERTIFICATE) {
        Some(pem) if !shape::is_pem(pem) => Err(Problem::new(
            CERTIFICATE,
            "ca_certificate must be PEM, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, with its lines",
        )),
        _ => Ok(()),
    }
}

fn identity<'a>(config: &'a Config, problems: &mut Vec<Problem>) -> Option<Identity<'a>> {
    match config.text("identity") {
        None | Some("account") => {
            let write = keep(Login::read(config, &login::MAIN), problems);
            let read = keep(read_login(config), problems);
            Some(Identity::Account { write: write?, read: read? })
        }
        Some("caller") => {
            let manager = keep(Login::read(config, &login::MAIN), problems);
            let template = keep(template(config), problems);
            let host_username = keep(host_username(config), problems);
            let context = keep(context(config), problems);
            Some(Identity::Caller {
                manager: manager?,
                template: template?,
                host_username: host_username?,
                context: context?,
            })
        }
        Some(_) => {
            problems.push(Problem::new("identity", "identity must be 'account' or 'caller'"));
            None
        }
    }
}

fn read_login(config: &Config) -> Result<Option<Login<'_>>, Problem> {
    let Some(user) = config.text("read_username") else {
        let given = ["read_password", "read_api_token"].into_iter().find(|slot| config.slot(slot).is_some());
        return match given {
            None => Ok(None),
            Some(given) => {
                Err(Problem::new("read_username", format!("{given} is there, and read_username is missing")))
            }
        };
    };
    if config.text("username").is_some_and(|writer| writer.eq_ignore_ascii_case(user)) {
        return Err(Problem::new(
            "read_username",
            "read_username must not be username: the keys of a user open all that the user may",
        ));
    }
    Login::read(config, &login::READ).map(Some)
}

fn template(config: &Config) -> Result<&str, Problem> {
    let template = config.text("caller_username").unwrap_or(PRINCIPAL);
    if template.matches(PRINCIPAL).count() == 1 {
        Ok(template)
    } else {
        Err(Problem::new(
            "caller_username",
            "caller_username must hold {principal} once, for example {principal}@corp.example: else callers would \
             share a user",
        ))
    }
}

fn host_username(config: &Config) -> Result<&str, Problem> {
    config.text("host_username").ok_or_else(|| {
        Problem::new(
            "host_username",
            "host_username is missing: with identity 'caller' name the directory user by whose keys the host itself \
             reads and writes metadata of tables",
        )
    })
}

fn context(config: &Config) -> Result<Context, Problem> {
    match config.text("context") {
        None | Some("ad") => Ok(Context::Ad),
        Some("ldap") => Ok(Context::Ldap),
        Some(_) => Err(Problem::new("context", "context must be 'ad' or 'ldap'")),
    }
}
