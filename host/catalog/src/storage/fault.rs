//! Why a file could not be read or written. A store's own text never passes: the answer to a
//! wrong signature echoes the request with its token.

mod refusal;

use std::error::Error;

use pangolin_egress::EgressError;

pub use self::refusal::Refusal;

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
    /// There is not even a bucket or container.
    #[error("there is no bucket or container for '{0}': make it, or correct the warehouse")]
    NoBucket(String),
    /// Too large.
    #[error("'{0}' is larger than a metadata file may be")]
    TooLarge(String),
    /// The store refuses the host's credential.
    #[error("the storage refuses the host access to '{file}' ({code}): {}", why.advice(file))]
    Refused {
        /// The file.
        file: String,
        /// The store's code, for example `AccessDenied`.
        code: String,
        /// What that means.
        why: Refusal,
    },
    /// The store asks for patience.
    #[error("the storage limits the rate of requests ({code}): try again later")]
    Throttled {
        /// The store's code, for example `SlowDown`.
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

/// Codes that ask for patience: S3 and Google, Azure.
const THROTTLED: [&str; 5] = ["SlowDown", "RequestLimitExceeded", "TooManyRequests", "Throttling", "ServerBusy"];

/// Codes that say that there is nothing to put an object into, in the same order.
const NO_BUCKET: [&str; 3] = ["NoSuchBucket", "ContainerNotFound", "FilesystemNotFound"];

impl StorageError {
    /// Stable code of the error, for replies.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::LocalDisabled => "local-storage-disabled",
            Self::LocalOutside(_) => "local-storage-outside",
            Self::Unsupported(_) => "storage-unsupported",
            Self::Settings(_) => "storage-settings-invalid",
            Self::Missing(_) => "file-missing",
            Self::NoBucket(_) => "bucket-missing",
            Self::TooLarge(_) => "metadata-too-large",
            Self::Refused { why, .. } => why.code(),
            Self::Throttled { .. } => "throttled",
            Self::Unreachable(_) => "storage-unreachable",
            Self::Failed { .. } => "storage-failed",
        }
    }

    /// Sorts an error of the object client.
    pub(super) fn of_object(file: &str, error: &object_store::Error) -> Self {
        let file = file.to_owned();
        if let Some(egress) = egress_cause(error) {
            return Self::Unreachable(egress.to_string());
        }
        let text = error.to_string();
        let code = code(&text);
        if let Some(code) = code.as_ref().filter(|code| THROTTLED.contains(&code.as_str())) {
            return Self::Throttled { code: code.clone() };
        }
        match error {
            object_store::Error::NotFound { .. } if code.is_none() => Self::Missing(file),
            object_store::Error::NotFound { .. } => match code {
                Some(code) if NO_BUCKET.contains(&code.as_str()) => Self::NoBucket(file),
                Some(code) if !NO_OBJECT.contains(&code.as_str()) => Self::Failed { file, reason: code },
                _ => Self::Missing(file),
            },
            object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
                let code = code.unwrap_or_else(|| "access denied".to_owned());
                Self::Refused { file, why: Refusal::of(&code, &text), code }
            }
            _ => Self::Failed { file, reason: code.unwrap_or_else(|| "no usable answer".to_owned()) },
        }
    }

    /// The same of a write, which misses nothing but the bucket.
    pub(super) fn of_put(file: &str, error: &object_store::Error) -> Self {
        match Self::of_object(file, error) {
            Self::Missing(file) => Self::NoBucket(file),
            other => other,
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

    fn not_found(body: &str) -> object_store::Error {
        object_store::Error::NotFound { path: "p".to_owned(), source: body.into() }
    }

    #[test]
    fn a_bucket_that_is_not_there_is_no_fault_of_the_store() {
        let file = "abfss://c@a.dfs.core.windows.net/t/f";
        for code in NO_BUCKET {
            let error = StorageError::of_object(file, &not_found(&format!("<Error><Code>{code}</Code></Error>")));
            assert_eq!(error, StorageError::NoBucket(file.to_owned()), "{code}");
        }
        for body in ["", "<Code>NoSuchKey</Code>", "<Code>BlobNotFound</Code>"] {
            assert_eq!(
                StorageError::of_object(file, &not_found(body)),
                StorageError::Missing(file.to_owned()),
                "{body}"
            );
            assert_eq!(StorageError::of_put(file, &not_found(body)), StorageError::NoBucket(file.to_owned()), "{body}");
        }
    }

    #[test]
    fn a_store_that_asks_for_patience_has_not_failed() {
        for code in THROTTLED {
            let source = format!("Server Error: <Error><Code>{code}</Code></Error>").into();
            let error = StorageError::of_put("s3://b/t/f", &object_store::Error::Generic { store: "S3", source });
            assert_eq!((error.code(), error), ("throttled", StorageError::Throttled { code: code.to_owned() }));
        }
        let source = "<Error><Code>InternalError</Code></Error>".into();
        let error = StorageError::of_put("s3://b/t/f", &object_store::Error::Generic { store: "S3", source });
        assert_eq!(error.code(), "storage-failed");
    }

    #[test]
    fn a_code_with_other_characters_is_dropped() {
        assert_eq!(code("<Code>a b</Code>"), None);
        assert_eq!(code("<Code></Code>"), None);
        assert_eq!(code("<Code>NoSuchBucket</Code>").as_deref(), Some("NoSuchBucket"));
    }
}
