//! Why a file could not be read or written. A store's own text never passes: the answer to a
//! wrong signature echoes the request with its token.

use std::error::Error;

use pangolin_egress::EgressError;

/// Why a metadata file could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The operator named no directory for it.
    #[error("local storage is not enabled: the operator names a directory for it, or the warehouse uses s3")]
    LocalDisabled,
    /// A path outside the operator's directory, or through a link.
    #[error("'{0}' does not lie below the directory for local storage, or leads through a symbolic link")]
    LocalOutside(String),
    /// No client for this kind of storage.
    #[error("the host cannot write metadata to '{0}' storage")]
    Unsupported(String),
    /// The warehouse's settings make no client.
    #[error("the warehouse's storage settings do not work: {0}")]
    Settings(String),
    /// No such file.
    #[error("'{0}' does not exist in the storage")]
    Missing(String),
    /// Too large.
    #[error("'{0}' is larger than a metadata file may be")]
    TooLarge(String),
    /// The store refuses the host's credential.
    #[error(
        "the storage refuses the host access to '{file}' ({code}): check the rights of the warehouse's base credentials"
    )]
    Refused {
        /// The file.
        file: String,
        /// The store's code, for example `AccessDenied`.
        code: String,
    },
    /// The store cannot be reached.
    #[error("the storage cannot be reached: {0}")]
    Unreachable(String),
    /// Anything else.
    #[error("the storage failed on '{file}': {reason}")]
    Failed {
        /// The file.
        file: String,
        /// The store's code, or the system's text.
        reason: String,
    },
}

/// Codes that say that there is no such object: S3 and Google, Azure by Blob, Azure by DFS.
const NO_OBJECT: [&str; 3] = ["NoSuchKey", "BlobNotFound", "PathNotFound"];

impl StorageError {
    /// Sorts an error of the object client.
    pub(super) fn of_object(file: &str, error: &object_store::Error) -> Self {
        let file = file.to_owned();
        if let Some(egress) = egress_cause(error) {
            return Self::Unreachable(egress.to_string());
        }
        let code = code(&error.to_string());
        match error {
            object_store::Error::NotFound { .. } if code.is_none() => Self::Missing(file),
            object_store::Error::NotFound { .. } => match code {
                Some(code) if !NO_OBJECT.contains(&code.as_str()) => Self::Failed { file, reason: code },
                _ => Self::Missing(file),
            },
            object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
                Self::Refused { file, code: code.unwrap_or_else(|| "access denied".to_owned()) }
            }
            _ => Self::Failed { file, reason: code.unwrap_or_else(|| "no usable answer".to_owned()) },
        }
    }

    /// Sorts an error of the file system.
    pub(super) fn of_io(file: &str, error: &std::io::Error) -> Self {
        let file = file.to_owned();
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::Missing(file),
            kind => Self::Failed { file, reason: kind.to_string() },
        }
    }
}

fn egress_cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a EgressError> {
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(found) = current.downcast_ref::<EgressError>() {
            return Some(found);
        }
        next = current.source();
    }
    None
}

/// The `<Code>` of an S3 error document.
fn code(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let plain = !code.is_empty() && code.len() <= 64 && code.chars().all(|c| c.is_ascii_alphanumeric());
    plain.then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_code_of_a_store_passes() {
        let body = "Client error: <Error><Code>SignatureDoesNotMatch</Code><StringToSign>x-amz-security-token:SECRET\
                    </StringToSign></Error>";
        let error = object_store::Error::PermissionDenied { path: "p".to_owned(), source: body.into() };
        let shown = StorageError::of_object("s3://b/t/f", &error).to_string();
        assert!(shown.contains("SignatureDoesNotMatch") && !shown.contains("SECRET"), "{shown}");
    }

    #[test]
    fn a_code_with_other_characters_is_dropped() {
        assert_eq!(code("<Code>a b</Code>"), None);
        assert_eq!(code("<Code></Code>"), None);
        assert_eq!(code("<Code>NoSuchBucket</Code>").as_deref(), Some("NoSuchBucket"));
    }
}
