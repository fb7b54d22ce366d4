"""How far has an import come? Its counts move in the transaction that takes the people in.

So a process killed at any moment resumes at the last durable group, and no row is done twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from kept.base.clock import from_micros, to_micros
from kept.base.encoding import b64url, parse_b64url
from kept.base.errors import ConflictError, MalformedError, NotFoundError, RefusedError
from kept.crypto.chance import draw
from kept.db.closed import word_of
from kept.db.locks import Space, hold
from kept.db.seam import Pending, Tx
from kept.ledger.acts.record import record
from kept.ledger.model import HOUSE, Act, Actor, Kind
from kept.vault.acts.add import add_people
from kept.vault.acts.evidence import DRILL_SOURCE
from kept.vault.acts.keyroom import Reserved
from kept.vault.acts.parts import VaultParts
from kept.vault.model.body import Status
from kept.vault.model.intake import NewPerson
from kept.vault.model.people import Added, Ambiguous, Outcome, Provenance
from kept.vault.model.rows import RefusedRow
from kept.vault.model.rules import Basis
from kept.vault.store import imports
from kept.vault.store.imports import ImportRow

RUN_ID_BYTES = 16
RUNNING, DONE, STOPPED = "running", "done", "stopped"


@dataclass(frozen=True, slots=True)
class Run:
    """One import and its counts. `next_row` is the last row done; `total` an estimate of rows.

    `as_written` counts values that do not fit their kind and were kept, since this process began
    or went on with the import; it is not stored.
    """

    n: int
    id: str
    name: str
    provenance: Provenance
    state: str
    next_row: int
    read: int
    added: int
    merged: int
    refused: int
    total: int
    started_at: datetime
    changed_at: datetime
    as_written: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Rows read together: people ready to be taken in, and rows already refused.

    `read` counts all rows of the group, `merged` those joined with another row of it.
    """

    people: tuple[NewPerson, ...]
    refused: tuple[RefusedRow, ...]
    read: int
    merged: int
    last_row: int


def begin_run(
    tx: Tx,
    /,
    *,
    actor: Actor,
    name: str,
    file_sha256: bytes,
    total: int,
    provenance: Provenance,
    now: datetime,
) -> Pending[Run]:
    """Start an import of this file, or go on with one that was cut off.

    Of two that start it at the same moment, one goes on with the other's.

    Raises:
        RefusedError: the list names no source, or the one that marks planted people.
    """
    if not provenance.source.strip():
        raise RefusedError(
            "no_origin", "Say where this list comes from. Lists of unknown origin are not taken."
        )
    if provenance.source == DRILL_SOURCE:
        raise RefusedError(
            "no_origin", "This origin is kept for drills. Name the list another way."
        )
    hold(tx, Space.IMPORTS, [file_sha256])
    for row in imports.of_file(tx, file_sha256):
        if row.state == RUNNING and row.purpose == provenance.purpose:
            return Pending(_run(row))
    run_id = draw(RUN_ID_BYTES)
    imports.insert(
        tx,
        {
            "id": run_id,
            "sha": file_sha256,
            "name": name[:200],
            "purpose": provenance.purpose,
            "basis": provenance.basis.value,
            "source": provenance.source,
            "actor": str(actor),
            "total": total,
            "at": to_micros(now),
        },
    )
    return Pending(find_run(tx, b64url(run_id)))


def was_done(tx: Tx, file_sha256: bytes, /) -> bool:
    """Whether this very file was imported to its end before. Reads only."""
    return any(row.state == DONE for row in imports.of_file(tx, file_sha256))


def take_group(
    tx: Tx,
    vault: VaultParts,
    run: Run,
    /,
    *,
    actor: Actor,
    group: Group,
    reserved: Sequence[Reserved],
    now: datetime,
) -> Pending[Run]:
    """Take one group of rows in and move the counts. Records what `add_people` records.

    Raises:
        MalformedError: a value breaks a limit of the sealed form; nothing of the group is stored.
        ConflictError: another process takes this very list in, or no free alias was found;
            nothing of the group is stored.
    """
    why = Provenance(
        run.provenance.purpose, run.provenance.basis, run.provenance.source, batch=run.id
    )
    pending = add_people(
        tx,
        vault,
        actor=actor,
        newcomers=group.people,
        reserved=reserved,
        provenance=why,
        now=now,
    )
    return pending.then(lambda outcomes: _count(tx, run, group, outcomes=outcomes, now=now))


def _count(
    tx: Tx, run: Run, group: Group, *, outcomes: Sequence[Outcome], now: datetime
) -> Pending[Run]:
    ambiguous = [outcome.row for outcome in outcomes if isinstance(outcome, Ambiguous)]
    added = sum(isinstance(outcome, Added) for outcome in outcomes)
    refused = [*group.refused, *ambiguous]
    imports.insert_refused(
        tx,
        [
            {"run_n": run.n, "row_no": row.number, "col": row.column, "code": row.code}
            for row in refused
        ],
    )
    is_ours = imports.advance(
        tx,
        run.n,
        {
            "next_row": group.last_row,
            "read": group.read,
            "added": added,
            "merged": len(outcomes) - added - len(ambiguous) + group.merged,
            "refused": len(refused),
            "at": to_micros(now),
        },
        old_row=run.next_row,
    )
    if not is_ours:
        raise ConflictError("Another process is taking this very list in. It goes on there.")
    unfit = sum(
        _unfit(person)
        for person, outcome in zip(group.people, outcomes, strict=True)
        if not isinstance(outcome, Ambiguous) and outcome.act_id is not None
    )
    return Pending(replace(find_run(tx, run.id), as_written=run.as_written + unfit))


def _unfit(person: NewPerson) -> int:
    """How many values of a row do not fit their kind."""
    return sum(
        mark.status is Status.MALFORMED
        for marks in person.marks.values()
        for mark in marks.values()
    )


def finish_run(tx: Tx, origin: str, run: Run, /, *, actor: Actor, now: datetime) -> Pending[Run]:
    """End an import. Records `import.done` with its counts and the stated origin of the list.

    One that another process ended meanwhile stays as it is, without a second act.
    """
    is_ours = imports.finish(tx, run.n, state=DONE, at=to_micros(now))
    done = replace(find_run(tx, run.id), as_written=run.as_written)
    if not is_ours:
        return Pending(done)
    act = Act(
        Kind.IMPORT_DONE,
        actor,
        HOUSE,
        detail={
            "added": done.added,
            "basis": run.provenance.basis.value,
            "batch": run.id,
            "merged": done.merged,
            "read": done.read,
            "refused": done.refused,
        },
    )
    record(tx, origin, act=act, now=now)
    return Pending(done)


def find_run(tx: Tx, run_id: str, /) -> Run:
    """An import by its public id. Reads only.

    Raises:
        NotFoundError: there is none.
    """
    try:
        row = imports.by_id(tx, parse_b64url(run_id, "import", size_bytes=RUN_ID_BYTES))
    except MalformedError:
        row = None
    if row is None:
        raise NotFoundError("There is no such import.")
    return _run(row)


def recent_runs(tx: Tx, /, *, most: int = 20) -> list[Run]:
    """The newest imports first. Reads only."""
    return [_run(row) for row in imports.newest(tx, most)]


def refused_rows(tx: Tx, run: Run, /, *, most: int = 10_000) -> list[RefusedRow]:
    """Rows of an import that were refused, in order. Reads only."""
    return [RefusedRow(no, col, code) for no, col, code in imports.refused(tx, run.n, most)]


def count_runs(tx: Tx, /) -> tuple[int, int]:
    """(finished imports, those of them that name no source). Reads only."""
    return imports.count(tx)


def _run(row: ImportRow) -> Run:
    return Run(
        row.n,
        b64url(row.id),
        row.name,
        Provenance(
            row.purpose,
            word_of(Basis, row.basis, table="import_run", column="basis", row=row.n),
            row.source,
        ),
        row.state,
        row.next_row,
        row.read_count,
        row.added,
        row.merged,
        row.refused,
        row.total,
        from_micros(row.started_at),
        from_micros(row.changed_at),
    )
