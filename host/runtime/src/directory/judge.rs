//! What the operator's policy makes of components, and which of them gets a name. No file is read here.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use pangolin_core::strategy::RejectedPlugin;

use super::{Allowed, Directory, Found, LoadedPlugin, PluginSet};
use crate::grants::{self, Asked, GrantFile, Signatures, Signed, Unsigned};
use crate::load::LoadError;
use crate::metrics::CallMetrics;
use crate::places::Places;
use crate::run::Sandbox;

/// A plugin that may serve, if its name is free.
pub(super) struct Candidate {
    plugin: Arc<LoadedPlugin>,
    /// Whether the operator or the release named its digest or its signer.
    named: bool,
    /// Whether it is the last good version of a file that is refused.
    kept: bool,
}

/// A file that is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) file: String,
    pub(super) digest: Option<String>,
    pub(super) reason: String,
}

impl Refusal {
    pub(super) fn new(file: &str, digest: Option<&str>, error: &LoadError) -> Self {
        Self { file: file.to_owned(), digest: digest.map(str::to_owned), reason: error.to_string() }
    }
}

/// Judges under one policy, in view of what serves.
pub(super) struct Judge<'a> {
    pub(super) directory: &'a Directory,
    pub(super) before: Arc<PluginSet>,
    pub(super) grants: Option<&'a GrantFile>,
    pub(super) sandbox: &'a Sandbox,
}

impl Judge<'_> {
    /// Who signed these bytes, or that the policy does not let them in. The first question, before
    /// anything else is done with them; `name` is not known then.
    pub(super) fn signers(
        &self,
        file: &str,
        digest: &str,
        signatures: &Signatures,
        name: Option<&str>,
    ) -> Result<Vec<String>, Unsigned> {
        grants::signers(Signed { file, digest, signatures }, name, self.grants, &self.directory.built_in)
    }

    /// The component as a plugin. What serves already and may do the same stays the same object, with
    /// its calls and places.
    pub(super) fn plugin(&self, found: Found) -> Result<Candidate, LoadError> {
        let Found { file, component, signatures } = &found;
        let name = &component.description.name;
        let signed_by = self.signers(file, &component.digest, signatures, Some(name))?;
        let asked =
            Asked { description: &component.description, imports: &component.imports, digest: &component.digest };
        let granted = grants::effective(asked, self.grants, &self.directory.built_in)?;
        let grant = self.grants.and_then(|grants| grants.plugins.get(name));
        let named = grant.is_some_and(|grant| grant.sha256.is_some() || !grant.signed_by.is_empty())
            || self.directory.built_in.digests.contains(&component.digest);
        let before = self.before.by_name.get(name);
        let same = before.filter(|plugin| {
            plugin.file == *file
                && plugin.component.digest == component.digest
                && plugin.granted == granted
                && plugin.info.signed_by == signed_by
                && plugin.signatures == *signatures
        });
        if let Some(same) = same {
            return Ok(Candidate { plugin: Arc::clone(same), named, kept: false });
        }
        let since =
            self.before.of_digest(&component.digest).map_or_else(|| self.sandbox.now(), |plugin| plugin.info.since);
        // Calls of the version before it take places of the one after it.
        let places = match before {
            Some(before) => Arc::clone(&before.places),
            None => Arc::new(Places::of_host(self.directory.places)),
        };
        let calls = CallMetrics::new(&self.directory.metrics, name);
        let plugin = LoadedPlugin::new(found, Allowed { signed_by, granted }, places, calls, since);
        Ok(Candidate { plugin: Arc::new(plugin), named, kept: false })
    }

    /// What serves, under the policy of now.
    pub(super) fn again(&self) -> PluginSet {
        let mut candidates = Vec::new();
        let before = self.before.rejected.iter();
        let mut refusals: Vec<Refusal> = before
            .map(|old| Refusal { file: old.file.clone(), digest: old.digest.clone(), reason: old.reason.clone() })
            .collect();
        for plugin in self.before.by_name.values() {
            if refusals.iter().any(|refusal| refusal.file == plugin.file) {
                // The last good version of its file: it is asked for when the set is made.
                continue;
            }
            match self.plugin(plugin.found()) {
                Ok(candidate) => candidates.push(candidate),
                Err(error) => refusals.push(Refusal::new(&plugin.file, Some(&plugin.component.digest), &error)),
            }
        }
        self.assemble(candidates, refusals)
    }

    /// Gives each name to one plugin: what was named goes first, then the file's name decides.
    pub(super) fn assemble(&self, mut candidates: Vec<Candidate>, mut refusals: Vec<Refusal>) -> PluginSet {
        candidates.extend(refusals.iter().filter_map(|refusal| self.last_good(refusal)));
        candidates.sort_by(|a, b| b.named.cmp(&a.named).then_with(|| a.plugin.file.cmp(&b.plugin.file)));
        let mut by_name: BTreeMap<String, Arc<LoadedPlugin>> = BTreeMap::new();
        let mut doubles = Vec::new();
        for Candidate { plugin, kept, .. } in candidates {
            match by_name.entry(plugin.name.to_string()) {
                Entry::Vacant(free) => {
                    free.insert(plugin);
                }
                Entry::Occupied(taken) if !kept => {
                    let error = LoadError::Duplicate(plugin.name.to_string(), taken.get().file.clone());
                    doubles.push(Refusal::new(&plugin.file, Some(&plugin.component.digest), &error));
                }
                Entry::Occupied(_) => {}
            }
        }
        for double in doubles {
            if let Some(good) = self.last_good(&double) {
                by_name.entry(good.plugin.name.to_string()).or_insert(good.plugin);
            }
            refusals.push(double);
        }
        refusals.sort_by(|a, b| a.file.cmp(&b.file));
        let rejected = refusals.into_iter().map(|refusal| self.rejected(refusal, &by_name)).collect();
        PluginSet { by_name, rejected }
    }

    /// The version before it of a file that is refused, if policy still allows that one.
    fn last_good(&self, refusal: &Refusal) -> Option<Candidate> {
        let good = self.before.of_file(&refusal.file)?;
        // The same bytes are refused for what policy says of them.
        if refusal.digest.as_ref() == Some(&good.component.digest) {
            return None;
        }
        match self.plugin(good.found()) {
            Ok(candidate) => Some(Candidate { kept: true, ..candidate }),
            Err(error) => {
                tracing::warn!(file = refusal.file, "the version that served may not serve any more: {error}");
                None
            }
        }
    }

    /// A refusal as lists show it. The same as before keeps its time, and is not logged again.
    fn rejected(&self, refusal: Refusal, by_name: &BTreeMap<String, Arc<LoadedPlugin>>) -> RejectedPlugin {
        let Refusal { file, digest, reason } = refusal;
        let serving = by_name.values().find(|plugin| plugin.file == file).map(|plugin| plugin.name.to_string());
        let mut before = self.before.rejected.iter();
        let before = before.find(|old| old.file == file && old.digest == digest && old.reason == reason);
        if before.is_none_or(|old| old.serving != serving) {
            let kept = if serving.is_some() { "; the version before it stays in service" } else { "" };
            tracing::warn!(file, "plugin not loaded: {reason}{kept}");
        }
        RejectedPlugin {
            since: before.map_or_else(|| self.sandbox.now(), |old| old.since),
            file,
            digest,
            reason,
            serving,
        }
    }
}
