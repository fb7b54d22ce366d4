"""What must a way out for letters promise?"""

from typing import Protocol

from kept.conversations.model import Letter


class MailSender(Protocol):
    """Hands letters to a mail server. The address was released by the vault's egress verb."""

    async def send(self, letter: Letter) -> None:
        """Hand one letter over; on return the server has taken it.

        Raises:
            UnavailableError: not taken; try again later.
            RefusedError: the server says never: the address or the sender is wrong.
        """
        ...
