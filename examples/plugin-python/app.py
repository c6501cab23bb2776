"""VaultAws: AWS credentials of HashiCorp Vault's AWS secrets engine.

What the host sees. What is said to Vault, and what its answers mean, stands in `vault.py`, which
needs no host and is tested with Python alone.
"""

import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.strategy import (
    ConfigProblem,
    Description,
    Field,
    FieldKind,
    HostPattern_OfField,
    Scoping,
    SecretUse_Header,
)
from wit_world.imports import clock, http
from wit_world.imports.types import Access, Credential, Entry, ErrorKind, Value_Plain, VendError

import vault

# What the host's refusal to send means to the caller.
FAILURES = {
    http.FailureKind.DENIED: ("denied", "egress-denied"),
    http.FailureKind.INVALID: ("invalid-config", "invalid-config"),
    http.FailureKind.DNS: ("unavailable", "vault-unreachable"),
    http.FailureKind.CONNECT: ("unavailable", "vault-unreachable"),
    http.FailureKind.TIMEOUT: ("unavailable", "vault-timeout"),
    http.FailureKind.TLS: ("upstream", "vault-tls"),
}


def field(name: str, help: str, **more) -> Field:
    given = dict(aliases=[f"vault.{name}"], kind=FieldKind.TEXT, required=False, default=None, choices=[], example=None)
    given |= dict(secret_uses=[], secret_hosts=[], destination=False, extensions=[])
    return Field(name=name, help=help, **(given | more))


FIELDS = [
    field("vault_addr", "Address of Vault", aliases=["vault.address"], kind=FieldKind.URL, required=True, destination=True,
          example="https://vault.example.com:8200"),
    field("vault_token", "Token that may update sts/<role> of the mount. It stays in the host", aliases=["vault.token"],
          required=True, secret_uses=[SecretUse_Header("X-Vault-Token")], secret_hosts=[HostPattern_OfField("vault_addr")]),
    field("read_role", "Vault role whose policy reads", required=True, example="lake-read"),
    field("write_role", "Vault role whose policy reads, writes and deletes", required=True, example="lake-write"),
    field("mount", "Where the AWS secrets engine is mounted", default="aws"),
    field("namespace", "Vault namespace (Enterprise)", example="data/lake"),
    field("ca_certificate", "PEM certificates to trust instead of the system's"),
]


class Strategy(exports.Strategy):
    def describe(self) -> Description:
        return Description(
            name="VaultAws",
            version="0.1.0",
            summary="AWS credentials of a HashiCorp Vault role",
            schemes=["s3"],
            # The policies of the two roles decide where a credential opens.
            scoping=Scoping.ACCESS_ONLY,
            scoping_rules=[],
            fields=FIELDS,
            hosts=[HostPattern_OfField("vault_addr")],
            # What AWS allows for a session of a role.
            max_ttl_seconds=43200,
            min_ttl_seconds=900,
            extensions=[],
        )

    def check_config(self, configuration) -> None:
        found = vault.problems(json.loads(configuration.fields), configuration.slots)
        if found:
            raise Err([ConfigProblem(field, message) for field, message in found])

    def vend(self, request) -> list[Credential]:
        config = json.loads(request.configuration.fields)
        try:
            vault.require(config, request.configuration.slots)
            # A role opens what it opens: one credential stands for all scopes, if they ask for one access.
            role = vault.role(config, [_rights(scope.access) for scope in request.scopes])
            began = clock.now_ms()
            answer = _send(config, vault.request(config, role, request.ttl_seconds, request.principal))
            keys, seconds = vault.credential(role, *answer)
        except vault.Refused as refused:
            kind = ErrorKind[refused.kind.replace("-", "_").upper()]
            raise Err(VendError(kind, refused.code, refused.message, refused.retry_after_ms)) from None
        # A role may give less than was asked for. More the host does not take.
        ends = began + 1000 * seconds
        entries = [Entry(key, Value_Plain(value)) for key, value in keys.items()]
        return [Credential(request.scopes[0].location, entries, ends, None, [])]


def _rights(access: Access) -> tuple[bool, bool, bool]:
    return Access.READ in access, Access.WRITE in access, Access.DELETE in access


def _send(config: dict, asked: vault.Request) -> tuple[int, list[tuple[str, str]], bytes]:
    """Through the host, which checks the address and puts the token into its header."""
    auth = http.Auth_Header(("X-Vault-Token", "vault_token"))
    trust = "ca_certificate" if config.get("ca_certificate") else None
    try:
        answer = http.send(http.Request("POST", asked.url, asked.headers, asked.body, auth, [], trust, None))
    except Err as failure:
        kind, code = FAILURES.get(failure.value.kind, ("upstream", "vault-protocol"))
        raise vault.Refused(kind, code, f"Vault did not answer: {failure.value.message}") from None
    return answer.status, answer.headers, answer.body
