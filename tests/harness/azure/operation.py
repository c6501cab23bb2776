"""Which right a request to the blob service needs."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from harness.azure.sas import Refused
from harness.listener import Request

# Requests on a blob by method and `comp`: one of these letters is enough.
_BLOB = {
    ("GET", ""): "r", ("HEAD", ""): "r", ("GET", "metadata"): "r", ("HEAD", "metadata"): "r", ("GET", "blocklist"): "r",
    ("PUT", ""): "cw", ("PUT", "block"): "w", ("PUT", "blocklist"): "w", ("PUT", "appendblock"): "aw",
    ("PUT", "metadata"): "w", ("PUT", "properties"): "w", ("PUT", "snapshot"): "cw", ("PUT", "lease"): "w", ("PUT", "tier"): "w",
    ("DELETE", ""): "d",
}  # fmt: skip
_WRITES = set("acw")


@dataclass(frozen=True)
class Operation:
    """One request, understood. `path` is the blob, or the prefix of a listing; None at the account."""

    account: str
    container: str | None
    path: str
    name: str
    letters: str
    fields: dict[str, str]

    @property
    def rights(self) -> set[str]:
        """The same in terms of role assignments."""
        return {"write" if letter in _WRITES else "delete" if letter == "d" else "read" for letter in self.letters}


def understand(request: Request) -> Operation:
    """Refuses what clients and servers read differently: dot segments, empty segments, backslashes, repeated parameters."""
    try:
        fields = request.parameters()
    except ValueError as error:
        raise Refused(400, "InvalidQueryParameterValue", str(error)) from error
    parts = [unquote(part, errors="strict") for part in request.path.removeprefix("/").split("/")]
    # Clients ask for a directory with a slash behind it.
    if len(parts) > 1 and parts[-1] == "":
        parts.pop()
    if any(part in ("", ".", "..") or "/" in part or "\\" in part for part in parts):
        raise Refused(400, "InvalidUri", "the path has a segment that is empty, a dot segment, or holds a slash")
    account, container, path = parts[0], parts[1] if len(parts) > 1 else None, "/".join(parts[2:])
    comp, restype = fields.get("comp", ""), fields.get("restype", "")
    if container is None:
        if (request.method, restype, comp) == ("POST", "service", "userdelegationkey"):
            return Operation(account, None, "", "userdelegationkey", "", fields)
        return Operation(account, None, "", "account", "", fields)
    if restype == "container" or not path:
        if request.method == "GET" and (restype, comp) == ("container", "list") and not path:
            return Operation(account, container, fields.get("prefix", ""), "list", "l", fields)
        return Operation(account, container, path, "container", "", fields)
    letters = _BLOB.get((request.method, comp), "")
    name = "copy" if "x-ms-copy-source" in request.headers else "blob"
    return Operation(account, container, path, name, letters, fields)
