"""Azure's own SDK as one holder of a credential sees the storage. Each call answers `ok` or the refusal's code."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from azure.core.credentials import AzureSasCredential
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient

from harness.authority import Authority


def service(account_url: str, credential: Any, authority: Authority) -> BlobServiceClient:
    wrapped = AzureSasCredential(credential) if isinstance(credential, str) else credential
    return BlobServiceClient(account_url, wrapped, connection_verify=str(authority.ca), retry_total=0, use_env_settings=False)


def outcome(call: Callable[[], Any]) -> str:
    try:
        call()
    except HttpResponseError as error:
        code = error.error_code or error.status_code
        return str(getattr(code, "value", code))
    return "ok"


def split(location: str) -> tuple[str, str]:
    """Container and path of an abfss location."""
    authority, _, path = location.split("://", 1)[1].partition("/")
    return authority.partition("@")[0], path


class Blobs:
    """The account as the holder of a SAS (a text), an account key (a dict) or a token credential sees it."""

    def __init__(self, account_url: str, credential: Any, authority: Authority):
        self.raw = service(account_url, credential, authority)

    def get(self, container: str, path: str) -> str:
        return outcome(lambda: self.raw.get_blob_client(container, path).download_blob().readall())

    def head(self, container: str, path: str) -> str:
        return outcome(lambda: self.raw.get_blob_client(container, path).get_blob_properties())

    def put(self, container: str, path: str, body: bytes = b"x", overwrite: bool = True) -> str:
        return outcome(lambda: self.raw.get_blob_client(container, path).upload_blob(body, overwrite=overwrite))

    def put_in_blocks(self, container: str, path: str) -> str:
        blob = self.raw.get_blob_client(container, path)

        def call() -> None:
            blob.stage_block("MDE=", b"x")
            blob.commit_block_list(["MDE="])

        return outcome(call)

    def delete(self, container: str, path: str) -> str:
        return outcome(lambda: self.raw.get_blob_client(container, path).delete_blob())

    def list(self, container: str, prefix: str | None) -> str:
        return outcome(lambda: list(self.raw.get_container_client(container).list_blobs(name_starts_with=prefix)))

    def walk(self, container: str, prefix: str | None) -> str:
        return outcome(lambda: list(self.raw.get_container_client(container).walk_blobs(name_starts_with=prefix)))

    def keys(self, container: str, prefix: str | None = None) -> list[str]:
        return [blob.name for blob in self.raw.get_container_client(container).list_blobs(name_starts_with=prefix)]

    def copy(self, source_url: str, target: tuple[str, str]) -> str:
        return outcome(lambda: self.raw.get_blob_client(*target).start_copy_from_url(source_url))


def delegation_key(account_url: str, credential: Any, authority: Authority, start: float, expiry: float) -> Any:
    moments = (datetime.fromtimestamp(when, UTC) for when in (start, expiry))
    return service(account_url, credential, authority).get_user_delegation_key(*moments)
