"""Is what was promised, broken, paused and said the same that the acts tell? Public on both sides.

Every row names its act, and no act of these kinds is without its row. Acts of an older Kept keep
no digest of the row; of them the promise and the time are compared.
"""

from collections.abc import Iterator, Mapping, Sequence

from kept.base.encoding import Json, row_digest
from kept.base.errors import TamperedError
from kept.db.seam import Database, Tx, Value
from kept.ledger.acts.dossier import Dossier, HouseAct
from kept.ledger.model import Kind
from kept.promises import store
from kept.promises.model.versions import Version

_Row = tuple[str, int, int, tuple[Value, ...]]  # of `store.recorded`
_TABLES = {
    Kind.PROMISE_PUBLISHED: "promise_version",
    Kind.PROMISE_WITHDRAWN: "promise_withdrawn",
    Kind.PROMISE_PAUSED: "promise_pause",
    Kind.PROMISE_BROKEN: "promise_break",
    Kind.PROMISE_EXPLAINED: "promise_answer",
    Kind.CHECKUP_ANSWERED: "checkup_answer",
}


def check_promises(db: Database, dossier: Dossier, /) -> list[str]:
    """Rows that no act made so, and acts whose row is gone.

    Raises:
        UnavailableError: the database cannot be read.
    """
    found, (rows, versions) = dossier.of_house(
        db, tuple(_TABLES), lambda tx: (store.recorded(tx), _wordings(tx))
    )
    acts = {act.id: act for act in found}
    faults = list(_rows(rows, acts))
    if isinstance(versions, str):
        return [*faults, versions]
    return [*faults, *_versions(versions, acts)]


def _wordings(tx: Tx) -> list[Version] | str:
    """Every version; the name of the row where one holds a word that nobody knows."""
    try:
        return [one for one, _, _ in store.versions(tx)]
    except TamperedError as error:
        return error.what


def _rows(rows: Sequence[_Row], acts: Mapping[int, HouseAct]) -> Iterator[str]:
    left = dict(acts)
    for table, act, at, columns in rows:
        said = left.pop(act, None)
        is_its = said is not None and _TABLES[Kind(said.kind)] == table
        if said is None or not is_its or said.at != at or not _fits(said.detail, columns):
            yield f"the row of {table} with act {act}"
    for act in left.values():
        yield f"the row of {_TABLES[Kind(act.kind)]} that act {act.id} wrote is gone"


def _fits(said: Mapping[str, Json], columns: tuple[Value, ...]) -> bool:
    if "not_yours" in said:  # of the check-up: `row` is its key
        return (said.get("row"), int(said["not_yours"] is True)) == columns
    if "row" in said:
        values = [one for one in columns if not isinstance(one, float)]
        return said["row"] == row_digest(*values)
    return said.get("promise") == columns[0]


def _versions(versions: Sequence[Version], acts: Mapping[int, HouseAct]) -> Iterator[str]:
    """The wording itself, by the identity that its act names."""
    named = {
        (act.detail.get("promise"), act.detail.get("version")): act.detail.get("identity")
        for act in acts.values()
        if act.kind == Kind.PROMISE_PUBLISHED
    }
    for version in versions:
        if named.get((version.key, version.version)) != version.identity().hex():
            yield f"the wording of promise_version {version.key} {version.version}"
