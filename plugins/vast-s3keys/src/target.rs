//! Whose keys serve a request. Pure.

use pangolin_plugin_sdk::{Access, ErrorKind, VendError, VendRequest};

use crate::config::{Context, Identity, Login, PRINCIPAL, Settings};

/// As the host calls itself.
const HOST: &str = "system";
/// Longer is no name of a directory.
const LONGEST: usize = 256;

/// What a user's keys are minted for. Leases of one level serve each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Read,
    Write,
    Caller(Context),
}

impl Level {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Caller(_) => "caller",
        }
    }
}

/// A user whose keys are made, and who asks VMS for them.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    pub(crate) level: Level,
    pub(crate) user: String,
    pub(crate) login: Login<'a>,
}

impl<'a> Target<'a> {
    /// The user for this request.
    ///
    /// # Errors
    /// No user of the warehouse may have just this access.
    pub(crate) fn of(settings: &Settings<'a>, request: &VendRequest) -> Result<Self, VendError> {
        if request.scopes.is_empty() {
            return Err(VendError::unsupported("no-scope", "there is no location to mint for"));
        }
        let access = request.scopes.iter().fold(Access::default(), |all, scope| all.union(scope.access));
        if !access.read {
            return Err(VendError::unsupported("access-unsupported", "keys without the right to read are not minted"));
        }
        match &settings.identity {
            Identity::Account { write, read } => account(access, *write, *read),
            Identity::Caller { manager, template, host_username, context } => {
                let user = match request.principal.as_str() {
                    HOST => (*host_username).to_owned(),
                    principal => template.replace(PRINCIPAL, named(principal)?),
                };
                Ok(Self { level: Level::Caller(*context), user, login: *manager })
            }
        }
    }

    /// The user of a level, when it is known from before.
    ///
    /// # Errors
    /// The warehouse has no such user any more.
    pub(crate) fn known(settings: &Settings<'a>, level: &str, user: &str) -> Result<Self, VendError> {
        let (level, login) = match (&settings.identity, level) {
            (Identity::Account { write, .. }, "write") => (Level::Write, Some(*write)),
            (Identity::Account { read, .. }, "read") => (Level::Read, *read),
            (Identity::Caller { manager, context, .. }, "caller") => (Level::Caller(*context), Some(*manager)),
            _ => (Level::Write, None),
        };
        let is_own = matches!(level, Level::Read | Level::Write);
        match login {
            Some(login) if !is_own || login.user.eq_ignore_ascii_case(user) => {
                Ok(Self { level, user: user.to_owned(), login })
            }
            _ => Err(VendError::new(
                ErrorKind::InvalidConfig,
                "other-user",
                format!(
                    "the key belongs to '{user}', and the warehouse names another user now: delete the key at VAST"
                ),
            )),
        }
    }
}

fn account<'a>(access: Access, write: Login<'a>, read: Option<Login<'a>>) -> Result<Target<'a>, VendError> {
    let (level, login) = match (access.write, access.delete) {
        (true, true) => (Level::Write, write),
        (false, false) => (Level::Read, read.ok_or_else(no_reader)?),
        _ => return Err(writer_deletes()),
    };
    Ok(Target { level, user: login.user.to_owned(), login })
}

fn no_reader() -> VendError {
    VendError::new(
        ErrorKind::Denied,
        "no-read-account",
        "this warehouse has no user for those who only read, and keys of its user for writing would open more: set \
         read_username, a user at VAST whose policies allow reading alone",
    )
}

fn writer_deletes() -> VendError {
    VendError::new(
        ErrorKind::Denied,
        "write-without-delete",
        "keys of the user for writing can write and delete, and the caller holds one of these rights: ask with \
         ?access=read, or for both rights",
    )
}

/// A principal that can be a name in a directory.
fn named(principal: &str) -> Result<&str, VendError> {
    let is_name = (1..=LONGEST).contains(&principal.len())
        && !principal.chars().any(char::is_control)
        && principal.trim() == principal;
    if is_name {
        Ok(principal)
    } else {
        Err(VendError::new(ErrorKind::Denied, "no-directory-user", "the caller's name is none that a directory has"))
    }
}
