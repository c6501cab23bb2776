"""Entra, a storage account and its gate together."""

from __future__ import annotations

import secrets

from azure.identity import ClientSecretCredential

from harness.authority import Authority
from harness.azure.azurite import Azurite
from harness.azure.client import Blobs
from harness.azure.entra import App, Entra
from harness.azure.gate import Gate
from harness.planted import Planted


class Azure:
    """One cloud: what a session of tests shares."""

    def __init__(self, planted: Planted, authority: Authority):
        self.authority = authority
        self.entra = Entra(planted, authority)
        self.azurite = Azurite(planted, authority)
        self.gate = Gate(self.azurite, self.entra, authority)

    def start(self) -> Azure:
        self.azurite.start()
        self.entra.listener.start()
        self.gate.listener.start()
        return self

    def stop(self) -> None:
        self.gate.listener.stop()
        self.entra.listener.stop()
        self.azurite.stop()

    @property
    def account(self) -> str:
        return self.azurite.account

    @property
    def key(self) -> str:
        return self.azurite.key

    def owner(self) -> Blobs:
        """The account as its owner sees it."""
        credential = {"account_name": self.account, "account_key": self.key}
        return Blobs(self.gate.account_url, credential, self.authority)

    def holder(self, credential: object) -> Blobs:
        return Blobs(self.gate.account_url, credential, self.authority)

    def container(self, name: str | None = None) -> str:
        """A container, new unless it is named."""
        name = name or f"c-{secrets.token_hex(6)}"
        service = self.owner().raw
        if name not in {container.name for container in service.list_containers()}:
            service.create_container(name)
        return name

    def credential(self, app: App) -> ClientSecretCredential:
        """What Microsoft's library makes of an app's secret; it asks the double of Entra."""
        return ClientSecretCredential(
            app.tenant, app.client_id, app.secret or "", authority=self.entra.url, disable_instance_discovery=True,
            connection_verify=str(self.authority.ca), retry_total=0,
        )  # fmt: skip

    def app(self, **more: object) -> App:
        return self.entra.app(**more)  # type: ignore[arg-type]
