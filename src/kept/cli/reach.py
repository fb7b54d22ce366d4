"""How does a command reach its house? Through the server that runs there, else by opening it.

The passphrase comes from --passphrase-file, else KEPT_PASSPHRASE_FILE or another setting, else it
is asked for at the terminal. Beside a server none is needed: the socket knows its own user.
"""

import getpass
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from kept.base.encoding import Json
from kept.base.errors import NotFoundError, RefusedError

if TYPE_CHECKING:
    from kept.crypto.secret import Secret
    from kept.wiring.settings import Settings


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the house lies and how it opens, as told before the command."""

    folder: Path
    passphrase_file: Path | None
    known: "Settings | None" = None  # asked for already

    def do(
        self, command: str, *, shown: "Callable[[dict[str, Any]], None] | None" = None, **args: Json
    ) -> Json:
        """A command's result, from the server or from this process.

        Args:
            command: of `cli.commands.table`.
            shown: told of progress in place of the usual bar.
            args: of the command.

        Raises:
            KeptError: what the command raised, or the house cannot be reached.
        """
        from kept.cli.bar import Bar
        from kept.cli.caller import ask, call
        from kept.cli.messages import Request
        from kept.wiring.folder import DataFolder

        place, request = DataFolder(self.folder), Request(command, args)
        place.require()
        line = call(place.socket)
        with Bar() as bar:
            progress = shown or bar
            if line is not None:
                return ask(line, request, progress)
            from kept.cli.indoors import do
            from kept.wiring.logs import log_to_stderr

            log_to_stderr()
            return do(self.folder, self.settings(), request, uid=os.getuid(), progress=progress)

    def settings(self) -> "Settings":
        """The folder's settings, with its passphrase where it has one.

        Raises:
            NotFoundError: no data folder, or no such passphrase file.
            MalformedError: a mistake in the settings or the keyring.
        """
        from kept.wiring.house import asks_passphrase

        if self.known is not None:
            return self.known
        settings = self.told()
        if settings.passphrase is None and asks_passphrase(self.folder) and sys.stdin.isatty():
            return replace(settings, passphrase=_typed("Passphrase: "))
        return settings

    def told(self) -> "Settings":
        """The settings as told, without asking.

        Raises:
            NotFoundError: the passphrase file cannot be read.
            MalformedError: a mistake in the settings.
        """
        from kept.crypto.secret import Secret
        from kept.wiring.settings import read_secret_file, read_settings

        settings = read_settings(self.folder)
        if self.passphrase_file is None:
            return settings
        return replace(settings, passphrase=Secret(read_secret_file(self.passphrase_file).encode()))

    def new_passphrase(self) -> "Secret":
        """The passphrase of a new house; typed twice where it is typed.

        Raises:
            RefusedError: none was given, or the two differ.
        """
        if (told := self.told().passphrase) is not None:
            return told
        if not sys.stdin.isatty():
            raise RefusedError(
                "passphrase_needed",
                "A new house needs a passphrase. Give --passphrase-file, or set"
                " KEPT_PASSPHRASE_FILE. Nothing was made.",
            )
        return _typed_twice("Passphrase for the new house", "Nothing was made.")

    def changed_passphrase(self, file: Path | None) -> "Secret":
        """The passphrase that is to open the house from now on; typed twice where it is typed.

        Raises:
            RefusedError: none was given, or the two differ.
            NotFoundError: the file cannot be read.
        """
        from kept.crypto.secret import Secret
        from kept.wiring.settings import read_secret_file

        if file is not None:
            return Secret(read_secret_file(file).encode())
        if not sys.stdin.isatty():
            raise RefusedError(
                "passphrase_needed",
                "A new passphrase is needed. Give --new-passphrase-file. Nothing was changed.",
            )
        return _typed_twice("New passphrase", "Nothing was changed.")

    def recovery_words(self, file: Path | None) -> str:
        """The recovery words, from a file of one or more lines or typed.

        Raises:
            RefusedError: none were given.
            NotFoundError: the file cannot be read.
        """
        if file is not None:
            try:
                return file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                raise NotFoundError(f"{file} was to hold the words but cannot be read.") from None
        if not sys.stdin.isatty():
            raise RefusedError(
                "words_needed",
                "The recovery words are needed. Give --words-file. Nothing was changed.",
            )
        return _typed("Recovery words (not shown while you type): ").reveal().decode()


At = Annotated[Reach, Parameter(parse=False)]
"""What `main` hands to a command that works in a data folder."""


def _typed_twice(what: str, unchanged: str) -> "Secret":
    from kept.crypto.argon import LEAST_CHARACTERS, check_length

    first = _typed(f"{what}, {LEAST_CHARACTERS} characters or more (write it down): ")
    check_length(first.reveal().decode())
    if first != _typed("The same again: "):
        raise RefusedError("passphrase_differs", f"The two differ. {unchanged}")
    return first


def _typed(prompt: str) -> "Secret":
    from kept.crypto.secret import Secret

    return Secret(getpass.getpass(prompt).encode())
