"""What is typed to see how the house's own things stand?"""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from kept.base.errors import MalformedError, NotFoundError
from kept.cli.answers import AsJson, Lang, table, tell, word_rows
from kept.cli.exits import CHANGED, DONE
from kept.cli.reach import At, Reach

keyring = App(name="keyring", help="The keys that open the house.")
vault = App(name="vault", help="The sealed records.")
book = App(name="book", help="The book: what is kept, why, and what is promised.")
passwords = App(name="passwords", help="The table of passwords known to thieves.")
NewFile = Annotated[Path | None, Parameter(name="--new-passphrase-file")]
WordsFile = Annotated[Path | None, Parameter(name="--words-file")]


@keyring.command
def status(*, json: AsJson = False, at: At) -> None:
    """Which vault keys there are, and the ways to open each.

    Args:
        json: one object on one line.
        at: where the house lies.
    """
    tell(at.do("keyring status"), _ring, as_json=json)


@keyring.command(name="passphrase")
def change_passphrase(*, new_passphrase_file: NewFile = None, json: AsJson = False, at: At) -> None:
    """Change the passphrase. Asks for the old one and twice for the new one.

    Args:
        new_passphrase_file: holds the new one, else it is asked for.
        json: one object on one line.
        at: where the house lies.
    """
    owner, old = _shown(at)
    new = owner.changed_passphrase(new_passphrase_file).reveal().decode()
    tell(owner.do("keyring passphrase", old=old, new=new), _changed, as_json=json)


@keyring.command
def words(*, json: AsJson = False, at: At) -> None:
    """Make new recovery words and show them once. The old ones open this keyring no more.

    Args:
        json: one object on one line.
        at: where the house lies.
    """
    owner, old = _shown(at)
    tell(owner.do("keyring words", old=old), _new_words, as_json=json)


@keyring.command
def recover(
    *,
    words_file: WordsFile = None,
    new_passphrase_file: NewFile = None,
    json: AsJson = False,
    at: At,
) -> None:
    """The passphrase is lost: give the house a new one by the recovery words.

    Args:
        words_file: holds the words, in one line or more, else they are asked for.
        new_passphrase_file: holds the new passphrase, else it is asked for.
        json: one object on one line.
        at: where the house lies.
    """
    from dataclasses import replace

    by_words = replace(at, known=at.told())
    spoken = at.recovery_words(words_file)
    new = at.changed_passphrase(new_passphrase_file).reveal().decode()
    tell(by_words.do("keyring recover", words=spoken, new=new), _recovered, as_json=json)


def _shown(at: Reach) -> tuple[Reach, str]:
    """Where the house lies, its passphrase asked for once, and that passphrase."""
    from dataclasses import replace

    settings = at.settings()
    phrase = settings.passphrase
    return replace(at, known=settings), phrase.reveal().decode() if phrase else ""


def _changed(done: dict[str, Any]) -> str:
    return (
        f"The new passphrase opens the house; the old one does not (act {done['act']}). Old copies"
        " of keyring.json still open by the old one: destroy them."
    )


def _recovered(done: dict[str, Any]) -> str:
    from kept.wiring.settings import program_name

    if not done["is_mark_missing"]:
        return _changed(done)
    folder = done["folder"]
    return "\n".join([
        _changed(done),
        "If this house was brought back from a copy, `high-water` is missing for that reason. Do",
        "not adopt its ledger: tell it that what came after the copy is lost.",
        f"    {program_name()} --data {folder} ledger succeed --reason WHAT-HAPPENED",
    ])


def _new_words(done: dict[str, Any]) -> str:
    return "\n".join([
        "RECOVERY WORDS, shown this once. Write them on paper and destroy the old sheet.",
        "",
        *word_rows(done["recovery_words"]),
        "",
        f"The old words open this keyring no more (act {done['act']}). Old copies of keyring.json",
        "still open by them: destroy those.",
    ])


def _ring(found: dict[str, Any]) -> str:
    lines = [f"People with keys: {found['people_with_keys']}"]
    lines += [f"Keys of old epochs: {found['keys_of_old_epochs']}"]
    for epoch in found["epochs"]:
        ways = ", ".join(f"{w['role']} by {w['provider']}" for w in epoch["wraps"])
        lines.append(f"Epoch {epoch['number']} ({epoch['state']}): {ways}")
    return "\n".join(lines)


@vault.command(name="check")
def check_vault(*, json: AsJson = False, at: At) -> int:
    """Open every sealed record in memory and show none. Exits 1 when one does not open.

    Args:
        json: one object on one line.
        at: where the house lies.
    """
    found: Any = at.do("vault check")
    tell(found, _vault, as_json=json)
    return DONE if found["whole"] else CHANGED


def _vault(found: dict[str, Any]) -> str:
    counted = f"people: {found['people']}, records: {found['records']}"
    if found["whole"]:
        return f"Whole; {counted}"
    return "\n".join([f"CHANGED; {counted}", *(f"- {one}" for one in found["faults"])])


def checkup(*, lang: Lang = "en", json: AsJson = False, at: At) -> None:
    """Everything a small business should do to be trusted, and how far this one is.

    Args:
        lang: en or ru.
        json: a list of {"key", "level", "state", "evidence"} on one line.
        at: where the house lies.
    """
    words = ("key", "level", "state", "evidence")
    tell(at.do("checkup", lang=lang), lambda rows: table(rows, *words), as_json=json)


@book.command(name="check")
def check_book(file: Path | None = None, /, *, json: AsJson = False, at: At) -> None:
    """Read a book and name its first mistake.

    Args:
        file: another book than the folder's promises.toml.
        json: one object on one line.
        at: where the house lies.

    Raises:
        NotFoundError: there is no such file.
        MalformedError: a mistake in it, with its place.
    """
    from kept.promises.model.book import MAX_BOOK_BYTES, parse_book

    path = file or at.folder / "promises.toml"
    try:
        with path.open("rb") as opened:
            text = opened.read(MAX_BOOK_BYTES + 1).decode("utf-8")
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise MalformedError(str(path), "not UTF-8 text") from None
    read = parse_book(text)
    found = {
        "categories": list(read.rules.categories),
        "purposes": list(read.rules.purposes),
        "promises": list(read.promises),
    }
    tell(dict(found), _book, as_json=json)


def _book(found: dict[str, list[str]]) -> str:
    return "\n".join(f"{name}: {', '.join(keys)}" for name, keys in found.items())


@passwords.command
def build(file: Path, /, *, to: Path, json: AsJson = False) -> None:
    """Make a table of breached passwords from lines SHA1:count.

    Args:
        file: the list, as published.
        to: the table; docs/formats/breached.md says what it holds.
        json: one object on one line.

    Raises:
        NotFoundError: a file cannot be read or written.
    """
    from kept.base.durable import replace_file
    from kept.staff.model.breached import ENTRY_BYTES, HEADER_BYTES, build_table

    try:
        with file.open(encoding="ascii", errors="replace") as lines:
            made = build_table(lines)
        replace_file(to, made, mode=0o644)
    except OSError as error:
        raise NotFoundError(f"{error.filename or file}: {error.strerror}.") from None
    count = (len(made) - HEADER_BYTES) // ENTRY_BYTES
    tell({"entries": count}, lambda d: f"{d['entries']} passwords in {to}", as_json=json)
