//! `traceparent` (W3C Trace Context §3.2): the trace that a request belongs to.

use axum::http::HeaderMap;

/// The trace that the caller names: 32 hexadecimal digits. A header that is not exactly as the
/// specification has it, or that comes twice, names none.
pub(super) fn trace_id(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all("traceparent").iter();
    let text = values.next()?.to_str().ok().filter(|_| values.next().is_none())?;
    let mut parts = text.split('-');
    let version = hexadecimal(parts.next()?, 2)?;
    let trace = hexadecimal(parts.next()?, 32)?;
    let parent = hexadecimal(parts.next()?, 16)?;
    hexadecimal(parts.next()?, 2)?;
    // Later versions may have more parts; this one has none, and ff is no version.
    let known = match version {
        "00" => parts.next().is_none(),
        version => version != "ff",
    };
    let not_zero = |text: &str| text.bytes().any(|digit| digit != b'0');
    (known && not_zero(trace) && not_zero(parent)).then(|| trace.to_owned())
}

/// So many lower-case hexadecimal digits.
fn hexadecimal(text: &str, digits: usize) -> Option<&str> {
    let fits = text.len() == digits && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    fits.then_some(text)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn of(lines: &[&str]) -> Option<String> {
        trace_id(&HeaderMap::from_iter(
            lines.iter().map(|line| (HeaderName::from_static("traceparent"), HeaderValue::from_str(line).unwrap())),
        ))
    }

    #[test]
    fn a_sound_header_names_its_trace() {
        for line in [
            format!("00-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{TRACE}-00f067aa0ba902b7-ff"),
            format!("01-{TRACE}-00f067aa0ba902b7-00"),
            format!("cc-{TRACE}-00f067aa0ba902b7-00-what-comes-later"),
        ] {
            assert_eq!(of(&[&line]).as_deref(), Some(TRACE), "{line}");
        }
    }

    #[test]
    fn any_other_names_none() {
        let good = format!("00-{TRACE}-00f067aa0ba902b7-01");
        for line in [
            "",
            "00",
            TRACE,
            &format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            &format!("0-{TRACE}-00f067aa0ba902b7-01"),
            &format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            &format!("00-{TRACE}-00f067aa0ba902b7-01-"),
            &format!("00-{TRACE}-00f067aa0ba902b7"),
            &format!("00-{TRACE}-00f067aa0ba902b7-1"),
            &format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            &format!("00-{TRACE}-{}-01", "0".repeat(16)),
            &format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            &format!("00-{TRACE}0-00f067aa0ba902b7-01"),
            &format!("00-{TRACE}-00f067aa0ba902bg-01"),
            &format!("{good}, {good}"),
            &format!("00_{TRACE}_00f067aa0ba902b7_01"),
        ] {
            assert_eq!(of(&[line]), None, "{line}");
        }
        assert_eq!(of(&[&good, &good]), None, "twice");
        assert_eq!(of(&[]), None);
    }
}
