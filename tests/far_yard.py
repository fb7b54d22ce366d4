"""A repository behind each kind of server, as `kept backup --repo` and restic reach it."""

import os
import subprocess
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

import receiver_yard
from backup_yard import Yard, planted
from place_servers import moto_s3, rclone_rest, sshd
from terminal import KEPT, PATIENCE_S, clean

S3_KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-the-secret"}
Opened = Generator["Server"]


@dataclass(frozen=True)
class Server:
    """A running server: how our command and restic are told of it.

    `url` makes an address of a name that no other test has; `port` is where it listens.
    """

    kind: str
    port: int
    url: Callable[[str], str]
    options: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict[str, str])
    restic_url: Callable[[str], str] | None = None
    restic_options: tuple[str, ...] = ()
    is_adding_only: bool = False
    known: Path | None = None  # ssh's servers


@dataclass(frozen=True)
class Far(Yard):
    """Something to copy, and a repository on a server."""

    server: Server
    name: str
    url: str

    @property
    def env(self) -> dict[str, str]:
        """With what this kind of place needs around it."""
        return {**clean(), **self.server.env}

    def words(self, *words: object, password: Path | None = None) -> list[str]:
        """A whole command line."""
        told = ["--repo", self.url, "--passphrase-file", password or self.password]
        return [*KEPT, "backup", *map(str, (*told, *self.server.options, *words))]

    def restic(self, *words: object, stdin: str = "") -> str:
        """What restic says of the same repository."""
        url = (self.server.restic_url or self.server.url)(self.name)
        told = ["restic", "-r", url, "--password-file", self.password, "--no-cache"]
        done = subprocess.run(
            [*map(str, told), *self.server.restic_options, *map(str, words)],
            env={**os.environ, **self.server.env, "TZ": "UTC"},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def through(self, port: int) -> "Far":
        """The same repository, reached by way of another port of this machine."""
        if self.server.known is not None:
            known = self.server.known.read_text(encoding="utf-8")
            again = known.replace(f":{self.server.port} ", f":{port} ")
            self.server.known.write_text(known + again, encoding="utf-8")
        url = self.url.replace(f":{self.server.port}", f":{port}")
        return Far(self.folder, self.server, self.name, url)


def far(folder: Path, server: Server) -> Far:
    """Something to copy, and the address of a repository that is not made yet."""
    name = uuid.uuid4().hex if server.kind != "receiver" else "ann"
    planted(folder)
    return Far(folder, server, name, server.url(name))


@contextmanager
def over_ssh(folder: Path) -> Opened:
    """OpenSSH's own server; `ssh` is found first where its settings stand with it."""
    with sshd(folder) as server:
        (folder / "bin").mkdir()
        program = folder / "bin" / "ssh"
        options = f'-F "{folder}/ssh_config"'
        program.write_text(f'#!/bin/sh\nexec /usr/bin/ssh {options} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        env = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
        base = f"{server.user}@127.0.0.1"
        yield Server(
            "sftp",
            server.port,
            lambda name: f"sftp://{base}:{server.port}/{folder}/far/{name}",
            env=env,
            restic_url=lambda name: f"sftp:{base}:{folder}/far/{name}",
            known=folder / "known",
        )


@contextmanager
def over_s3(folder: Path) -> Opened:
    """An S3 by moto, with a bucket."""
    with moto_s3(folder / "moto.log") as port:
        httpx.put(f"http://127.0.0.1:{port}/bucket", trust_env=False).raise_for_status()
        url = f"s3:http://127.0.0.1:{port}/bucket/deep"
        yield Server("s3", port, lambda name: f"{url}/{name}", env=S3_KEYS)


@contextmanager
def over_rest(folder: Path) -> Opened:
    """A server of restic's protocol by rclone."""
    (folder / "served").mkdir()
    with rclone_rest(folder / "served", folder / "rclone.log") as port:
        yield Server("rest", port, lambda name: f"rest:http://127.0.0.1:{port}/{name}/")


@contextmanager
def over_receiver(folder: Path) -> Opened:
    """Our own keeper over TLS; the password stands in a file, as it should."""
    made = receiver_yard.yard(folder)
    ann = made.client("ann")
    secrets = folder / "secrets.toml"
    secrets.write_text(f'password = "{ann.password}"\n', encoding="utf-8")
    with made.served():
        at = f"127.0.0.1:{made.port}/ann/"
        yield Server(
            "receiver",
            made.port,
            lambda _: f"rest:https://ann@{at}",
            options=("--ca-file", str(made.cert), "--secrets-file", str(secrets)),
            restic_url=lambda _: f"rest:https://ann:{quote(ann.password, safe='')}@{at}",
            restic_options=("--cacert", str(made.cert)),
            is_adding_only=True,
        )


OPENERS = {"sftp": over_ssh, "s3": over_s3, "rest": over_rest, "receiver": over_receiver}
KINDS = [
    pytest.param("sftp", marks=pytest.mark.needs("sshd")),
    pytest.param("s3"),
    pytest.param("rest", marks=pytest.mark.needs("rclone")),
    pytest.param("receiver"),
]
