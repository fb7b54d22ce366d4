"""A real server: `kept serve` in a process of its own, on a free port of this machine."""

import base64
import http.client
import json
import re
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cli import KEPT

READY_S = 60.0
_SERVED = re.compile(r"served at http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class Server:
    """A server at work."""

    process: "subprocess.Popen[str]"
    port: int

    @property
    def cpu(self) -> float:
        """Seconds of processor time it has used."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii")
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    @property
    def resident_mb(self) -> float:
        """Megabytes of memory it holds."""
        return resident_mb(self.process.pid)

    def load(
        self, requests: Sequence[bytes], *, seconds: float, connections: int, rate: float = 0
    ) -> dict[str, Any]:
        """What the client in its own process has seen, and the server's processor time."""
        before = self.cpu
        how = "open" if rate else "closed"
        done = subprocess.run(
            [
                *(sys.executable, "-m", "bench.load", how, "127.0.0.1"),
                *(str(self.port), str(seconds), str(connections), str(rate)),
            ],
            input=b"\n".join(base64.b64encode(one) for one in requests),
            stdout=subprocess.PIPE,
            check=True,
            timeout=seconds + 60,
        )
        seen: dict[str, Any] = json.loads(done.stdout)
        seen["server_cpu"] = self.cpu - before
        assert not seen["bad"], f"answers that were no 200: {seen['bad']}"
        assert seen["n"], "nothing was answered"
        return seen

    def post(self, path: str, key: str, body: Any, media: str) -> dict[str, Any]:  # noqa: ANN401
        """One request, streamed when `body` is an iterable."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": media}
        line.request("POST", path, body=body, headers=headers)
        answer = line.getresponse()
        said = answer.read()
        line.close()
        assert answer.status == 200, (answer.status, said[:300])
        found: dict[str, Any] = json.loads(said)
        return found


def resident_mb(pid: int) -> float:
    """Megabytes of memory a process holds."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    match = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert match is not None
    return int(match[1]) / 1024


@contextmanager
def served(shop: Path) -> Generator[Server]:
    """`kept serve` on a folder; ended in order."""
    log = shop.with_name("server.log")
    with log.open("w", encoding="utf-8") as said:
        process = subprocess.Popen(
            [str(KEPT), "--data", str(shop), "serve", "--port", "0"],
            stdout=subprocess.DEVNULL,
            stderr=said,
            text=True,
        )
    try:
        yield Server(process, _port(process, log))
    except BaseException:
        print(log.read_text(encoding="utf-8")[-3000:], file=sys.stderr)
        print(f"the server has ended with {process.poll()}", file=sys.stderr)
        raise
    finally:
        process.terminate()
        process.wait(timeout=30)


def _port(process: "subprocess.Popen[str]", log: Path) -> int:
    until = time.monotonic() + READY_S
    while time.monotonic() < until and process.poll() is None:
        match = _SERVED.search(log.read_text(encoding="utf-8"))
        if match is not None:
            return int(match[1])
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start:\n{log.read_text(encoding='utf-8')[-2000:]}")


def request(path: str, key: str = "", **headers: str) -> bytes:
    """A whole GET request."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1"]
    if key:
        lines.append(f"Authorization: Bearer {key}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")
