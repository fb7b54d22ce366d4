"""A keeper of others' copies at work: the real server, in a process of its own, over TLS."""

import hashlib
import json
import os
import socket
import ssl
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from place_servers import free_port, running
from terminal import KEPT, clean

HOST = "127.0.0.1"


def named(content: bytes) -> str:
    """The name of a file of these bytes."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Login:
    """A client and its password."""

    name: str
    password: str

    @property
    def pair(self) -> tuple[str, str]:
        """For Basic authentication."""
        return self.name, self.password


@dataclass
class Yard:
    """A keeper's folder with a certificate; `port` and `pid` while a server runs."""

    folder: Path
    port: int = 0
    pid: int = 0

    @property
    def dir(self) -> Path:
        """What `--dir` names."""
        return self.folder / "keeper"

    @property
    def cert(self) -> Path:
        """The certificate, which is its own authority."""
        return self.folder / "cert.pem"

    def kept(self, *words: str, code: int = 0) -> Any:
        """Run `kept backup receiver …`; its JSON."""
        done = subprocess.run(
            [*KEPT, "backup", "receiver", *words, "--dir", str(self.dir), "--json"],
            env=clean(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return json.loads((done.stdout or done.stderr).splitlines()[-1])

    def kept_plainly(self, *words: str) -> str:
        """Run a command that fails; its words."""
        done = subprocess.run(
            [*KEPT, "backup", "receiver", *words, "--dir", str(self.dir)],
            env=clean(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        return done.stderr

    def client(self, name: str, quota: str = "1", *more: str) -> Login:
        """Make an account."""
        made = self.kept("client", "add", name, "--quota", quota, *more)
        return Login(name, made["password"])

    @contextmanager
    def served(self, *more: str) -> Generator["Yard"]:
        """Serve over TLS until the block ends."""
        self.port = free_port()
        command = [*KEPT, "backup", "receiver", "serve", "--dir", str(self.dir), *more]
        command += ["--listen", f"{HOST}:{self.port}"]
        command += ["--cert", str(self.cert), "--key", str(self.folder / "key.pem")]
        with running(command, self.port, self.folder / "log") as pid:
            self.pid = pid
            yield self

    def http(self, login: Login | None = None) -> httpx.Client:
        """A client of HTTP that trusts the certificate."""
        return httpx.Client(
            base_url=f"https://{HOST}:{self.port}",
            verify=ssl.create_default_context(cafile=str(self.cert)),
            auth=login.pair if login else None,
            trust_env=False,
            timeout=60,
        )

    def raw(self) -> ssl.SSLSocket:
        """A bare TLS connection."""
        context = ssl.create_default_context(cafile=str(self.cert))
        plain = socket.create_connection((HOST, self.port), timeout=30)
        return context.wrap_socket(plain, server_hostname=HOST)

    def restic(self, login: Login, *words: str | Path, code: int = 0) -> str:
        """Run restic on this client's repository; what it said."""
        url = f"rest:https://{login.name}:{login.password}@{HOST}:{self.port}/{login.name}/"
        done = subprocess.run(
            ["restic", "--cacert", self.cert, "--no-cache", "-r", url, *words],
            env={**os.environ, "RESTIC_PASSWORD": "correct horse"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    def files(self, login: Login) -> dict[str, bytes]:
        """Every file of a client's repository by its path."""
        root = self.dir / "repos" / login.name
        return {
            str(path.relative_to(root)): path.read_bytes()
            for path in root.rglob("*")
            if path.is_file()
        }

    def incoming(self) -> list[Path]:
        """Uploads that are not whole."""
        return [path for path in (self.dir / "incoming").rglob("*") if path.is_file()]


def yard(folder: Path, host: str = HOST) -> Yard:
    """A folder with a certificate for 127.0.0.1, or for another address."""
    write_certificate(folder, host)
    return Yard(folder)


def write_certificate(folder: Path, host: str = HOST) -> int:
    """A new key and certificate, each put in its place whole; the certificate's number."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "keeper")])
    now = datetime.now(UTC)
    made = (
        x509
        .CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    for name, content in (
        ("cert.pem", made.public_bytes(serialization.Encoding.PEM)),
        ("key.pem", secret),
    ):
        (folder / f"{name}.new").write_bytes(content)
        (folder / f"{name}.new").replace(folder / name)
    return made.serial_number
