//! What a plugin asks for and was not granted, as lines of the grant file. Names in them are those
//! that `describe` may give, so no plugin writes a line of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pangolin_core::egress::host_granted;
use pangolin_core::strategy::{HostPattern, SecretUse};
use serde_json::Value;
use url::Url;

use super::hosts;

/// Where the operator's grants are, for messages.
const FILE: &str = "the grant file (PANGOLIN_PLUGIN_GRANTS)";

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Missing {
    /// Name of the plugin.
    pub(crate) plugin: String,
    /// Its digest, for a pin.
    pub(crate) digest: String,
    /// Whether the grant file has a table of the plugin. TOML refuses a second one.
    pub(crate) has_table: bool,
    /// Hosts that the table names, as they are written.
    pub(crate) granted_hosts: Vec<String>,
    /// Hosts that are asked for and not covered.
    pub(crate) hosts: Vec<HostPattern>,
    /// Whether the host's own identity is asked for and not granted.
    pub(crate) host_identity: bool,
    /// Fields, and the uses of them that are asked for and not granted.
    pub(crate) uses: Vec<(String, SecretUse)>,
}

/// A right that has a key of its own in the grant file.
#[derive(Debug, Clone, Copy)]
enum Right<'a> {
    Hosts(&'a [HostPattern]),
    HostIdentity,
    CredentialValues,
    RawHmac,
}

impl Missing {
    /// Nothing for a plugin that has a grant of all that it asks for.
    pub(super) fn lines_unless(&self, given: bool) -> String {
        if given && self.rights().is_empty() { String::new() } else { self.lines() }
    }

    /// The lines that grant all that is asked for. Where the file has a table of the plugin, they are
    /// comments: as keys they would land in another table.
    pub(crate) fn lines(&self) -> String {
        let mut keys = String::new();
        for right in self.rights() {
            keys.push_str(&self.line(right));
            keys.push('\n');
        }
        let Self { plugin, digest, .. } = self;
        if !self.has_table {
            return format!("[plugins.{plugin}]\nsha256 = \"{digest}\"\n{keys}");
        }
        let mut out = String::new();
        if !keys.is_empty() {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "# In the table [plugins.{plugin}], which the file has already, set:");
        }
        for line in keys.lines() {
            let _ = writeln!(out, "# {line}");
        }
        out
    }

    /// What would open this URL, if the plugin asks for its host.
    pub(crate) fn host(&self, config: &BTreeMap<String, Value>, url: &Url) -> Option<String> {
        let opens = |pattern: &&HostPattern| host_granted(std::slice::from_ref(*pattern), config, url);
        self.hosts.iter().find(opens).map(|pattern| self.advice(Right::Hosts(std::slice::from_ref(pattern))))
    }

    /// What would let it use the host's identity, if it asks for that.
    pub(crate) fn host_identity(&self) -> Option<String> {
        self.host_identity.then(|| self.advice(Right::HostIdentity))
    }

    /// What would let a field be used so, if the plugin asks for that.
    pub(crate) fn secret_use(&self, field: &str, wanted: &SecretUse) -> Option<String> {
        let right = right_of(wanted)?;
        self.uses.iter().any(|(name, kind)| name == field && kind == wanted).then(|| self.advice(right))
    }

    fn rights(&self) -> Vec<Right<'_>> {
        let uses = |wanted: &SecretUse| self.uses.iter().any(|(_, kind)| kind == wanted);
        let rows = [
            (!self.hosts.is_empty(), Right::Hosts(&self.hosts)),
            (self.host_identity, Right::HostIdentity),
            (uses(&SecretUse::CredentialValue), Right::CredentialValues),
            (uses(&SecretUse::RawHmac), Right::RawHmac),
        ];
        rows.into_iter().filter_map(|(missing, right)| missing.then_some(right)).collect()
    }

    /// One line; of hosts, with those that the table has already.
    fn line(&self, right: Right<'_>) -> String {
        match right {
            Right::Hosts(more) => {
                let granted = self.granted_hosts.iter().cloned();
                let all: Vec<String> = granted.chain(more.iter().map(hosts::to_text)).collect();
                format!("hosts = {}", list(&all))
            }
            Right::HostIdentity => "host_identity = true".to_owned(),
            Right::CredentialValues => "credential_values = true".to_owned(),
            Right::RawHmac => "raw_hmac = true".to_owned(),
        }
    }

    /// Of a table that is there, in one line: a guest passes its errors on, and line ends of guests
    /// are escaped.
    fn advice(&self, right: Right<'_>) -> String {
        let (plugin, line) = (&self.plugin, self.line(right));
        if self.has_table {
            format!("in the table [plugins.{plugin}] of {FILE} set {line}")
        } else {
            format!("add to {FILE}\n[plugins.{plugin}]\n{line}")
        }
    }
}

/// The right that a use of a secret needs, if it needs one.
fn right_of(wanted: &SecretUse) -> Option<Right<'static>> {
    match wanted {
        SecretUse::CredentialValue => Some(Right::CredentialValues),
        SecretUse::RawHmac => Some(Right::RawHmac),
        _ => None,
    }
}

/// Texts without quotes or backslashes, as a TOML array.
pub(super) fn list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("\"{text}\"")).collect();
    format!("[{}]", quoted.join(", "))
}
