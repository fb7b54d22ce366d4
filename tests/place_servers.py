"""Servers that others wrote, for places of backup: OpenSSH, rclone and moto, on loopback."""

import getpass
import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_S = 30.0
SFTP_SERVER = "/usr/lib/openssh/sftp-server"


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(command: Sequence[str | Path], port: int, log: Path) -> Generator[int]:
    """Run a server until the block ends; it is there when the block begins. Gives its pid."""
    with log.open("wb") as said:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    try:
        end = time.monotonic() + START_S
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None, log.read_text(encoding="utf-8", errors="replace")
            assert time.monotonic() < end, f"{command[0]} did not start"
            time.sleep(0.05)
        yield server.pid
    finally:
        server.terminate()
        server.wait()


@dataclass(frozen=True, slots=True)
class Sshd:
    """A running sshd and the settings with which `ssh` reaches it."""

    port: int
    folder: Path

    @property
    def user(self) -> str:
        """Who may log in."""
        return getpass.getuser()

    @property
    def program(self) -> tuple[str, ...]:
        """`ssh` with a known server and a key that is let in."""
        return ("ssh", "-F", str(self.folder / "ssh_config"))


def _key(path: Path) -> str:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path]
    subprocess.run(command, check=True)
    return path.with_suffix(".pub").read_text(encoding="utf-8").strip()


def sshd_settings(folder: Path, host: str, port: int, subsystem: str = SFTP_SERVER) -> list[str]:
    """Write keys and settings of a server and of its client; the command that starts it."""
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    own, user = _key(folder / "host"), _key(folder / "user")
    (folder / "authorized").write_text(user + "\n", encoding="utf-8")
    (folder / "known").write_text(f"[{host}]:{port} {own}\n", encoding="utf-8")
    settings = f"""
        Port {port}
        ListenAddress {host}
        HostKey {folder / "host"}
        AuthorizedKeysFile {folder / "authorized"}
        PasswordAuthentication no
        KbdInteractiveAuthentication no
        PermitRootLogin prohibit-password
        MaxStartups 100
        PidFile none
        StrictModes no
        UsePAM no
        Subsystem sftp {subsystem}
    """
    client = f"""
        Port {port}
        IdentityFile {folder / "user"}
        IdentitiesOnly yes
        UserKnownHostsFile {folder / "known"}
        GlobalKnownHostsFile none
    """
    (folder / "sshd_config").write_text(settings, encoding="utf-8")
    (folder / "ssh_config").write_text(client, encoding="utf-8")
    return ["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "sshd_config")]


@contextmanager
def sshd(folder: Path, subsystem: str = SFTP_SERVER) -> Generator[Sshd]:
    """Run sshd with keys of its own; `subsystem` is what it starts for SFTP."""
    port = free_port()
    command = sshd_settings(folder, "127.0.0.1", port, subsystem)
    with running(command, port, folder / "sshd.log"):
        yield Sshd(port, folder)


@contextmanager
def rclone_rest(folder: Path, log: Path, *options: str) -> Generator[int]:
    """Serve a folder with restic's REST protocol; gives the port."""
    port = free_port()
    command = ["rclone", "serve", "restic", "--addr", f"127.0.0.1:{port}", *options, folder]
    with running(command, port, log):
        yield port


@contextmanager
def moto_s3(log: Path) -> Generator[int]:
    """A double of Amazon's S3; gives the port."""
    port = free_port()
    with running([sys.executable, "-m", "moto.server", "-p", str(port)], port, log):
        yield port
