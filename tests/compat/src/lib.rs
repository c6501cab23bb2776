//! Compat: uses every function of the contract once, as its warehouse's `way` says. Built at each freeze of `wit/`
//! and kept as a component, which every later host must load and run.

use pangolin_plugin_sdk::http::{Auth, Request};
use pangolin_plugin_sdk::leases::{Claim, Leases, RecoverRequest, Recovery, RevokeRequest, Revoked};
use pangolin_plugin_sdk::presign::{Presign, PresignRequest, Presigned};
use pangolin_plugin_sdk::{
    Config, Credential, Description, ErrorKind, Field, FieldKind, HostPattern, KeySlots, Problem, SecretUse, Strategy,
    VendError, VendRequest, azure, clock, crypto, export, gcp, http, log, signing, sts,
};

const SERVER: HostPattern = HostPattern::OfField("server_url");

const FIELDS: &[Field] = &[
    Field::text("way", "Which interface mints")
        .choices(&["http", "sts", "azure", "gcp", "plain"])
        .default("plain")
        .example("http"),
    Field::new("server_url", FieldKind::Url, "Server of whatever is asked").destination(),
    Field::secret("access_key_id", &[SecretUse::Sigv4("sts"), SecretUse::Sigv4("s3")], "Base key"),
    Field::secret("secret_access_key", &[SecretUse::Sigv4("sts"), SecretUse::Sigv4("s3")], "Its secret"),
    Field::secret("api_key", &[SecretUse::Bearer], "Key of the server").only_to(&[SERVER]),
    Field::secret("account_key", &[SecretUse::AzureSas], "Key of the storage account"),
    Field::secret("service_account_key", &[SecretUse::JwtAssertion], "JSON key of a service account"),
];

const DESCRIPTION: Description = Description::new("Compat", "1.0.0", "Uses every interface of the contract")
    .schemes(&["s3", "abfss", "gs"])
    .exact()
    .fields(FIELDS)
    .hosts(&[SERVER, HostPattern::Literal("oauth2.googleapis.com"), HostPattern::Literal("sts.googleapis.com")])
    .ttl_seconds(60, 43_200);

/// The strategy.
#[derive(Debug)]
pub struct Compat;

impl Strategy for Compat {
    fn describe() -> Description {
        DESCRIPTION
    }

    fn check_config(config: &Config) -> Result<(), Vec<Problem>> {
        match config.text("way") {
            Some("http" | "sts") if config.text("server_url").is_none() => Err(vec![Problem::missing("server_url")]),
            _ => Ok(()),
        }
    }

    fn vend(request: VendRequest) -> Result<Vec<Credential>, VendError> {
        log::info(&format!("asked for {} scopes", request.scopes.len()));
        let salt = crypto::random_bytes(16);
        let mark = crypto::hex(&crypto::hmac_sha256(&salt, &crypto::sha256(request.table.as_bytes())));
        let end = clock::now_ms() + u64::from(request.ttl_seconds) * 1000;
        let scope = request.scopes.first().ok_or_else(|| internal("no-scope"))?;
        let credential = Credential::new(&scope.location);
        let credential = match request.config.text("way").unwrap_or("plain") {
            "http" => {
                let answer = Request::new("POST", request.config.required("server_url")?)
                    .header("content-type", "text/plain")
                    .body(scope.location.clone())
                    .auth(Auth::Bearer { slot: "api_key".to_owned() })
                    .send()?;
                credential.plain("s3.session-token", text(&answer)?).expires_at_ms(end)
            }
            "sts" => session(&request, credential)?,
            "azure" => {
                let sas = azure::sign_sas(azure::SasRequest {
                    signer: azure::Signer::AccountKey("account_key".to_owned()),
                    resource: azure::SasResource::Directory,
                    location: scope.location.clone(),
                    permissions: "rl".to_owned(),
                    starts_at_ms: None,
                    expires_at_ms: end,
                    correlation_id: None,
                })?;
                credential.plain("adls.sas-token", sas.token).expires_at_ms(sas.expires_at_ms)
            }
            "gcp" => {
                let token = gcp::downscope(gcp::Downscope {
                    principal: gcp::Principal::ServiceAccountKey("service_account_key".to_owned()),
                    endpoints: gcp::Endpoints::default(),
                    boundary: boundary(&scope.location)?,
                })?;
                credential.plain("gcs.oauth2.token", token.token).expires_at_ms(token.expires_at_ms)
            }
            _ => credential.plain("s3.session-token", mark).expires_at_ms(end),
        };
        Ok(vec![credential.handle("handle-1")])
    }
}

fn session(request: &VendRequest, credential: Credential) -> Result<Credential, VendError> {
    let parts = request.scopes.first().and_then(|scope| scope.parts()).ok_or_else(|| internal("location"))?;
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::{}/{}*"]}}]}}"#,
        parts.authority, parts.key
    );
    let keys = KeySlots::of(&request.config)?.ok_or_else(|| internal("no-keys"))?;
    let session = sts::assume_role(sts::AssumeRole {
        base: sts::Base::Slots(keys),
        role_arn: "arn:aws:iam::123456789012:role/compat".to_owned(),
        session_name: "compat".to_owned(),
        external_id: None,
        duration_seconds: request.ttl_seconds.max(900),
        policy,
        tags: Vec::new(),
        region: Some("eu-central-1".to_owned()),
        endpoint: request.config.text("server_url").map(str::to_owned),
    })?;
    Ok(credential
        .plain("s3.access-key-id", session.access_key_id)
        .plain("s3.secret-access-key", session.secret_access_key)
        .plain("s3.session-token", session.session_token)
        .expires_at_ms(session.expires_at_ms))
}

fn boundary(location: &str) -> Result<String, VendError> {
    let rest = location.strip_prefix("gs://").and_then(|rest| rest.split_once('/'));
    let (bucket, key) = rest.ok_or_else(|| internal("location"))?;
    let object = format!("resource.name.startsWith('projects/_/buckets/{bucket}/objects/{key}')");
    let list = format!("api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith('{key}')");
    Ok(format!(
        r#"{{"accessBoundary":{{"accessBoundaryRules":[{{"availableResource":"//storage.googleapis.com/projects/_/buckets/{bucket}","availablePermissions":["inRole:roles/storage.objectViewer"],"availabilityCondition":{{"expression":"{object} || {list}"}}}}]}}}}"#
    ))
}

impl Presign for Compat {
    fn presign(request: PresignRequest) -> Result<Presigned, VendError> {
        let path = request.location.strip_prefix("s3://").ok_or_else(|| internal("location"))?;
        let keys = KeySlots::of(&request.config)?.ok_or_else(|| internal("no-keys"))?;
        let url = signing::presign_s3(&signing::PresignS3 {
            keys,
            method: request.method,
            url: format!("https://s3.eu-central-1.amazonaws.com/{path}"),
            region: "eu-central-1".to_owned(),
            expires_in_seconds: request.expires_in_seconds,
        })?;
        let expires_at_ms = clock::now_ms() + u64::from(request.expires_in_seconds) * 1000;
        Ok(Presigned { url, headers: Vec::new(), expires_at_ms })
    }
}

impl Leases for Compat {
    fn claim(request: &VendRequest) -> Result<Claim, VendError> {
        Ok(Claim { resource: "compat".to_owned(), share: request.principal.clone(), capacity: 2 })
    }

    fn survey(_: &VendRequest, known: &[String]) -> Result<String, VendError> {
        Ok(known.join(","))
    }

    fn revoke(request: RevokeRequest) -> Result<Revoked, VendError> {
        Ok(if request.handle == "handle-1" { Revoked::Revoked } else { Revoked::Gone })
    }

    fn recover(request: RecoverRequest) -> Result<Recovery, VendError> {
        let found = vec![request.survey].into_iter().filter(|found| !found.is_empty()).collect();
        Ok(Recovery { found, undecided: request.known })
    }
}

fn text(answer: &http::Response) -> Result<String, VendError> {
    match (answer.status, String::from_utf8(answer.body.clone())) {
        (200, Ok(text)) => Ok(text),
        _ => Err(VendError::new(ErrorKind::Upstream, "server-refused", "the server refused")),
    }
}

fn internal(code: &'static str) -> VendError {
    VendError::new(ErrorKind::Internal, code, "the request cannot be served")
}

export!(Compat, presign, leases);
