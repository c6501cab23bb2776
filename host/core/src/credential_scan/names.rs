//! What the name of a field says of its value.

/// Last words of a name whose value is a secret.
const SECRETS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "credential",
    "authorization",
    "apikey",
    "secretkey",
    "accesskey",
    "privatekey",
    "accountkey",
];
/// What stands before a last word `key` that is one.
const KEYS: &[&str] = &[
    "api",
    "secret",
    "private",
    "account",
    "access",
    "encryption",
    "decryption",
    "signing",
    "shared",
    "master",
    "storage",
    "hmac",
    "webhook",
    "auth",
    "sas",
];
/// Words of tokens that only say where a list goes on.
const CURSORS: &[&str] = &["page", "next", "continuation", "cursor", "sync", "resume"];
/// Words of names whose values may look drawn by lot and are for everybody to see.
const PUBLIC: &[&str] = &[
    "digest",
    "sha",
    "sha1",
    "sha256",
    "sha384",
    "sha512",
    "md5",
    "checksum",
    "hash",
    "etag",
    "integrity",
    "fingerprint",
    "thumbprint",
    "public",
    "pub",
    "certificate",
    "certificates",
    "cert",
    "certs",
    "ca",
    "commit",
    "revision",
    "rev",
    "signature",
    "signatures",
    "uuid",
    "guid",
    "nonce",
    "arn",
    "id",
    "ids",
];

/// A name, taken apart into lower-case words: at anything but letters and digits, and where a
/// capital begins a word.
#[derive(Debug)]
pub(super) struct Name(Vec<String>);

impl Name {
    pub(super) fn of(name: &str) -> Self {
        let mut words: Vec<String> = Vec::new();
        let mut word = String::new();
        let mut chars = name.chars().peekable();
        let mut before = ' ';
        while let Some(c) = chars.next() {
            let next_is_lower = chars.peek().is_some_and(|next| next.is_ascii_lowercase());
            let begins = c.is_ascii_uppercase() && (!before.is_ascii_uppercase() || next_is_lower);
            if (!c.is_alphanumeric() || begins) && !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            if c.is_alphanumeric() {
                word.extend(c.to_lowercase());
            }
            before = c;
        }
        if !word.is_empty() {
            words.push(word);
        }
        Self(words)
    }

    /// Whether a literal under this name is a secret.
    pub(super) fn says_secret(&self) -> bool {
        self.ends_in_secret(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()))
    }

    /// The same of a name for several: `tokens`, `api_keys`.
    pub(super) fn says_secrets(&self) -> bool {
        self.says_secret() || self.ends_in_secret(|word| word.strip_suffix('s').unwrap_or(word))
    }

    fn ends_in_secret(&self, plain: impl Fn(&str) -> &str) -> bool {
        let mut words = self.0.iter().map(String::as_str).rev();
        // `password_2` is a password.
        let words = words.by_ref().skip_while(|word| word.chars().all(|c| c.is_ascii_digit()));
        let words: Vec<&str> = words.collect();
        let (last, before) = (words.first().map(|word| plain(word)).unwrap_or_default(), words.get(1).copied());
        let is_cursor = last == "token" && words.iter().any(|word| CURSORS.contains(word));
        match last {
            "key" => before.is_some_and(|word| KEYS.contains(&word)),
            // `DB_PASS`; a lone `pass` is mostly no password.
            "pass" => before.is_some(),
            _ => SECRETS.contains(&last) && !is_cursor,
        }
    }

    /// Whether the value may look like a secret and is none.
    pub(super) fn is_public(&self) -> bool {
        self.0.iter().any(|word| PUBLIC.contains(&word.as_str()))
    }
}
