mod fake;
mod rehearsed;
mod store;

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use pangolin_core::access::Access;
use pangolin_core::clock::{ManualClock, UnixMillis};
use pangolin_core::egress::EgressPolicy;
use pangolin_core::strategy::{HostPattern, SecretUse};

use self::fake::{Answer, FakeSts, HOST_KEYS, NOW_MS, OWN_KEYS};
use super::*;
use crate::service::slot::KeySlots;
use crate::service::testing::{self, CallBuilder};

const ROLE: &str = "arn:aws:iam::123456789012:role/lake";
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::lake/sales/orders/*"]}]}"#;

fn sts(settings: StsSettings) -> Sts {
    let policy = EgressPolicy::new(EgressPolicy::parse_ranges("127.0.0.0/8").unwrap(), &[], false);
    let egress = EgressClient::new(Arc::new(policy)).unwrap();
    let clock = Arc::new(ManualClock::at(UnixMillis(NOW_MS)));
    let identity = Credentials::new(HOST_KEYS.0, HOST_KEYS.1, None, None, "test");
    Sts::with_identity(egress, settings, clock, SharedCredentialsProvider::new(identity))
}

fn operators(fake: &FakeSts) -> Sts {
    sts(StsSettings {
        endpoint: Some(fake.url().parse().unwrap()),
        region: Some("eu-west-1".into()),
        ..StsSettings::default()
    })
}

/// A warehouse with keys of its own.
fn own() -> CallBuilder {
    let uses = [SecretUse::Sigv4("sts".into())];
    testing::call()
        .secret("access_key_id", OWN_KEYS.0, &uses)
        .secret("secret_access_key", OWN_KEYS.1, &uses)
        .config("role_arn", ROLE)
        .vend(Access::READ)
}

/// A warehouse on the host's identity.
fn hosts() -> CallBuilder {
    testing::call().config("role_arn", ROLE).host_identity().vend(Access::READ)
}

fn slots() -> Base {
    Base::Slots(KeySlots {
        access_key_id: "access_key_id".into(),
        secret_access_key: "secret_access_key".into(),
        session_token: None,
    })
}

fn ask(base: Base) -> AssumeRole {
    AssumeRole {
        base,
        role_arn: ROLE.into(),
        session_name: "pangolin-alice".into(),
        external_id: None,
        duration_seconds: 900,
        policy: POLICY.into(),
        tags: vec![],
        region: None,
        endpoint: None,
    }
}

async fn refused(sts: &Sts, call: &mut Call, request: AssumeRole) -> StrategyError {
    sts.assume_role(call, request).await.unwrap_err()
}

#[tokio::test]
async fn the_warehouses_keys_assume_the_role_with_the_proven_policy() {
    let fake = FakeSts::start(Answer::Session).await;
    let mut call = own().build();
    let tags = vec![("principal".to_owned(), "alice".to_owned())];
    let request = AssumeRole { external_id: Some("ext-1".into()), tags, ..ask(slots()) };
    let session = operators(&fake).assume_role(&mut call, request).await.unwrap();
    assert_eq!(session.access_key_id, "ASIASESSION");
    assert_eq!(session.expires_at_ms, 1_767_227_400_000);
    assert_eq!(session.packed_policy_percent, Some(7));
    let seen = fake.forms().pop().unwrap();
    assert_eq!(seen["RoleArn"], ROLE);
    assert_eq!(seen["RoleSessionName"], "pangolin-alice");
    assert_eq!(seen["DurationSeconds"], "900");
    assert_eq!(seen["Policy"], POLICY);
    assert_eq!(seen["ExternalId"], "ext-1");
    assert_eq!(seen["Tags.member.1.Key"], "principal");
    assert_eq!(fake.signers(), [OWN_KEYS.0]);
    assert_eq!(call.proof.as_deref(), Some(POLICY));
    let shown = format!("{session:?} {call:?}");
    assert!(!shown.contains("session-secret") && !shown.contains(OWN_KEYS.1), "{shown}");
    assert_eq!(call.masked.len(), 2);
    let known_by = Issued::AssumedRole {
        role_arn: ROLE.to_owned(),
        session_name: "pangolin-alice".to_owned(),
        endpoint: Some("127.0.0.1".to_owned()),
    };
    assert_eq!(call.issued, [known_by]);
}

#[test]
fn awss_own_sts_needs_no_name() {
    for (endpoint, name) in [
        (None, None),
        (Some("https://sts.eu-west-1.amazonaws.com"), None),
        (Some("https://sts.cn-north-1.amazonaws.com.cn"), None),
        (Some("https://minio.example:9000"), Some("minio.example")),
        (Some("https://sts.amazonaws.com.evil.example"), Some("sts.amazonaws.com.evil.example")),
    ] {
        let service = sts(StsSettings { region: Some("eu-west-1".into()), ..StsSettings::default() });
        let asked = AssumeRole { endpoint: endpoint.map(str::to_owned), ..ask(slots()) };
        assert_eq!(service.issuer(&asked).as_deref(), name, "{endpoint:?}");
    }
}

#[tokio::test]
async fn the_hosts_identity_sends_the_external_id_that_belongs_to_the_role() {
    let fake = FakeSts::start(Answer::Session).await;
    let service = operators(&fake);
    service.assume_role(&mut hosts().build(), ask(Base::Host)).await.unwrap();
    service.assume_role(&mut hosts().build(), ask(Base::Host)).await.unwrap();
    assert_eq!(fake.signers(), [HOST_KEYS.0, HOST_KEYS.0]);
    assert_eq!(fake.forms()[0]["ExternalId"], format!("pangolin-{}", testing::TENANT));

    let operator = "arn:aws:iam::123456789012:role/operator";
    let settings =
        StsSettings { role_arn: Some(operator.into()), external_id: Some("op-id".into()), ..service.settings.clone() };
    let service = sts(settings);
    service
        .assume_role(&mut hosts().build(), AssumeRole { role_arn: operator.into(), ..ask(Base::Host) })
        .await
        .unwrap();
    assert_eq!(fake.forms()[2]["ExternalId"], "op-id");
    let stolen = AssumeRole { external_id: Some("op-id".into()), ..ask(Base::Host) };
    assert_eq!(refused(&service, &mut hosts().build(), stolen).await.code, "external-id-refused");
    assert_eq!(fake.forms().len(), 3);
}

#[tokio::test]
async fn a_wider_policy_is_refused_before_anything_is_sent() {
    let fake = FakeSts::start(Answer::Session).await;
    let service = operators(&fake);
    for policy in [
        POLICY.replace("orders/*", "*"),
        POLICY.replace("orders/*", "orders2/*"),
        POLICY.replace("s3:GetObject", "s3:PutObject"),
        POLICY.replace("s3:GetObject", "s3:*"),
        r#"{"Version":"2012-10-17"}"#.to_owned(),
        "x".to_owned(),
    ] {
        let mut call = own().build();
        let error = refused(&service, &mut call, AssumeRole { policy: policy.clone(), ..ask(slots()) }).await;
        assert_eq!((error.kind, error.code.as_str()), (StrategyErrorKind::Denied, "policy-too-wide"), "{policy}");
        assert_eq!(call.proof, None);
    }
    for policy in [String::new(), POLICY.replace("orders", "örders")] {
        let error = refused(&service, &mut own().build(), AssumeRole { policy, ..ask(slots()) }).await;
        assert_eq!(error.code, "policy-required");
    }
    assert!(fake.forms().is_empty());
}

#[tokio::test]
async fn no_role_is_assumed_for_a_url() {
    let fake = FakeSts::start(Answer::Session).await;
    let object = Some(pangolin_core::location::Location::parse("s3://lake/sales/orders/a").unwrap());
    let mut call = Call { object, ..own().build() };
    assert_eq!(refused(&operators(&fake), &mut call, ask(slots())).await.code, "not-authorised");
}

#[tokio::test]
async fn the_hosts_identity_is_no_deputy_for_others() {
    let fake = FakeSts::start(Answer::Session).await;
    let service = operators(&fake);
    let code = async |mut call: Call, request: AssumeRole| refused(&service, &mut call, request).await.code;
    assert_eq!(code(own().build(), ask(Base::Host)).await, "host-identity-not-used");
    let mut ungranted = hosts().build();
    ungranted.may_use_host_identity = false;
    assert_eq!(code(ungranted, ask(Base::Host)).await, "host-identity-not-granted");
    let other_role = AssumeRole { role_arn: "arn:aws:iam::123456789012:role/other".into(), ..ask(Base::Host) };
    assert_eq!(code(hosts().build(), other_role).await, "role-not-configured");
    let endpoint = AssumeRole { endpoint: Some(fake.url()), ..ask(Base::Host) };
    assert_eq!(code(hosts().build(), endpoint).await, "endpoint-with-host-identity");
    let foreign =
        AssumeRole { external_id: Some("pangolin-00000000-0000-0000-0000-0000000000ff".into()), ..ask(Base::Host) };
    assert_eq!(code(hosts().build(), foreign).await, "external-id-refused");
    let mut unauthorised = hosts().build();
    unauthorised.authorised = None;
    assert_eq!(code(unauthorised, ask(Base::Host)).await, "not-authorised");
    assert!(fake.forms().is_empty());
}

#[tokio::test]
async fn slots_must_allow_sts_and_have_values() {
    let fake = FakeSts::start(Answer::Session).await;
    let service = operators(&fake);
    let s3 = [SecretUse::Sigv4("s3".into())];
    let mut wrong_use = testing::call()
        .secret("access_key_id", "a", &s3)
        .secret("secret_access_key", "b", &s3)
        .vend(Access::READ)
        .build();
    assert_eq!(refused(&service, &mut wrong_use, ask(slots())).await.code, "slot-not-allowed");
    let mut empty = own().secret("secret_access_key", "", &[SecretUse::Sigv4("sts".into())]).build();
    assert_eq!(refused(&service, &mut empty, ask(slots())).await.code, "secret-missing");
    assert!(fake.forms().is_empty());
}

#[tokio::test]
async fn keys_go_to_the_servers_of_their_fields_only() {
    let fake = FakeSts::start(Answer::Session).await;
    let service = sts(StsSettings { region: Some("eu-west-1".into()), ..StsSettings::default() });
    let ask = || AssumeRole { endpoint: Some(fake.url()), ..ask(slots()) };
    let granted = [HostPattern::OfField("sts_endpoint".into()), HostPattern::OfField("vms".into())];
    let call = |only_to: &str| {
        let mut call = own().config("sts_endpoint", fake.url()).hosts(&granted).build();
        let mut fields = call.fields.to_vec();
        for field in &mut fields {
            field.secret_hosts = vec![HostPattern::OfField(only_to.to_owned())];
        }
        call.fields = fields.into();
        call
    };
    assert_eq!(refused(&service, &mut call("vms"), ask()).await.code, "slot-not-allowed");
    assert!(service.assume_role(&mut call("sts_endpoint"), ask()).await.is_ok());
}

#[tokio::test]
async fn a_warehouses_endpoint_is_granted_and_passes_the_egress_policy() {
    let fake = FakeSts::start(Answer::Session).await;
    let service = sts(StsSettings { region: Some("eu-west-1".into()), ..StsSettings::default() });
    let at = |endpoint: &str| AssumeRole { endpoint: Some(endpoint.to_owned()), ..ask(slots()) };
    assert_eq!(refused(&service, &mut own().build(), at(&fake.url())).await.code, "host-not-granted");
    let granted =
        || own().config("sts_endpoint", fake.url()).hosts(&[HostPattern::OfField("sts_endpoint".into())]).build();
    for endpoint in ["http://10.0.0.1/", "http://169.254.169.254/", "http://example.com/", "ftp://x/", "x"] {
        assert_eq!(refused(&service, &mut granted(), at(endpoint)).await.code, "egress-denied", "{endpoint}");
    }
    assert_eq!(refused(&service, &mut granted(), at("https://evil.example/")).await.code, "host-not-granted");
    service.assume_role(&mut granted(), at(&fake.url())).await.unwrap();
    assert_eq!(fake.signers(), [OWN_KEYS.0]);
}

#[tokio::test]
async fn malformed_requests_are_refused_before_anything_is_sent() {
    let fake = FakeSts::start(Answer::Session).await;
    let service = operators(&fake);
    for (request, code) in [
        (AssumeRole { session_name: "a".into(), ..ask(slots()) }, "session-name-invalid"),
        (AssumeRole { session_name: "a b".into(), ..ask(slots()) }, "session-name-invalid"),
        (AssumeRole { session_name: "x".repeat(65), ..ask(slots()) }, "session-name-invalid"),
        (AssumeRole { duration_seconds: 899, ..ask(slots()) }, "duration-out-of-range"),
        (AssumeRole { duration_seconds: 43_201, ..ask(slots()) }, "duration-out-of-range"),
        (AssumeRole { role_arn: "role".into(), ..ask(slots()) }, "role-invalid"),
        (AssumeRole { external_id: Some("a b".into()), ..ask(slots()) }, "external-id-invalid"),
        (AssumeRole { region: Some("EU".into()), ..ask(slots()) }, "region-invalid"),
        (AssumeRole { tags: vec![(String::new(), "x".into())], ..ask(slots()) }, "session-tags-invalid"),
        (AssumeRole { policy: format!("{POLICY}{}", " ".repeat(2048)), ..ask(slots()) }, "policy-too-large"),
    ] {
        assert_eq!(refused(&service, &mut own().build(), request).await.code, code);
    }
    assert!(fake.forms().is_empty());
}

#[tokio::test]
async fn faults_of_sts_get_their_code() {
    for (answer, code, kind) in [
        (Answer::fault(403, "AccessDenied", "User is not authorized"), "role-not-assumable", StrategyErrorKind::Denied),
        (Answer::fault(403, "InvalidClientTokenId", "x"), "base-key-unknown", StrategyErrorKind::InvalidConfig),
        (Answer::fault(403, "ExpiredToken", "x"), "base-credentials-expired", StrategyErrorKind::InvalidConfig),
        (
            Answer::fault(400, "PackedPolicyTooLarge", "Packed size consumes 132% of"),
            "policy-too-large",
            StrategyErrorKind::Unsupported,
        ),
        (Answer::fault(403, "RegionDisabledException", "x"), "region-disabled", StrategyErrorKind::InvalidConfig),
        (Answer::S3Fault(403, "AccessDenied"), "role-not-assumable", StrategyErrorKind::Denied),
        (Answer::Raw("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"), "sts-fault", StrategyErrorKind::Upstream),
        (
            Answer::Raw("HTTP/1.1 302 Found\r\nlocation: http://10.0.0.1/\r\ncontent-length: 0\r\n\r\n"),
            "sts-fault",
            StrategyErrorKind::Upstream,
        ),
    ] {
        let fake = FakeSts::start(answer).await;
        let mut call = own().build();
        let error = refused(&operators(&fake), &mut call, ask(slots())).await;
        assert_eq!((error.code.as_str(), error.kind), (code, kind), "{error}");
        assert_eq!(fake.forms().len(), 1, "{code}");
        assert!(call.issued.is_empty(), "{code}");
        assert!(!error.message.contains(OWN_KEYS.1), "{error}");
    }
}

#[tokio::test]
async fn an_error_that_repeats_a_secret_is_masked() {
    let fake = FakeSts::start(Answer::fault(400, "Odd", &format!("you sent {}", OWN_KEYS.1))).await;
    let error = refused(&operators(&fake), &mut own().build(), ask(slots())).await;
    assert!(error.message.contains("<redacted>") && !error.message.contains(OWN_KEYS.1), "{error}");
}

#[tokio::test]
async fn wrong_keys_are_told_from_unknown_ones() {
    let fake = FakeSts::start(Answer::Session).await;
    let uses = [SecretUse::Sigv4("sts".into())];
    let wrong = |id: &str, secret: &str| {
        testing::call()
            .secret("access_key_id", id, &uses)
            .secret("secret_access_key", secret, &uses)
            .vend(Access::READ)
            .build()
    };
    let service = operators(&fake);
    assert_eq!(
        refused(&service, &mut wrong(OWN_KEYS.0, "another-secret"), ask(slots())).await.code,
        "base-secret-wrong"
    );
    assert_eq!(refused(&service, &mut wrong("AKIDUNKNOWN", "x-secret-x"), ask(slots())).await.code, "base-key-unknown");
}

#[tokio::test]
async fn throttling_is_tried_again_in_bounds() {
    let fake = FakeSts::start(Answer::fault(400, "Throttling", "Rate exceeded")).await;
    let error = refused(&operators(&fake), &mut own().build(), ask(slots())).await;
    assert_eq!((error.kind, error.code.as_str()), (StrategyErrorKind::Throttled, "throttled"));
    assert_eq!(fake.forms().len(), 3);
}

#[tokio::test]
async fn an_unreachable_or_silent_sts_is_unavailable() {
    let gone = sts(StsSettings { endpoint: Some("http://127.0.0.1:9/".parse().unwrap()), ..StsSettings::default() });
    let error = refused(&gone, &mut own().build(), ask(slots())).await;
    assert_eq!((error.kind, error.code.as_str()), (StrategyErrorKind::Unavailable, "sts-unreachable"), "{error}");
    let silent = FakeSts::start(Answer::Raw("")).await;
    let mut call = own().build();
    call.deadline = tokio::time::Instant::now() + Duration::from_millis(100);
    let error = refused(&operators(&silent), &mut call, ask(slots())).await;
    assert_eq!((error.kind, error.code.as_str()), (StrategyErrorKind::Unavailable, "sts-unreachable"), "{error}");
}

#[tokio::test]
async fn a_host_without_identity_says_so() {
    #[derive(Debug)]
    struct Nobody;
    impl aws_credential_types::provider::ProvideCredentials for Nobody {
        fn provide_credentials<'a>(&'a self) -> aws_credential_types::provider::future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let error = aws_credential_types::provider::error::CredentialsError::not_loaded("none");
            aws_credential_types::provider::future::ProvideCredentials::ready(Err(error))
        }
    }
    let fake = FakeSts::start(Answer::Session).await;
    let base = operators(&fake);
    let clock = Arc::new(ManualClock::at(UnixMillis(NOW_MS)));
    let service =
        Sts::with_identity(base.egress.clone(), base.settings.clone(), clock, SharedCredentialsProvider::new(Nobody));
    let error = refused(&service, &mut hosts().build(), ask(Base::Host)).await;
    assert_eq!((error.kind, error.code.as_str()), (StrategyErrorKind::Unavailable, "host-identity-missing"), "{error}");
    assert!(fake.forms().is_empty());
}
