"""Sessions of the store below the doubles: what a double hands out works, and works nowhere else."""

from __future__ import annotations

import json
from typing import Any

from harness import s3
from harness.planted import Planted
from harness.seaweed import VEND_ROLE, Seaweed

_READ = ["s3:GetObject"]
_CHANGE = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]


def bucket_policy(bucket: str, prefixes: list[str], change: bool) -> dict[str, Any]:
    """Reads, or reads and changes, what lies below these prefixes of one bucket."""
    objects = [f"arn:aws:s3:::{bucket}/{prefix}*" for prefix in prefixes]
    below = {"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}}
    listing = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}", "Condition": below}
    allowed = {"Effect": "Allow", "Action": _READ + (_CHANGE if change else []), "Resource": objects}
    return {"Version": "2012-10-17", "Statement": [allowed, listing]}


class Sessions:
    """Mints by AssumeRole, with the doubles' own key. The store gives an hour at most."""

    def __init__(self, seaweed: Seaweed, planted: Planted):
        self._sts = s3.client(seaweed, seaweed.vendor, "sts")
        self._planted = planted

    def mint(self, policy: dict[str, Any] | str, seconds: int) -> s3.Keys:
        text = policy if isinstance(policy, str) else json.dumps(policy)
        asked = {"RoleArn": VEND_ROLE, "RoleSessionName": "double", "Policy": text}
        made = self._sts.assume_role(**asked, DurationSeconds=max(900, min(seconds, 3600)))["Credentials"]
        self._planted.note("secret key of a session", made["SecretAccessKey"])
        self._planted.note("token of a session", made["SessionToken"])
        return s3.Keys(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"], made["Expiration"])
