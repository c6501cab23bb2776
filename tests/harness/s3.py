"""An S3 and STS client that uses exactly the credentials it is given."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session

if TYPE_CHECKING:
    from harness.seaweed import Seaweed

REGION = "us-east-1"


@dataclass(frozen=True)
class Keys:
    """Credentials of S3."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expiration: datetime | None = None

    @staticmethod
    def from_config(config: dict[str, str]) -> Keys:
        """From the properties that Iceberg clients read."""
        return Keys(config["s3.access-key-id"], config["s3.secret-access-key"], config.get("s3.session-token"))

    @staticmethod
    def from_flat(body: dict[str, Any]) -> Keys:
        """From the reply of the documented POST."""
        expiration = body.get("expiration")
        when = datetime.fromisoformat(expiration.replace("Z", "+00:00")) if expiration else None
        return Keys(body["access_key_id"], body["secret_access_key"], body.get("session_token"), when)


# One session knows the services' models; to read them for each client takes most of a test's time.
_SESSION = Session()
_MAKING = threading.Lock()


def client(seaweed: Seaweed | str, keys: Keys, service: str = "s3") -> Any:
    endpoint = seaweed if isinstance(seaweed, str) else seaweed.endpoint
    config = Config(
        s3={"addressing_style": "path"},
        retries={"max_attempts": 0, "mode": "standard"},
        connect_timeout=5,
        read_timeout=20,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    with _MAKING:
        return _SESSION.create_client(
            service,
            region_name=REGION,
            endpoint_url=endpoint,
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            aws_session_token=keys.session_token,
            config=config,
        )


def outcome(call: Callable[[], Any]) -> str:
    """`ok`, or the code with which the storage refused."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "ok"


def split(location: str) -> tuple[str, str]:
    """Bucket and key of an s3 location."""
    bucket, _, key = location.split("://", 1)[1].partition("/")
    return bucket, key


class Store:
    """The storage as one holder of credentials sees it. Each call answers `ok` or the refusal's code."""

    def __init__(self, seaweed: Seaweed | str, keys: Keys):
        self.raw = client(seaweed, keys)

    def get(self, bucket: str, key: str) -> str:
        return outcome(lambda: self.raw.get_object(Bucket=bucket, Key=key)["Body"].read())

    def put(self, bucket: str, key: str, body: bytes = b"x") -> str:
        return outcome(lambda: self.raw.put_object(Bucket=bucket, Key=key, Body=body))

    def delete(self, bucket: str, key: str) -> str:
        return outcome(lambda: self.raw.delete_object(Bucket=bucket, Key=key))

    def list(self, bucket: str, prefix: str | None) -> str:
        arguments = {"Bucket": bucket} | ({"Prefix": prefix} if prefix is not None else {})
        return outcome(lambda: self.raw.list_objects_v2(**arguments))

    def copy(self, source: tuple[str, str], target: tuple[str, str]) -> str:
        origin = {"Bucket": source[0], "Key": source[1]}
        return outcome(lambda: self.raw.copy_object(Bucket=target[0], Key=target[1], CopySource=origin))

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        pages = self.raw.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]
