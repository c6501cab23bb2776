//! The boundary as compact JSON of ASCII characters.

/// A boundary that is being written.
#[derive(Debug)]
pub(super) struct Document(String);

impl Document {
    pub(super) fn new() -> Self {
        Self(r#"{"accessBoundary":{"accessBoundaryRules":["#.to_owned())
    }

    /// One role on what the expression lets through in one bucket.
    pub(super) fn rule(&mut self, bucket: &str, role: &str, expression: &str) {
        if !self.0.ends_with('[') {
            self.0.push(',');
        }
        self.0.push_str(r#"{"availableResource":"#);
        json(&mut self.0, &format!("//storage.googleapis.com/projects/_/buckets/{bucket}"));
        self.0.push_str(r#","availablePermissions":["#);
        json(&mut self.0, &format!("inRole:roles/storage.{role}"));
        self.0.push_str(r#"],"availabilityCondition":{"expression":"#);
        json(&mut self.0, expression);
        self.0.push_str("}}");
    }

    pub(super) fn finish(mut self) -> String {
        self.0.push_str("]}}");
        self.0
    }
}

/// Appends the text as a JSON string of ASCII characters.
fn json(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rules_are_a_list() {
        let mut document = Document::new();
        document.rule("b", "objectViewer", "x");
        document.rule("b", "objectCreator", "'\"\\é\u{1f600}\n");
        let rule = |role: &str, expression: &str| {
            format!(
                r#"{{"availableResource":"//storage.googleapis.com/projects/_/buckets/b","availablePermissions":["inRole:roles/storage.{role}"],"availabilityCondition":{{"expression":"{expression}"}}}}"#
            )
        };
        let rules = [rule("objectViewer", "x"), rule("objectCreator", r#"'\"\\\u00e9\ud83d\ude00\u000a"#)].join(",");
        assert_eq!(document.finish(), format!(r#"{{"accessBoundary":{{"accessBoundaryRules":[{rules}]}}}}"#));
    }

    proptest! {
        #[test]
        fn json_reads_back(text in any::<String>()) {
            let mut out = String::new();
            json(&mut out, &text);
            prop_assert!(out.bytes().all(|b| (0x20..0x7f).contains(&b)));
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
    }
}
