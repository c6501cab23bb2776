//! How it stands with the directory as a whole, for those who ask while a new set is made.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pangolin_core::clock::UnixMillis;
use pangolin_core::strategy::{DirectoryState, PendingPlugin};

/// Files on their way, and what is wrong with directory or grant file.
#[derive(Debug, Default)]
pub(super) struct Standing(Mutex<DirectoryState>);

impl Standing {
    pub(super) fn state(&self) -> DirectoryState {
        self.lock().clone()
    }

    /// The directory was looked at.
    pub(super) fn looked(&self, now: UnixMillis) {
        self.lock().looked_at = Some(now);
    }

    pub(super) fn has_problem(&self) -> bool {
        self.lock().problem.is_some()
    }

    /// These files are on their way until what is returned is dropped, also if the work ends early.
    pub(super) fn underway(&self, files: Vec<String>, now: UnixMillis) -> Underway<'_> {
        self.lock().pending = files.into_iter().map(|file| PendingPlugin { file, digest: None, since: now }).collect();
        Underway(self)
    }

    /// Directory and grant file are good, or why not. Since when is kept while it is the same.
    pub(super) fn settle(&self, problem: Option<String>, now: UnixMillis) {
        let mut state = self.lock();
        match (problem, &state.problem) {
            (None, None) => {}
            (None, Some(_)) => {
                tracing::info!("plugin directory and grant file are good again");
                state.problem = None;
            }
            (Some(problem), Some((same, _))) if problem == *same => {}
            (Some(problem), _) => {
                tracing::error!("plugins stay as they are: {problem}");
                state.problem = Some((problem, now));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, DirectoryState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Files on their way.
#[derive(Debug)]
pub(super) struct Underway<'a>(&'a Standing);

impl Underway<'_> {
    /// The file was read; what follows may take a while. One that was there before is on its way
    /// as well, if it is not loaded.
    pub(super) fn read(&self, file: &str, digest: &str, now: UnixMillis) {
        let mut state = self.0.lock();
        if let Some(pending) = state.pending.iter_mut().find(|pending| pending.file == file) {
            pending.digest = Some(digest.to_owned());
            return;
        }
        state.pending.push(PendingPlugin { file: file.to_owned(), digest: Some(digest.to_owned()), since: now });
    }

    /// The file is judged.
    pub(super) fn done(&self, file: &str) {
        self.0.lock().pending.retain(|pending| pending.file != file);
    }
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.0.lock().pending.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_keeps_its_time_while_it_is_the_same() {
        let standing = Standing::default();
        let problem = |at| standing.settle(Some("others can write".to_owned()), UnixMillis(at));
        problem(1);
        problem(2);
        assert_eq!(standing.state().problem, Some(("others can write".to_owned(), UnixMillis(1))));
        standing.settle(Some("gone".to_owned()), UnixMillis(3));
        assert_eq!(standing.state().problem, Some(("gone".to_owned(), UnixMillis(3))));
        standing.settle(None, UnixMillis(4));
        assert!(!standing.has_problem());
    }

    #[test]
    fn nothing_is_on_its_way_once_the_work_has_ended() {
        let standing = Standing::default();
        let underway = standing.underway(vec!["a.wasm".to_owned(), "b.wasm".to_owned()], UnixMillis(1));
        underway.read("a.wasm", "d1", UnixMillis(2));
        underway.read("c.wasm", "d3", UnixMillis(2));
        underway.done("b.wasm");
        let pending: Vec<_> = standing.state().pending.into_iter().map(|it| (it.file, it.digest, it.since.0)).collect();
        let row = |file: &str, digest: &str, since| (file.to_owned(), Some(digest.to_owned()), since);
        assert_eq!(pending, [row("a.wasm", "d1", 1), row("c.wasm", "d3", 2)]);
        drop(underway);
        assert_eq!(standing.state().pending, []);
    }
}
