"""The four kinds of places, each against a server that others wrote, and our own keeper."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import receiver_yard
from kept.backup.keeping.accounts import Wanted
from kept.backup.keeping.accounts import add as add_client
from kept.backup.keeping.folder import Folder
from kept.backup.places.addresses import RestAddress, S3Address, SftpAddress, parse_address
from kept.backup.places.local import LocalPlace
from kept.backup.places.rest import RestPlace
from kept.backup.places.s3 import S3Place
from kept.backup.places.s3_signing import Keys
from kept.backup.places.sftp import SftpPlace
from kept.backup.places.web import Web
from kept.backup.ports import Place
from kept.base.clock import SystemClock
from kept.crypto.passwords import Passwords
from kept.crypto.secret import Secret
from place_servers import Sshd, moto_s3, rclone_rest, sshd


@pytest.fixture(scope="session")
def sftp_server(tmp_path_factory) -> Iterator[Sshd]:
    """OpenSSH's own server."""
    with sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture(scope="session")
def rest_server(tmp_path_factory) -> Iterator[int]:
    """A server of restic's protocol by rclone; its port."""
    folder = tmp_path_factory.mktemp("rclone")
    (folder / "served").mkdir()
    with rclone_rest(folder / "served", folder / "log") as port:
        yield port


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory) -> Iterator[int]:
    """An S3 by moto with one bucket, named `bucket`; its port."""
    with moto_s3(tmp_path_factory.mktemp("moto") / "log") as port:
        httpx.put(f"http://127.0.0.1:{port}/bucket", trust_env=False).raise_for_status()
        yield port


@pytest.fixture(scope="session")
def keeper(tmp_path_factory) -> Iterator[receiver_yard.Yard]:
    """Our own keeper of others' copies, over TLS, with one client to begin with."""
    made = receiver_yard.yard(tmp_path_factory.mktemp("keeper"))
    made.client("first")
    with made.served():
        yield made


def local(request: pytest.FixtureRequest) -> Place:
    """A folder."""
    folder: Path = request.getfixturevalue("tmp_path") / "place"
    return LocalPlace(folder, clock=SystemClock())


def sftp(request: pytest.FixtureRequest) -> Place:
    """A folder behind sshd."""
    server: Sshd = request.getfixturevalue("sftp_server")
    folder: Path = request.getfixturevalue("tmp_path") / "deep" / "place"
    address = SftpAddress("127.0.0.1", str(folder), server.user)
    return SftpPlace(address, clock=SystemClock(), program=server.program)


def rest(request: pytest.FixtureRequest) -> Place:
    """A folder behind rclone, named anew for each test."""
    port: int = request.getfixturevalue("rest_server")
    address = parse_address(f"rest:http://127.0.0.1:{port}/{uuid.uuid4().hex}/")
    assert isinstance(address, RestAddress)
    return RestPlace(address, Web(clock=SystemClock()))


def receiver(request: pytest.FixtureRequest) -> Place:
    """A client's repository at our own keeper, a new client for each test."""
    made: receiver_yard.Yard = request.getfixturevalue("keeper")
    clock = SystemClock()
    name = uuid.uuid4().hex
    wanted = Wanted(name, 1)
    password = add_client(Folder(made.dir), wanted, Passwords(), now=clock.now())
    base = f"https://127.0.0.1:{made.port}/{name}/"
    address = RestAddress(base, name, Secret(password.encode()))
    return RestPlace(address, Web(clock=clock, ca_file=made.cert))


def s3(request: pytest.FixtureRequest) -> Place:
    """A prefix of a bucket, named anew for each test."""
    port: int = request.getfixturevalue("s3_server")
    address = parse_address(f"s3:http://127.0.0.1:{port}/bucket/deep/{uuid.uuid4().hex}")
    assert isinstance(address, S3Address)
    clock = SystemClock()
    return S3Place(address, S3_KEYS, Web(clock=clock), clock=clock)


S3_KEYS = Keys("AKIDEXAMPLE", Secret(b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), "us-east-1")
BUILDERS = {"local": local, "sftp": sftp, "rest": rest, "s3": s3, "receiver": receiver}
KINDS = [
    pytest.param("local"),
    pytest.param("sftp", marks=pytest.mark.needs("sshd")),
    pytest.param("rest", marks=pytest.mark.needs("rclone")),
    pytest.param("s3"),
    pytest.param("receiver"),
]


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A new repository in each kind of place."""
    built = BUILDERS[request.param](request)
    built.create()
    yield built
    built.close()
