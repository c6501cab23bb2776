//! From what STS answered to a credential. Pure, but for a line to the operator.

use pangolin_plugin_sdk::sts::Session;
use pangolin_plugin_sdk::{Credential, ErrorKind, VendError, log};

/// From here on the next longer name may be the one that is refused.
const TIGHT_PERCENT: u32 = 90;

/// One credential for all scopes, at the table's root, that ends when STS says so.
pub(crate) fn credential(root: String, session: Session) -> Result<Credential, VendError> {
    let parts = [&session.access_key_id, &session.secret_access_key, &session.session_token];
    if parts.into_iter().any(String::is_empty) || session.expires_at_ms == 0 {
        return Err(VendError::new(
            ErrorKind::Upstream,
            "sts-incomplete",
            "STS answered without keys, session token or expiry",
        ));
    }
    if let Some(percent) = session.packed_policy_percent.filter(|percent| *percent >= TIGHT_PERCENT) {
        log::warn(&format!("the session policy uses {percent} % of what STS takes: longer names will be refused"));
    }
    Ok(Credential::new(root)
        .plain("s3.access-key-id", session.access_key_id)
        .plain("s3.secret-access-key", session.secret_access_key)
        .plain("s3.session-token", session.session_token)
        .expires_at_ms(session.expires_at_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pangolin_plugin_sdk::{Value, testing};

    fn session() -> Session {
        Session {
            access_key_id: "ASIA".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: "token".to_owned(),
            expires_at_ms: 1_700_000_000_000,
            packed_policy_percent: Some(12),
        }
    }

    #[test]
    fn the_credential_has_what_sts_said() {
        let credential = credential("s3://b/t/".to_owned(), session()).unwrap();
        assert_eq!(credential.prefix, "s3://b/t/");
        assert_eq!(credential.expires_at_ms, Some(1_700_000_000_000));
        for (key, value) in
            [("s3.access-key-id", "ASIA"), ("s3.secret-access-key", "secret"), ("s3.session-token", "token")]
        {
            assert_eq!(credential.get(key), Some(&Value::Plain(value.to_owned())));
        }
        assert_eq!(credential.entries.len(), 3);
    }

    #[test]
    fn an_answer_without_a_part_mints_nothing() {
        let broken: [fn(&mut Session); 4] = [
            |s| s.access_key_id.clear(),
            |s| s.secret_access_key.clear(),
            |s| s.session_token.clear(),
            |s| s.expires_at_ms = 0,
        ];
        for breaks in broken {
            let mut session = session();
            breaks(&mut session);
            assert_eq!(credential("s3://b/t/".to_owned(), session).unwrap_err().code, "sts-incomplete");
        }
    }

    #[test]
    fn a_tight_policy_is_told_to_the_operator() {
        let host = testing::Host::new();
        let tight = Session { packed_policy_percent: Some(93), ..session() };
        host.run(|| credential("s3://b/t/".to_owned(), tight)).unwrap();
        host.run(|| credential("s3://b/t/".to_owned(), session())).unwrap();
        assert_eq!(host.lines().len(), 1);
        assert!(host.lines()[0].1.contains("93 %"));
    }
}
