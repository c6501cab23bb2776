//! The elements of a small XML document: those right below the root, by name.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

/// Elements that a document may have.
const MAX_ELEMENTS: usize = 64;

/// The texts of the elements right below the root; of elements with the same name the first.
/// None: this is no such document. Entities other than XML's own, and document types, are refused.
pub(super) fn elements(document: &[u8]) -> Option<BTreeMap<String, String>> {
    let text = std::str::from_utf8(document).ok()?;
    let mut reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut found = BTreeMap::new();
    let (mut depth, mut seen) = (0_usize, 0_usize);
    let mut current: Option<(String, String)> = None;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                depth += 1;
                seen += 1;
                if seen > MAX_ELEMENTS {
                    return None;
                }
                if depth == 2 {
                    current = Some((local(start.local_name().as_ref())?, String::new()));
                }
            }
            Event::End(_) => {
                depth = depth.checked_sub(1)?;
                if depth == 1
                    && let Some((name, value)) = current.take()
                {
                    found.entry(name).or_insert_with(|| value.trim().to_owned());
                }
            }
            Event::Text(part) if depth == 2 => {
                if let Some((_, value)) = &mut current {
                    value.push_str(&part.decode().ok()?);
                }
            }
            Event::GeneralRef(entity) => {
                let character = match entity.resolve_char_ref().ok()? {
                    Some(character) => character.to_string(),
                    None => resolve_predefined_entity(&entity.decode().ok()?)?.to_owned(),
                };
                if depth == 2
                    && let Some((_, value)) = &mut current
                {
                    value.push_str(&character);
                }
            }
            Event::DocType(_) => return None,
            Event::Eof => return (depth == 0 && seen > 0).then_some(found),
            _ => {}
        }
    }
}

fn local(name: &[u8]) -> Option<String> {
    std::str::from_utf8(name).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_below_the_root_are_read() {
        let found = elements(
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Error><Code>A&amp;B</Code><Message>x &lt;b&gt; &#65;\ny</Message>\
             <Code>second</Code><Deep><Code>deeper</Code></Deep><Empty/></Error>"
                .as_bytes(),
        )
        .unwrap();
        assert_eq!((found["Code"].as_str(), found["Message"].as_str()), ("A&B", "x <b> A\ny"));
        assert_eq!(found["Deep"], "");
    }

    #[test]
    fn anything_else_is_no_document() {
        let many = format!("<a>{}</a>", "<b></b>".repeat(80));
        for text in [
            "",
            "hello",
            "<a>",
            "<a></b>",
            "</a>",
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a><b>&x;</b></a>",
            "<a><b>&x;</b></a>",
            "{\"a\":1}",
            &many,
        ] {
            assert_eq!(elements(text.as_bytes()), None, "{text}");
        }
        assert_eq!(elements(b"\xff\xfe<a/>"), None);
    }
}
