"""A certificate authority of the run, and the certificates it signs. Made with the openssl command."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from harness.tools import Missing

_EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


class Authority:
    """Nobody trusts it who was not given its certificate."""

    def __init__(self, name: str):
        if shutil.which("openssl") is None:
            raise Missing("openssl is missing: apt-get install openssl")
        self._dir = Path(tempfile.mkdtemp(prefix="ca-"))
        self._key = self._dir / "ca.key"
        self.certificate = self._dir / "ca.pem"
        command = ["req", "-x509", *_EC, "-keyout", str(self._key), "-out", str(self.certificate), "-days", "2"]
        command += ["-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE"]
        _openssl(*command, "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    @property
    def pem(self) -> str:
        return self.certificate.read_text()

    def issue(self, name: str, names: str = "IP:127.0.0.1,DNS:localhost") -> tuple[Path, Path]:
        """Certificate and key of a server."""
        key, request, certificate, extensions = (self._dir / f"{name}.{end}" for end in ("key", "csr", "pem", "ext"))
        _openssl("req", "-new", *_EC, "-keyout", str(key), "-out", str(request), "-subj", f"/CN={name}")
        usage = "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n"
        extensions.write_text(f"{usage}subjectAltName={names}\n")
        sign = ["x509", "-req", "-in", str(request), "-CA", str(self.certificate), "-CAkey", str(self._key)]
        _openssl(*sign, "-CAcreateserial", "-days", "2", "-extfile", str(extensions), "-out", str(certificate))
        return certificate, key

    def remove(self) -> None:
        shutil.rmtree(self._dir, ignore_errors=True)


def _openssl(*arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr}")
