"""How do people come in? Sealed, indexed, with an act each, in one transaction for the group.

Somebody already known by a merge key is merged: what was empty is filled, what stood stays. A
second run of the same list therefore changes nothing. Keys come from the committed reserve.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kept.base.clock import to_micros
from kept.base.encoding import Json
from kept.base.errors import ConflictError, RefusedError
from kept.crypto import chance
from kept.db.seam import Pending, Tx, Value
from kept.ledger.acts.record import record, record_first
from kept.ledger.model import Act, Actor, Kind
from kept.vault.acts.correct import reindex
from kept.vault.acts.evidence import DRILL_SOURCE
from kept.vault.acts.find import matches
from kept.vault.acts.keyroom import FIRST_VERSION, Reserved
from kept.vault.acts.open import digest_of
from kept.vault.acts.parts import (
    Known,
    VaultParts,
    due_at,
    fresh_until,
    open_cell,
    seal_cell,
    tag_rows,
    write_cell,
)
from kept.vault.model.aliases import ALIAS_BYTES, make_alias
from kept.vault.model.body import Body
from kept.vault.model.intake import MERGE_KINDS, IndexKey, NewPerson, choose, fill
from kept.vault.model.people import Added, Ambiguous, Merged, Outcome, Provenance
from kept.vault.model.rows import RefusedRow
from kept.vault.model.rules import Category
from kept.vault.store import people as store

ALIAS_TRIES = 50


def add_people(
    tx: Tx,
    vault: VaultParts,
    /,
    *,
    actor: Actor,
    newcomers: Sequence[NewPerson],
    reserved: Sequence[Reserved],
    provenance: Provenance,
    now: datetime,
) -> Pending[list[Outcome]]:
    """Take people in; one outcome each, in order.

    Args:
        tx: the transaction of the whole group.
        vault: the vault's parts.
        actor: who brings them.
        newcomers: of `intake.take`, no two of them the same person (`gather`).
        reserved: at least as many keys as newcomers.
        provenance: why they may be kept and where they come from.
        now: the time.

    Records `person.added` for each new person, `person.merged` for each one filled in.

    Raises:
        MalformedError: a value breaks a limit of the sealed form.
        ConflictError: no free alias was found; nothing of the group is stored.
        RefusedError: the source is the one that marks planted people, who are not counted.
    """
    if provenance.source == DRILL_SOURCE and actor.kind != "worker":
        raise RefusedError(
            "no_origin", "This origin is kept for drills. Name the list another way."
        )
    intake = _Intake(tx, vault, actor, provenance, now)
    outcomes: dict[int, Outcome] = {}
    fresh: dict[int, NewPerson] = {}
    for at, newcomer in enumerate(newcomers):
        known = intake.known(newcomer)
        if known is None:
            fresh[at] = newcomer
        elif isinstance(known, RefusedRow):
            outcomes[at] = Ambiguous(known)
        else:
            outcomes[at] = intake.merge(known, newcomer)
    outcomes.update(zip(fresh, intake.add(list(fresh.values()), reserved), strict=True))
    return Pending([outcomes[at] for at in range(len(newcomers))])


@dataclass(frozen=True, slots=True)
class _Intake:
    """One group coming in."""

    tx: Tx
    vault: VaultParts
    actor: Actor
    why: Provenance
    now: datetime

    def known(self, newcomer: NewPerson) -> Known | RefusedRow | None:
        """Who this is, if somebody already here; a refusal when it could be several."""
        people: dict[int, Known] = {}
        found: dict[IndexKey, frozenset[int]] = {}
        for key in newcomer.keys:
            if key.kind in MERGE_KINDS:
                matching = matches(self.tx, self.vault, [(key.kind, key.key.decode("utf-8"))])
                people.update((one.row.n, one) for one in matching)
                found[key] = frozenset(one.row.n for one in matching)
        chosen = choose(newcomer, found)
        return people[chosen] if isinstance(chosen, int) else chosen

    def add(self, newcomers: Sequence[NewPerson], reserved: Sequence[Reserved]) -> list[Outcome]:
        """Store new people with bulk statements."""
        if not newcomers:
            return []
        numbers = store.reserve_people(self.tx, len(newcomers))
        aliases = _fresh_aliases(self.tx, len(newcomers))
        keys = list(reserved[: len(newcomers)])
        rows = list(zip(newcomers, numbers, keys, strict=True))
        store.insert_people(
            self.tx,
            [self._person(n, alias, key) for (_, n, key), alias in zip(rows, aliases, strict=True)],
        )
        store.insert_origins(self.tx, [self._origin(n) for n in numbers])
        cells = {row[1]: self._cells(*row) for row in rows}
        store.insert_cells(self.tx, [cell for some in cells.values() for cell in some])
        store.insert_tags(
            self.tx,
            [tag for new, n, _ in rows for tag in tag_rows(self.vault, n, new.keys)],
        )
        acts = [(self._added(new, cells[n]), key.subject(n)) for new, n, key in rows]
        recorded = record_first(self.tx, self.vault.origin, acts=acts, now=self.now)
        return [
            Added(key.id, alias, done.act_id)
            for key, alias, done in zip(keys, aliases, recorded, strict=True)
        ]

    def merge(self, person: Known, newcomer: NewPerson) -> Outcome:
        """Fill in what was empty."""
        written = self._fill_in(person, newcomer)
        if not written:
            return Merged(person.row.id, person.row.alias, None)
        store.insert_origins(self.tx, [self._origin(person.row.n)])
        done = record(
            self.tx,
            self.vault.origin,
            act=self._merged(written),
            subject=person.keys.subject,
            now=self.now,
        )
        return Merged(person.row.id, person.row.alias, done.act_id)

    def _fill_in(self, person: Known, newcomer: NewPerson) -> list[tuple[str, str]]:
        """(category key, envelope digest) of each category that got something new."""
        cells = store.cells(self.tx, person.row.n)
        written: list[tuple[str, str]] = []
        for category, content in _bodies(self.vault, newcomer):
            old = cells.get(category.id)
            before = open_cell(self.vault, person, old) if old else Body()
            values, filled, _ = fill(before.values, content.values)
            if not filled:
                continue
            marks = {f: m for f, m in content.marks.items() if f in filled}
            after = Body(values, {**before.marks, **marks})
            _, env = write_cell(
                self.tx,
                self.vault,
                person,
                category=category,
                content=after,
                old=old,
                now=self.now,
            )
            reindex(self.tx, self.vault, person.row.n, category=category, content=after)
            written.append((category.key, digest_of(env)))
        return written

    def _person(self, n: int, alias: str, key: Reserved) -> dict[str, Value]:
        return {
            "n": n,
            "id": key.id.raw,
            "alias": alias,
            "keyver": FIRST_VERSION,
            "source": self.why.source,
            "at": to_micros(self.now),
        }

    def _origin(self, n: int) -> dict[str, Value]:
        return {
            "person_n": n,
            "purpose": self.why.purpose,
            "basis": self.why.basis.value,
            "source": self.why.source,
            "batch": self.why.batch,
            "at": to_micros(self.now),
        }

    def _cells(self, newcomer: NewPerson, n: int, key: Reserved) -> list[dict[str, Value]]:
        return [
            {
                "person_n": n,
                "category_id": category.id,
                "rev": 1,
                "env": seal_cell(
                    self.vault,
                    key.seal,
                    content,
                    person_id=key.id,
                    place=(category.id, 1),
                    key_version=FIRST_VERSION,
                ),
                "at": to_micros(self.now),
                "due_at": due_at(self.vault, category, since=self.now),
                "fresh_until": fresh_until(category, since=self.now),
            }
            for category, content in _bodies(self.vault, newcomer)
        ]

    def _added(self, newcomer: NewPerson, cells: list[dict[str, Value]]) -> Act:
        keys = tuple(category.key for category, _ in _bodies(self.vault, newcomer))
        detail: dict[str, Json] = {
            "basis": self.why.basis.value,
            "sha256": [digest_of(env) for cell in cells if isinstance(env := cell["env"], bytes)],
            "source": self.why.source,
        }
        return self._act(Kind.PERSON_ADDED, keys, detail)

    def _merged(self, written: list[tuple[str, str]]) -> Act:
        keys = tuple(key for key, _ in written)
        digests = [digest for _, digest in written]
        return self._act(Kind.PERSON_MERGED, keys, {"sha256": digests, "source": self.why.source})

    def _act(self, kind: Kind, keys: tuple[str, ...], detail: dict[str, Json]) -> Act:
        if self.why.batch:
            detail["batch"] = self.why.batch
        mask = self.vault.rules.mask_of(frozenset(keys))
        return Act(kind, self.actor, self.why.purpose, categories=keys, mask=mask, detail=detail)


def _bodies(vault: VaultParts, newcomer: NewPerson) -> list[tuple[Category, Body]]:
    return [
        (category, Body(newcomer.values[category.id], newcomer.marks.get(category.id, {})))
        for category in vault.rules.categories.values()
        if category.id in newcomer.values
    ]


def _fresh_aliases(tx: Tx, count: int) -> list[str]:
    """Distinct aliases nobody has.

    Raises:
        ConflictError: the lists of words are used up.
    """
    chosen: dict[str, None] = {}
    for _ in range(ALIAS_TRIES):
        missing = count - len(chosen)
        if not missing:
            return list(chosen)
        drawn = {make_alias(chance.draw(ALIAS_BYTES)) for _ in range(missing)} - chosen.keys()
        taken = store.aliases_taken(tx, drawn)
        chosen.update(dict.fromkeys(alias for alias in sorted(drawn) if alias not in taken))
    if len(chosen) == count:
        return list(chosen)
    raise ConflictError("No free alias was found. Nothing was stored.")
