"""How do lists of people come in from the terminal, and what becomes of rows that are refused?"""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from kept.base.encoding import Json
from kept.base.errors import MalformedError, NotFoundError, UnavailableError
from kept.cli.commands.call import Call
from kept.flows.import_people import (
    ImportParts,
    Order,
    Preview,
    preview,
    provenance_of,
    run_import,
)
from kept.vault.acts.intake import Run, refused_rows
from kept.vault.model.mapping import parse_override
from kept.vault.model.mending import refused_lines
from kept.vault.model.people import Provenance
from kept.vault.model.rows import RefusedRow
from kept.vault.model.rules import Rules
from kept.vault.model.survey import Survey

MOST_REFUSED = 10_000_000  # rows of one list whose numbers are held at once
SHOWN = 20  # refused rows told one by one
COLUMNS_SHOWN, COLUMN_SHOWN = 10, 40  # columns told where none is known; characters of each
COUNTS = ("read", "added", "merged", "refused", "as_written")


def import_lists(call: Call) -> Json:
    """Take lists in, one after the other; the counts of all of them.

    Raises:
        MalformedError: several lists with one place for their refused rows; a list of which no
            column is known; a column, field or purpose that is not there.
    """
    paths, refused = call.texts("files"), call.text("refused")
    if refused and len(paths) != 1:
        raise MalformedError("--refused", "give one list at a time with it")
    totals: dict[str, int] = dict.fromkeys(COUNTS, 0)
    told: list[str] = []
    why = _provenance(call)
    for path in paths:
        counts, rows = _import_one(call, Path(path), refused, why)
        totals = {name: totals[name] + counts[name] for name in COUNTS}
        told += [f"{path}: {row}" for row in rows]
    answer: dict[str, Json] = dict(totals)
    stated: dict[str, Json] = {
        "purpose": why.purpose,
        "basis": why.basis.value,
        "source": why.source,
    }
    return {**answer, "reasons": told[:SHOWN], "stated": stated}


def _provenance(call: Call) -> Provenance:
    rules = call.house.book.rules
    with _hints(rules):
        return provenance_of(
            rules,
            purpose=call.text("purpose") or None,
            basis=call.text("basis") or None,
            source=call.text("source") or None,
        )


def _import_one(
    call: Call, path: Path, refused: str, why: Provenance
) -> tuple[dict[str, int], list[str]]:
    house, rules = call.house, call.house.book.rules
    overrides = dict(parse_override(one) for one in call.texts("map"))
    with _opened(path) as file:
        with _hints(rules):
            seen = preview(file, rules, overrides=overrides)
        _some_column(seen)
        order = Order(call.actor, path.name, seen.columns.sources, why)
        parts = ImportParts(house.clock, house.db, house.vault)
        done = run_import(
            parts, file, seen.survey, order, progress=lambda run: call.progress(_so_far(run))
        )
        rows = house.db.read(lambda tx: refused_rows(tx, done, most=MOST_REFUSED))
        if refused:
            _write_refused(Path(refused), file, seen.survey, rows)
    counts = {name: int(getattr(done, name)) for name in COUNTS}
    return counts, [_reason(row) for row in rows[:SHOWN]]


@contextmanager
def _hints(rules: Rules) -> Generator[None]:
    """Say beside a name that is not there which ones are.

    Raises:
        MalformedError: the same, with the hint.
    """
    try:
        yield
    except MalformedError as error:
        if error.where == "purpose":
            raise MalformedError(error.where, f"{error.why}: {', '.join(rules.purposes)}") from None
        if error.where.startswith("map "):
            raise MalformedError(
                error.where, f"{error.why}; fields are {', '.join(rules.fields())}"
            ) from None
        raise


def _some_column(seen: Preview) -> None:
    """A list of which nothing is known is refused at once, not row by row.

    Raises:
        MalformedError: no column goes anywhere.
    """
    if seen.columns.sources:
        return
    names = [view.column[:COLUMN_SHOWN] for view in seen.columns.columns[:COLUMNS_SHOWN]]
    raise MalformedError(
        "columns", f"none of these is known: {', '.join(names)}; try --map {names[0]}=email"
    )


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror}.") from None


def _so_far(run: Run) -> dict[str, Json]:
    return {"done": run.read, "total": max(run.total, run.read), "note": run.name}


def _reason(row: RefusedRow) -> str:
    column = f", {row.column}" if row.column else ""
    return f"line {row.number}{column}: {row.sentence('en')}"


def _write_refused(to: Path, file: BinaryIO, survey: Survey, rows: list[RefusedRow]) -> None:
    """The heading and the refused rows as they stood; for the owner's eyes alone.

    Raises:
        UnavailableError: the place cannot be written.
    """
    numbers = {row.number for row in rows}
    try:
        handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.writelines(refused_lines(file, survey, numbers))
    except OSError as error:
        raise UnavailableError(
            f"{to} cannot be written: {error.strerror}. The list itself was taken in."
        ) from None
