//! Counts tests out of the runners' own summaries.

use std::fmt;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result};

/// Tests of one run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    passed: u64,
    /// A test that did not run counts here: the suite has no ignored or skipped tests.
    failed: u64,
}

impl Counts {
    fn plus(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }
}

/// All runs of a test session.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: Counts,
    failures: Vec<String>,
}

impl Tally {
    /// A step that either holds or does not.
    pub(super) fn check(&mut self, name: &str, result: Result<()>) {
        self.tests(name, result.map(|()| Counts { passed: 1, failed: 0 }));
    }

    /// A run of tests. One that could not even start has failed.
    pub(super) fn tests(&mut self, name: &str, result: Result<Counts>) {
        let counts = result.unwrap_or_else(|error| {
            println!("{name}: {error:#}");
            Counts { passed: 0, failed: 1 }
        });
        if counts.failed > 0 {
            self.failures.push(name.to_owned());
        }
        self.counts = self.counts.plus(counts);
    }

    pub(super) fn failed(&self) -> u64 {
        self.counts.failed
    }

    /// Names of the runs in which something failed.
    pub(super) fn failures(&self) -> String {
        self.failures.join(", ")
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.counts.passed, self.counts.failed)
    }
}

/// Runs a test runner with its output shown, and counts. A runner that ends badly without a
/// failed test counts as one failure.
pub(super) fn counted(mut command: Command) -> Result<Counts> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    let errors = child.stderr.take().map(|pipe| thread::spawn(move || read(pipe)));
    let counts = child.stdout.take().map(read).unwrap_or_default();
    let counts = counts.plus(errors.and_then(|reader| reader.join().ok()).unwrap_or_default());
    let status = child.wait()?;
    Ok(if !status.success() && counts.failed == 0 { Counts { failed: 1, ..counts } } else { counts })
}

fn read(pipe: impl Read) -> Counts {
    let mut out = std::io::stdout();
    let mut counts = Counts::default();
    for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        // Our own output may be closed; the run goes on.
        let _ = writeln!(out, "{line}");
        counts = counts.plus(summary(&line));
    }
    counts
}

/// The counts of a summary line of nextest, libtest or pytest; nothing of any other line.
fn summary(line: &str) -> Counts {
    let line = line.trim();
    let pytest = line.rsplit_once(" in ").filter(|(before, time)| {
        let timed = time.trim_end_matches(" =").split_whitespace().next().is_some_and(|word| word.ends_with('s'));
        let counted = before.trim_start_matches("= ").starts_with(|first: char| first.is_ascii_digit());
        timed && counted
    });
    let part = match (line.strip_prefix("Summary ["), line.strip_prefix("test result: "), pytest) {
        (Some(rest), _, _) => rest.split_once(':').map_or(rest, |(_, counts)| counts),
        (_, Some(rest), _) => rest,
        (_, _, Some((counts, _))) => counts,
        _ => return Counts::default(),
    };
    let words: Vec<&str> = part.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mut counts = Counts::default();
    for pair in words.windows(2) {
        let [number, word] = pair else { continue };
        let Ok(number) = number.parse::<u64>() else { continue };
        match *word {
            "passed" | "xpassed" => counts.passed += number,
            "failed" | "error" | "errors" | "skipped" | "ignored" | "xfailed" | "timed" => counts.failed += number,
            _ => {}
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_runners_summary_is_read() {
        let cases = [
            ("     Summary [   0.020s] 12 tests run: 12 passed, 0 skipped", 12, 0),
            ("     Summary [   9.020s] 12 tests run: 9 passed (1 slow), 2 failed, 1 timed out, 0 skipped", 9, 3),
            ("test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s", 3, 0),
            ("test result: FAILED. 3 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out", 3, 3),
            ("162 passed in 61.20s (0:01:01)", 162, 0),
            ("3 failed, 158 passed, 1 skipped, 2 errors in 61.20s", 158, 6),
            ("===== 3 passed in 0.1s", 0, 0),
            ("test result", 0, 0),
            ("we waited 3 failed turns in line", 0, 0),
        ];
        for (line, passed, failed) in cases {
            assert_eq!(summary(line), Counts { passed, failed }, "{line}");
        }
    }

    #[test]
    fn a_runner_that_dies_has_failed() {
        let run = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            counted(command).unwrap()
        };
        assert_eq!(run("echo '2 passed in 0.1s'"), Counts { passed: 2, failed: 0 });
        assert_eq!(run("echo '2 passed in 0.1s'; exit 1"), Counts { passed: 2, failed: 1 });
        assert_eq!(run("echo '1 failed, 2 passed in 0.1s' >&2; exit 1"), Counts { passed: 2, failed: 1 });
    }

    #[test]
    fn the_last_line_says_how_many() {
        let mut tally = Tally::default();
        tally.check("fmt", Ok(()));
        tally.tests("unit", Ok(Counts { passed: 5, failed: 1 }));
        tally.check("clippy", Err(anyhow::anyhow!("no")));
        assert_eq!(tally.to_string(), "6 passed, 2 failed");
        assert_eq!(tally.failures(), "unit, clippy");
    }
}
