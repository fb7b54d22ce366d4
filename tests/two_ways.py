"""Two networks of their own: a client with two ways to one server, `wg0` and `eth0`.

Nothing leaves this machine: both are network namespaces, joined by two cables. Needs root.
"""

import subprocess
import uuid
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

SERVER = "10.77.9.1"  # reached over both
WG, ETH = "10.77.1.2", "10.77.2.2"  # the client's own addresses


@dataclass(frozen=True)
class Ways:
    """The names of the two networks."""

    client: str
    server: str

    def ip(self, *words: str) -> None:
        """Change the client's network, as `ip` does."""
        subprocess.run(["ip", "-n", self.client, *words], check=True)

    def up(self) -> None:
        """Let `wg0` work; its route is the preferred one."""
        self.ip("link", "set", "wg0", "up")
        self.ip("route", "replace", SERVER, "via", "10.77.1.1", "metric", "10")

    def sent(self, device: str) -> int:
        """How many packets the client sent over an interface."""
        path = f"/sys/class/net/{device}/statistics/tx_packets"
        told = subprocess.run(
            self.inside("cat", path), check=True, capture_output=True, text=True
        ).stdout
        return int(told)

    def inside(self, *words: str) -> list[str]:
        """A command in the client's network."""
        return ["ip", "netns", "exec", self.client, *words]

    def beyond(self, *words: str) -> list[str]:
        """A command in the server's network."""
        return ["ip", "netns", "exec", self.server, *words]


@contextmanager
def two_ways() -> Generator[Ways]:
    """Both networks, for as long as the block lasts."""
    mark = uuid.uuid4().hex[:6]
    ways = Ways(f"kept-c-{mark}", f"kept-s-{mark}")
    made: list[str] = []
    try:
        for name in (ways.client, ways.server):
            _run(["ip", "netns", "add", name])
            made.append(name)
            quiet = "net.ipv6.conf.default.disable_ipv6=1"  # it would speak by itself
            _run(["ip", "netns", "exec", name, "sysctl", "-q", quiet])
            _run(["ip", "-n", name, "link", "set", "lo", "up"])
        _run(["ip", "-n", ways.server, "addr", "add", f"{SERVER}/32", "dev", "lo"])
        for number, device, own in ((1, "wg0", WG), (2, "eth0", ETH)):
            there = ["peer", "name", device, "netns", ways.server]
            _run(["ip", "-n", ways.client, "link", "add", device, "type", "veth", *there])
            other = f"10.77.{number}.1/24"
            for name, address in ((ways.client, f"{own}/24"), (ways.server, other)):
                _run(["ip", "-n", name, "addr", "add", address, "dev", device])
                _run(["ip", "-n", name, "link", "set", device, "up"])
        ways.ip("route", "add", SERVER, "via", "10.77.2.1", "metric", "20")
        ways.up()
        yield ways
    finally:
        for name in made:
            subprocess.run(["ip", "netns", "del", name], check=False)


def _run(words: Sequence[str]) -> None:
    subprocess.run(words, check=True)
