//! Names as text of a policy: for IAM, whose patterns have globs and variables, and for JSON.

/// The text as a pattern that matches itself alone: `*`, `?` and `$` mean something to IAM.
pub(super) fn iam(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '*' => escaped.push_str("${*}"),
            '?' => escaped.push_str("${?}"),
            '$' => escaped.push_str("${$}"),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// Appends the text as a JSON string of ASCII characters. STS takes no others in a policy.
pub(super) fn json(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str("\\u");
                    for shift in [12, 8, 4, 0] {
                        let nibble = (*unit >> shift) & 0xf;
                        out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
                    }
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
    fn globs_and_variables_stand_for_themselves() {
        assert_eq!(iam("a*b?c${d}$"), "a${*}b${?}c${$}{d}${$}");
        assert_eq!(iam("plain/ä 'x'%20"), "plain/ä 'x'%20");
    }

    #[test]
    fn json_is_ascii() {
        let mut out = String::new();
        json(&mut out, "a\"\\\u{7f}\n\u{e9}\u{1f600}");
        assert_eq!(out, r#""a\"\\\u007f\u000a\u00e9\ud83d\ude00""#);
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
