//! Makes a new set of plugins: everything is read, compiled and checked first, then swapped. A
//! file that is not good leaves the version before it in service.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pangolin_core::clock::UnixMillis;
use pangolin_core::strategy::RejectedPlugin;

use super::{Directory, LoadedPlugin, PluginSet};
use crate::grants::{self, Asked, GrantFile, GrantFileError};
use crate::load::{self, Component, FileError, LoadError};
use crate::run::Sandbox;

/// Why the set stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The directory cannot be read, or others can write to it.
    #[error("plugin directory: {0}")]
    Directory(String),
    /// The grant file is not good.
    #[error(transparent)]
    Grants(#[from] GrantFileError),
}

/// A plugin, with whether its digest is one that the operator or the release named.
struct Candidate {
    plugin: LoadedPlugin,
    trusted: bool,
}

impl Directory {
    /// Reads directory and grant file again and swaps the set.
    pub(crate) async fn reload(&self, sandbox: &Sandbox) -> Result<(), ReloadError> {
        let mut grants = self.grants.lock().await;
        if let Some(path) = grants.as_ref().and_then(|file| file.path.clone()) {
            *grants = Some(GrantFile::read(&path)?);
        }
        let Some(directory) = self.path.clone() else { return Ok(()) };
        let files =
            blocking(&directory, load::list).await.map_err(|error| ReloadError::Directory(error.to_string()))?;
        let before = self.set();
        let mut candidates = Vec::new();
        let mut rejected = Vec::new();
        for path in files {
            let file = load::file_name(&path);
            match self.candidate(sandbox, &before, grants.as_ref(), &directory, path).await {
                Ok(candidate) => candidates.push(candidate),
                Err(error) => {
                    let kept = before.by_name.values().find(|plugin| plugin.file == file);
                    let kept = kept.and_then(|plugin| {
                        self.granted(&file, plugin.component.clone(), grants.as_ref(), plugin.info.since).ok()
                    });
                    let serving = kept.as_ref().map(|kept| kept.plugin.name.to_string());
                    rejected.push(refusal(&file, &error, serving, sandbox.now()));
                    candidates.extend(kept);
                }
            }
        }
        let set = assemble(candidates, rejected, sandbox.now());
        for plugin in set.by_name.values().filter(|plugin| !plugin.granted.missing.is_empty()) {
            let (name, file, lines) = (&plugin.name, &plugin.file, &plugin.granted.missing);
            if plugin.granted.given {
                tracing::info!(plugin = %name, file, "the plugin is granted less than it asks for, which is:\n{lines}");
            } else {
                tracing::warn!(plugin = %name, file, "nothing is granted to the plugin; add to the grant file:\n{lines}");
            }
        }
        tracing::info!(loaded = set.by_name.len(), rejected = set.rejected.len(), "plugins");
        self.set.store(Arc::new(set));
        Ok(())
    }

    /// One file as a plugin. A component that is loaded already is not compiled again.
    async fn candidate(
        &self,
        sandbox: &Sandbox,
        before: &PluginSet,
        grants: Option<&GrantFile>,
        directory: &Path,
        path: PathBuf,
    ) -> Result<Candidate, LoadError> {
        let file = load::file_name(&path);
        let bytes = blocking(directory, move |directory| load::read(directory, &path)).await?;
        let digest = load::digest(&bytes);
        let loaded = before.by_name.values().find(|plugin| plugin.component.digest == digest);
        let component = match loaded {
            Some(plugin) => plugin.component.clone(),
            None => load::component(sandbox, &self.compiler, &file, bytes).await?,
        };
        let since = loaded.map_or_else(|| sandbox.now(), |plugin| plugin.info.since);
        self.granted(&file, component, grants, since)
    }

    fn granted(
        &self,
        file: &str,
        component: Component,
        grants: Option<&GrantFile>,
        since: UnixMillis,
    ) -> Result<Candidate, LoadError> {
        let asked =
            Asked { description: &component.description, imports: &component.imports, digest: &component.digest };
        let granted = grants::effective(asked, grants, &self.built_in)?;
        let pinned = grants
            .and_then(|grants| grants.plugins.get(&component.description.name))
            .is_some_and(|grant| grant.sha256.is_some());
        let trusted = pinned || self.built_in.digests.contains(&component.digest);
        Ok(Candidate { plugin: LoadedPlugin::new(file.to_owned(), component, granted, self.places, since), trusted })
    }
}

/// Gives each name to one plugin: a digest that was named goes first, then the file's name decides.
fn assemble(mut candidates: Vec<Candidate>, mut rejected: Vec<RejectedPlugin>, now: UnixMillis) -> PluginSet {
    candidates.sort_by(|a, b| b.trusted.cmp(&a.trusted).then_with(|| a.plugin.file.cmp(&b.plugin.file)));
    let mut by_name: BTreeMap<String, Arc<LoadedPlugin>> = BTreeMap::new();
    for Candidate { plugin, .. } in candidates {
        let name = plugin.name.to_string();
        match by_name.get(&name) {
            Some(first) => {
                let error = LoadError::Duplicate(name, first.file.clone());
                rejected.push(refusal(&plugin.file, &error, None, now));
            }
            None => {
                by_name.insert(name, Arc::new(plugin));
            }
        }
    }
    PluginSet { by_name, rejected }
}

fn refusal(file: &str, error: &LoadError, serving: Option<String>, now: UnixMillis) -> RejectedPlugin {
    let kept = if serving.is_some() { "; the version before it stays in service" } else { "" };
    tracing::warn!(file, "plugin not loaded: {error}{kept}");
    RejectedPlugin { file: file.to_owned(), reason: format!("{error}{kept}"), digest: None, since: now, serving }
}

async fn blocking<T: Send + 'static>(
    directory: &Path,
    read: impl FnOnce(&Path) -> Result<T, FileError> + Send + 'static,
) -> Result<T, FileError> {
    let directory = directory.to_owned();
    let shown = directory.clone();
    tokio::task::spawn_blocking(move || read(&directory))
        .await
        .unwrap_or_else(|error| Err(FileError::Io { path: shown, source: std::io::Error::other(error) }))
}
