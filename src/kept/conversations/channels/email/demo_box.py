"""The box in which a demo keeps its letters, to be looked at on a page instead of sent."""

from collections import deque

from kept.conversations.model import Letter

KEPT_LETTERS = 50


class DemoBox:
    """`MailSender` that sends nothing. Newest letter first; forgets all but the last fifty."""

    def __init__(self) -> None:
        self._letters: deque[Letter] = deque(maxlen=KEPT_LETTERS)

    async def send(self, letter: Letter) -> None:
        """Keep the letter."""
        self._letters.appendleft(letter)

    def letters(self) -> list[Letter]:
        """What is in the box."""
        return list(self._letters)
