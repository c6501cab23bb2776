//! What a file is that is no export of the trail. It is told apart from an export that somebody
//! changed: one line that an export has makes it one.

use serde_json::Value;

/// So much of a file is kept to say what it is.
const MOST_KEPT: usize = 64 * 1024;

/// How packed and foreign files begin.
const MAGIC: &[(&[u8], &str)] = &[
    (b"\x1f\x8b", "is packed by gzip: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "is packed by zstd: unpack it first"),
    (b"BZh", "is packed by bzip2: unpack it first"),
    (b"\xfd7zXZ\x00", "is packed by xz: unpack it first"),
    (b"PK\x03\x04", "is a ZIP: unpack it first"),
    (
        b"SQLite format 3\x00",
        "is a SQLite database: `pangolin audit verify` without --file checks that of the settings",
    ),
    (b"\xff\xfe", "is text in UTF-16, as PowerShell's `>` writes it: it must be UTF-8"),
    (b"\xfe\xff", "is text in UTF-16: it must be UTF-8"),
];

/// The first line that is not empty.
#[derive(Debug, Default)]
pub(super) struct Beginning(Vec<u8>);

impl Beginning {
    /// Each line in its turn.
    pub(super) fn see(&mut self, line: &[u8]) {
        if self.0.trim_ascii().is_empty() {
            self.0 = line.get(..MOST_KEPT).unwrap_or(line).to_vec();
        }
    }

    /// Nothing at all, or something else.
    pub(super) fn code(&self) -> &'static str {
        if self.is_empty() { "empty" } else { "not-an-export" }
    }

    /// Why the file is no export.
    pub(super) fn why(&self) -> String {
        if self.is_empty() {
            return "there is nothing in it".to_owned();
        }
        if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| self.0.starts_with(magic)) {
            return format!("the file {what}");
        }
        let Ok(Value::Object(line)) = serde_json::from_slice::<Value>(&self.0) else {
            return "an export has one JSON object on each line".to_owned();
        };
        if line.contains_key("action") && line.contains_key("timestamp") {
            return "its rows have no places in a chain, as in the export of one tenant: what can be checked comes from \
                    `pangolin audit export`, or from Root's `GET /api/v1/audit/export`"
                .to_owned();
        }
        "it is JSON of another kind".to_owned()
    }

    fn is_empty(&self) -> bool {
        self.0.trim_ascii().is_empty()
    }
}
