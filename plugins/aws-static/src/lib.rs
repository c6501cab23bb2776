//! AwsStatic: passes on keys that the warehouse names, unscoped and without an end.
//!
//! The keys never enter the guest: the credential names slots, and the host puts the values in.

use pangolin_plugin_sdk::{
    Config, Credential, Description, ErrorKind, Field, KeySlots, Problem, SecretUse, Strategy, VendError, VendRequest,
    export,
};

const VENDED: &[SecretUse] = &[SecretUse::CredentialValue];

const FIELDS: &[Field] = &[
    Field::secret("access_key_id", VENDED, "Access key id that clients get").aliases(&[
        "s3.access-key-id",
        "access-key-id",
        "aws_access_key_id",
    ]),
    Field::secret("secret_access_key", VENDED, "Secret access key that clients get").aliases(&[
        "s3.secret-access-key",
        "secret-access-key",
        "aws_secret_access_key",
    ]),
    Field::secret("session_token", VENDED, "Session token, if the keys are temporary").aliases(&[
        "s3.session-token",
        "session-token",
        "aws_session_token",
    ]),
];

const DESCRIPTION: Description =
    Description::new("AwsStatic", env!("CARGO_PKG_VERSION"), "The warehouse's own keys, unscoped and without an end")
        .schemes(&["s3", "s3a", "s3n"])
        .fields(FIELDS);

/// The strategy.
#[derive(Debug)]
pub struct AwsStatic;

impl Strategy for AwsStatic {
    fn describe() -> Description {
        DESCRIPTION
    }

    /// No keys at all is not judged here: whether the host's own may stand in is the
    /// operator's word, and the host refuses by naming that setting.
    fn check_config(config: &Config) -> Result<(), Vec<Problem>> {
        KeySlots::of(config).map(drop).map_err(|problem| vec![problem])
    }

    fn vend(request: VendRequest) -> Result<Vec<Credential>, VendError> {
        let keys = KeySlots::of(&request.config)?.ok_or_else(no_keys)?;
        let root = request.scopes.into_iter().next().ok_or_else(no_scope)?;
        let credential = Credential::new(root.location)
            .slot("s3.access-key-id", keys.access_key_id)
            .slot("s3.secret-access-key", keys.secret_access_key);
        Ok(vec![match keys.session_token {
            Some(token) => credential.slot("s3.session-token", token),
            None => credential,
        }])
    }
}

fn no_keys() -> VendError {
    VendError::new(
        ErrorKind::InvalidConfig,
        "keys-missing",
        "the warehouse has no access_key_id and secret_access_key to pass on",
    )
}

fn no_scope() -> VendError {
    VendError::new(ErrorKind::Internal, "no-scope", "the request has no scope")
}

export!(AwsStatic);

#[cfg(test)]
mod tests;
