"""What does a copy behind SSH look like after a bad day?"""

import hashlib
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kept.backup.places.addresses import SftpAddress
from kept.backup.places.sftp import SftpPlace, ssh_command
from kept.backup.places.throttle import Bucket, Pace
from kept.backup.places.trouble import STUCK
from kept.backup.places.via import Via, parse_via
from kept.backup.ports import FileKind
from kept.base.clock import SetClock, SystemClock
from kept.base.errors import MalformedError, UnavailableError
from place_servers import SFTP_SERVER, Sshd, sshd

pytestmark = pytest.mark.needs("sshd")
BIG = os.urandom(4_000_000)
BIG_NAME = hashlib.sha256(BIG).hexdigest()


def at(server: Sshd, folder: Path, *, port: int | None = None) -> SftpAddress:
    """The address of a folder on a server."""
    return SftpAddress("127.0.0.1", str(folder), server.user, port)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the place lies."""
    return tmp_path / "place"


@pytest.fixture
def place(sftp_server: Sshd, folder: Path) -> Iterator[SftpPlace]:
    """A new repository on the server."""
    made = SftpPlace(at(sftp_server, folder), clock=SystemClock(), program=sftp_server.program)
    made.create()
    yield made
    made.close()


def files(folder: Path) -> list[Path]:
    """Every file below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


def test_laid_out_as_restic_does(place, folder: Path) -> None:
    """Files stand where restic looks, with mode 0400, and nothing else is left."""
    place.put(FileKind.DATA, BIG_NAME, BIG)
    (path,) = files(folder)
    assert path == folder / "data" / BIG_NAME[:2] / BIG_NAME
    assert path.stat().st_mode & 0o777 == 0o400
    assert len(list((folder / "data").iterdir())) == 256


def test_line_cut_half_way(place, folder: Path) -> None:
    """The file is not there, and the same put works when the line is back."""

    def cut(_seconds: float) -> None:
        for link in links:
            os.kill(link._process.pid, signal.SIGKILL)
        links.clear()

    with place._link() as link:
        links = [link]
    steps = iter([None] * 60)  # of 32 KiB; then the line is slow, and while it waits it is cut
    place._pace = Pace(up=Bucket(lambda: next(steps, 1.0), clock=lambda: 0.0, sleep=cut))
    with pytest.raises(UnavailableError, match="broke"):
        place.put(FileKind.DATA, BIG_NAME, BIG)
    assert links == []
    assert place.list(FileKind.DATA) == []
    assert not (folder / "data" / BIG_NAME[:2] / BIG_NAME).exists()
    place._pace = Pace()
    place.put(FileKind.DATA, BIG_NAME, BIG)
    assert place.get(FileKind.DATA, BIG_NAME) == BIG


def test_left_overs_go_after_a_day(sftp_server: Sshd, folder: Path) -> None:
    """What a cut line left is removed by a listing a day later, not before."""
    clock = SetClock(datetime.now(UTC))
    place = SftpPlace(at(sftp_server, folder), clock=clock, program=sftp_server.program)
    place.create()
    half = folder / "data" / "aa" / ("a" * 64 + "-kept-temp-0011aabb")
    half.write_bytes(b"half")
    (folder / "data" / "aa" / "README").write_bytes(b"others'")
    clock.advance(timedelta(hours=23))
    assert place.list(FileKind.DATA) == []
    assert half.exists()
    clock.advance(timedelta(hours=2))
    assert place.list(FileKind.DATA) == []
    assert [path.name for path in files(folder)] == ["README"]
    place.close()


@pytest.fixture
def little_server(tmp_path: Path) -> Iterator[Sshd]:
    """A server on which no file grows beyond 1 MB."""
    wrapper = tmp_path / "little"
    wrapper.write_text(f"#!/bin/sh\ntrap '' XFSZ\nulimit -f 2000\nexec {SFTP_SERVER}\n", "utf-8")
    wrapper.chmod(0o755)
    (tmp_path / "keys").mkdir()
    with sshd(tmp_path / "keys", str(wrapper)) as server:
        yield server


def test_disk_full_leaves_nothing(little_server: Sshd, folder: Path) -> None:
    """What does not fit is not there, under no name; what fits still goes; nobody tries on."""
    place = SftpPlace(at(little_server, folder), clock=SystemClock(), program=little_server.program)
    place.create()
    with pytest.raises(UnavailableError, match="full") as caught:
        place.put(FileKind.DATA, BIG_NAME, BIG)
    assert caught.value.retry_after == STUCK
    assert files(folder) == []
    place.put(FileKind.KEY, hashlib.sha256(b"small").hexdigest(), b"small")
    assert len(files(folder)) == 1
    place.close()


def test_unknown_server_is_refused(sftp_server: Sshd, folder: Path, tmp_path: Path) -> None:
    """Nobody is asked and nothing is sent, whatever the owner's settings say."""
    settings = (sftp_server.folder / "ssh_config").read_text(encoding="utf-8")
    strange = tmp_path / "strange"
    strange.write_text(
        settings.replace(str(sftp_server.folder / "known"), str(tmp_path / "none"))
        + "StrictHostKeyChecking no\n",
        encoding="utf-8",
    )
    place = SftpPlace(
        at(sftp_server, folder), clock=SystemClock(), program=("ssh", "-F", str(strange))
    )
    with pytest.raises(UnavailableError, match="not the one we know") as caught:
        place.create()
    assert caught.value.retry_after == STUCK
    assert not folder.exists()
    assert not (tmp_path / "none").exists()


def test_key_that_is_not_let_in(sftp_server: Sshd, folder: Path, tmp_path: Path) -> None:
    """A key the server does not know is told as such, at once."""
    settings = (sftp_server.folder / "ssh_config").read_text(encoding="utf-8")
    other = tmp_path / "other"
    other.write_text(
        settings.replace(str(sftp_server.folder / "user"), str(sftp_server.folder / "host")),
        encoding="utf-8",
    )
    place = SftpPlace(
        at(sftp_server, folder), clock=SystemClock(), program=("ssh", "-F", str(other))
    )
    with pytest.raises(UnavailableError, match="does not let us in") as caught:
        place.create()
    assert caught.value.retry_after == STUCK


def test_missing_folder_is_not_empty(place, folder: Path) -> None:
    """A folder that is away is not an empty one, and is not made again by writing."""
    folder.rename(folder.with_name("elsewhere"))
    for kind in FileKind:
        with pytest.raises(UnavailableError, match="not there"):
            place.list(kind)
    with pytest.raises(UnavailableError):
        place.put(FileKind.DATA, BIG_NAME, BIG)
    assert not folder.exists()


def test_missing_fan_is_made(place, folder: Path) -> None:
    """Other programs make data/xx only when they need it."""
    (folder / "data" / BIG_NAME[:2]).rmdir()
    assert place.list(FileKind.DATA) == []
    place.put(FileKind.DATA, BIG_NAME, BIG)
    assert place.get(FileKind.DATA, BIG_NAME) == BIG


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo Welcome to this server; sleep 1", "not SFTP"),
        ("exit 1", "broke"),
        (r"head -c 9 >&2; printf '\0\0\0\5\2\0\0\0\3'; sleep 1", "fsync"),
        (r"printf '\377\377\377\377'; sleep 1", "not SFTP"),
    ],
)
def test_strange_servers(folder: Path, tmp_path: Path, script: str, told: str) -> None:
    """What is no SFTP server, or one that cannot make files durable, is told as such."""
    program = tmp_path / "ssh"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    address = SftpAddress("127.0.0.1", str(folder))
    place = SftpPlace(address, clock=SystemClock(), program=(str(program),))
    with pytest.raises(UnavailableError, match=told):
        place.list(FileKind.KEY)


def test_talkative_ssh_does_not_stop(sftp_server: Sshd, folder: Path, tmp_path: Path) -> None:
    """A megabyte on stderr blocks nothing."""
    program = tmp_path / "loud"
    program.write_text(
        '#!/bin/sh\nhead -c 1000000 /dev/zero >&2\nexec ssh "$@"\n', encoding="utf-8"
    )
    program.chmod(0o755)
    place = SftpPlace(
        at(sftp_server, folder),
        clock=SystemClock(),
        program=(str(program), *sftp_server.program[1:]),
    )
    place.create()
    place.close()


def test_missing_vpn_starts_nothing(folder: Path) -> None:
    """Without its interface or address ssh is not even started."""
    for via in ("wg-kept0", "192.0.2.7"):
        place = SftpPlace(
            SftpAddress("127.0.0.1", str(folder)),
            clock=SystemClock(),
            via=parse_via(via),
            program=("false",),
        )
        with pytest.raises(UnavailableError, match="Waiting for the VPN"):
            place.create()


def test_via_loopback_works(sftp_server: Sshd, folder: Path) -> None:
    """With the demanded address there, the connection comes from it."""
    place = SftpPlace(
        at(sftp_server, folder),
        clock=SystemClock(),
        via=parse_via("127.0.0.2"),
        program=sftp_server.program,
    )
    place.create()
    place.close()
    log = (sftp_server.folder / "sshd.log").read_text(encoding="utf-8")
    assert "from 127.0.0.2 port" in log


def test_no_detour_with_via() -> None:
    """A shared connection or a proxy would leave by another way, so ssh is handed a bound one."""
    free = ssh_command(SftpAddress("h", "/x"))
    bound = ssh_command(SftpAddress("h", "/x", "u", 7), via=Via(interface="wg0"), device="wg0")
    assert not any("Proxy" in option for option in free)
    assert {"-oControlPath=none", "-oControlMaster=no", "-oProxyUseFdpass=yes"} <= set(bound)
    (line,) = [option for option in bound if option.startswith("-oProxyCommand=")]
    assert line.endswith("-m kept.backup.places.via_line wg0 '' %h %p")
    assert bound[-8:] == ["-p", "7", "-l", "u", "-s", "--", "h", "sftp"]


@pytest.mark.parametrize("text", ["", "wg 0", "-oX", "a" * 16, "1.2.3.4.5/8", "wg0;x"])
def test_strange_via_is_refused(text: str) -> None:
    """Only an address or the name of an interface reaches ssh."""
    with pytest.raises(MalformedError):
        parse_via(text)


def test_killed_between_calls(place) -> None:
    """A connection that died while idle fails once; the next call makes a new one."""
    with place._link() as link:
        os.kill(link._process.pid, signal.SIGKILL)
        link._process.wait()
    with pytest.raises(UnavailableError):
        place.list(FileKind.KEY)
    assert place.list(FileKind.KEY) == []
