use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use crate::guest::{BEARER, Guest};
use crate::host::Host;

/// Collects what the host logs on this thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Runs the future and answers what it logged.
pub(crate) async fn captured(run: impl Future<Output = ()>) -> String {
    let lines = Lines::default();
    let text = tracing_subscriber::fmt().with_ansi(false);
    logged(run, lines.clone(), text.with_writer(lines).with_max_level(tracing::Level::DEBUG).finish()).await
}

/// The same, in the form that the server writes.
pub(crate) async fn captured_as_json(run: impl Future<Output = ()>) -> String {
    let lines = Lines::default();
    let json = tracing_subscriber::fmt().json().flatten_event(true);
    logged(run, lines.clone(), json.with_writer(lines).with_max_level(tracing::Level::DEBUG).finish()).await
}

async fn logged(
    run: impl Future<Output = ()>,
    lines: Lines,
    subscriber: impl tracing::Subscriber + Send + Sync + 'static,
) -> String {
    let guard = tracing::subscriber::set_default(subscriber);
    run.await;
    drop(guard);
    let all = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    // What a call used is the host's own line, after each.
    all.split_inclusive('\n').filter(|line| !line.contains("plugin.usage")).collect()
}

pub(crate) fn logging(line: &str, vend: &str) -> Guest {
    let data = line.bytes().map(|byte| format!("\\{byte:02x}")).collect::<String>();
    Guest {
        items: format!("(data (i32.const 512) \"{data}\")"),
        ..Guest::named("Good")
            .importing("log", "log", "(param i32 i32 i32)")
            .vending(&vend.replace("LEN", &line.len().to_string()))
    }
}

pub(crate) const ONCE: &str = "(call $log (i32.const 2) (i32.const 512) (i32.const LEN))";

#[tokio::test]
async fn a_flood_is_cut_and_the_vend_goes_on() {
    let flood = "(loop $l (call $log (i32.const 2) (i32.const 512) (i32.const LEN))
        (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $l (i32.lt_u (local.get $i) (i32.const 500))))";
    let host = Host::new(&[logging("drip", flood)], "[plugins.Good]").await;
    let log = captured(async {
        host.vend("Good").await.unwrap();
    })
    .await;
    assert_eq!(log.matches("drip").count(), 64);
    assert_eq!(log.matches("further lines are dropped").count(), 1);
}

#[tokio::test]
async fn many_bytes_in_few_lines_are_cut_as_well() {
    let flood = "(loop $l (call $log (i32.const 2) (i32.const 65536) (i32.const 20000))
        (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $l (i32.lt_u (local.get $i) (i32.const 10))))";
    let host = Host::new(&[logging("x", flood)], "[plugins.Good]").await;
    let log = captured(async {
        host.vend("Good").await.unwrap();
    })
    .await;
    assert!(log.len() < 40_000, "{}", log.len());
}

#[tokio::test]
async fn a_line_cannot_forge_another_and_secrets_are_masked() {
    let guest = logging("first\n2026 ERROR forged \u{1b}[31m planted-secret!", ONCE);
    let mut host = Host::new(&[Guest { secrets: vec![("token", BEARER)], ..guest }], "[plugins.Good]").await;
    host.slots.insert("token".to_owned(), "planted-secret".into());
    let log = captured(async {
        host.vend("Good").await.unwrap();
    })
    .await;
    assert_eq!(log.trim_end().lines().count(), 1, "{log}");
    assert!(log.contains("first\\n2026 ERROR forged \\u{1b}[31m <redacted>!"), "{log}");
    assert!(log.contains("plugin: ") && log.contains("request-1"), "{log}");
}
