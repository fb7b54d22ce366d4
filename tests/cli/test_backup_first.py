"""What does somebody meet who adds a first place, and something is not as it should be?"""

import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from terminal import KEPT, PATIENCE_S, Shop, clean, free_port


def nobody() -> str:
    """A place at which nothing listens."""
    return f"rest:https://127.0.0.1:{free_port()}/"


class Sitting:
    """Somebody at a terminal before a command, in a process group of its own as a shell makes."""

    def __init__(self, process: subprocess.Popen[bytes], screen: int) -> None:
        self.process, self.said, self._screen = process, "", screen

    def read_until(self, word: str) -> None:
        """Wait until a word stands on the screen."""
        while word not in self.said:
            self.said += os.read(self._screen, 4096).decode()

    def press_ctrl_c(self) -> int:
        """Press it, as a terminal does: everybody in the group hears it. The exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        code = self.process.wait(PATIENCE_S)
        os.set_blocking(self._screen, False)
        try:
            while piece := os.read(self._screen, 4096):
                self.said += piece.decode()
        except OSError:  # nothing more
            pass
        return code


@contextmanager
def sitting(shop: Shop, *words: str) -> Generator[Sitting]:
    """A command whose standard error is a terminal."""
    screen, inside = pty.openpty()
    with subprocess.Popen(
        [*KEPT, "--data", str(shop.folder), *words],
        env={**clean(), **shop.env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=inside,
        process_group=0,
    ) as process:
        os.close(inside)
        try:
            yield Sitting(process, screen)
        finally:
            process.kill()
            process.wait()
            os.close(screen)


def wait_for(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    until = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)


def is_group_empty(group: int) -> bool:
    """Whether nobody is left of a process group."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def preparing(parent: int) -> list[str]:
    """The children of a process that make a place ready."""
    found = list[str]()
    for task in Path(f"/proc/{parent}/task").iterdir():
        for child in (task / "children").read_text(encoding="ascii").split():
            try:
                line = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            except OSError:  # it ended
                continue
            found += [child] if b"prepare" in line else []
    return found


def test_a_place_that_is_away_is_told_soon(own_shop: Shop) -> None:
    """Nobody sits there for a quarter of an hour: one sentence, restic's code, nothing noted."""
    done = own_shop.kept("backup", "add", "far", nobody())
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert "could not be made" in done.err
    assert own_shop.kept("backup", "places", "--json").json == []


def test_a_folder_that_cannot_be_made_is_told_as_such(own_shop: Shop, tmp_path: Path) -> None:
    """It never was there, so nobody is asked for its disk."""
    (tmp_path / "letter").write_text("dear all", encoding="utf-8")
    for folder, why in (
        (Path("/proc/nope"), "the system takes no folder there"),
        (tmp_path / "letter" / "copies", "a file is in its way"),
    ):
        done = own_shop.kept("backup", "add", "bad", str(folder), "--same-disk")
        assert done.code == 1
        assert f"could not be made: {why}" in done.err


def test_a_place_of_keys_is_called_that(own_shop: Shop, tmp_path: Path) -> None:
    """It holds no snapshots, and nobody is told to make a repository over the keys."""
    shelf = tmp_path / "shelf"
    added = own_shop.kept("backup", "add", "shelf", str(shelf), "--keys", "--same-disk")
    assert "ready for the copy of the keys" in added.out
    assert "repository" not in added.out
    early = own_shop.kept("backup", "--place", "shelf", "list")
    assert (early.code, "None is made yet" in early.err) == (10, True)
    assert own_shop.kept("backup", "run", "shelf").code == 0
    (row,) = own_shop.kept("backup", "places", "--json").json
    listed = own_shop.kept("backup", "--place", "shelf", "list")
    assert listed.code == 10
    assert f"made {row['newest_copy']}" in listed.err
    assert "no snapshots" in listed.err
    phrase = tmp_path / "phrase"
    phrase.write_text("a long walk by the river", encoding="utf-8")
    far = own_shop.kept("--passphrase-file", str(phrase), "backup", "--repo", str(shelf), "list")
    assert (far.code, "no snapshots" in far.err) == (10, True)
    assert "init" not in early.err + listed.err + far.err


def test_a_drill_right_after_a_run(own_shop: Shop, tmp_path: Path) -> None:
    """The server's next page is waited for, in place of a refusal."""
    shop = replace(own_shop, env={"KEPT_PUBLISH_EVERY_S": "15"})
    closet = str(tmp_path / "closet")
    assert shop.kept("backup", "add", "closet", closet, "--same-disk").code == 0
    assert shop.kept("backup", "run", "closet").code == 0  # so the server makes none by itself
    with shop.served():
        ran = shop.kept("backup", "run", "closet")
        assert ran.code == 0, ran.err
        tried = shop.kept("backup", "drill", "closet", "--files", "3", "--json")
    assert tried.code == 0, tried.err
    assert tried.json["is_passed"]


def test_ctrl_c_while_a_place_is_away(own_shop: Shop) -> None:
    """It says what it waits for, then ends quietly and leaves nobody behind."""
    with sitting(own_shop, "backup", "add", "far", nobody()) as seen:
        seen.read_until("Trying again")
        assert seen.press_ctrl_c() == 130
        wait_for(lambda: is_group_empty(seen.process.pid))
    assert "Traceback" not in seen.said


def test_ctrl_c_beside_a_server(own_shop: Shop) -> None:
    """The server's own child ends too: nobody waits for its answer."""
    with own_shop.served() as server:
        with sitting(own_shop, "backup", "add", "far", nobody()) as seen:
            seen.read_until("Trying again")
            assert preparing(server.process.pid)
            assert seen.press_ctrl_c() == 130
        wait_for(lambda: not preparing(server.process.pid))
    assert "Traceback" not in seen.said + server.said
