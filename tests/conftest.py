"""What does every test stand on?

1. Sockets reach this machine alone: loopback and Unix. Anything else is refused.
2. `@pytest.mark.needs("chromium")` (or another of FINDERS): where the thing is absent the test
   skips and says so; where KEPT_REQUIRE names the thing, the test errors instead. How many such
   tests ran is printed at the end, so that a suite without PostgreSQL never looks like a whole one.
3. `vectors` is the folder of published test vectors that KEPT_VECTORS names.

Source: style guide §7 and §8. PostgreSQL itself is in fixtures_postgres.
"""

import ipaddress
import os
import shutil
import signal
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

pytest_plugins = ["fixtures_postgres", "fixtures_houses"]


def has_postgres() -> bool:
    """Whether a test can have a PostgreSQL database."""
    import fixtures_postgres  # pytest loads it first, to rewrite its asserts

    return fixtures_postgres.is_present()


def may_change_the_machine() -> bool:
    """Whether a test may mount a small disk of its own and make a network of its own: as root."""
    status = Path("/proc/self/status")
    if shutil.which("ip") is None or shutil.which("mount") is None or not status.is_file():
        return False
    (held,) = [line for line in status.read_text("utf-8").splitlines() if "CapEff" in line]
    wanted = 1 << 21 | 1 << 12  # CAP_SYS_ADMIN, CAP_NET_ADMIN
    return int(held.split()[1], 16) & wanted == wanted


FINDERS: dict[str, Callable[[], bool]] = {
    "chromium": lambda: shutil.which("chromium") is not None,
    "postgres": has_postgres,
    "age": lambda: shutil.which("age") is not None,
    "go": lambda: (
        shutil.which("go") is not None
        and Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog").is_dir()
    ),
    "restic": lambda: shutil.which("restic") is not None,
    "rclone": lambda: shutil.which("rclone") is not None,
    "sshd": lambda: shutil.which("ssh") is not None and Path("/usr/sbin/sshd").is_file(),
    "root": may_change_the_machine,
}
# A machine shared with others is no reason to fail: speed is what ./dev bench measures.
hypothesis.settings.register_profile("kept", deadline=None)
hypothesis.settings.load_profile("kept")

RAN = pytest.StashKey[Counter[str]]()
SKIPPED = pytest.StashKey[Counter[str]]()


SAID = {"root": "no right to mount disks and make networks"}  # of what is no program


def required() -> frozenset[str]:
    """What KEPT_REQUIRE demands."""
    return frozenset(filter(None, os.environ.get("KEPT_REQUIRE", "").split(",")))


def pytest_configure(config: pytest.Config) -> None:
    """Start counting, and refuse a demand nobody understands."""
    config.stash[RAN], config.stash[SKIPPED] = Counter(), Counter()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # so starts a shell what it puts behind
        signal.signal(signal.SIGINT, signal.default_int_handler)  # else our programs inherit it
    if unknown := required() - FINDERS.keys():
        raise pytest.UsageError(f"KEPT_REQUIRE names {sorted(unknown)}; known: {sorted(FINDERS)}")


def needs(item: pytest.Item) -> list[str]:
    """The things one test needs."""
    return [what for mark in item.iter_markers("needs") for what in mark.args]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or fail where the thing is demanded, before any fixture asks for it."""
    for what in needs(item):
        if FINDERS[what]():
            continue
        if what in required():
            pytest.fail(f"no {what} on this machine, and KEPT_REQUIRE demands it", pytrace=False)
        item.config.stash[SKIPPED][what] += 1
        pytest.skip(f"{SAID.get(what, f'no {what}')} on this machine")


def pytest_runtest_call(item: pytest.Item) -> None:
    """Count the tests that got what they need."""
    item.config.stash[RAN].update(needs(item))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker beside others hands its counts to the one that sums them up."""
    counts = getattr(session.config, "workeroutput", None)
    if counts is not None:
        counts["needs"] = [dict(session.config.stash[key]) for key in (RAN, SKIPPED)]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add the counts of a worker that ended; one that was killed has none."""
    for key, counted in zip((RAN, SKIPPED), node.workeroutput.get("needs", []), strict=False):
        node.config.stash[key].update(counted)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests ran on each thing, and how many could not."""
    config = terminalreporter.config
    for what in FINDERS:
        ran, skipped = config.stash[RAN][what], config.stash[SKIPPED][what]
        if ran or skipped:
            terminalreporter.write_line(f"needs {what}: {ran} ran, {skipped} skipped")


def is_here(address: object) -> bool:
    """Whether an address of `socket.connect` stays on this machine."""
    if not isinstance(address, tuple):
        return True  # a Unix socket's path
    host = str(address[0])
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(autouse=True, scope="session")
def only_this_machine() -> Iterator[None]:
    """Refuse to connect anywhere else; asyncio keeps its own socket pairs."""
    real, real_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(connect: Callable[..., object]) -> Callable[..., object]:
        def checked(self: socket.socket, address: object) -> object:
            if not is_here(address):
                raise PermissionError(f"a test tried to reach {address!r}")
            return connect(self, address)

        return checked

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(real))
        patch.setattr(socket.socket, "connect_ex", guarded(real_ex))
        yield


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder of published test vectors; without KEPT_VECTORS the test skips and says so."""
    named = os.environ.get("KEPT_VECTORS")
    if not named:
        pytest.skip("KEPT_VECTORS names no folder of published vectors")
    return Path(named)
