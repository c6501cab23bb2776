//! URIs that everybody reads alike.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use url::Url;

use super::NotSigned;

/// Longer than any URI that S3 takes.
const LONGEST: usize = 8 * 1024;

/// Parses what needs no repair. The parser of URLs resolves dots and drops characters; whoever sends
/// the request might not.
pub(super) fn parse(text: &str) -> Result<Url, NotSigned> {
    let refuse = |why| Err(NotSigned::Uri(why));
    if text.len() > LONGEST {
        return refuse("it is too long");
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'#') {
        return refuse("it has characters that must be percent-encoded");
    }
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return refuse("it is not absolute, or neither http nor https");
    };
    let before_query = rest.split('?').next().unwrap_or_default();
    let (authority, path) = before_query.split_once('/').unwrap_or((before_query, ""));
    if authority.contains('@') {
        return refuse("it has user information");
    }
    for segment in path.split('/') {
        let Ok(decoded) = percent_decode_str(segment).decode_utf8() else {
            return refuse("its path is not percent-encoded UTF-8");
        };
        if matches!(&*decoded, "." | "..") {
            return refuse("its path has '.' or '..' segments, encoded or not");
        }
        if decoded.contains(['/', '\\']) || decoded.chars().any(char::is_control) {
            return refuse("its path has encoded slashes, backslashes or control characters");
        }
    }
    Url::parse(text).or_else(|_| refuse("it is not a URL"))
}

/// The query's parameters, each once.
pub(super) fn parameters(url: &Url) -> Result<BTreeMap<String, String>, NotSigned> {
    let query = url.query().unwrap_or_default();
    if query.contains('+') {
        return Err(NotSigned::Uri("a '+' in the query is a space to some: write %20 or %2B"));
    }
    if query.contains(';') {
        return Err(NotSigned::Uri("a ';' in the query ends a parameter to some: write %3B"));
    }
    let mut parameters = BTreeMap::new();
    for (name, value) in url.query_pairs() {
        if parameters.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(NotSigned::Uri("a query parameter comes twice"));
        }
    }
    Ok(parameters)
}
