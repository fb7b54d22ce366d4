"""What is typed to make a repository, and to let passphrases in and out of it?"""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from kept.base.errors import ConflictError, MalformedError, RefusedError
from kept.cli.answers import AsJson, Id, table, tell, write_private
from kept.cli.front.backup import backup, key
from kept.cli.repos import Of, holding, one_of, read_password_file, typed_twice

if TYPE_CHECKING:
    from kept.backup.repo.repository import Repository
    from kept.crypto.secret import Secret

NewFile = Annotated[Path | None, Parameter(name="--new-passphrase-file")]
TRIES = 3
KIT_BYTES = 16  # 128 random bits: nine words with the one that checks them


@backup.command
def init(*, json: AsJson = False, of: Of) -> None:
    """Make a new repository. restic opens it with the same passphrase.

    Args:
        json: one object on one line.
        of: which repository.

    Raises:
        RefusedError: a repository stands there already.
        MalformedError: no repository was named.
    """
    from kept.backup.repo.repository import create_repository
    from kept.cli.repos import around
    from kept.wiring.far_places import told_address

    if not of.repo:
        raise MalformedError("--repo", "say where; for a house it is `kept backup add NAME URL`")
    with of.reached() as place:
        password = of.new_password()
        try:
            made = create_repository(place, password, now=around().clock.now())
        except ConflictError as error:
            raise RefusedError("repository_exists", str(error)) from None
    told = told_address(of.repo)
    result = {"message_type": "initialized", "id": made.config.id, "repository": told}
    tell(dict(result), _made, as_json=json)


def _made(made: dict[str, str]) -> str:
    where = made["repository"]
    return "\n".join([
        f"Repository {made['id'][:8]} stands in {where}.",
        "Nothing but its passphrase opens it. A second one for the drawer, on paper:",
        f"    kept backup --repo {where} key kit",
    ])


@key.command(name="list")
def list_keys(*, json: AsJson = False, of: Of) -> None:
    """The passphrases that open this repository: when each came, and which one you use.

    Args:
        json: a list on one line.
        of: which repository.
    """
    with of.opened() as repository:
        rows = [
            {
                "id": one.name if json else one.name[:10],
                "created": one.created,
                "user": one.username,
                "host": one.hostname,
                "in_use": one.is_in_use,
            }
            for one in repository.list_keys()
        ]
    words = ("id", "created", "user", "host", "in_use")
    tell([dict(row) for row in rows], lambda found: table(found, *words), as_json=json)


@key.command(name="add")
def add_key(*, new_passphrase_file: NewFile = None, json: AsJson = False, of: Of) -> None:
    """Let one more passphrase open this repository.

    Args:
        new_passphrase_file: holds the new one, else it is asked for.
        json: one object on one line.
        of: which repository.
    """
    with of.opened() as repository, holding(repository, exclusive=False):
        repository.check_writable()
        name = _added(repository, _new(new_passphrase_file))
        of.note("key", change="added", key=name)
    tell({"id": name}, lambda d: f"Passphrase {d['id'][:10]} opens it too.", as_json=json)


@key.command(name="remove")
def remove_key(id_: Id, /, *, json: AsJson = False, of: Of) -> None:
    """Take a passphrase away. Whoever copied its key file before can still open this repository.

    Args:
        id_: of `key list`, or how it begins.
        json: one object on one line.
        of: which repository.
    """
    with of.opened() as repository, holding(repository, exclusive=True):
        name = one_of([one.name for one in repository.list_keys()], id_, "key")
        repository.remove_key(name)
        of.note("key", change="removed", key=name)
    tell({"id": name}, lambda d: f"Passphrase {d['id'][:10]} opens it no more.", as_json=json)


@key.command
def kit(*, to: Path | None = None, json: AsJson = False, of: Of) -> None:
    """Make a recovery sheet: a second passphrase on paper, typed once to prove it was kept.

    Only when the words were typed again from the paper do they open the repository.

    Args:
        to: write the sheet here to print it: a page if it ends in .html, else plain text; taken
            away again if the words open nothing.
        json: one object on one line, without the words.
        of: which repository.

    Raises:
        RefusedError: they were not typed as they stand on the sheet, or there is no terminal to
            type them at.
    """
    from kept.cli.recovery_sheet import Sheet, html_page, plain_text
    from kept.cli.repos import around
    from kept.crypto.chance import draw
    from kept.crypto.secret import Secret
    from kept.crypto.words import to_words
    from kept.wiring.far_places import told_address

    if not sys.stdin.isatty():
        raise RefusedError(
            "kit_needs_terminal",
            "The words are typed again from the paper, so a terminal is needed. Nothing was made.",
        )
    with of.opened() as repository:
        repository.check_writable()
        words = to_words(Secret(draw(KIT_BYTES)))
        sheet = Sheet(
            where=told_address(of.way.url),
            repository=repository.config.id[:8],
            words=words,
            day=around().clock.now().date(),
        )
        with ExitStack() as useless:
            if to is None:
                print(plain_text(sheet), file=sys.stderr)
            else:
                page = html_page(sheet) if to.suffix == ".html" else plain_text(sheet)
                write_private(to, page.encode())
                useless.callback(to.unlink, missing_ok=True)
                print(f"The sheet is in {to}. Print it, then remove that file.", file=sys.stderr)
            if not _kept(words):
                raise RefusedError(
                    "kit_not_kept",
                    "These are not the words of the sheet. They open nothing; throw it away.",
                )
            with holding(repository, exclusive=False):
                name = _added(repository, Secret(" ".join(words).encode()))
            useless.pop_all()
        of.note("key", change="proved", key=name)
    tell({"id": name}, _kit, as_json=json)


def _kit(made: dict[str, str]) -> str:
    return f"The words open the repository now (key {made['id'][:10]}). Keep the sheet elsewhere."


def _kept(words: tuple[str, ...]) -> bool:
    """Whether they were typed again, within a few tries."""
    from kept.crypto.words import from_words

    tries = 0
    while tries < TRIES:
        try:
            typed = input("Type the words again, from the paper: ").strip()
        except EOFError:
            return False
        if not typed:  # Enter alone is no try
            continue
        tries += 1
        try:
            if from_words(typed, size_bytes=KIT_BYTES) == from_words(
                " ".join(words), size_bytes=KIT_BYTES
            ):
                return True
        except MalformedError as error:
            print(f"{error}.", file=sys.stderr)
            continue
        print("These are other words.", file=sys.stderr)
    return False


def _added(repository: "Repository", password: "Secret") -> str:
    from kept.cli.repos import around

    return repository.add_key(password, now=around().clock.now())


def _new(file: Path | None) -> "Secret":
    """A passphrase that is to open the repository too.

    Raises:
        RefusedError: none was given.
    """
    if file is not None:
        return read_password_file(file)
    if sys.stdin.isatty():
        return typed_twice("New passphrase")
    raise RefusedError(
        "passphrase_needed",
        "A new passphrase is needed. Give --new-passphrase-file. Nothing was changed.",
    )
