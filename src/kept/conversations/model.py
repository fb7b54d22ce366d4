"""What is a letter to one person?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Letter:
    """A plain-text e-mail. `key` is the left part of its Message-ID: twice sent, one letter."""

    key: str
    to: str
    subject: str
    text: str
