"""What is typed to take in a list of people? At a terminal a preview comes first."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from kept.base.errors import MalformedError, NotFoundError, RefusedError
from kept.cli.answers import AsJson, table, tell
from kept.cli.reach import At, Reach

if TYPE_CHECKING:
    from kept.vault.model.rules import Rules

Maps = Annotated[tuple[str, ...], Parameter(name="--map", negative="")]
Yes = Annotated[bool, Parameter(name="--yes", negative="")]


def import_(
    *file: Path,
    maps: Maps = (),
    purpose: str = "",
    basis: str = "",
    source: str = "",
    refused: Path | None = None,
    yes: Yes = False,
    json: AsJson = False,
    at: At,
) -> None:
    """Take in lists of people: CSV or JSONL, any size. Run it again to go on after a stop.

    Args:
        file: one list or several; delimiter, encoding and heading are found out.
        maps: column=field, may be given again; column= leaves the column out.
        purpose: what the data is kept for; the book's default without it.
        basis: the lawful basis; the book's default without it.
        source: where the list comes from; asked for at a terminal.
        refused: write the refused rows here, to mend and import again.
        yes: take it in without asking.
        json: end with one line {"read", "added", "merged", "refused"}.
        at: where the house lies.

    Raises:
        MalformedError: no list was named.
    """
    if not file:
        raise MalformedError("FILE", "name at least one list")
    files = [one.absolute() for one in file]
    if not (yes or json) and sys.stdin.isatty():
        rules = _rules(at)
        for one in files:
            maps = _corrected(one, rules, maps)
        source = source or _asked_source(rules)
    done: Any = at.do(
        "import",
        files=[str(one) for one in files],
        map=list(maps),
        purpose=purpose,
        basis=basis,
        source=source,
        refused=str(refused.absolute()) if refused else "",
    )
    for reason in done.pop("reasons"):
        print(reason, file=sys.stderr)
    print(_stated(done.pop("stated")), file=sys.stderr)
    if unfit := done.pop("as_written"):
        print(
            "Values that do not fit their field, kept as written and unverified:"
            f" {unfit:,}. Nobody is found by them.",
            file=sys.stderr,
        )
    tell(done, _counts, as_json=json)


def _counts(done: dict[str, int]) -> str:
    return ", ".join(f"{name}: {count:,}" for name, count in done.items())


def _stated(told: dict[str, str]) -> str:
    return (
        f"Written down for these people: source {told['source']!r}, purpose {told['purpose']},"
        f" basis {told['basis']}. Another: --source, --purpose, --basis."
    )


def _rules(at: Reach) -> "Rules":
    from kept.promises.model.book import parse_book

    try:
        return parse_book((at.folder / "promises.toml").read_text(encoding="utf-8")).rules
    except OSError:
        raise NotFoundError(f"{at.folder} is not a data folder of Kept.") from None


def _corrected(path: Path, rules: "Rules", maps: tuple[str, ...]) -> tuple[str, ...]:
    """Show the preview until the owner has nothing to correct.

    Raises:
        RefusedError: the owner stops here.
    """
    print(_preview(path, rules, maps))
    while True:
        said = input("Enter: take it in. column=field: correct a column. no: stop. ").strip()
        _check_goes_on(said)
        if not said:
            return maps
        try:
            print(_preview(path, rules, (*maps, said)))
        except MalformedError as error:
            print(f"{error}. Fields: {', '.join(rules.fields())}.")
            continue
        maps = (*maps, said)


def _preview(path: Path, rules: "Rules", maps: tuple[str, ...]) -> str:
    """What was found, column by column.

    Raises:
        MalformedError: a correction that names no column or no field.
        NotFoundError: the file cannot be read.
    """
    from kept.flows.import_people import preview
    from kept.vault.model.mapping import parse_override

    try:
        with path.open("rb") as file:
            seen = preview(file, rules, overrides=dict(map(parse_override, maps)))
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror}.") from None
    form = seen.survey
    parted = f", parted by {form.delimiter!r}" if form.delimiter else ""
    rows = [
        {
            "column": one.column,
            "field": one.field or "(left out)",
            "why": one.why.en,
            "examples": list(one.examples),
        }
        for one in seen.columns.columns
    ]
    head = f"{path.name}: {form.format}, {form.encoding}{parted}, about {form.lines:,} lines"
    return f"{head}\n{table(rows, 'column', 'field', 'why', 'examples')}"


def _asked_source(rules: "Rules") -> str:
    """What was typed, or the book's default.

    Raises:
        RefusedError: the owner stops here.
    """
    default = rules.import_defaults.source
    said = input(f"Where does this list come from? [{default}] ").strip()
    _check_goes_on(said)
    return said or default


def _check_goes_on(said: str) -> None:
    """Stop at a no.

    Raises:
        RefusedError: the owner stops here.
    """
    if said.lower() in {"no", "n"}:
        raise RefusedError("not_confirmed", "Nothing was taken in.")
