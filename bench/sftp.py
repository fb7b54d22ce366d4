"""How fast do parts go over SSH, on loopback, beside OpenSSH's own client?"""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from statistics import median

from bench.backup_measuring import SCRATCH, scale
from bench.figures import Figure, Peer

from kept.backup.places.addresses import SftpAddress
from kept.backup.places.sftp import SftpPlace
from kept.backup.ports import FileKind
from kept.base.clock import SystemClock

PART_BYTES = 16 * 2**20
PARTS = 32  # 512 MiB
UPLOADS = 2  # at once, as a run has
ROUNDS = 3
START_S = 20.0
SSHD = Path("/usr/sbin/sshd")
SFTP_SERVER = Path("/usr/lib/openssh/sftp-server")


def sftp_mb_per_s(folder: Path, _seconds: float) -> Figure:
    """10^6 bytes a second that are durable at the other end; random parts, two at once."""
    assert SSHD.exists(), "no sshd on this machine"
    home = Path(os.environ.get(SCRATCH) or folder) / "kept-bench-sftp"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    parts = [os.urandom(PART_BYTES) for _ in range(max(2, round(PARTS * float(scale()))))]
    size_mb = len(parts) * PART_BYTES / 1e6
    file = home / "parts"
    file.write_bytes(b"".join(parts))
    ours: list[float] = []
    theirs: list[float] = []
    try:
        with _sshd(home) as port:
            for _ in range(ROUNDS):
                ours.append(size_mb / _put(home, port, parts))
                theirs.append(size_mb / _client(home, port, file))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    limits = f"parts of 16 MiB, durable: {len(parts)}, median of {ROUNDS} rounds; one SSH cipher"
    peer = Peer("OpenSSH's sftp, flushed", median(theirs))
    return Figure("sftp_mb_per_s", median(ours), "MB/s", len(parts), peer, limits)


def _put(home: Path, port: int, parts: list[bytes]) -> float:
    target = home / "ours"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    address = SftpAddress("127.0.0.1", str(target), getpass.getuser(), port)
    place = SftpPlace(address, clock=SystemClock(), program=("ssh", "-F", str(home / "client")))
    names = [sha256(part).hexdigest() for part in parts]

    def put(name: str, part: bytes) -> None:
        place.put(FileKind.DATA, name, part)

    try:
        place.create()
        began = time.perf_counter()
        with ThreadPoolExecutor(UPLOADS) as threads:
            list(threads.map(put, names, parts))
        return time.perf_counter() - began
    finally:
        place.close()


def _client(home: Path, port: int, file: Path) -> float:
    order = f"put -f {file} {home / 'theirs'}\n".encode()
    command = [
        shutil.which("sftp") or "sftp",
        "-q",
        "-F",
        str(home / "client"),
        "-P",
        str(port),
        "-b",
        "-",
        "127.0.0.1",
    ]
    began = time.perf_counter()
    subprocess.run(command, input=order, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


@contextmanager
def _sshd(home: Path) -> Generator[int]:
    """A server of our own on loopback, with keys of its own."""
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    host, user = _key(home / "host"), _key(home / "user")
    (home / "authorized").write_text(f"{user}\n", encoding="utf-8")
    (home / "known").write_text(f"[127.0.0.1]:{port} {host}\n", encoding="utf-8")
    (home / "server").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {home / 'host'}\n"
        f"AuthorizedKeysFile {home / 'authorized'}\nPasswordAuthentication no\n"
        "PermitRootLogin prohibit-password\nPidFile none\nStrictModes no\nUsePAM no\n"
        f"Subsystem sftp {SFTP_SERVER}\n",
        encoding="utf-8",
    )
    (home / "client").write_text(
        f"IdentityFile {home / 'user'}\nIdentitiesOnly yes\n"
        f"UserKnownHostsFile {home / 'known'}\nGlobalKnownHostsFile none\n",
        encoding="utf-8",
    )
    with (home / "log").open("wb") as log:
        server = subprocess.Popen([SSHD, "-D", "-e", "-f", home / "server"], stderr=log)
    try:
        _wait(server, port)
        yield port
    finally:
        server.terminate()
        server.wait()


def _key(path: Path) -> str:
    subprocess.run(
        [
            shutil.which("ssh-keygen") or "ssh-keygen",
            "-q",
            "-t",
            "ed25519",
            "-N",
            "",
            "-C",
            "",
            "-f",
            path,
        ],
        check=True,
    )
    return path.with_suffix(".pub").read_text(encoding="utf-8").strip()


def _wait(server: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + START_S
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert server.poll() is None, "sshd did not start"
        assert time.monotonic() < end, "sshd does not answer"
        time.sleep(0.05)
