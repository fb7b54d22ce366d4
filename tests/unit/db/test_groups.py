"""Does the writer answer everybody, whatever its engine does?"""

import threading
from concurrent.futures import Future
from typing import Any

import pytest

from kept.base.errors import UnavailableError
from kept.db.groups import GROUP_MAX, Unit, Writer
from kept.db.seam import Pending


class Engine:
    """An engine that does as it is told."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.hold = threading.Event()
        self.error: BaseException | None = None
        self.closed = False

    def run_group(self, units: list[Unit]) -> None:
        """Run, or break."""
        assert self.hold.wait(10)
        self.groups.append(len(units))
        if self.error is not None:
            raise self.error
        for unit in units:
            unit.attempt(None)  # type: ignore[arg-type]

    def close(self) -> None:
        """Note it."""
        self.closed = True


def submitted(writer: Writer, count: int) -> list["Future[Any]"]:
    """Queue units that answer with their number."""
    return [writer.submit(lambda tx, i=i: Pending(i)) for i in range(count)]


def test_who_waits_shares_a_commit_up_to_a_bound():
    """The first goes alone, the rest together, no group above the bound."""
    engine = Engine()
    writer = Writer("test", lambda: engine)
    found = submitted(writer, 2 * GROUP_MAX)
    engine.hold.set()
    assert [one.result(10) for one in found] == list(range(2 * GROUP_MAX))
    assert max(engine.groups) <= GROUP_MAX
    assert sum(engine.groups) == 2 * GROUP_MAX
    assert len(engine.groups) <= 4
    writer.close()
    assert engine.closed


@pytest.mark.parametrize("error", [OSError("no"), KeyboardInterrupt(), UnavailableError("no")])
def test_a_broken_group_fails_all_of_it_and_the_writer_lives(error: BaseException):
    """Everybody is told, nobody waits for ever, the next group is served."""
    engine = Engine()
    writer = Writer("test", lambda: engine)
    engine.error = error
    found = submitted(writer, 5)
    engine.hold.set()
    assert {type(one.exception(10)) for one in found} == {UnavailableError}
    engine.error = None
    assert [one.result(10) for one in submitted(writer, 2)] == [0, 1]
    writer.close()


def test_what_is_queued_is_done_before_closing_and_nothing_after():
    """Closing loses nobody and takes nobody in."""
    engine = Engine()
    writer = Writer("test", lambda: engine)
    found = submitted(writer, 10)
    closing = threading.Thread(target=writer.close)
    closing.start()
    engine.hold.set()
    closing.join(10)
    assert [one.result(10) for one in found] == list(range(10))
    with pytest.raises(UnavailableError):
        submitted(writer, 1)


def test_an_engine_that_does_not_open_is_told_at_once():
    """Whoever opens the database gets the reason."""

    def connect() -> Engine:
        raise UnavailableError("not there")

    with pytest.raises(UnavailableError, match="not there"):
        Writer("test", connect)
