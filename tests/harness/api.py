"""A thin client of the host's two APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests

from harness import codes

if TYPE_CHECKING:
    from harness.planted import Planted

VENDED = {"X-Iceberg-Access-Delegation": "vended-credentials"}
_TIMEOUT = 30


def segment(text: str) -> str:
    """A path segment, so that a name may hold anything."""
    return quote(text, safe="")


class Api:
    """Requests of one caller. Nothing is decided here; a status that was not expected is an assertion."""

    def __init__(self, url: str, token: str | None = None, planted: Planted | None = None):
        self.url = url
        self.token = token
        self._planted = planted
        self._session = requests.Session()
        self._session.trust_env = False

    def request(self, method: str, path: str, **arguments: Any) -> requests.Response:
        headers = {"User-Agent": "black-box/1"} | arguments.pop("headers", {})
        if self.token is not None:
            headers = {"Authorization": f"Bearer {self.token}"} | headers
        reply = self._session.request(method, self.url + path, headers=headers, timeout=_TIMEOUT, **arguments)
        codes.SEEN.note(self.url, reply)
        return reply

    def expect(self, status: int | tuple[int, ...], method: str, path: str, **arguments: Any) -> Any:
        """The reply's body; an assertion with the whole reply if the status is another."""
        reply = self.request(method, path, **arguments)
        wanted = status if isinstance(status, tuple) else (status,)
        assert reply.status_code in wanted, f"{method} {path}: {reply.status_code}, not {wanted}: {reply.text[:2000]}"
        if not reply.content:
            return None
        return reply.json() if "json" in reply.headers.get("Content-Type", "") else reply.text

    def get(self, path: str, status: int | tuple[int, ...] = 200, **arguments: Any) -> Any:
        return self.expect(status, "GET", path, **arguments)

    def post(self, path: str, body: Any = None, status: int | tuple[int, ...] = (200, 201), **arguments: Any) -> Any:
        return self.expect(status, "POST", path, json=body, **arguments)

    def put(self, path: str, body: Any, status: int | tuple[int, ...] = 200, **arguments: Any) -> Any:
        return self.expect(status, "PUT", path, json=body, **arguments)

    def delete(self, path: str, status: int | tuple[int, ...] = 204, **arguments: Any) -> Any:
        return self.expect(status, "DELETE", path, **arguments)

    def login(self, username: str, password: str, tenant: str | None = None) -> Api:
        """The same host as another caller."""
        body = {"username": username, "password": password, "tenant-id": tenant}
        token = Api(self.url).post("/api/v1/users/login", body)["token"]
        if self._planted is not None:
            # The signature is the secret part; the rest says who it is for.
            self._planted.note(f"token of {username}", token.rsplit(".", 1)[1])
        return Api(self.url, token, self._planted)

    def audit(self, **filters: Any) -> list[dict[str, Any]]:
        """All audit rows that the caller may see, newest first."""
        rows: list[dict[str, Any]] = []
        while True:
            page = self.get("/api/v1/audit", params={"limit": 1000, "offset": len(rows), **filters})
            rows += page
            if len(page) < 1000:
                return rows

    def audit_text(self) -> str:
        """Every row that the caller may read: the export reads them once, where pages count from the newest each time."""
        return self.request("GET", "/api/v1/audit/export").text

    # The Iceberg side.

    def create_namespace(self, catalog: str, namespace: str) -> Any:
        return self.post(f"/v1/{segment(catalog)}/namespaces", {"namespace": namespace.split(".")})

    def table_path(self, catalog: str, namespace: str, table: str) -> str:
        return f"/v1/{segment(catalog)}/namespaces/{segment(namespace.replace('.', chr(31)))}/tables/{segment(table)}"

    def create_table(self, catalog: str, namespace: str, name: str, location: str | None = None, **arguments: Any) -> Any:
        body = {"name": name, "schema": SCHEMA} | ({"location": location} if location else {})
        return self.post(self.table_path(catalog, namespace, "").removesuffix("/"), body, **arguments)

    def load_table(self, catalog: str, namespace: str, name: str, **arguments: Any) -> Any:
        return self.get(self.table_path(catalog, namespace, name), **({"headers": VENDED} | arguments))

    def credentials(self, catalog: str, namespace: str, name: str, **arguments: Any) -> Any:
        """The documented POST; its secrets are registered, so that they are searched for afterwards."""
        body = self.post(self.table_path(catalog, namespace, name) + "/credentials", **arguments)
        if self._planted is not None and isinstance(body, dict) and "secret_access_key" in body:
            self._planted.note("vended secret key", body["secret_access_key"])
            if body.get("session_token"):
                self._planted.note("vended session token", body["session_token"])
        return body


SCHEMA = {
    "type": "struct",
    "schema-id": 0,
    "fields": [
        {"id": 1, "name": "id", "required": False, "type": "long"},
        {"id": 2, "name": "name", "required": False, "type": "string"},
    ],
}
