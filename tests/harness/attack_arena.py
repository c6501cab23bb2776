"""Where the hostile strategy is let loose: a host that granted it everything, servers that keep what they get,
a tenant who is hostile, one who is honest, and one who is the victim."""

from __future__ import annotations

import base64
import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from harness.attack_upstream import Upstream, unmasked
from harness.host import Host
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.tools import hostile_component, plugin_dir
from harness.world import Lake, new_lake, new_tenant

# Small, so that what runs into a bound does so soon.
LIMITS = """
[plugins.Hostile.limits]
cpu_ms = 400
wall_ms = 2500
memory_bytes = 16777216
http_calls = 64
http_bytes = 8388608
"""
# An honest vend beside an attack is done by then, whatever the machine does meanwhile.
DEADLINE_SECONDS = 5.0
FIELDS = ("script", "at_check", "wide", "note", "trusted", "role_arn")


@dataclass
class Outcome:
    """What one attack came to."""

    status: int
    text: str
    seconds: float
    row: dict[str, Any]
    seen: list[dict[str, Any]] = field(default_factory=list)
    memory: bytes = b""

    @property
    def code(self) -> str:
        return self.row["metadata"].get("code", "")

    @property
    def message(self) -> str:
        return json.loads(self.text)["error"]["message"]


def missing_grants(host: Host, plugin: str = "Hostile") -> str:
    """The lines that the host's log tells the operator to add."""
    lines = [json.loads(line) for line in host.logged().splitlines()]
    message = next(line["message"] for line in lines if line.get("plugin") == plugin and "grant file" in line["message"])
    return message[message.index("[plugins.") :]


def install(folder: Path, *components: Path) -> Path:
    """A plugin directory of the real components and these."""
    folder.mkdir(mode=0o700)
    for component in [*plugin_dir().glob("*.wasm"), *components]:
        shutil.copy(component, folder / component.name)
        (folder / component.name).chmod(0o600)
    return folder


class Arena:
    """One host, three tenants, three servers."""

    def __init__(self, host: Host, planted: Planted, seaweed: Seaweed):
        self.host, self.planted, self.seaweed = host, planted, seaweed
        # Secrets may go to the first, everything else to the second, and nothing at all to the third.
        token = planted.hex("token of an upstream")
        self.granted, self.collector = Upstream(token=token).start(), Upstream().start()
        self.forbidden = Upstream(("0.0.0.0", "::1")).start()
        self.secrets = self._secrets()
        self.granted.allowed = [f"authorization: Bearer {token}".encode(), *self._uses()]
        self.collector.allowed = [f"authorization: Bearer {self.secrets['anywhere_secret']}".encode()]
        self._life = cycle(range(900, 3600))
        # The words that the operator pastes are the host's own.
        host.settings["PANGOLIN_PLUGIN_DIR"] = str(install(host.dir / "plugins", hostile_component()))
        host.settings["PANGOLIN_EGRESS_ALLOW"] = "127.0.0.1/32"
        host.start()
        host.stop()
        self.grants = missing_grants(host)
        grants = host.dir / "grants.toml"
        grants.write_text(self.grants + LIMITS)
        grants.chmod(0o600)
        host.settings["PANGOLIN_PLUGIN_GRANTS"] = str(grants)
        host.start()
        self.mallory, self.honest, self.victim = (self.lake() for _ in range(3))

    def stop(self) -> None:
        for upstream in (self.granted, self.collector, self.forbidden):
            upstream.stop()

    @property
    def pid(self) -> int:
        return self.host.pid

    def fresh_life(self) -> int:
        """A life that nobody asked for yet: nothing is served from memory."""
        return next(self._life)

    def lake(self) -> Lake:
        """A tenant of its own, with two tables."""
        lake = new_lake(new_tenant(self.host, self.planted), self.seaweed)
        lake.tenant.admin.api.create_table(lake.catalog, "sales", "mine")
        lake.tenant.admin.api.create_table(lake.catalog, "sales", "other")
        return lake

    def _secrets(self) -> dict[str, str]:
        names = ("secret_access_key", "bearer_secret", "basic_secret", "header_secret", "form_secret", "json_secret")
        names += ("scheme_secret", "sas_secret", "vended_secret", "hmac_secret", "anywhere_secret")
        secrets = {name: self.planted.key(f"hostile {name}", 48) for name in names}
        secrets["access_key_id"] = self.seaweed.vendor.access_key_id
        secrets["secret_access_key"] = self.seaweed.vendor.secret_access_key
        secrets["jwt_secret"] = self._service_account()
        return secrets

    def _service_account(self) -> str:
        key = rsa.generate_private_key(65537, 2048)
        encoding = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        pem = key.private_bytes(*encoding).decode()
        for at, line in enumerate(pem.splitlines()[1:-1]):
            if len(line) == 64:
                self.planted.note(f"hostile private key, line {at}", line)
        account = {"type": "service_account", "private_key": pem, "client_email": "robot@project.example"}
        return json.dumps(account | {"token_uri": f"{self.granted.url}/token", "project_id": "project"})

    def _uses(self) -> list[bytes]:
        """How each secret may stand in a request, and in no other way."""
        secrets = {name: value.encode() for name, value in self.secrets.items()}
        return [
            b"authorization: Bearer " + secrets["bearer_secret"],
            b"authorization: Bearer " + secrets["anywhere_secret"],
            b"authorization: Basic " + base64.b64encode(b"robot:" + secrets["basic_secret"]),
            b"x-api-key: " + secrets["header_secret"],
            b"client_secret=" + quote(self.secrets["form_secret"], safe="").encode(),
            b'"password":"' + secrets["json_secret"] + b'"',
            b"authorization: Api-Token " + secrets["scheme_secret"],
        ]

    def strategy(self, mode: str, **fields: Any) -> dict[str, Any]:
        """The strategy with every secret and every server, and these fields."""
        given = {"mode": mode, "upstream": self.granted.url, "collector": self.collector.url}
        return {"Hostile": given | dict.fromkeys(FIELDS) | self.secrets | fields}

    def turn(self, lake: Lake, mode: str, **fields: Any) -> None:
        body = {"vending_strategy": self.strategy(mode, **fields)}
        lake.tenant.admin.api.put(f"/api/v1/warehouses/{lake.warehouse}", body)

    def vend(self, lake: Lake, **arguments: Any) -> tuple[int, str, float]:
        api = lake.tenant.host.api(lake.tenant.admin.api.token)
        began = time.monotonic()
        reply = api.request("POST", api.table_path(lake.catalog, "sales", "mine") + "/credentials", **arguments)
        return reply.status_code, f"{reply.headers}\n\n{reply.text}", time.monotonic() - began

    def attack(self, mode: str, lake: Lake | None = None, **fields: Any) -> Outcome:
        """Has the hostile tenant vend while the honest one does; nothing but the attack's own request may suffer, and
        nothing that is secret may turn up anywhere."""
        lake = lake or self.mallory
        self.turn(lake, mode, **fields)
        marks = [upstream.mark() for upstream in (self.granted, self.collector, self.forbidden)]
        logged = self.host.log.stat().st_size
        with ThreadPoolExecutor(2) as pool:
            bad = pool.submit(self.vend, lake)
            good = pool.submit(self.vend, self.honest, params={"ttl": self.fresh_life()})
        honest_status, honest_text, honest_seconds = good.result()
        assert honest_status == 200, honest_text
        assert honest_seconds < DEADLINE_SECONDS, honest_seconds
        status, text, seconds = bad.result()
        headers, _, body = text.partition("\n\n")
        row = self.last_row(lake)
        assert row["metadata"]["strategy"] == "Hostile", row
        assert row["metadata"]["plugin_digest"], row
        assert row["request_id"] and row["result"] == ("success" if status == 200 else "failure"), row
        out = Outcome(status, body, seconds, row)
        self._listen(out, marks)
        self._search(out, marks, headers, logged)
        return out

    def script(self, *steps: dict[str, Any], answer: Any = None, dump: bool = False, **fields: Any) -> Outcome:
        """Has the strategy take these steps. It tells what came of them, and all of its memory if asked."""
        script = {"steps": list(steps), "dump": dump} | ({"answer": answer} if answer is not None else {})
        written = json.dumps(script)
        if "\\u0000" in written or "@" in written:
            # The host takes neither NUL nor a URL with a password; the strategy is to have both all the same.
            script = {"hex": written.encode().hex()}
        out = self.attack("script", script=script, **fields)
        assert len(out.seen) == len(steps), out
        if answer is None:
            assert (out.status, out.code) == (403, "script-over"), out
        return out

    def last_row(self, lake: Lake) -> dict[str, Any]:
        rows = lake.tenant.admin.api.get("/api/v1/audit", params={"limit": 4, "action": "vend_credentials"})
        return next(row for row in rows if row["result"] != "started" and row["metadata"]["warehouse"] == lake.warehouse)

    def _listen(self, out: Outcome, marks: list[int]) -> None:
        for body in self.collector.bodies(marks[1], "/seen"):
            out.seen = json.loads(unmasked(body))["seen"]
        out.memory = b"".join(unmasked(body) for body in self.collector.bodies(marks[1], "/memory"))

    def _search(self, out: Outcome, marks: list[int], headers: str, logged: int) -> None:
        assert self.forbidden.since(marks[2]) == []
        with self.host.log.open("rb") as log:
            log.seek(logged)
            places = {"the log": log.read()}
        places |= {
            "the reply": f"{headers}\n{out.text}".encode(),
            "the audit row": json.dumps(out.row).encode(),
            "what the upstream got": self.granted.unexpected(marks[0]),
            "what the guest told": self.collector.unexpected(marks[1]),
        }
        found = [f"{name} in {place}" for place, data in places.items() for name in self.planted.found_in(data)]
        assert not found, found
        for line in places["the log"].splitlines():
            message = json.loads(line).get("message", "")
            assert message.isprintable() or "grant file" in message, message
