"""Google's own auth library, led to the doubles."""

from __future__ import annotations

import json
from typing import Any

import requests
from google.auth import downscoped
from google.auth.transport.requests import Request as Transport
from google.oauth2 import service_account

from harness.google.iam import CLOUD, Account
from harness.google.tokens import GOOGLES_OWN
from harness.google.world import Google


class Library:
    """What the library makes of a key and of a boundary."""

    def __init__(self, google: Google):
        self._google = google
        # It always names Google's own endpoint as the audience of its assertions.
        google.tokens.audiences.add(GOOGLES_OWN)
        session = requests.Session()
        session.verify, session.trust_env = str(google.authority.ca), False
        self.transport = Transport(session)

    def close(self) -> None:
        self._google.tokens.audiences.remove(GOOGLES_OWN)

    def account(self, account: Account, scope: str = CLOUD) -> Any:
        info = json.loads(self._google.key_file(account))
        return service_account.Credentials.from_service_account_info(info, scopes=[scope])

    def downscoped(self, source: Any, boundary: downscoped.CredentialAccessBoundary) -> downscoped.Credentials:
        made = downscoped.Credentials(source, boundary)
        # The library has no parameter for the endpoint.
        made._sts_client._token_exchange_endpoint = self._google.sts.token_url
        made.refresh(self.transport)
        return made


def limits(
    bucket: str, prefix: str = "lake/orders/", roles: tuple[str, ...] = ("objectViewer",)
) -> downscoped.CredentialAccessBoundary:
    """A boundary on a prefix, in the form of Google's documentation."""
    name = json.dumps(f"projects/_/buckets/{bucket}/objects/{prefix}", ensure_ascii=False)
    listed = json.dumps(prefix, ensure_ascii=False)
    text = f"resource.name.startsWith({name}) || api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith({listed})"
    rule = downscoped.AccessBoundaryRule(
        f"//storage.googleapis.com/projects/_/buckets/{bucket}",
        [f"inRole:roles/storage.{role}" for role in roles],
        downscoped.AvailabilityCondition(text),
    )
    return downscoped.CredentialAccessBoundary([rule])
