//! What was found.

use serde::Serialize;

/// Kinds of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialKind {
    /// `AKIA…`, `ASIA…`.
    AwsAccessKeyId,
    /// 40 characters as AWS draws them.
    AwsSecretKey,
    /// PEM, PuTTY or age; bare DER in base64.
    PrivateKey,
    /// Three parts, signed.
    Jwt,
    /// The key file of a service account.
    GoogleServiceAccount,
    /// `AIza…`.
    GoogleApiKey,
    /// `ya29.…`, `GOCSPX-…`, `GOOG1E…`.
    GoogleToken,
    /// 64 bytes in base64.
    AzureAccountKey,
    /// A secret of an Entra application.
    AzureClientSecret,
    /// `sv=…&sig=…`.
    AzureSas,
    /// `AccountKey=…`, `Password=…` in a connection string.
    ConnectionString,
    /// `ghp_…`, `github_pat_…`.
    GithubToken,
    /// `glpat-…`.
    GitlabToken,
    /// `xoxb-…`, or the URL of a webhook.
    SlackToken,
    /// `sk_live_…`, `whsec_…`.
    StripeKey,
    /// `pgl_…`: of a service user of this host.
    PangolinApiKey,
    /// A token of another known service.
    ServiceToken,
    /// `https://user:password@host`, or a secret in a query.
    UrlPassword,
    /// The same of a database.
    DatabaseUrl,
    /// A signed URL.
    SignedUrl,
    /// `Bearer …`, `Basic …`.
    AuthorizationHeader,
    /// A value in the manifest of a Kubernetes `Secret`.
    KubernetesSecret,
    /// A literal under a name that says secret.
    SecretField,
    /// A text that looks drawn by lot.
    HighEntropy,
}

impl CredentialKind {
    /// With its article, for people.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::AwsAccessKeyId => "an AWS access key id",
            Self::AwsSecretKey => "an AWS secret access key",
            Self::PrivateKey => "a private key",
            Self::Jwt => "a JSON Web Token",
            Self::GoogleServiceAccount => "the key of a Google service account",
            Self::GoogleApiKey => "a Google API key",
            Self::GoogleToken => "a Google token or secret",
            Self::AzureAccountKey => "an Azure account key",
            Self::AzureClientSecret => "an Azure client secret",
            Self::AzureSas => "an Azure shared access signature",
            Self::ConnectionString => "a connection string with its key or password",
            Self::GithubToken => "a GitHub token",
            Self::GitlabToken => "a GitLab token",
            Self::SlackToken => "a Slack token",
            Self::StripeKey => "a Stripe key",
            Self::PangolinApiKey => "an API key of this host",
            Self::ServiceToken => "a token of a known service",
            Self::UrlPassword => "a URL with a password or token",
            Self::DatabaseUrl => "a database URL with a password",
            Self::SignedUrl => "a signed URL",
            Self::AuthorizationHeader => "an Authorization header",
            Self::KubernetesSecret => "a value in the manifest of a Kubernetes Secret",
            Self::SecretField => "a literal in a field whose name says secret",
            Self::HighEntropy => "a text that looks like a random secret",
        }
    }

    /// Whether digests and public keys have this form too.
    pub(super) fn is_weak(self) -> bool {
        matches!(self, Self::AzureAccountKey | Self::AwsSecretKey | Self::HighEntropy)
    }
}

impl std::fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}
