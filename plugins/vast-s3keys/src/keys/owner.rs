//! By what VMS knows the owner of keys.

use pangolin_plugin_sdk::{ErrorKind, VendError};
use serde_json::{Value, json};

use crate::config::Context;

/// The owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The user who asks.
    Oneself,
    /// A directory user by number.
    Uid(u64),
    /// A directory user by security identifier.
    Sid(String),
}

impl Owner {
    /// Of VMS's answer about a user. 0 is nobody's number in a directory.
    pub(super) fn found(user: &Value) -> Option<Self> {
        let uid = user.get("uid").and_then(Value::as_u64).filter(|uid| *uid > 0).map(Self::Uid);
        uid.or_else(|| {
            user.get("sid").and_then(Value::as_str).filter(|sid| !sid.is_empty()).map(|sid| Self::Sid(sid.to_owned()))
        })
    }

    /// Of a handle.
    pub(crate) fn read(handle: &Value) -> Self {
        Self::found(handle).unwrap_or(Self::Oneself)
    }

    /// Name and value in a body; none for oneself.
    pub(crate) fn member(&self) -> Option<(&'static str, Value)> {
        match self {
            Self::Oneself => None,
            Self::Uid(uid) => Some(("uid", json!(uid))),
            Self::Sid(sid) => Some(("sid", json!(sid))),
        }
    }

    /// The start of a body.
    pub(super) fn body(&self) -> Value {
        Value::Object(self.member().into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

pub(super) fn unknown(user: &str, context: Context) -> VendError {
    let message = format!(
        "VMS finds no user '{user}' in the directory ({}): the caller needs a user there; caller_username says how names \
         are made",
        context.as_str()
    );
    VendError::new(ErrorKind::Denied, "no-directory-user", message)
}
