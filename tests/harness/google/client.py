"""Google's own SDK as one holder of a token sees the store. Each call answers `ok` or the status of the refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.api_core.exceptions import GoogleAPICallError
from google.auth.credentials import Credentials
from google.cloud import storage
from google.resumable_media import InvalidResponse


class Opaque(Credentials):
    """A token, and nothing that could get another one."""

    def __init__(self, token: str):
        super().__init__()
        self.token = token

    def refresh(self, request: Any) -> None:
        raise AssertionError("the client wanted another token")


def outcome(call: Callable[[], Any]) -> str:
    try:
        call()
    except GoogleAPICallError as error:
        return str(error.code)
    except InvalidResponse as error:
        return str(error.response.status_code)
    except AssertionError:
        return "401"
    return "ok"


def split(location: str) -> tuple[str, str]:
    """Bucket and key of a gs location."""
    bucket, _, key = location.split("://", 1)[1].partition("/")
    return bucket, key


class Objects:
    """The store at `url` as the holder of `token` sees it."""

    def __init__(self, url: str, token: str, project: str = "my-gcp-project"):
        self.raw = storage.Client(project=project, credentials=Opaque(token), client_options={"api_endpoint": url})

    def _blob(self, bucket: str, key: str) -> storage.Blob:
        return self.raw.bucket(bucket).blob(key)

    def get(self, bucket: str, key: str) -> str:
        return outcome(lambda: self._blob(bucket, key).download_as_bytes(retry=None))

    def head(self, bucket: str, key: str) -> str:
        return outcome(lambda: self._blob(bucket, key).reload(retry=None))

    def put(self, bucket: str, key: str, body: bytes = b"x", new: bool = False) -> str:
        more = {"if_generation_match": 0} if new else {}
        return outcome(lambda: self._blob(bucket, key).upload_from_string(body, retry=None, checksum=None, **more))

    def put_in_parts(self, bucket: str, key: str) -> str:
        blob = self._blob(bucket, key)
        blob.chunk_size = 256 * 1024

        def call() -> None:
            with blob.open("wb", chunk_size=256 * 1024, retry=None, checksum=None) as out:
                out.write(b"x" * 300 * 1024)

        return outcome(call)

    def delete(self, bucket: str, key: str) -> str:
        return outcome(lambda: self._blob(bucket, key).delete(retry=None))

    def list(self, bucket: str, prefix: str | None) -> str:
        return outcome(lambda: list(self.raw.list_blobs(bucket, prefix=prefix, retry=None)))

    def keys(self, bucket: str, prefix: str | None = None) -> list[str]:
        return [blob.name for blob in self.raw.list_blobs(bucket, prefix=prefix, retry=None)]

    def copy(self, source: tuple[str, str], target: tuple[str, str]) -> str:
        return outcome(lambda: self._blob(*target).rewrite(self._blob(*source), retry=None))

    def compose(self, bucket: str, sources: list[str], target: str) -> str:
        return outcome(lambda: self._blob(bucket, target).compose([self._blob(bucket, key) for key in sources], retry=None))
