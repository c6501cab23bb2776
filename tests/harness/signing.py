"""Clients that hold no key and let the host sign."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from aiobotocore.session import AioSession
from pyiceberg.io import fsspec as reader
from s3fs import S3FileSystem

from harness.world import Lake, User

SIGNING = {"X-Iceberg-Access-Delegation": "remote-signing"}


def sign_every_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyIceberg up to 0.12 registers its signer on one client, and s3fs sends by another one that knows nothing of it
    (apache/iceberg-python #3625). Registered on the session, every client has it; nothing else is changed."""
    make = reader._s3

    def with_session(properties: dict[str, Any]) -> Any:
        session = AioSession()
        session.register("before-sign.s3", reader.S3V4RestSigner(properties), unique_id=1925)

        def filesystem(**arguments: Any) -> S3FileSystem:
            return S3FileSystem(session=session, skip_instance_cache=True, **arguments)

        with monkeypatch.context() as patched:
            patched.setattr("s3fs.S3FileSystem", filesystem)
            return make(properties)

    monkeypatch.setitem(reader.SCHEME_TO_FS, "s3", with_session)


class Signed:
    """Requests to the storage, each signed by the host."""

    def __init__(self, lake: Lake, user: User, table: str = "orders"):
        self.lake, self.user = lake, user
        self.route = user.api.table_path(lake.catalog, "sales", table) + "/sign"
        loaded = user.api.load_table(lake.catalog, "sales", table, headers=SIGNING)
        self.config: dict[str, str] = loaded["config"]
        self.properties: dict[str, str] = loaded["remote-signing-config"]["properties"]
        self.store = self.config["s3.endpoint"]

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """The host's answer for a request on `bucket/path`."""
        body = {"region": self.config["s3.region"], "method": method, "uri": f"{self.store}/{path}", "headers": {}}
        return self.user.api.request("POST", self.route, json=body | {"properties": self.properties} | more)

    def refusal(self, method: str, path: str, status: int = 403, **more: Any) -> str:
        reply = self.ask(method, path, **more)
        assert reply.status_code == status, reply.text
        return reply.json()["error"]["message"]

    def send(self, method: str, path: str, data: bytes | str | None = None, **more: Any) -> requests.Response:
        """Has it signed, and sends it."""
        reply = self.ask(method, path, **more)
        assert reply.status_code == 200, reply.text
        signed = reply.json()
        own = {name: ", ".join(values) for name, values in more.get("headers", {}).items()}
        headers = own | {name: ", ".join(values) for name, values in signed["headers"].items()}
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, signed["uri"], headers=headers, data=data, timeout=20)
