"""What is said to Vault's AWS secrets engine, and what its answers mean. Pure.

https://developer.hashicorp.com/vault/api-docs/secret/aws#generate-credentials
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

READ = (True, False, False)
ALL = (True, True, True)


@dataclass
class Refused(Exception):
    """Becomes a `vend-error`; `kind` as the contract writes it."""

    kind: str
    code: str
    message: str
    retry_after_ms: int | None = None


@dataclass(frozen=True)
class Request:
    url: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


def problems(config: dict[str, Any], slots: list[str]) -> list[tuple[str, str]]:
    """Fields that cannot work, and why."""
    found = [] if "vault_token" in slots else [("vault_token", "vault_token is missing")]
    if not config.get("vault_addr"):
        found.append(("vault_addr", "vault_addr is missing"))
    for name in ("read_role", "write_role"):
        if not re.fullmatch(r"[\w.@-]+", str(config.get(name, ""))) or config[name].strip(".") == "":
            found.append((name, f"{name} is the name of a Vault role: letters, digits, '_', '-', '.' and '@'"))
    for name, text in (("mount", config.get("mount", "aws")), ("namespace", config.get("namespace", "root"))):
        if not all(re.fullmatch(r"[\w.@-]+", part) and part.strip(".") for part in str(text).strip("/").split("/")):
            found.append((name, f"{name} is a path, such as aws/production"))
    return found


def require(config: dict[str, Any], slots: list[str]) -> None:
    """The configuration was checked when the warehouse was made; what it is checked by may have changed since."""
    found = problems(config, slots)
    if found:
        raise Refused("invalid-config", "invalid-config", "; ".join(message for _, message in found))


def role(config: dict[str, Any], rights: list[tuple[bool, bool, bool]]) -> str:
    """The role for these rights. There are two, and nothing between them."""
    if all(held == READ for held in rights):
        return config["read_role"]
    if all(held == ALL for held in rights):
        return config["write_role"]
    raise Refused(
        "unsupported",
        "write-without-delete",
        "there is a role that reads, and one that reads, writes and deletes: for other rights either would be too wide "
        "or too narrow. Ask with ?access=read, or hold read, write and delete",
    )


def request(config: dict[str, Any], role: str, ttl_seconds: int, principal: str) -> Request:
    path = "/".join(quote(part, safe="") for part in str(config.get("mount", "aws")).strip("/").split("/"))
    url = f"{config['vault_addr'].rstrip('/')}/v1/{path}/sts/{quote(role, safe='')}"
    headers = [("content-type", "application/json"), ("X-Vault-Request", "true")]
    if config.get("namespace"):
        headers.append(("X-Vault-Namespace", config["namespace"].strip("/")))
    # Who asked, in CloudTrail: 2 to 64 of the characters that STS takes.
    name = re.sub(r"[^A-Za-z0-9_+=,.@-]", "-", principal)[:64]
    body = {"ttl": f"{ttl_seconds}s", "role_session_name": name if len(name) > 1 else f"pangolin-{name}"}
    return Request(url, headers, json.dumps(body).encode())


def credential(role: str, status: int, headers: list[tuple[str, str]], body: bytes) -> tuple[dict[str, str], int]:
    """Properties of the credential, and how many seconds it lives from the request on."""
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    answer = answer if isinstance(answer, dict) else {}
    if status != 200:
        raise _refused(role, status, headers, answer)
    data = answer.get("data") or {}
    # Older releases know the token by its first name only.
    token = data.get("session_token") or data.get("security_token")
    seconds = answer.get("lease_duration")
    if data.get("access_key") and data.get("secret_key") and not token:
        raise Refused(
            "invalid-config",
            "role-of-users",
            f"Vault's role '{role}' makes IAM users, whose keys outlive the credential: it must have the credential_type "
            "assumed_role, federation_token or session_token",
        )
    values = {"s3.access-key-id": data.get("access_key"), "s3.secret-access-key": data.get("secret_key")}
    values["s3.session-token"] = token
    if not all(isinstance(value, str) and value for value in values.values()):
        raise Refused("upstream", "vault-unreadable", "Vault answered without a whole credential")
    if not isinstance(seconds, int) or seconds <= 0:
        raise Refused("upstream", "vault-unreadable", "Vault answered without a lease_duration")
    return values, seconds


def _refused(role: str, status: int, headers: list[tuple[str, str]], answer: dict[str, Any]) -> Refused:
    errors = answer.get("errors")
    said = "; ".join(map(str, errors)) if isinstance(errors, list) else ""
    said = f" Vault answered {status}: {' '.join(said.split())[:500] or 'without a reason'}"
    after = next((value for name, value in headers if name.lower() == "retry-after"), "")
    after_ms = int(after) * 1000 if re.fullmatch(r"[0-9]{1,5}", after) else None
    match status:
        case 400 if "not found" in said:
            kind, code, text = "invalid-config", "role-unknown", f"Vault has no role '{role}' at this mount."
        case 400:
            kind, code, text = "invalid-config", "request-refused", f"Vault refuses the request for role '{role}'."
        case 403:
            kind, code, text = "denied", "token-refused", (
                f"Vault refuses vault_token: it is over, or its policy does not let it update sts/{role}; check namespace."
            )
        case 404:
            kind, code, text = "invalid-config", "mount-unknown", "Vault has no AWS secrets engine there: check mount and namespace."
        case 412 | 472 | 473:
            kind, code, text = "unavailable", "vault-standby", "This Vault stands by for another: give the address of the active one."
        case 429:
            kind, code, text = "throttled", "vault-throttled", "Vault asks for patience."
        case 502 | 503 | 504:
            kind, code, text = "unavailable", "vault-sealed", "Vault is sealed, or not available at the moment."
        case _ if 300 <= status < 400:
            kind, code, text = "unavailable", "vault-standby", "Vault leads elsewhere: give the address of the active one."
        case _ if status >= 500:
            # Among them what AWS refused to Vault.
            kind, code, text = "upstream", "vault-fault", "Vault failed."
        case _:
            kind, code, text = "upstream", "vault-unreadable", "Vault's answer has no meaning here."
    return Refused(kind, code, text + said, after_ms)
