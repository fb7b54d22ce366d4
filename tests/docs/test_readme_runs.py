"""Do the README's commands do what it says?

Each shell block of README.md says after its language what becomes of it here:

    ```sh run      run in order, all in one empty folder beside a link to ./dev; each must exit 0
    ```sh serve    started and left running; /healthz must answer before the next block
    ```sh shown    not run: cloning, or the test command that runs this very test

A block without such a word fails. Ports 8700 to 8709 stand for free ones, 8700 also where a server
is started without naming one; the passphrase comes from a file, as KEPT_PASSPHRASE_FILE. All
servers run to the end, so that the reader's two shells are the test's.
"""

import os
import re
import runpy
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from markdown_pages import ROOT, Fence, fences

SHELLS = {"sh", "bash", "shell", "console"}
FATES = {"run", "serve", "shown"}
PORT = "8700"
PORTS = re.compile(r"\b870[0-9]\b")
PATIENCE_S = 240  # the demo's month of acts is made on a machine that runs the tests as well


def blocks() -> list[Fence]:
    """The README's shell blocks."""
    return [f for f in fences(ROOT / "README.md") if f.words and f.words[0] in SHELLS]


def free_port() -> str:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


class Ports(dict[str, str]):
    """A free port for each one that the README names."""

    def __missing__(self, named: str) -> str:
        self[named] = free_port()
        return self[named]

    def fill(self, script: str) -> str:
        """The script with free ports in place of those named."""
        return PORTS.sub(lambda named: self[named.group()], script)


@contextmanager
def served(script: str, folder: Path, ports: Ports, env: dict[str, str]) -> Generator[None]:
    """A server that answers, ended with the test."""
    script = script.strip()
    named = PORTS.search(script)
    port = ports[named.group() if named else PORT]
    command = ports.fill(script) if named else f"{script} --port {port}"
    log = folder / f"serve-{port}.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            ["bash", "-euc", f"exec {command}"],
            cwd=folder,
            env=env,
            stdout=out,
            stderr=out,
        )
    try:
        until = time.monotonic() + PATIENCE_S
        while not answers(port):
            said = log.read_text(encoding="utf-8", errors="replace")
            assert server.poll() is None, f"{command} ended:\n{said}"
            assert time.monotonic() < until, f"{command} does not answer:\n{said}"
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait(timeout=30)


def answers(port: str) -> bool:
    """Whether the server is ready."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def test_every_block_says_what_becomes_of_it() -> None:
    """No command stands in the README unlooked at."""
    unsaid = [f"line {f.line}" for f in blocks() if len(f.words) < 2 or f.words[1] not in FATES]
    assert unsaid == []
    assert any(f.words[1] == "run" for f in blocks())
    assert any(f.words[1] == "serve" for f in blocks())


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A customer's shell, with a passphrase at hand; never one that would rebuild ./.venv."""
    dev = runpy.run_path(str(ROOT / "dev"))
    assert dev["stamp_found"]() == dev["stamp_of"]("dev"), "run this by ./dev test"
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("a long walk by the river at dawn\n", encoding="utf-8")
    passphrase.chmod(0o600)
    return {**os.environ, "KEPT_PASSPHRASE_FILE": str(passphrase)}


def test_commands_run(tmp_path: Path, environment: dict[str, str]) -> None:
    """The commands work in their order, on an empty folder."""
    folder, ports = tmp_path / "checkout", Ports()
    folder.mkdir()
    (folder / "dev").symlink_to(ROOT / "dev")
    with ExitStack() as servers:
        for block in blocks():
            fate = block.words[1]
            if fate == "serve":
                servers.enter_context(served(block.text, folder, ports, environment))
            elif fate == "run":
                done = subprocess.run(
                    ["bash", "-euo", "pipefail", "-c", ports.fill(block.text)],
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    timeout=PATIENCE_S,
                    check=False,
                )
                assert done.returncode == 0, f"line {block.line}:\n{done.stdout}{done.stderr}"
