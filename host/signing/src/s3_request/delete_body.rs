//! The body of `DeleteObjects`: which objects it names.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::NotSigned;

/// As many as S3 takes.
const MOST: usize = 1000;

/// Keys of a `<Delete>` document. Strict: an element or a form of text that is not expected could
/// be read differently by a store.
pub(super) fn keys(text: &str) -> Result<Vec<String>, NotSigned> {
    const NOT_XML: NotSigned = NotSigned::Body("it is not a <Delete> document of S3");
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Vec<u8>> = Vec::new();
    let mut keys = Vec::new();
    let mut key = String::new();
    let mut closed = false;
    loop {
        match reader.read_event().map_err(|_| NOT_XML)? {
            Event::Start(start) => {
                open.push(start.name().as_ref().to_vec());
                check(&open, closed)?;
            }
            Event::End(_) => {
                if is(&open, &["Delete", "Object", "Key"]) {
                    keys.push(std::mem::take(&mut key));
                }
                open.pop();
                closed = open.is_empty();
            }
            Event::Text(piece) => {
                let piece = piece.decode().map_err(|_| NOT_XML)?;
                if is(&open, &["Delete", "Object", "Key"]) {
                    key.push_str(&piece);
                } else if !is(&open, &["Delete", "Quiet"]) && !piece.trim().is_empty() {
                    return Err(NOT_XML);
                }
            }
            Event::GeneralRef(reference) if is(&open, &["Delete", "Object", "Key"]) => {
                let character = match reference.resolve_char_ref().map_err(|_| NOT_XML)? {
                    Some(character) => character,
                    None => predefined(&reference).ok_or(NOT_XML)?,
                };
                key.push(character);
            }
            Event::Decl(_) if open.is_empty() && keys.is_empty() => {}
            Event::Eof => break,
            _ => return Err(NOT_XML),
        }
    }
    if !closed || keys.is_empty() || keys.iter().any(String::is_empty) {
        return Err(NOT_XML);
    }
    if keys.len() > MOST {
        return Err(NotSigned::Body("it names more than 1000 objects"));
    }
    Ok(keys)
}

/// Only what names an object, or asks for a short answer. A `VersionId` needs rights of its own.
fn check(open: &[Vec<u8>], closed: bool) -> Result<(), NotSigned> {
    let known: [&[&str]; 4] = [&["Delete"], &["Delete", "Quiet"], &["Delete", "Object"], &["Delete", "Object", "Key"]];
    if !closed && known.iter().any(|path| is(open, path)) {
        Ok(())
    } else {
        Err(NotSigned::Body("it has an element beside Quiet and the Key of each Object"))
    }
}

fn is(open: &[Vec<u8>], path: &[&str]) -> bool {
    open.len() == path.len() && open.iter().zip(path).all(|(name, expected)| name == expected.as_bytes())
}

fn predefined(name: &[u8]) -> Option<char> {
    Some(match name {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        _ => return None,
    })
}
