"""What is typed to find, read, correct, forget one person, or to note a consent?"""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from kept.base.errors import RefusedError
from kept.cli.answers import AsJson, Id, table, tell, write_private
from kept.cli.reach import At

person = App(name="person", help="Find, read, correct and forget one person.")
consent = App(name="consent", help="Note what a person agreed to, or no longer does.")
Category = Annotated[tuple[str, ...], Parameter(name="--category", negative="")]
Values = Annotated[tuple[str, ...], Parameter(name="--set", negative="")]
Yes = Annotated[bool, Parameter(name="--yes", negative="")]


@person.command
def find(value: str, /, *, json: AsJson = False, at: At) -> None:
    """Find people by an e-mail, a phone or a number of yours.

    A value that does not fit its field, as an import keeps it "as written", finds nobody: there is
    no blind tag of it.

    Args:
        value: what to look for.
        json: a list of {"id", "alias"} on one line.
        at: where the house lies.
    """
    found = at.do("person find", value=value)
    tell(found, lambda rows: table(rows, "id", "alias"), as_json=json)


@person.command
def show(
    id_: Id,
    /,
    *,
    purpose: str,
    category: Category,
    ref: str = "",
    reason: str = "",
    json: AsJson = False,
    at: At,
) -> None:
    """Open a person's data for a purpose. The person sees that you did.

    Args:
        id_: of `person find`.
        purpose: why, a purpose of the book.
        category: what, a category of the book; may be given again.
        ref: the order, talk or case it is for, where the purpose asks for one.
        reason: in your own words, where the purpose asks for it.
        json: one object on one line.
        at: where the house lies.
    """
    shown = at.do(
        "person show", id=id_, purpose=purpose, categories=list(category), ref=ref, reason=reason
    )
    tell(shown, _person, as_json=json)


def _person(shown: dict[str, Any]) -> str:
    lines = [f"{shown['alias']}  (act {shown['act']}: {shown['line']})"]
    for category, values in shown["categories"].items():
        lines += [f"{category}.{field}: {value}" for field, value in values.items()]
    return "\n".join(lines)


@person.command
def correct(
    id_: Id,
    /,
    *,
    category: str,
    rev: int,
    values: Values,
    purpose: str = "account",
    json: AsJson = False,
    at: At,
) -> None:
    """Put wrong values right. The person sees that you did.

    Args:
        id_: of `person find`.
        category: where the values belong.
        rev: the revision you saw in `person show --json`; 0 when nothing was there.
        values: field=value, may be given again; an empty value takes it out.
        purpose: why, a purpose of the book.
        json: one object on one line.
        at: where the house lies.
    """
    done = at.do(
        "person correct", id=id_, category=category, rev=rev, set=list(values), purpose=purpose
    )
    tell(done, lambda d: f"Corrected: revision {d['rev']}, act {d['act']}.", as_json=json)


@person.command
def export(id_: Id, /, *, to: Path, json: AsJson = False, at: At) -> None:
    """Write a person's own copy, a ZIP, to hand over. The person sees that you did.

    Args:
        id_: of `person find`.
        to: the file to write; for your eyes and theirs alone.
        json: one object on one line.
        at: where the house lies.
    """
    from base64 import b64decode

    done: Any = at.do("person export", id=id_)
    write_private(to, b64decode(done.pop("zip")))
    tell({**done, "file": str(to)}, lambda d: f"{d['size_bytes']:,} bytes in {to}", as_json=json)


@person.command
def forget(id_: Id, /, *, yes: Yes = False, json: AsJson = False, at: At) -> None:
    """Erase a person: keys first, then data. It cannot be taken back.

    Args:
        id_: of `person find`.
        yes: do it without asking.
        json: one object on one line.
        at: where the house lies.
    """
    if not yes:
        _make_sure(id_)
    tell(at.do("person forget", id=id_), _forgotten, as_json=json)


def _make_sure(id_: Id) -> None:
    import sys

    if not sys.stdin.isatty():
        raise RefusedError("not_confirmed", "Add --yes to erase for good. Nothing was changed.")
    if input(f"Erase {id_} for good? Type yes: ").strip() != "yes":
        raise RefusedError("not_confirmed", "Nothing was changed.")


def _forgotten(done: dict[str, Any]) -> str:
    if done["state"] == "erased":
        return f"Erased. The person can follow it at {done['follow']}"
    return f"Begun (act {done['act']}); it goes on by itself. To follow: {done['follow']}"


@consent.command
def give(
    id_: Id,
    /,
    *,
    purpose: str,
    words: str = "",
    method: str = "spoken",
    source: str = "",
    json: AsJson = False,
    at: At,
) -> None:
    """The person said yes to a purpose.

    Args:
        id_: of `person find`.
        purpose: a purpose that rests on consent.
        words: the sentence they agreed to; the book's without it.
        method: how they said it: box, link, spoken, signal.
        source: where that is written down.
        json: one object on one line.
        at: where the house lies.
    """
    given = at.do(
        "consent give", id=id_, purpose=purpose, words=words, method=method, source=source
    )
    tell(given, _noted, as_json=json)


@consent.command
def withdraw(id_: Id, /, *, purpose: str, json: AsJson = False, at: At) -> None:
    """The person took a yes back.

    Args:
        id_: of `person find`.
        purpose: a purpose that rests on consent.
        json: one object on one line.
        at: where the house lies.
    """
    tell(at.do("consent withdraw", id=id_, purpose=purpose), _noted, as_json=json)


def _noted(done: dict[str, Any]) -> str:
    return f"Noted: {done['purpose']} {done['state']}, act {done['act']}."
