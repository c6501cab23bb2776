//! RSA with SHA-256 (PKCS #1 v1.5), over keys in PEM.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use pangolin_core::secret::Secret;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use zeroize::{Zeroize as _, Zeroizing};

use super::DoesNotSign;

/// A private key. Its Debug shows nothing of it.
pub(super) struct PrivateKey(RsaKeyPair);

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKey")
    }
}

impl PrivateKey {
    /// Reads PKCS #8 (`BEGIN PRIVATE KEY`) or PKCS #1 (`BEGIN RSA PRIVATE KEY`), of 2,048 bits at
    /// least. None: it is no such key.
    #[expect(clippy::disallowed_methods, reason = "the key becomes one that signs")]
    pub(super) fn from_pem(pem: &Secret<String>) -> Option<Self> {
        // A key that went through a shell or a form has its line ends written out.
        let pem = Zeroizing::new(pem.expose().replace("\\n", "\n"));
        let mut der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).ok()?;
        let key = match &der {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).ok(),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()).ok(),
            _ => None,
        };
        der.zeroize();
        key.map(Self)
    }

    /// Signs. The text alone decides the signature: this padding takes no random bytes.
    pub(super) fn sign(&self, text: &str) -> Result<Vec<u8>, DoesNotSign> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| DoesNotSign)?;
        Ok(signature)
    }
}
