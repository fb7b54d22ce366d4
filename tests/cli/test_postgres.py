"""Does the terminal serve a house on PostgreSQL, whole and in parts?"""

import subprocess
import time
from pathlib import Path

import pytest

from terminal import KEPT, PATIENCE_S, Shop, clean, free_port, wait_ready


def wait_for(path: Path) -> None:
    """Wait until the worker listens to the terminal."""
    until = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert time.monotonic() < until, "the worker does not listen"
        time.sleep(0.05)


@pytest.mark.needs("postgres")
def test_web_and_worker_apart(tmp_path, postgres_database) -> None:
    """The worker signs what the terminal records, while another process shows the pages."""
    shop = Shop(tmp_path / "shop", {"KEPT_DSN": postgres_database()})
    key = f"--key-file={tmp_path / 'root.key'}"
    made = shop.kept("init", "--name=Tea Shop", "--owner=owner@example.org", key)
    assert made.code == 0, made.err
    port = free_port()
    started = [
        subprocess.Popen(
            [*KEPT, "--data", str(shop.folder), "serve", *words],
            env={**clean(), **shop.env},
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for words in (["--role=worker"], ["--role=web", f"--port={port}"])
    ]
    try:
        wait_ready(started[1], port)
        wait_for(shop.folder / "kept.sock")
        invited = shop.kept("staff", "invite", "anna@example.org", "--json")
        assert invited.code == 0, invited.err
        until = time.monotonic() + PATIENCE_S
        size = 0
        while size <= 7 and time.monotonic() < until:  # the worker's beat is its own
            found = shop.kept("verify", "--json")
            assert (found.code, found.json["faults"]) == (0, [])
            size = found.json["size"]
        assert size > 7
    finally:
        for process in started:
            process.terminate()
            process.wait(timeout=60)
    assert [process.returncode for process in started] == [0, 0]
    assert shop.kept("verify").code == 0
