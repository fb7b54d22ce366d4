"""How much of the line may a backup take?

One bucket for the way up and one for the way down. Adapters cut what they send and receive into
64 KiB steps and ask before each, so the line is never full for longer than one step; what is sent
again after a failure asks again. Several threads share a bucket, each waits its turn.
"""

import mmap
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

STEP_BYTES = 65_536
_LET_GO_BYTES = 4 * 2**20


class Bucket:
    """Gives out bytes at a rate, saving none up while nobody asks."""

    def __init__(
        self,
        rate: Callable[[], float | None],
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        """Begin full.

        Args:
            rate: bytes a second at this moment, above 0; None for no limit. Asked at every step.
            clock: seconds that never run backwards.
            sleep: waits so many seconds.
        """
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._free_at = 0.0

    def take(self, size: int) -> None:
        """Wait until `size` bytes may pass."""
        for start in range(0, size, STEP_BYTES):
            if (wait := self._booked(min(STEP_BYTES, size - start))) > 0:
                self._sleep(wait)

    def _booked(self, size: int) -> float:
        """Book the next bytes; seconds until they may pass."""
        rate = self._rate()
        if rate is None:
            return 0.0
        with self._lock:
            now = self._clock()
            begin = max(now, self._free_at)
            self._free_at = begin + size / rate
        return begin - now


@dataclass(frozen=True, slots=True)
class Pace:
    """The limits of one place; None where there is none."""

    up: Bucket | None = None
    down: Bucket | None = None

    def sending(self, content: bytes | memoryview, step: int = STEP_BYTES) -> Iterator[memoryview]:
        """The content in steps of `step` bytes, each when it may be sent.

        Of a part that lies in a file, what was sent is let go from memory.
        """
        view = memoryview(content)
        sent = 0
        for start in range(0, len(view), step):
            if start - sent >= _LET_GO_BYTES and isinstance(view.obj, mmap.mmap):
                view.obj.madvise(mmap.MADV_DONTNEED, 0, start - start % mmap.PAGESIZE)
                sent = start
            piece = view[start : start + step]
            if self.up is not None:
                self.up.take(len(piece))
            yield piece

    def received(self, size: int) -> None:
        """Wait after `size` bytes came, or before they are asked for."""
        if self.down is not None:
            self.down.take(size)


FREE = Pace()
