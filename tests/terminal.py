"""How does a test give commands to a house? By the program itself, in a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

PATIENCE_S = 60
KEPT = [sys.executable, "-m", "kept.cli.main"]


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The last line of standard output."""
        return json.loads(self.out.splitlines()[-1])

    @property
    def error(self) -> dict[str, Any]:
        """The error object on standard error."""
        return json.loads(self.err.splitlines()[-1])["error"]


@dataclass(frozen=True)
class Shop:
    """A data folder and how commands are given to it. It opens with a key file."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict[str, str])

    def kept(self, *words: str, stdin: str = "") -> Done:
        """Run one command to its end."""
        done = subprocess.run(
            [*KEPT, "--data", str(self.folder), *words],
            env={**clean(), **self.env},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def served(self, end: int = signal.SIGTERM) -> Generator["Served"]:
        """A server that answers; ended by a signal."""
        port = free_port()
        with subprocess.Popen(
            [*KEPT, "--data", str(self.folder), "serve", "--port", str(port)],
            env={**clean(), **self.env},
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            served = Served(process, port)
            try:
                wait_ready(process, port)
                yield served
            finally:
                process.send_signal(end)
                served.said = process.communicate(timeout=PATIENCE_S)[1]


@dataclass
class Served:
    """A server at work; `said` is its standard error once it has ended."""

    process: subprocess.Popen[str]
    port: int
    said: str = ""


def clean() -> dict[str, str]:
    """An environment without settings of the house."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KEPT_")}


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_ready(process: subprocess.Popen[str], port: int) -> None:
    """Wait until /healthz answers 200."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.fail(f"the server ended: {process.communicate()[1]}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    pytest.fail("the server does not answer")


def founded(folder: Path) -> Shop:
    """A new house, by the command."""
    shop = Shop(folder / "shop")
    made = shop.kept(
        "init",
        "--name=Tea Shop",
        "--owner=owner@example.org",
        f"--key-file={folder / 'root.key'}",
        "--json",
    )
    assert made.code == 0, made.err
    assert len(made.json["recovery_words"].split()) == 17
    assert "/desk/join/" in made.json["link"]
    return shop
