//! Makes a new set of plugins: everything is read, compiled and checked first, then swapped. A
//! file that is not good leaves the version before it in service, if policy still allows that one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::fingerprint::Fingerprint;
use super::judge::{Candidate, Judge, Refusal};
use super::known::Known;
use super::standing::Underway;
use super::{Directory, Found, PluginSet};
use crate::grants::{GrantFile, GrantFileError, Signatures};
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
    /// Who may add a component could grant it anything.
    #[error("the grant file {grants} lies in the plugin directory {directory}: put it elsewhere")]
    GrantsInside {
        /// The grant file.
        grants: PathBuf,
        /// The plugin directory.
        directory: PathBuf,
    },
}

/// What is kept between two sets.
#[derive(Debug)]
pub(super) struct Turn {
    grants: Option<GrantFile>,
    known: Known,
    /// How everything looked when it was read.
    seen: Option<Fingerprint>,
    /// It was read just after a change. A second one within the grain of the file system's clock
    /// would look the same, so it is read once more.
    fresh: bool,
}

impl Turn {
    pub(super) fn new(grants: Option<GrantFile>) -> Self {
        Self { grants, known: Known::default(), seen: None, fresh: true }
    }

    fn grants_path(&self) -> Option<PathBuf> {
        self.grants.as_ref().and_then(|grants| grants.path.clone())
    }
}

/// What became of the files of one pass.
#[derive(Default)]
struct Pass {
    candidates: Vec<Candidate>,
    refusals: Vec<Refusal>,
    digests: BTreeSet<String>,
    /// Whether native code may have been added.
    compiled: bool,
}

impl Directory {
    /// Reads directory and grant file again, whether they look changed or not.
    pub(crate) async fn reload(&self, sandbox: &Sandbox) -> Result<(), ReloadError> {
        let mut turn = self.turn.lock().await;
        let seen = self.look(turn.grants_path()).await;
        turn.known.changed();
        self.renew(sandbox, &mut turn, seen).await
    }

    /// Looks at directory and grant file, and reads them again if they changed.
    pub(super) async fn scan(&self, sandbox: &Sandbox) -> Fingerprint {
        let mut turn = self.turn.lock().await;
        let seen = self.look(turn.grants_path()).await;
        self.standing.looked(sandbox.now());
        let changed = turn.seen.as_ref() != Some(&seen);
        if changed {
            turn.known.changed();
        }
        if changed || turn.fresh || turn.known.is_due(Instant::now()) || self.standing.has_problem() {
            // What comes of it stands in the state, the log and the metrics.
            let _ = self.renew(sandbox, &mut turn, seen.clone()).await;
        }
        seen
    }

    async fn renew(&self, sandbox: &Sandbox, turn: &mut Turn, seen: Fingerprint) -> Result<(), ReloadError> {
        let before = turn.seen.take();
        let underway = self.standing.underway(seen.changed_since(before.as_ref()), sandbox.now());
        let outcome = self.make(sandbox, turn, &underway).await;
        drop(underway);
        self.metrics.reloaded(outcome.is_ok());
        self.standing.looked(sandbox.now());
        self.standing.settle(outcome.as_ref().err().map(ToString::to_string), sandbox.now());
        turn.fresh = before.as_ref() != Some(&seen);
        turn.seen = Some(seen);
        outcome
    }

    async fn make(&self, sandbox: &Sandbox, turn: &mut Turn, underway: &Underway<'_>) -> Result<(), ReloadError> {
        self.renew_grants(sandbox, turn).await?;
        let Some(directory) = &self.path else { return Ok(()) };
        let files = blocking(directory, load::list).await.map_err(|error| ReloadError::Directory(error.to_string()))?;
        let Turn { grants, known, .. } = turn;
        let judge = Judge { directory: self, before: self.set(), grants: grants.as_ref(), sandbox };
        let mut pass = Pass::default();
        for path in files {
            let file = load::file_name(&path);
            match self.candidate(sandbox, known, &judge, &mut pass, underway, path).await {
                Ok(candidate) => pass.candidates.push(candidate),
                Err(refusal) => pass.refusals.push(refusal),
            }
            underway.done(&file);
        }
        known.settle(&pass.digests, Instant::now());
        let set = judge.assemble(pass.candidates, pass.refusals);
        pass.digests.extend(set.by_name.values().map(|plugin| plugin.component.digest.clone()));
        self.publish(&judge.before, set);
        if pass.compiled {
            let (compiler, now) = (Arc::clone(&self.compiler), sandbox.now());
            let prune = move || compiler.cache.as_ref().map(|cache| cache.prune(&pass.digests, now));
            // A cache that is not tidied is no reason to refuse what was loaded.
            let _ = tokio::task::spawn_blocking(prune).await;
        }
        Ok(())
    }

    /// Reads the grant file. What serves is held against it at once, before anything new is compiled.
    async fn renew_grants(&self, sandbox: &Sandbox, turn: &mut Turn) -> Result<(), ReloadError> {
        let Some(path) = turn.grants_path() else { return Ok(()) };
        let directory = self.path.clone();
        let read = move || {
            if let Some(directory) = directory.filter(|directory| lies_in(&path, directory)) {
                return Err(ReloadError::GrantsInside { grants: path, directory });
            }
            load::require_steady(&path).map_err(|error| match error {
                FileError::NotPrivate(error) => GrantFileError::Writable(error),
                FileError::Io { path, source } => GrantFileError::Read { path, source },
                other => GrantFileError::Read { path: path.clone(), source: std::io::Error::other(other) },
            })?;
            Ok(GrantFile::read(&path)?)
        };
        let read = tokio::task::spawn_blocking(read).await;
        let grants = read.unwrap_or_else(|error| Err(ReloadError::Directory(error.to_string())))?;
        if turn.grants.as_ref() != Some(&grants) {
            let judge = Judge { directory: self, before: self.set(), grants: Some(&grants), sandbox };
            self.publish(&judge.before, judge.again());
            turn.grants = Some(grants);
        }
        Ok(())
    }

    /// One file as a plugin. Signatures are asked for before the compiler sees a byte.
    async fn candidate(
        &self,
        sandbox: &Sandbox,
        known: &mut Known,
        judge: &Judge<'_>,
        pass: &mut Pass,
        underway: &Underway<'_>,
        path: PathBuf,
    ) -> Result<Candidate, Refusal> {
        let file = load::file_name(&path);
        let read = self.read(path).await.map_err(LoadError::File);
        let (bytes, digest, signatures) = read.map_err(|error| {
            known.unread(&error);
            Refusal::new(&file, None, &error)
        })?;
        let refuse = |error: LoadError| Refusal::new(&file, Some(&digest), &error);
        pass.digests.insert(digest.clone());
        let is_known = known.of(&digest).or_else(|| judge.before.of_digest(&digest).map(|it| Ok(it.component.clone())));
        if is_known.is_none() {
            underway.read(&file, &digest, sandbox.now());
        }
        judge.signers(&file, &digest, &signatures, None).map_err(|error| refuse(error.into()))?;
        let component = match is_known {
            Some(Ok(component)) => component,
            Some(Err(reason)) => return Err(Refusal { file, digest: Some(digest), reason }),
            None => {
                pass.compiled = true;
                self.compile(sandbox, known, &file, &digest, bytes).await.map_err(refuse)?
            }
        };
        known.keep(component.clone());
        judge.plugin(Found { file: file.clone(), component, signatures }).map_err(refuse)
    }

    async fn compile(
        &self,
        sandbox: &Sandbox,
        known: &mut Known,
        file: &str,
        digest: &str,
        bytes: Vec<u8>,
    ) -> Result<Component, LoadError> {
        load::component(sandbox, &self.compiler, file, bytes).await.inspect_err(|error| known.refuse(digest, error))
    }

    /// A component's bytes, their digest, and the signatures beside it.
    async fn read(&self, path: PathBuf) -> Result<(Vec<u8>, String, Signatures), FileError> {
        let directory = self.path.clone().unwrap_or_default();
        blocking(&directory, move |directory| {
            let bytes = load::read(directory, &path)?;
            let digest = load::digest(&bytes);
            Ok((bytes, digest, Signatures::of(load::read_signatures(directory, &path))))
        })
        .await
    }

    /// Swaps the set, and says what is new in it.
    fn publish(&self, before: &PluginSet, set: PluginSet) {
        let mut changed = before.rejected != set.rejected || before.by_name.len() != set.by_name.len();
        for plugin in set.by_name.values() {
            let old = before.by_name.get(&*plugin.name);
            if old.is_some_and(|old| Arc::ptr_eq(old, plugin)) {
                continue;
            }
            changed = true;
            let (name, file, lines) = (&plugin.name, &plugin.file, &plugin.granted.missing);
            tracing::info!(
                plugin = %name, file, version = plugin.component.description.version,
                digest = plugin.component.digest, "plugin in service"
            );
            if lines.is_empty() || old.is_some_and(|old| old.granted.missing == *lines) {
                continue;
            }
            if plugin.granted.given {
                tracing::info!(plugin = %name, file, "the plugin is granted less than it asks for, which is:\n{lines}");
            } else {
                tracing::warn!(plugin = %name, file, "nothing is granted to the plugin; add to the grant file:\n{lines}");
            }
        }
        for (name, gone) in before.by_name.iter().filter(|(name, _)| !set.by_name.contains_key(*name)) {
            changed = true;
            tracing::info!(plugin = %name, file = gone.file, "plugin out of service");
        }
        if changed {
            tracing::info!(loaded = set.by_name.len(), rejected = set.rejected.len(), "plugins");
            self.set.store(Arc::new(set));
        }
    }

    async fn look(&self, grants: Option<PathBuf>) -> Fingerprint {
        let Some(directory) = self.path.clone() else { return Fingerprint::default() };
        let look = move || Fingerprint::of(&directory, grants.as_deref());
        tokio::task::spawn_blocking(look).await.unwrap_or_default()
    }

    /// The directory, and the grant file, for those who watch them.
    pub(super) async fn watched(&self) -> Option<(PathBuf, Option<PathBuf>)> {
        Some((self.path.clone()?, self.turn.lock().await.grants_path()))
    }
}

/// Whether a file lies in a directory, as it is written or where it really is.
fn lies_in(file: &Path, directory: &Path) -> bool {
    let Ok(directory) = directory.canonicalize() else { return false };
    let written = file.parent().and_then(|parent| {
        if parent.as_os_str().is_empty() { Path::new(".").canonicalize() } else { parent.canonicalize() }.ok()
    });
    [written, file.canonicalize().ok()].into_iter().flatten().any(|place| place.starts_with(&directory))
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
