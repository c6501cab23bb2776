"""Google's token servers, its store and the gate together."""

from __future__ import annotations

import secrets

import requests

from harness.authority import Authority
from harness.google.client import Objects
from harness.google.emulator import Emulator
from harness.google.gate import Gate
from harness.google.iam import Account, Iam
from harness.google.metadata import Metadata
from harness.google.sts import Sts
from harness.google.tokens import TokenEndpoint
from harness.planted import Planted


class Google:
    """One cloud: what a session of tests shares."""

    def __init__(self, planted: Planted, authority: Authority):
        self.authority = authority
        self.iam = Iam(planted)
        self.tokens = TokenEndpoint(self.iam, authority)
        self.sts = Sts(self.iam, authority)
        self.metadata = Metadata(self.iam, self.iam.account("machine@my-gcp-project.iam.gserviceaccount.com"))
        self.emulator = Emulator()
        self.gate = Gate(self.emulator, self.iam, authority)

    def start(self) -> Google:
        self.emulator.start()
        self.gate.start()
        for double in (self.tokens, self.sts, self.metadata):
            double.listener.start()
        return self

    def stop(self) -> None:
        for double in (self.tokens, self.sts, self.metadata):
            double.listener.stop()
        self.gate.stop()
        self.emulator.stop()

    @property
    def url(self) -> str:
        """The store on http; `secure_url` on https."""
        return self.gate.plain.url

    @property
    def secure_url(self) -> str:
        return self.gate.secure.url

    def account(self, **more: object) -> Account:
        return self.iam.account(**more)  # type: ignore[arg-type]

    def key_file(self, account: Account) -> str:
        return account.key_file(self.tokens.url)

    def bucket(self, name: str | None = None) -> str:
        """A bucket, new unless it is named."""
        name = name or f"b-{secrets.token_hex(6)}"
        reply = requests.post(f"{self.emulator.url}/storage/v1/b", json={"name": name}, timeout=10)
        assert reply.status_code in (200, 409), reply.text
        return name

    def owner(self) -> Objects:
        """The store past the gate: the emulator asks nobody who he is."""
        return Objects(self.emulator.url, "owner")

    def holder(self, token: str) -> Objects:
        return Objects(self.url, token)
