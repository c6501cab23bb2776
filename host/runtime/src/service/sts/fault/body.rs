//! Faults in the form of S3 (`<Error><Code>`), which some stores answer for STS as well. The SDK
//! reads STS's own form only (`<ErrorResponse><Error><Code>`).

/// What a fault's body says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) request_id: Option<String>,
}

/// A fault has a few hundred bytes.
const READ: usize = 16 * 1024;

impl Fault {
    pub(super) fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body.get(..READ).unwrap_or(body));
        Self {
            code: element(&text, "Code"),
            message: element(&text, "Message"),
            request_id: element(&text, "RequestId"),
        }
    }
}

/// The text of the first element of this name, without attributes.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, after) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = after.split_once(&format!("</{name}>"))?;
    let text = text.trim();
    (!text.is_empty() && !text.contains('<')).then(|| unescape(text))
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_s3_is_read() {
        let fault = Fault::read(
            b"<?xml version=\"1.0\"?>\n<Error><Code>SignatureDoesNotMatch</Code><Message>a &lt;b&gt; &amp;amp;</Message><Resource/>\
              <RequestId>17A</RequestId></Error>",
        );
        assert_eq!(fault.code.as_deref(), Some("SignatureDoesNotMatch"));
        assert_eq!(fault.message.as_deref(), Some("a <b> &amp;"));
        assert_eq!(fault.request_id.as_deref(), Some("17A"));
    }

    #[test]
    fn anything_else_is_no_fault() {
        for body in [&b""[..], b"<html>", b"<Code>", b"<Code></Code>", b"{\"Code\":\"x\"}", b"\xff\xfe<Code"] {
            assert_eq!(Fault::read(body), Fault::default());
        }
    }
}
