//! True and false cases by table, and rules by chance.
//!
//! The credentials are put together from parts, so that no scanner finds them in this file.

mod files;
mod laws;
pub(super) mod work;

use super::CredentialKind::{self, *};
use super::*;

/// Characters that look drawn by lot, the same at each call.
fn drawn(alphabet: &str, length: usize) -> String {
    let alphabet: Vec<char> = alphabet.chars().collect();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap()
    };
    (0..length).map(|_| alphabet[next() % alphabet.len()]).collect()
}

const BASE62: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const CAPITALS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HEX: &str = "0123456789abcdef";

/// Field, text, kind.
fn credentials() -> Vec<(&'static str, String, CredentialKind)> {
    let word = |length| drawn(BASE62, length);
    let block = |head: &str| format!("-----BEGIN {head}-----\n{}\n-----END {head}-----\n", drawn(BASE64, 64));
    let jwt = format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.{}", word(43));
    let google = format!(
        r#"{{"type": "service_account", "client_email": "a@b.iam", "private_key": "{}"}}"#,
        block("PRIVATE KEY").replace('\n', "\\n")
    );
    vec![
        ("x", format!("AKIA{}", drawn(CAPITALS, 16)), AwsAccessKeyId),
        ("x", format!("key ASIA{}, and more", drawn(CAPITALS, 16)), AwsAccessKeyId),
        ("x", drawn(BASE64, 40), HighEntropy),
        ("aws_secret_access_key", drawn(BASE64, 40), SecretField),
        ("x", block("PRIVATE KEY"), PrivateKey),
        ("x", block("RSA PRIVATE KEY"), PrivateKey),
        ("x", block("OPENSSH PRIVATE KEY"), PrivateKey),
        ("x", block("ENCRYPTED PRIVATE KEY"), PrivateKey),
        ("x", "-----BEGIN PRIVATE KEY-----".to_owned(), PrivateKey),
        ("public_key", block("EC PRIVATE KEY"), PrivateKey),
        ("x", format!("AGE-SECRET-KEY-1{}", drawn(CAPITALS, 58)), PrivateKey),
        // The first bytes of PKCS#8 of Ed25519, with the length that they say.
        ("x", format!("MC4CAQAwBQYDK2VwBCIEI{}=", drawn(BASE62, 42)), PrivateKey),
        ("x", jwt.clone(), Jwt),
        ("certificate", jwt, Jwt),
        ("x", google, GoogleServiceAccount),
        ("x", format!("AIza{}", word(35)), GoogleApiKey),
        ("x", format!("ya29.{}", word(60)), GoogleToken),
        ("x", format!("{}==", drawn(BASE64, 86)), AzureAccountKey),
        ("x", format!("aB3{}Q~{}", 8, word(34)), AzureClientSecret),
        ("x", format!("?sv=2024-11-04&ss=b&se=2027-01-01&sig={}%3D", drawn(BASE62, 43)), AzureSas),
        ("x", "jdbc:sqlserver://db:1433;user=sa;password=hunter2".to_owned(), ConnectionString),
        ("x", "jdbc:oracle:thin:scott/tiger@//db:1521/lake".to_owned(), DatabaseUrl),
        ("x", "jdbc:snowflake://a.example/?user=ada&private_key_pwd=hunter2".to_owned(), UrlPassword),
        ("x", "jdbc:databricks://a.example:443;AuthMech=3;UID=token;PWD=hunter2".to_owned(), ConnectionString),
        (
            "x",
            format!("DefaultEndpointsProtocol=https;AccountName=a;AccountKey={}==", drawn(BASE64, 86)),
            ConnectionString,
        ),
        ("x", "Server=db;User Id=sa;Password=hunter2;".to_owned(), ConnectionString),
        ("x", format!("ghp_{}", word(36)), GithubToken),
        ("x", format!("github_pat_{}", word(60)), GithubToken),
        ("x", format!("glpat-{}", word(20)), GitlabToken),
        ("x", format!("xoxb-{}-{}", drawn("0123456789", 12), word(24)), SlackToken),
        ("x", format!("https://hooks.slack.com/services/T{}/B{}/{}", word(8), word(8), word(24)), SlackToken),
        ("x", format!("sk_live_{}", word(24)), StripeKey),
        ("x", format!("pgl_{}", drawn(HEX, 64)), PangolinApiKey),
        ("x", format!("hvs.{}", word(24)), ServiceToken),
        ("x", "https://ada:hunter2@example.com/x".to_owned(), UrlPassword),
        ("x", "https://ada:hun/ter2@example.com/x".to_owned(), UrlPassword),
        ("x", "see https://example.com/x?access_token=hunter2".to_owned(), UrlPassword),
        ("DATABASE_URL", "postgres://ada:hunter2@db:5432/lake".to_owned(), DatabaseUrl),
        ("x", "jdbc:postgresql://db/lake?user=ada&password=hunter2".to_owned(), DatabaseUrl),
        ("x", format!("https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature={}", drawn(HEX, 64)), SignedUrl),
        ("x", format!("Authorization: Bearer {}", word(32)), AuthorizationHeader),
        ("password", "changeme".to_owned(), SecretField),
        ("password", "x".to_owned(), SecretField),
        ("adminPassword", "12345678".to_owned(), SecretField),
        ("DB_PASS", "hunter2".to_owned(), SecretField),
        ("client-secret", "not ${a} template but more".to_owned(), SecretField),
        ("s3.secret-access-key", "minio123".to_owned(), SecretField),
        ("apiKey", "abc".to_owned(), SecretField),
        ("APIKey", "abc".to_owned(), SecretField),
        ("api_key_2", "abc".to_owned(), SecretField),
        ("sas_token", "abc".to_owned(), SecretField),
        ("credential", "id:abc".to_owned(), SecretField),
        ("private_key", "abc".to_owned(), SecretField),
        ("x", drawn(BASE62, 32), HighEntropy),
        ("x", format!("{}=", drawn(BASE64, 43)), HighEntropy),
        ("x", format!("before {} after", drawn(BASE62, 48)), HighEntropy),
    ]
}

/// Field and text of what is no credential.
fn harmless() -> Vec<(&'static str, String)> {
    let pem = |head: &str| format!("-----BEGIN {head}-----\n{}\n-----END {head}-----\n", drawn(BASE64, 64));
    let texts = [
        ("password", ""),
        ("password", "  "),
        ("password", "${DB_PASSWORD}"),
        ("password", "$DB_PASSWORD"),
        ("password", "\"${DB_PASSWORD:-}\""),
        ("password", "{{ .Values.password }}"),
        ("password", "{password}"),
        ("password", "<your password>"),
        ("password", "<redacted>"),
        ("password", "********"),
        ("password", "$(cat /run/secrets/db)"),
        ("password", "%(db_password)s"),
        ("password", "${{ secrets.DB }}"),
        ("password", "null"),
        ("token", "Bearer ${TOKEN}"),
        ("secret", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:lake-AbCdEf"),
        ("secret", "vault:secret/data/lake#key"),
        ("secret", "op://vault/item/field"),
        ("private_key", "/etc/tls/key.pem"),
        ("private_key", "certs/server.key"),
        ("secret_ref", "lake-key"),
        ("secretName", "lake-key"),
        ("password_file", "/run/secrets/db"),
        ("token_lifetime", "3600"),
        ("token_uri", "https://oauth2.googleapis.com/token"),
        ("max_tokens", "4096"),
        ("next_page_token", "abc"),
        ("nextPageToken", "abc"),
        ("partition_key", "day"),
        ("primaryKey", "id"),
        ("public_key", "abc"),
        ("kms_key_arn", "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
        ("use_password", "true"),
        ("id", "550e8400-e29b-41d4-a716-446655440000"),
        ("x", "550E8400-E29B-41D4-A716-446655440000"),
        ("role_arn", "arn:aws:iam::123456789012:role/PangolinDataAccess2026Q3ReadOnlyForLake"),
        ("x", "AKIAIOSFODNN7EXAMPLE"),
        ("x", "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
        ("x", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("x", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("url", "https://example.com:8443/a/b?page=2#top"),
        ("url", "postgres://ada@db/lake"),
        ("url", "jdbc:sqlserver://db:1433;user=sa;password=${PW}"),
        ("url", "jdbc:oracle:thin:@//db:1521/lake"),
        ("url", "jdbc:oracle:thin:scott/${PW}@//db:1521/lake"),
        ("url", "jdbc:postgresql://db/lake?user=ada&sslmode=require"),
        ("password", "ENC[AES256_GCM,data:p673w==,iv:YY=,tag:UQ==,type:str]"),
        ("password", "$ANSIBLE_VAULT;1.1;AES256\n6231"),
        ("url", "postgres://ada:${PGPASSWORD}@db/lake"),
        ("url", "https://github.com/owner/repo/tree/main@v2"),
        ("x", "http://localhost:8080/x@y"),
        ("location", "s3://my-data-bucket/Warehouse2026/Sales/Orders/part-00000-1f2e3d4c.parquet"),
        ("x", "/Var/Lib2/Data3/Some-Long_Path4/With5/Many6/Parts7/And8/More9"),
        ("class", "org.apache.iceberg.aws.s3.S3FileIOAwsClientFactoryV2Impl3"),
        ("x", "ParallelGarbageCollectorThreadsOfTheSecondGeneration2"),
        ("x", "my-Data-Bucket-2024-Eu-Central-1-Replica-2"),
        ("x", "must be -----BEGIN PRIVATE KEY-----…"),
        ("help", "HTTP Basic authentication, or a Bearer token"),
        ("integrity", "sha512-"),
        ("x", "pgl_abcdef"),
        ("x", "glpat-short"),
    ];
    let mut all: Vec<(&'static str, String)> = texts.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    all.extend([
        ("integrity", format!("sha512-{}==", drawn(BASE64, 86))),
        ("x", format!("sha512-{}==", drawn(BASE64, 86))),
        ("digest", format!("{}==", drawn(BASE64, 86))),
        ("public_key", drawn(BASE64, 44)),
        ("account_id", drawn(BASE62, 32)),
        ("etag", drawn(BASE62, 40)),
        ("x", pem("CERTIFICATE")),
        ("x", pem("PUBLIC KEY")),
        ("x", format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{} ada@home", drawn(BASE62, 43))),
        ("x", format!("MCowBQYDK2VwAyEA{}=", drawn(BASE62, 43))),
        ("x", drawn(HEX, 64)),
        ("x", drawn("0123456789", 40)),
        ("x", drawn("abcdefghijklmnopqrstuvwxyz", 40)),
    ]);
    all
}

#[test]
fn every_kind_is_found() {
    for (name, text, kind) in credentials() {
        assert_eq!(in_field(name, &text), Some(kind), "{name} = {text}");
    }
}

#[test]
fn what_is_no_credential_is_left_alone() {
    for (name, text) in harmless() {
        assert_eq!(in_field(name, &text), None, "{name} = {text}");
    }
}

#[test]
fn a_form_is_found_under_any_name_and_amid_a_text() {
    for (name, text, kind) in credentials() {
        if matches!(kind, SecretField | HighEntropy) {
            assert_eq!(in_text(&text), None, "{name} = {text}");
            continue;
        }
        assert_eq!(in_text(&text), Some(kind), "{text}");
        // A head without its key is only telling where a file is read line by line.
        if text.lines().count() > 1 || !text.starts_with("-----") {
            assert_eq!(in_text(&format!("note: \"{text}\"")), Some(kind), "{text}");
        }
    }
    for (name, text) in harmless().into_iter().filter(|(name, _)| *name != "digest") {
        assert_eq!(in_text(&text), None, "{name} = {text}");
    }
}

#[test]
fn a_json_value_is_looked_through() {
    let found = |value: Value| in_value("policy", &value);
    assert_eq!(
        found(serde_json::json!({"a": [{"password": "x"}]})),
        Some(("policy.a[0].password".into(), SecretField))
    );
    assert_eq!(found(serde_json::json!({"password": {"secret_ref": "lake-key"}})), None);
    assert_eq!(found(serde_json::json!(["arn:aws:kms:eu-central-1:123456789012:key/a"])), None);
    assert_eq!(found(serde_json::json!({"password": 12345678})), Some(("policy.password".into(), SecretField)));
    assert_eq!(found(serde_json::json!({"password": true, "token": null})), None);
}

#[test]
fn a_kind_has_a_text_of_its_own() {
    let kinds = credentials().into_iter().map(|(_, _, kind)| kind.to_string());
    assert!(kinds.clone().all(|text| !text.is_empty()));
    let mut texts: Vec<String> = kinds.collect();
    texts.sort();
    texts.dedup();
    assert!(texts.len() >= 20, "{texts:?}");
}
