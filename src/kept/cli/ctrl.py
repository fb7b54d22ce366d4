"""How does a long command end in good order when somebody presses Ctrl-C?"""

import sys
from dataclasses import dataclass, field
from typing import Self


def never() -> bool:
    """The `stop` of a command that nobody stops."""
    return False


@dataclass(slots=True)
class Ctrl:
    """Turns the first Ctrl-C or SIGTERM into a question that a run asks; the second one ends."""

    is_pressed: bool = False
    _before: dict[int, object] = field(default_factory=dict[int, object])

    def __enter__(self) -> Self:
        import signal

        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._press)
        return self

    def __exit__(self, *_: object) -> None:
        import signal

        for number, handler in self._before.items():
            signal.signal(number, handler)  # pyright: ignore[reportArgumentType]  # as it was

    def __call__(self) -> bool:
        """Whether it was pressed."""
        return self.is_pressed

    def _press(self, number: int, frame: object) -> None:
        """Note it.

        Raises:
            KeyboardInterrupt: pressed again.
        """
        del number, frame
        if self.is_pressed:
            raise KeyboardInterrupt
        self.is_pressed = True
        if sys.stderr.isatty():
            print("\nEnding in good order; once more to end at once.", file=sys.stderr)
