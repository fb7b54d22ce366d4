"""Does nothing ever leave past the way that the owner demands?

In networks of their own, with a second way to the server that would be taken otherwise.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import receiver_yard
from backup_yard import Yard, planted
from place_servers import sshd_settings
from terminal import KEPT, PATIENCE_S, Done, clean
from two_ways import SERVER, WG, Ways, two_ways

pytestmark = pytest.mark.needs("root")
MIB = 1 << 20
PORT = 8443


@pytest.fixture
def ways() -> Iterator[Ways]:
    """Two ways to one server."""
    with two_ways() as made:
        yield made


@dataclass(frozen=True)
class Inside(Yard):
    """Something to copy, in the client's network."""

    ways: Ways
    url: str
    options: tuple[str, ...]
    path: str

    def command(self, *words: object) -> list[str]:
        """A whole command line."""
        told = ["--repo", self.url, "--passphrase-file", self.password, *self.options]
        return self.ways.inside(*KEPT, "backup", *map(str, (*told, *words)))

    def started(self, *words: object) -> "subprocess.Popen[str]":
        """A command under way."""
        return subprocess.Popen(
            self.command(*words),
            env={**clean(), "PATH": self.path},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ended(self, *words: object) -> Done:
        """A command, run to its end."""
        process = self.started(*words)
        out, err = process.communicate(timeout=PATIENCE_S)
        assert "Traceback" not in err, err
        return Done(process.returncode, out, err)


def inside(folder: Path, ways: Ways, url: str, *options: str) -> Inside:
    """Something to copy."""
    planted(folder)
    return Inside(folder, ways, url, options, f"{folder.parent}/bin:{os.environ['PATH']}")


def waited(look: Callable[[], bool], process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until a server answers."""
    until = time.monotonic() + PATIENCE_S
    while not look():
        assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
        assert time.monotonic() < until
        time.sleep(0.1)


def listens(ways: Ways, port: int) -> bool:
    """Whether somebody listens there, asked on the server's own side."""
    told = subprocess.run(
        ways.beyond("cat", "/proc/net/tcp"), check=True, capture_output=True, text=True
    ).stdout
    return f":{port:04X} 00000000:0000 0A" in told


@pytest.fixture(params=["receiver", pytest.param("sftp", marks=pytest.mark.needs("sshd"))])
def yard(request: pytest.FixtureRequest, ways: Ways, tmp_path: Path) -> Iterator[Inside]:
    """A server beyond both ways, of a kind that speaks TLS and of one that speaks SSH."""
    (tmp_path / "yard").mkdir()
    (tmp_path / "bin").mkdir()
    log = tmp_path / "server.log"
    if request.param == "receiver":
        keeper = receiver_yard.yard(tmp_path, SERVER)
        login = keeper.client("ann")
        secrets = tmp_path / "secrets.toml"
        secrets.write_text(f'password = "{login.password}"\n', encoding="utf-8")
        command = [*KEPT, "backup", "receiver", "serve", "--dir", str(keeper.dir)]
        command += ["--cert", str(keeper.cert), "--key", str(tmp_path / "key.pem")]
        command += ["--listen", f"{SERVER}:{PORT}"]
        url = f"rest:https://ann@{SERVER}:{PORT}/ann/"
        options = ("--ca-file", str(keeper.cert), "--secrets-file", str(secrets))
    else:
        command = sshd_settings(tmp_path, SERVER, PORT)
        ssh = tmp_path / "bin" / "ssh"
        ssh.write_text(f'#!/bin/sh\nexec /usr/bin/ssh -F "{tmp_path}/ssh_config" "$@"\n', "utf-8")
        ssh.chmod(0o755)
        url, options = f"sftp://root@{SERVER}:{PORT}/{tmp_path}/far", ()
    with log.open("wb") as said:
        server = subprocess.Popen(ways.beyond(*command), env=clean(), stdout=said, stderr=said)
    try:
        waited(lambda: listens(ways, PORT), server, log)
        yield inside(tmp_path / "yard", ways, url, *options)
    finally:
        server.terminate()
        server.wait()


def refused(yard: Inside, via: str) -> None:
    """It waits for the way, ended it exits 130, and not one packet went by the other way."""
    before = yard.ways.sent("eth0")
    process = yard.started("--via", via, "run", "source")
    assert process.stderr is not None
    said = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert f"Waiting for the VPN: {via} is not there. Nothing was sent." in said, said + err
    assert process.returncode == 130, err
    assert yard.ways.sent("eth0") == before


@pytest.mark.parametrize("via", ["wg0", WG])
def test_the_demanded_way_is_taken_and_no_other(yard: Inside, via: str) -> None:
    """Up: all goes through it. Down or gone: nothing goes, though another way is open."""
    ways = yard.ways
    assert yard.ended("--via", via, "init").code == 0
    before = ways.sent("wg0"), ways.sent("eth0")
    assert yard.ended("--via", via, "run", "source").code == 0
    assert ways.sent("wg0") > before[0]
    assert ways.sent("eth0") == before[1]
    ways.ip("link", "set", "wg0", "down")
    refused(yard, via)
    assert yard.ended("list").code == 0, "the other way is open"
    assert ways.sent("eth0") > before[1]
    ways.up()
    assert yard.ended("--via", via, "list").code == 0
    ways.ip("link", "del", "wg0")
    refused(yard, via)


@pytest.mark.parametrize("via", ["wg0", WG])
def test_a_route_past_it_is_not_taken(yard: Inside, via: str) -> None:
    """The interface is up, but the system would send by the other one: all goes through it."""
    ways = yard.ways
    assert yard.ended("init").code == 0
    ways.ip("route", "del", SERVER, "via", "10.77.1.1")
    before = ways.sent("wg0"), ways.sent("eth0")
    assert yard.ended("--via", via, "run", "source").code == 0  # beyond wg0 they know the address
    assert ways.sent("wg0") > before[0]
    assert ways.sent("eth0") == before[1]


def test_it_goes_down_half_way(yard: Inside) -> None:
    """The rest of the run does not go by the other way; up again, the next run goes on."""
    ways = yard.ways
    (yard.source / "film").write_bytes(os.urandom(24 * MIB))
    assert yard.ended("--via", "wg0", "init").code == 0
    slow = ("--via", "wg0", "--limit-upload", "4000", "run", "source", "--part-size", "4")
    began, before = ways.sent("wg0"), ways.sent("eth0")
    process = yard.started(*slow)
    until = time.monotonic() + PATIENCE_S
    while ways.sent("wg0") < began + 150:  # of up to 64 KiB each
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    ways.ip("link", "set", "wg0", "down")
    assert process.stderr is not None
    said = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert "Trying again in" in said, said + err
    assert process.returncode == 130, err
    assert ways.sent("eth0") == before
    ways.up()
    assert yard.ended("--via", "wg0", "run", "source").code == 0
    assert ways.sent("eth0") == before
