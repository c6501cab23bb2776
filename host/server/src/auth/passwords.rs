//! Password hashes: argon2id in PHC form, a few at a time, off the async threads.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use pangolin_core::secret::Secret;
use tokio::sync::Semaphore;

use crate::error::ApiError;

/// Passwords verified at once: each takes about 19 MiB and a core.
const AT_ONCE: usize = 2;
/// New ones hashed at once, beside those: who makes many users keeps nobody from logging in.
const NEW_AT_ONCE: usize = 1;

/// Hashes and verifies.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    gate: Arc<Semaphore>,
    new: Arc<Semaphore>,
    /// Verified where there is no user, so that the answer takes as long.
    nobody: Arc<str>,
}

impl Passwords {
    pub(crate) fn new() -> Result<Self, ApiError> {
        let nobody = hash_now(&Secret::from("nobody has this password"))?;
        Ok(Self { gate: at_once(AT_ONCE), new: at_once(NEW_AT_ONCE), nobody: nobody.into() })
    }

    /// The hash of a new password.
    pub(crate) async fn hash(&self, password: Secret<String>) -> Result<String, ApiError> {
        run(&self.new, move || hash_now(&password)).await?
    }

    /// Whether `password` is the one of `hash`; without a hash the same work is done for nothing.
    pub(crate) async fn verify(&self, password: Secret<String>, hash: Option<String>) -> Result<bool, ApiError> {
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.to_string());
        let matches = run(&self.gate, move || verify_now(&password, &hash)).await?;
        Ok(matches && exists)
    }
}

fn at_once(places: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(places))
}

async fn run<T: Send + 'static>(gate: &Semaphore, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    let _place = gate.acquire().await.map_err(ApiError::internal)?;
    tokio::task::spawn_blocking(work).await.map_err(ApiError::internal)
}

#[expect(clippy::disallowed_methods, reason = "the password goes into its hash and nowhere else")]
fn hash_now(password: &Secret<String>) -> Result<String, ApiError> {
    let salt = SaltString::encode_b64(uuid::Uuid::new_v4().as_bytes()).map_err(ApiError::internal)?;
    Ok(Argon2::default().hash_password(password.expose().as_bytes(), &salt).map_err(ApiError::internal)?.to_string())
}

#[expect(clippy::disallowed_methods, reason = "the password is compared with its hash and goes nowhere else")]
fn verify_now(password: &Secret<String>, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_a_user_who_exists_is_accepted() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash(Secret::from("Start123!ComplexPassword")).await.unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(passwords.verify(Secret::from("Start123!ComplexPassword"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(Secret::from("start123!ComplexPassword"), Some(hash)).await.unwrap());
        assert!(!passwords.verify(Secret::from("nobody has this password"), None).await.unwrap());
    }
}
