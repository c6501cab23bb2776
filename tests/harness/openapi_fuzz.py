"""Cases made from the OpenAPI document, and things that they may spoil."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import hypothesis.configuration
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import derive_operation_seed
from schemathesis.generation.hypothesis.builder import HypothesisTestConfig, HypothesisTestMode, create_test
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    ignored_auth,
    missing_required_header,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from harness.api import Api
from harness.host import Host, unused_name
from harness.tools import ROOT
from harness.world import Lake, Tenant

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    missing_required_header,
    unsupported_method,
    allow_header_conformance,
    ignored_auth,
]
# What is shown to them ends, or may.
ENDS_SESSION = ("/users/logout", "/tokens/rotate", "/auth/revoke", "/auth/revoke/{jti}", "/tokens/{jti}")
ABSENT_ID = "00000000-dead-4bad-8bad-00000000dead"
# Query parameters that `aimed` fills in.
AIMED = {"access", "assume_roles", "location", "user"}
_SEED = 5
_QUIET = [*hypothesis.HealthCheck]

# Nothing is left in the checkout.
hypothesis.configuration.set_hypothesis_home_dir(ROOT / "target" / "hypothesis")


@dataclass
class Target:
    """A host with things that a request may spoil. What is gone is made anew before the next route."""

    host: Host
    tenant: Tenant
    lake: Lake
    names: dict[str, str] = field(default_factory=dict)

    def renew(self) -> None:
        admin, root = self.tenant.admin.api, self.tenant.root
        made = (200, 201, 409)
        admin.post(f"/v1/{self.lake.catalog}/namespaces", {"namespace": ["spare"]}, status=made)
        table = f"/v1/{self.lake.catalog}/namespaces/spare/tables"
        if admin.request("GET", f"{table}/orders").status_code == 404:
            admin.create_table(self.lake.catalog, "spare", "orders")
        names = {"namespaces": "spare", "tables": "orders", "v1": self.lake.catalog, "plugins": "AwsSts"}
        for name, path, maker, body in self._spares(admin, root):
            self.names[name] = self._existing(name, path, maker, body)
        row = admin.get("/api/v1/audit", params={"limit": 1})[0]
        absent = dict.fromkeys(("tokens", "revoke", "leases"), ABSENT_ID)
        self.names |= names | absent | {"audit": row["id"]}

    def _spares(self, admin: Api, root: Api) -> Iterator[tuple[str, str, Api, dict[str, Any]]]:
        name = unused_name
        yield "tenants", "/api/v1/tenants", root, {"name": name("spare")}
        password = self.tenant.planted.password("spare password")
        yield "users", "/api/v1/users", admin, {"username": name("spare"), "password": password, "role": "tenant-user"}
        yield "roles", "/api/v1/roles", admin, {"name": name("spare")}
        yield "service-users", "/api/v1/service-users", admin, {"name": name("spare")}
        storage = {"type": "s3", "bucket": name("spare"), "region": "us-east-1"}
        yield "warehouses", "/api/v1/warehouses", admin, {"name": name("spare"), "use_sts": True, "storage_config": storage}
        yield "catalogs", "/api/v1/catalogs", admin, {"name": name("spare"), "warehouse_name": self.lake.warehouse}
        yield "revocations", "/api/v1/revocations", admin, {"principal": self.names["service-users"]}
        grant = {"user-id": self.tenant.admin.id, "scope": {"type": "tenant"}, "actions": ["list"]}
        yield "permissions", "/api/v1/permissions", admin, grant

    def _existing(self, name: str, path: str, maker: Api, body: dict[str, Any]) -> str:
        """The thing that was made for an earlier route, if it is still there."""
        known = self.names.get(name)
        if known is not None and name != "permissions" and maker.request("GET", f"{path}/{known}").status_code == 200:
            return known
        made = maker.post(path, body, status=201)
        if "api_key" in made:
            self.tenant.planted.note("api key of a spare", made["api_key"])
        return made["name"] if name in ("warehouses", "catalogs") else made["id"]


@dataclass
class Caller:
    """Somebody with a session that a request may end."""

    login: Callable[[], Api]
    api: Api | None = None

    def headers(self) -> dict[str, str]:
        if self.api is None:
            self.api = self.login()
        return {"Authorization": f"Bearer {self.api.token}"}


@dataclass
class Fuzz:
    """A run over the document as one caller. `wrong` is what it found, one example of each kind."""

    target: Target
    caller: Caller
    examples: int
    coverage: bool
    wrong: dict[str, str] = field(default_factory=dict)
    asked: int = 0
    done: set[str] = field(default_factory=set)

    def run(self, document: dict[str, Any]) -> None:
        for path, item in document["paths"].items():
            for method in item:
                self.target.renew()
                # The whole path: what a method may not do depends on the others.
                self._operation(aimed(document | {"paths": {path: item}}, self.target), path, method)

    def _operation(self, document: dict[str, Any], path: str, method: str) -> None:
        generation = {"with-security-parameters": False}
        config = schemathesis.Config.from_dict({"base-url": self.target.host.url, "seed": _SEED, "generation": generation})
        schema = schemathesis.openapi.from_dict(document, config=config)
        settings = hypothesis.settings(
            max_examples=self.examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
            suppress_health_check=_QUIET,
        )
        modes = [HypothesisTestMode.FUZZING] + ([HypothesisTestMode.COVERAGE] if self.coverage else [])
        for result in schema.get_all_operations():
            operation = result.ok()
            if operation.method != method:
                continue
            how = HypothesisTestConfig(
                modes=modes, project=schema.config, settings=settings, seed=derive_operation_seed(_SEED, operation.label)
            )

            def ask(case: schemathesis.Case) -> None:
                self._ask(case, path)

            create_test(operation=operation, test_func=ask, config=how)()

    def _ask(self, case: schemathesis.Case, path: str) -> None:
        self.asked += 1
        try:
            reply = case.call(headers=self.caller.headers())
            if reply.status_code < 300:
                self.done.add(case.operation.label)
            case.validate_response(reply, checks=[check for check in CHECKS if _fits(check, case)])
        except FailureGroup as group:
            for failure in group.exceptions:
                self._note(failure, case)
        if path.endswith(ENDS_SESSION):
            self.caller.api = None

    def _note(self, failure: BaseException, case: schemathesis.Case) -> None:
        kind = failure.title if isinstance(failure, Failure) else type(failure).__name__
        status = case.operation.label, kind, getattr(failure, "status_code", "")
        said = str(failure)
        self.wrong.setdefault(" ".join(map(str, status)), f"{said[:900]}\n{case.as_curl_command()[:600]}")

    def report(self) -> str:
        return "\n\n".join(f"## {kind}\n{example}" for kind, example in sorted(self.wrong.items()))


def _fits(check: Any, case: schemathesis.Case) -> bool:
    """A path is text, and what `aimed` put there is narrower than what the host takes."""
    if check is not negative_data_rejection or case.meta is None:
        return True
    if case.operation.path.endswith("/tables/{table}/metrics"):
        return False  # Reports are not read.
    components = case.meta.components.items()
    wrong = {where for where, how in components if how.mode.is_negative}
    return ParameterLocation.PATH not in wrong and not (ParameterLocation.QUERY in wrong and AIMED & set(case.query or {}))


def document_of(host: Host) -> dict[str, Any]:
    done = host.command("openapi")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def aimed(document: dict[str, Any], target: Target) -> dict[str, Any]:
    """The document with names of what exists, and of what does not, in the place of any name."""
    document = copy.deepcopy(document)
    tenant, lake = target.tenant, target.lake
    known = {"X-Pangolin-Tenant": tenant.id, "user": tenant.admin.id, "location": lake.location("spare/orders/a")}
    known |= {"access": "read", "assume_roles": "Reader"}
    for path, item in document["paths"].items():
        parts = path.split("/")
        for operation in item.values():
            for parameter in operation.get("parameters", []):
                if (name := parameter["name"]) in known:
                    parameter["schema"] = {"type": "string", "enum": [known[name]]}
                if parameter["in"] != "path":
                    continue
                at = parts.index("{" + name + "}")
                absent = ABSENT_ID if parameter["schema"].get("format") == "uuid" else "absent"
                existing = target.names.get(parts[at - 1], absent)
                # What contains something is there; the last may not be.
                is_last = not any(part.startswith("{") for part in parts[at + 1 :])
                parameter["schema"] = {"type": "string", "enum": list(dict.fromkeys([existing, absent if is_last else existing]))}
    return document
