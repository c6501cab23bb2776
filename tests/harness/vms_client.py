"""A client of the VMS double that trusts its authority and nobody else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from harness.vms import Vms
    from harness.vms_directory import Account


class Ask:
    """Requests with Basic authentication, or with none."""

    def __init__(self, vms: Vms, authority: Path):
        self._vms = vms
        self._authority = str(authority)

    def __call__(self, method: str, path: str, caller: Account | None = None, **more: Any) -> requests.Response:
        if caller is not None:
            more["auth"] = (caller.name, caller.password)
        return requests.request(method, self._vms.url + path, verify=self._authority, timeout=10, **more)
