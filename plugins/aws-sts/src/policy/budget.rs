//! What STS takes: 2,048 characters of policy, and a packed form of policy and tags together
//! whose size it tells only afterwards. The packed size is estimated, the characters are counted.

use pangolin_plugin_sdk::VendError;

/// STS's own limit of an inline session policy, in characters.
const PLAIN_BYTES: usize = 2048;
/// What the estimate may come to. AWS publishes neither form nor size, so the bound is loose: it
/// catches policies that tags push over, and STS judges the rest.
const PACKED_BYTES: usize = 2048;

/// Texts that a packed form names by a number.
const KNOWN: &[&str] = &[
    r#"{"Version":"2012-10-17","Statement":["#,
    r#"{"Effect":"Allow","Action":"#,
    r#","Resource":"#,
    r#","Condition":{"StringLike":{"#,
    "kms:EncryptionContext:aws:s3:arn",
    "s3:ListBucketMultipartUploads",
    "s3:ListMultipartUploadParts",
    "s3:AbortMultipartUpload",
    "s3:GetBucketLocation",
    "kms:GenerateDataKey",
    "kms:ViaService",
    "s3:DeleteObject",
    "kms:Decrypt",
    "s3:PutObject",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:prefix",
];

/// Holds a policy and its tags to what STS takes.
///
/// # Errors
/// They are too large; the text says by how much and what makes them smaller.
pub(crate) fn check(policy: &str, tags: &[(String, String)]) -> Result<(), VendError> {
    let (plain, packed) = (policy.len(), packed_estimate(policy, tags));
    if plain <= PLAIN_BYTES && packed <= PACKED_BYTES {
        return Ok(());
    }
    let tags = if tags.is_empty() { "" } else { ", or set session_tags to false" };
    Err(VendError::unsupported(
        "policy-too-large",
        format!(
            "the session policy of this table has {plain} bytes (about {packed} packed with its tags); STS takes \
             {PLAIN_BYTES}: use a shorter location, fewer write.data.path and write.metadata.path, or fewer \
             kms_key_arns{tags}"
        ),
    ))
}

/// Known texts count two bytes, an escaped character three, any other one; a tag costs its text
/// and two lengths.
pub(crate) fn packed_estimate(policy: &str, tags: &[(String, String)]) -> usize {
    let mut rest = policy;
    let mut size = 0;
    while let Some(first) = rest.chars().next() {
        let (length, cost) = match KNOWN.iter().find(|known| rest.starts_with(*known)) {
            Some(known) => (known.len(), 2),
            None if rest.starts_with("\\u") => (6, 3),
            None => (first.len_utf8(), 1),
        };
        size += cost;
        rest = rest.get(length..).unwrap_or_default();
    }
    size + tags.iter().map(|(key, value)| key.len() + value.len() + 2).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_exact() {
        assert!(check(&"x".repeat(2048), &[]).is_ok());
        let error = check(&"x".repeat(2049), &[]).unwrap_err();
        assert_eq!(error.code, "policy-too-large");
        assert!(error.message.contains("2049 bytes") && error.message.contains("2048"), "{}", error.message);
        assert!(!error.message.contains("session_tags"));
    }

    #[test]
    fn tags_count() {
        let tags = vec![("pangolin:table".to_owned(), "t".repeat(256)); 3];
        assert!(check(&"x".repeat(1200), &tags).is_ok());
        let error = check(&"x".repeat(1500), &tags).unwrap_err();
        assert!(error.message.contains("session_tags"), "{}", error.message);
    }

    #[test]
    fn known_texts_and_escapes_pack() {
        assert_eq!(packed_estimate("s3:GetObject", &[]), 2);
        assert_eq!(packed_estimate("a\\u00e9b", &[]), 5);
        assert_eq!(packed_estimate("\\u00", &[]), 3);
        assert_eq!(packed_estimate("", &[("k".to_owned(), "v".to_owned())]), 4);
    }
}
