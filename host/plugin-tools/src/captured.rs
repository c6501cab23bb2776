//! The log lines that a run makes, kept: commands show a guest's lines, the suite searches all of
//! them for secrets.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::bail;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};

/// Target of the lines that guests write.
const PLUGIN: &str = "plugin";

/// Target of the lines that say what a call took of its bounds.
pub(crate) const USAGE: &str = "plugin.usage";

/// Older lines go first. One call may write 64 lines of its own.
const MOST_LINES: usize = 20_000;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) level: Level,
    /// Who wrote it: `plugin` for a guest, else the host's module.
    pub(crate) target: String,
    /// The call that it belongs to.
    pub(crate) request_id: Option<String>,
    /// The message, and the other fields as `name=value`.
    pub(crate) text: String,
}

impl Line {
    /// Whether a guest wrote it.
    pub(crate) fn is_of_guest(&self) -> bool {
        self.target == PLUGIN
    }
}

/// All lines of this process: what a host would print at its default level, and what guests write
/// at any level.
#[derive(Debug, Clone)]
pub(crate) struct CapturedLog(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<Line>,
    /// How many were dropped before the first.
    dropped: usize,
}

impl CapturedLog {
    /// Starts to keep lines; a second call gives the same log. Clears nothing.
    ///
    /// # Errors
    /// The process logs elsewhere already: nothing would be seen here.
    pub(crate) fn start() -> anyhow::Result<Self> {
        static LOG: OnceLock<Option<CapturedLog>> = OnceLock::new();
        let started = LOG.get_or_init(|| {
            let log = CapturedLog(Arc::default());
            let subscriber = tracing_subscriber::registry().with(Keep(log.clone()));
            tracing::subscriber::set_global_default(subscriber).is_ok().then_some(log)
        });
        match started {
            Some(log) => Ok(log.clone()),
            None => bail!("the log of this process goes elsewhere"),
        }
    }

    /// A place in the log, for [`CapturedLog::since`].
    pub(crate) fn mark(&self) -> usize {
        let kept = self.kept();
        kept.dropped + kept.lines.len()
    }

    /// The lines since a mark.
    pub(crate) fn since(&self, mark: usize) -> Vec<Line> {
        let kept = self.kept();
        kept.lines.iter().skip(mark.saturating_sub(kept.dropped)).cloned().collect()
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: Line) {
        let mut kept = self.kept();
        if kept.lines.len() == MOST_LINES {
            kept.lines.pop_front();
            kept.dropped += 1;
        }
        kept.lines.push_back(line);
    }
}

/// The layer that keeps.
struct Keep(CapturedLog);

impl<S: Subscriber> Layer<S> for Keep {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.is_event() && (matches!(metadata.target(), PLUGIN | USAGE) || *metadata.level() <= Level::INFO)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.push(Line {
            level: *event.metadata().level(),
            target: event.metadata().target().to_owned(),
            request_id: fields.request_id,
            text: fields.message + &fields.others,
        });
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    others: String,
    request_id: Option<String>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            "request_id" => {
                self.request_id = Some(format!("{value:?}"));
                Ok(())
            }
            name => write!(self.others, " {name}={value:?}"),
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_guests_are_kept_at_any_level_those_of_the_host_from_info() {
        let log = CapturedLog::start().unwrap();
        let mark = log.mark();
        tracing::debug!(target: "plugin", request_id = %"r1", "from a guest");
        tracing::debug!(request_id = %"r1", "too fine");
        tracing::warn!(request_id = %"r1", path = "x", "from the host");
        let lines: Vec<Line> =
            log.since(mark).into_iter().filter(|line| line.request_id.as_deref() == Some("r1")).collect();
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["from a guest", "from the host path=x"]);
        assert!(lines[0].is_of_guest() && !lines[1].is_of_guest());
    }

    #[test]
    fn a_mark_holds_when_older_lines_go() {
        let log = CapturedLog(Arc::default());
        let line = |text: String| Line { level: Level::INFO, target: String::new(), request_id: None, text };
        (0..MOST_LINES).for_each(|index| log.push(line(index.to_string())));
        let mark = log.mark();
        log.push(line("new".to_owned()));
        let texts: Vec<String> = log.since(mark).into_iter().map(|line| line.text).collect();
        assert_eq!(texts, ["new"]);
        assert_eq!(log.since(0).len(), MOST_LINES);
    }
}
