"""SeaweedFS: S3 and STS on one port, with session policies that are enforced."""

import base64
import json
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from harness import s3
from harness.planted import Planted
from harness.process import Child
from harness.tools import accepts, free_ports, weed_binary

# The role that the documents name, and roles that tests take one by one: a role that is used through the
# host's own identity belongs to one tenant.
DOCUMENTED_ROLE = "arn:aws:iam::123456789012:role/PangolinDataAccess"
VEND_ROLE = "arn:aws:iam::000000000000:role/VendRole"
_SPARE_ROLES = 24


class Seaweed:
    """A server in a directory of its own."""

    def __init__(self, planted: Planted, max_session: str = "1h", change_keys: bool = False):
        self._planted = planted
        self._max_session = max_session
        self._change_keys = change_keys
        self._dir = Path(tempfile.mkdtemp(prefix="weed-"))
        self.admin = s3.Keys("ADMIN" + secrets.token_hex(6).upper(), planted.key("seaweed admin key"))
        self.vendor = s3.Keys("VENDOR" + secrets.token_hex(6).upper(), planted.key("seaweed vendor key"))
        self._spare_roles = [f"arn:aws:iam::000000000000:role/Spare{n:02}" for n in range(_SPARE_ROLES)]
        self._child: Child | None = None
        self.port = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self._dir / "weed.log"

    def start(self) -> "Seaweed":
        (self._dir / "s3.json").write_text(json.dumps(self._identities()))
        (self._dir / "iam.json").write_text(json.dumps(self._iam()))
        data = self._dir / "data"
        data.mkdir(exist_ok=True)
        names = ("master", "volume", "filer", "s3")
        ports = dict(zip([*names, *(f"{n}.grpc" for n in names)], free_ports(8), strict=True))
        self.port = ports["s3"]
        command = [str(weed_binary()), f"-logdir={self._dir}", "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={data}"]
        command += ["-filer", "-s3"]
        for name in names:
            command += [f"-{name}.port={ports[name]}", f"-{name}.port.grpc={ports[f'{name}.grpc']}"]
        command += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
        command += [f"-s3.config={self._dir / 's3.json'}", f"-s3.iam.config={self._dir / 'iam.json'}"]
        command += ["-s3.iam.readOnly=false"] if self._change_keys else []
        command += ["-master.volumeSizeLimitMB=64", "-volume.max=1000", "-master.telemetry=false"]
        # One volume for each new bucket instead of seven: many buckets, little in each.
        env = {**os.environ, "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}
        self._child = Child(command, self.log, env=env, cwd=self._dir)
        self._child.wait_ready(self._ready, 60)
        return self

    def _ready(self) -> bool:
        if not accepts(self.port):
            return False
        try:
            return s3.client(self, self.admin).list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200
        except Exception:
            return False

    def stop(self) -> None:
        # SIGKILL: a gentle stop takes half a minute, and nothing of the data is wanted.
        if self._child is not None:
            self._child.kill()
        shutil.rmtree(self._dir, ignore_errors=True)

    def spare_role(self) -> str:
        """A role that no other test has used."""
        return self._spare_roles.pop()

    def bucket(self, name: str | None = None) -> str:
        """A bucket, new unless it is named."""
        name = name or f"b-{secrets.token_hex(6)}"
        client = s3.client(self, self.admin)
        if name not in {b["Name"] for b in client.list_buckets().get("Buckets", [])}:
            client.create_bucket(Bucket=name)
        return name

    def _identities(self) -> dict:
        def identity(name: str, keys: s3.Keys, actions: list[str]) -> dict:
            credentials = [{"accessKey": keys.access_key_id, "secretKey": keys.secret_access_key}]
            return {"name": name, "credentials": credentials, "actions": actions}

        return {"identities": [identity("admin", self.admin, ["Admin"]), identity("vendor", self.vendor, [])]}

    def _iam(self) -> dict:
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": "arn:aws:iam::000000000000:user/vendor"},
                    "Action": ["sts:AssumeRole"],
                }
            ],
        }
        everything = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::*", "arn:aws:s3:::*/*"]}],
        }
        arns = [VEND_ROLE, DOCUMENTED_ROLE, *self._spare_roles]
        roles = [
            {"roleName": arn.rsplit("/", 1)[1], "roleArn": arn, "trustPolicy": trust, "attachedPolicies": ["WarehouseRW"]}
            for arn in arns
        ]
        key = self._planted.note("seaweed sts key", base64.b64encode(secrets.token_bytes(32)).decode())
        sts = {
            "tokenDuration": self._max_session,
            "maxSessionLength": self._max_session,
            "issuer": "seaweedfs-sts",
            "signingKey": key,
        }
        return {
            "sts": sts,
            "providers": [],
            "policy": {"defaultEffect": "Deny"},
            "roles": roles,
            "policies": [{"name": "WarehouseRW", "document": everything}],
        }
