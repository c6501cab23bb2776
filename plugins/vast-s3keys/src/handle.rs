//! By what a key is ended: server, user, key, and how the user is known there.

use pangolin_plugin_sdk::{ErrorKind, VendError};
use serde_json::{Value, json};

use crate::config::Settings;
use crate::keys::Owner;
use crate::target::Target;

/// What the host keeps, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Handle {
    /// Origin of VMS.
    pub(crate) vms: String,
    pub(crate) tenant: Option<String>,
    pub(crate) level: String,
    pub(crate) user: String,
    /// How a manager names the user; `Owner::Oneself` for a user's own keys.
    pub(crate) owner: Owner,
    pub(crate) access_key: String,
}

impl Handle {
    pub(crate) fn of(settings: &Settings<'_>, target: &Target<'_>, owner: Owner, access_key: String) -> Self {
        Self {
            vms: settings.origin.clone(),
            tenant: settings.tenant.map(str::to_owned),
            level: target.level.as_str().to_owned(),
            user: target.user.clone(),
            owner,
            access_key,
        }
    }

    pub(crate) fn to_text(&self) -> String {
        let mut text = json!({
            "vms": self.vms,
            "tenant": self.tenant,
            "level": self.level,
            "user": self.user,
            "access_key": self.access_key,
        });
        if let (Some((name, value)), Some(object)) = (self.owner.member(), text.as_object_mut()) {
            object.insert(name.to_owned(), value);
        }
        text.to_string()
    }

    /// Reads what [`Handle::to_text`] wrote.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn parse(text: &str) -> Result<Self, VendError> {
        let unreadable = || VendError::new(ErrorKind::Internal, "bad-handle", "the handle is none of this strategy");
        let value: Value = serde_json::from_str(text).map_err(|_| unreadable())?;
        let text = |name: &str| value.get(name).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_owned);
        match (text("vms"), text("level"), text("user"), text("access_key")) {
            (Some(vms), Some(level), Some(user), Some(access_key)) => {
                Ok(Self { vms, tenant: text("tenant"), level, user, owner: Owner::read(&value), access_key })
            }
            _ => Err(unreadable()),
        }
    }

    /// Refuses a handle of another server or tenant: there is no key of ours at this one.
    ///
    /// # Errors
    /// The warehouse speaks with another server now.
    pub(crate) fn require_here(&self, settings: &Settings<'_>) -> Result<(), VendError> {
        if self.vms == settings.origin && self.tenant.as_deref() == settings.tenant {
            return Ok(());
        }
        let tenant = self.tenant.as_deref().map(|name| format!(", tenant '{name}'")).unwrap_or_default();
        Err(VendError::new(
            ErrorKind::InvalidConfig,
            "other-vms",
            format!(
                "the key was made at {}{tenant}, and the warehouse names another server now: delete the key there",
                self.vms
            ),
        ))
    }
}
