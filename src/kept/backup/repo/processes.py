"""Which process am I, and does another one still run?

Read from `/proc` where there is one; elsewhere the facts stay empty and prove nothing.
Source: proc(5), `stat` field 22; namespaces(7); machine-id(5), which asks not to be shown as it is.
"""

import hashlib
import os
import pwd
import socket
from pathlib import Path

from kept.backup.repo.locks import ProcessFacts

_PROC = Path("/proc")
_MACHINE_ID = Path("/etc/machine-id")
_MACHINE_LABEL = b"kept lock machine v1\n"
_AFTER_NAME_START_TIME = 19  # field 22 of stat; the name, field 2, is passed over


def own_facts() -> ProcessFacts:
    """Of the process that asks."""
    uid = os.geteuid()
    try:
        username = pwd.getpwuid(uid).pw_name
    except KeyError:
        username = ""
    machine_id = _text(_MACHINE_ID)
    return ProcessFacts(
        hostname=socket.gethostname(),
        username=username,
        pid=os.getpid(),
        uid=uid,
        gid=os.getegid(),
        boot_id=_text(_PROC / "sys/kernel/random/boot_id"),
        start_time=start_time_of(os.getpid()) or 0,
        machine=_hashed(machine_id) if machine_id else "",
        pid_namespace=_pid_namespace(),
    )


def start_time_of(pid: int) -> int | None:
    """Ticks since the start of the kernel, 0 where they are hidden, None without such a process."""
    stat = _text(_PROC / str(pid) / "stat")
    _, closed, fields = stat.rpartition(")")  # the name before it may hold blanks and brackets
    if closed:
        return int(fields.split()[_AFTER_NAME_START_TIME])
    return 0 if _answers(pid) else None


def _answers(pid: int) -> bool:
    """Whether there is such a process: `/proc` may hide those of other people (hidepid)."""
    if pid <= 0:
        return False  # to kill, these are groups of processes
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _hashed(machine_id: str) -> str:
    return hashlib.sha256(_MACHINE_LABEL + machine_id.encode("utf-8")).hexdigest()[:32]


def _pid_namespace() -> str:
    try:
        return str((_PROC / "self/ns/pid").readlink())
    except OSError:
        return ""
