//! STS of a store, such as a VAST cluster's: at `/` of its S3 address, signed for a region that
//! nobody asks for, and with answers that say less than AWS's.

use super::*;

const STORES_ROLE: &str = "arn:aws:iam:::role/lake";

/// No packed size, no identifier of the request, no `AssumedRoleUser`; fractions of a second.
const SPARSE: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>STORESESSION</AccessKeyId>\
    <SecretAccessKey>session-secret</SecretAccessKey><SessionToken>session-token-1</SessionToken>\
    <Expiration>2026-01-01T00:15:00.250Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";

async fn assume(answer: &'static str) -> (FakeSts, Result<StsSession, StrategyError>) {
    let fake = FakeSts::start(Answer::Body(answer)).await;
    let hosts = [HostPattern::OfField("sts_endpoint".into())];
    let mut call = own().config("sts_endpoint", fake.url()).config("role_arn", STORES_ROLE).hosts(&hosts).build();
    let request = AssumeRole { role_arn: STORES_ROLE.into(), endpoint: Some(fake.url()), ..ask(slots()) };
    // The operator has neither region nor endpoint.
    let answer = sts(StsSettings::default()).assume_role(&mut call, request).await;
    (fake, answer)
}

#[tokio::test]
async fn a_sparse_answer_is_enough_and_the_policy_is_sent_as_to_aws() {
    let (fake, session) = assume(SPARSE).await;
    let session = session.unwrap();
    assert_eq!((session.access_key_id.as_str(), session.packed_policy_percent), ("STORESESSION", None));
    assert_eq!(session.expires_at_ms, 1_767_226_500_250);
    let seen = fake.forms().pop().unwrap();
    assert_eq!((seen["RoleArn"].as_str(), seen["Policy"].as_str()), (STORES_ROLE, POLICY));
    assert_eq!(fake.signers(), [OWN_KEYS.0]);
}

#[tokio::test]
async fn a_session_without_its_end_is_none() {
    const ENDLESS: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>STORESESSION</AccessKeyId>\
        <SecretAccessKey>session-secret</SecretAccessKey><SessionToken>session-token-1</SessionToken>\
        </Credentials></AssumeRoleResult></AssumeRoleResponse>";
    let (_fake, session) = assume(ENDLESS).await;
    let error = session.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (StrategyErrorKind::Upstream, "sts-fault"), "{error}");
}
