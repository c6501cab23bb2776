//! The list of chains, sealed: a chain that is gone as a whole, with its own seal, is missed.

use std::collections::BTreeSet;

use pangolin_core::ports::StoreError;
use sqlx::any::AnyRow;

use super::{AuditClaim, AuditFault, AuditSeals};
use crate::db::{Statement, sql};
use crate::error::broken;
use crate::row;

/// The list as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostList {
    /// JSON; the seal is over this text.
    pub(crate) text: String,
    pub(crate) mac: String,
}

pub(crate) const READ: &str = "SELECT hosts, mac FROM audit_hosts WHERE id = 1";

impl HostList {
    pub(crate) fn new(hosts: &BTreeSet<String>, seals: &AuditSeals) -> Result<Self, StoreError> {
        let text = serde_json::to_string(hosts).map_err(broken)?;
        let mac = seals.seal(AuditClaim::Hosts(&text));
        Ok(Self { text, mac })
    }

    pub(crate) fn of(found: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self { text: row::text(found, "hosts")?, mac: row::text(found, "mac")? })
    }

    /// The hosts, if the list is the host's own word.
    pub(crate) fn hosts(&self, seals: &AuditSeals) -> Result<BTreeSet<String>, AuditFault> {
        seals.check(AuditClaim::Hosts(&self.text), Some(&self.mac)).map_err(AuditFault::List)?;
        serde_json::from_str(&self.text).map_err(|_| AuditFault::List(super::SealFault::Forged))
    }

    pub(crate) fn insert(&self) -> Statement<'_> {
        sql("INSERT INTO audit_hosts (id, hosts, mac) VALUES (1, $1, $2)").bind(&*self.text).bind(&*self.mac)
    }

    /// In place of `known`, unless that has changed.
    pub(crate) fn replace<'q>(&'q self, known: &'q Self) -> Statement<'q> {
        sql("UPDATE audit_hosts SET hosts = $1, mac = $2 WHERE id = 1 AND mac = $3")
            .bind(&*self.text)
            .bind(&*self.mac)
            .bind(&*known.mac)
    }
}
