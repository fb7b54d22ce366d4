"""How does a list of people come in? Looked at first, then taken in group by group.

Constant memory, any length; each group is one transaction with its acts and its counts, so an
import that was cut off goes on where it stopped and a second run of the same list changes nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from kept.base.clock import Clock
from kept.base.errors import MalformedError
from kept.db.seam import Database
from kept.ledger.model import Actor
from kept.vault.acts import intake as runs
from kept.vault.acts.intake import Group, Run
from kept.vault.acts.parts import VaultParts
from kept.vault.model.gather import gather
from kept.vault.model.intake import NewPerson, Plan, make_plan, take
from kept.vault.model.mapping import ColumnMap, Source, map_columns
from kept.vault.model.people import Provenance
from kept.vault.model.rows import RefusedRow, Row
from kept.vault.model.rules import Basis, Rules
from kept.vault.model.survey import Survey, survey
from kept.vault.model.table import read

GROUP_ROWS = 1_000
SAMPLE_ROWS = 200


@dataclass(frozen=True, slots=True)
class ImportParts:
    """What importing needs."""

    clock: Clock
    db: Database
    vault: VaultParts


@dataclass(frozen=True, slots=True)
class Preview:
    """What was found in a file, before anything is stored."""

    survey: Survey
    columns: ColumnMap
    sample: tuple[Row, ...]
    refused_in_sample: tuple[RefusedRow, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """What the owner decided: which columns feed which fields, why, and where it comes from."""

    actor: Actor
    name: str
    sources: tuple[Source, ...]
    provenance: Provenance


def provenance_of(
    rules: Rules, *, purpose: str | None, basis: str | None, source: str | None
) -> Provenance:
    """What an import states, with the book's defaults for what was left out.

    Raises:
        MalformedError: no such purpose or basis.
    """
    defaults = rules.import_defaults
    chosen = purpose or defaults.purpose
    if chosen not in rules.purposes:
        raise MalformedError("purpose", "the book has no such purpose")
    try:
        ground = Basis(basis) if basis else defaults.basis
    except ValueError:
        raise MalformedError("basis", "one of " + ", ".join(Basis)) from None
    return Provenance(chosen, ground, defaults.source if source is None else source.strip())


def preview(
    file: BinaryIO, rules: Rules, *, overrides: Mapping[str, str | None] | None = None
) -> Preview:
    """Look at a file: form, encoding, columns and the first rows. Nothing is stored.

    Raises:
        UnreadableTableError: it holds no table.
        MalformedError: an override names no column or no field.
    """
    found = survey(file)
    rows = list(islice(read(file, found), SAMPLE_ROWS))
    sample = tuple(row for row in rows if isinstance(row, Row))
    columns = map_columns(found.columns, sample, rules, overrides=overrides)
    refused = tuple(row for row in rows if isinstance(row, RefusedRow))
    return Preview(found, columns, sample, refused)


def run_import(
    parts: ImportParts,
    file: BinaryIO,
    found: Survey,
    order: Order,
    *,
    progress: Callable[[Run], None] | None = None,
) -> Run:
    """Import a surveyed file to its end; its final counts.

    Raises:
        UnavailableError: the disk is full or a database is away: call again to go on.
        RefusedError: the list names no source.
    """
    run = parts.db.write(
        lambda tx: runs.begin_run(
            tx,
            actor=order.actor,
            name=order.name,
            file_sha256=found.sha256,
            total=found.lines,
            provenance=order.provenance,
            now=parts.clock.now(),
        )
    )
    plan = make_plan(
        parts.vault.rules,
        order.sources,
        file_sha256=found.sha256,
        source=order.provenance.source,
    )
    used = frozenset(column for source in order.sources for column in source.columns)
    rows = read(file, found, after=run.next_row, used=used)
    return _take_in(parts, run, plan, rows=rows, actor=order.actor, progress=progress)


def import_rows(
    parts: ImportParts,
    rows: Iterable[Row | RefusedRow],
    order: Order,
    *,
    digest: bytes,
    progress: Callable[[Run], None] | None = None,
) -> Run:
    """Import rows that are at hand already. `digest` names the list (32 bytes), as a file's hash.

    Raises:
        UnavailableError: the disk is full or a database is away.
        RefusedError: the list names no source.
    """
    run = parts.db.write(
        lambda tx: runs.begin_run(
            tx,
            actor=order.actor,
            name=order.name,
            file_sha256=digest,
            total=0,
            provenance=order.provenance,
            now=parts.clock.now(),
        )
    )
    plan = make_plan(
        parts.vault.rules, order.sources, file_sha256=digest, source=order.provenance.source
    )
    pending = (row for row in rows if row.number > run.next_row)
    return _take_in(parts, run, plan, rows=pending, actor=order.actor, progress=progress)


def _take_in(
    parts: ImportParts,
    run: Run,
    plan: Plan,
    *,
    rows: Iterable[Row | RefusedRow],
    actor: Actor,
    progress: Callable[[Run], None] | None,
) -> Run:
    tell = progress or _silent
    tell(run)
    skips_keyless = parts.db.read(lambda tx: runs.was_done(tx, plan.file_sha256))
    for batch in _batches(rows):
        group = _group(plan, batch, skips_keyless=skips_keyless)
        reserved = parts.vault.keys.take(len(group.people), now=parts.clock.now())
        before = run.added
        run = parts.db.write(
            lambda tx, run=run, group=group, reserved=reserved: runs.take_group(
                tx,
                parts.vault,
                run,
                actor=actor,
                group=group,
                reserved=reserved,
                now=parts.clock.now(),
            )
        )
        parts.vault.keys.give_back(reserved[run.added - before :])
        tell(run)
    done = parts.db.write(
        lambda tx: runs.finish_run(tx, parts.vault.origin, run, actor=actor, now=parts.clock.now())
    )
    tell(done)
    return done


def _silent(run: Run) -> None:
    del run


def _batches(rows: Iterable[Row | RefusedRow]) -> Iterator[list[Row | RefusedRow]]:
    source = iter(rows)
    while batch := list(islice(source, GROUP_ROWS)):
        yield batch


def _group(plan: Plan, batch: list[Row | RefusedRow], *, skips_keyless: bool) -> Group:
    """A batch without its duplicates. Rows without a key are known by the file: once is enough."""
    people: list[NewPerson] = []
    refused: list[RefusedRow] = []
    known = 0
    for row in batch:
        taken = take(plan, row) if isinstance(row, Row) else row
        if isinstance(taken, RefusedRow):
            refused.append(taken)
        elif skips_keyless and taken.merge_key.kind is None:
            known += 1
        else:
            people.append(taken)
    gathered = gather(people)
    return Group(
        people=tuple(gathered.people),
        refused=(*refused, *gathered.refused),
        read=len(batch),
        merged=gathered.merged + known,
        last_row=batch[-1].number,
    )
