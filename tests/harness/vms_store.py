"""The S3 side of the VMS double: users, identity policies and keys of SeaweedFS."""

import json
import threading
import time
from typing import Any

from harness import s3
from harness.seaweed import Seaweed

_READ = ["s3:GetObject", "s3:GetBucketLocation"]
_CHANGE = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]


def identity_policy(bucket: str, prefix: str = "", write: bool = False) -> dict[str, Any]:
    """Reads, or reads and changes, what lies below a prefix of one bucket."""
    actions = _READ + (_CHANGE if write else [])
    objects: dict[str, Any] = {"Effect": "Allow", "Action": actions, "Resource": f"arn:aws:s3:::{bucket}/{prefix}*"}
    listing: dict[str, Any] = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"}
    if prefix:
        listing["Condition"] = {"StringLike": {"s3:prefix": f"{prefix}*"}}
    return {"Version": "2012-10-17", "Statement": [objects, listing]}


class KeyStore:
    """Keys come and go while the store runs. One change at a time: the store rewrites its configuration for each."""

    def __init__(self, seaweed: Seaweed):
        self.seaweed = seaweed
        self._iam = s3.client(seaweed, seaweed.admin, "iam")
        self._lock = threading.Lock()

    def user(self, name: str, policy: dict[str, Any]) -> None:
        with self._lock:
            self._iam.create_user(UserName=name)
            self._iam.put_user_policy(UserName=name, PolicyName="identity", PolicyDocument=json.dumps(policy))

    def forget(self, name: str) -> None:
        """With their keys. Each change takes the store longer the more users it has."""
        with self._lock:
            for entry in self._iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
                self._iam.delete_access_key(UserName=name, AccessKeyId=entry["AccessKeyId"])
            self._iam.delete_user(UserName=name)

    def make(self, user: str) -> s3.Keys:
        with self._lock:
            made = self._iam.create_access_key(UserName=user)["AccessKey"]
        return s3.Keys(made["AccessKeyId"], made["SecretAccessKey"])

    def delete(self, user: str, access_key: str) -> None:
        with self._lock:
            self._iam.delete_access_key(UserName=user, AccessKeyId=access_key)

    def enable(self, user: str, access_key: str, enabled: bool) -> None:
        status = "Active" if enabled else "Inactive"
        with self._lock:
            self._iam.update_access_key(UserName=user, AccessKeyId=access_key, Status=status)

    def keys(self, user: str) -> set[str]:
        """What the store itself says it has."""
        with self._lock:
            listed = self._iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
        return {entry["AccessKeyId"] for entry in listed}

    def opens(self, keys: s3.Keys, bucket: str, key: str) -> bool:
        """Whether a key opens an object; a change takes the store up to a second."""
        return s3.Store(self.seaweed, keys).get(bucket, key) == "ok"

    def stops(self, keys: s3.Keys, bucket: str, key: str, seconds: float = 3) -> bool:
        end = time.monotonic() + seconds
        while self.opens(keys, bucket, key):
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True
