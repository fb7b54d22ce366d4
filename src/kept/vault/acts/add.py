"""How do people come in? Sealed, indexed, with an act each, in one transaction for the group.

Somebody already known by a merge key is merged: what was empty is filled, what stood stays. A
second run of the same list therefore changes nothing. Keys come from the committed reserve.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from typing import NamedTuple

from kept.base.clock import to_micros
from kept.base.encoding import Json
from kept.base.errors import ConflictError, RefusedError
from kept.crypto import chance
from kept.db.locks import Space, hold
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
    Tag,
    VaultParts,
    due_at,
    fresh_until,
    open_cell,
    seal_cell,
    tags_of,
    times_of,
    write_cell,
)
from kept.vault.model.aliases import ALIAS_BYTES, alias_digest, make_alias
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
    fresh: dict[int, _Tagged] = {}
    tagged = [_Tagged(one, tags_of(vault, one.keys)) for one in newcomers]
    hold(tx, Space.TAGS, (tag.tag for _, tags in tagged for tag in tags))
    seen = intake.seen(tagged)
    for at, (newcomer, tags) in enumerate(tagged):
        known = intake.known(newcomer, [tag[:3] in seen for tag in tags])
        if known is None:
            fresh[at] = tagged[at]
        elif isinstance(known, RefusedRow):
            outcomes[at] = Ambiguous(known)
        else:
            outcomes[at] = intake.merge(known, newcomer)
    outcomes.update(zip(fresh, intake.add(list(fresh.values()), reserved), strict=True))
    return Pending([outcomes[at] for at in range(len(newcomers))])


class _Tagged(NamedTuple):
    """Somebody coming in, and one blind tag for each of their keys."""

    person: NewPerson
    tags: list[Tag]


@dataclass(frozen=True, slots=True)
class _Intake:
    """One group coming in."""

    tx: Tx
    vault: VaultParts
    actor: Actor
    why: Provenance
    now: datetime

    def seen(self, group: Sequence[_Tagged]) -> set[tuple[int, int, bytes]]:
        """Tags of the whole group that somebody here has: kind, version and tag."""
        asked: dict[tuple[int, int], list[bytes]] = defaultdict(list)
        for person, tags in group:
            for key, tag in zip(person.keys, tags, strict=True):
                if key.kind in MERGE_KINDS:
                    asked[tag.kind, tag.ver].append(tag.tag)
        return {
            (kind, ver, tag)
            for (kind, ver), tags in asked.items()
            for tag in store.known_tags(self.tx, kind=kind, ver=ver, tags=tags)
        }

    def known(self, newcomer: NewPerson, is_seen: Sequence[bool]) -> Known | RefusedRow | None:
        """Who this is, if somebody already here; a refusal when it could be several.

        `is_seen` says of each key whether its tag is somebody's: most of a list are not.
        """
        people: dict[int, Known] = {}
        found: dict[IndexKey, frozenset[int]] = {}
        if not any(is_seen):
            return None
        for key in compress(newcomer.keys, is_seen):
            if key.kind in MERGE_KINDS:
                matching = matches(self.tx, self.vault, [(key.kind, key.key.decode("utf-8"))])
                people.update((one.row.n, one) for one in matching)
                found[key] = frozenset(one.row.n for one in matching)
        chosen = choose(newcomer, found)
        return people[chosen] if isinstance(chosen, int) else chosen

    def add(self, newcomers: Sequence[_Tagged], reserved: Sequence[Reserved]) -> list[Outcome]:
        """Store new people with bulk statements."""
        if not newcomers:
            return []
        numbers = store.reserve_people(self.tx, len(newcomers))
        aliases = _fresh_aliases(self.tx, len(newcomers))
        keys = list(reserved[: len(newcomers)])
        sealed = [self._sealed(one, key) for (one, _), key in zip(newcomers, keys, strict=True)]
        self._insert_people(numbers, aliases, keys)
        until = self._until()
        self._insert_cells(numbers, sealed, until)
        store.insert_tags(
            self.tx,
            sorted(
                (tag.kind, tag.ver, tag.tag, n, tag.field_id)
                for n, (_, tags) in zip(numbers, newcomers, strict=True)
                for tag in tags
            ),
        )
        acts = [
            (self._added(alias, cells, until), key.subject(n))
            for n, alias, key, cells in zip(numbers, aliases, keys, sealed, strict=True)
        ]
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

    def _fill_in(self, person: Known, newcomer: NewPerson) -> list[tuple[Category, str]]:
        """(category, envelope digest) of each category that got something new."""
        cells = store.cells(self.tx, person.row.n)
        written: list[tuple[Category, str]] = []
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
            written.append((category, digest_of(env)))
        return written

    def _insert_people(
        self, numbers: Sequence[int], aliases: Sequence[str], keys: Sequence[Reserved]
    ) -> None:
        at, source = to_micros(self.now), self.why.source
        store.insert_people(
            self.tx,
            [
                (n, key.id.raw, alias, FIRST_VERSION, source, at)
                for n, alias, key in zip(numbers, aliases, keys, strict=True)
            ],
        )
        store.insert_origins(self.tx, [self._origin(n) for n in numbers])

    def _origin(self, n: int) -> tuple[Value, ...]:
        why = self.why
        return n, why.purpose, why.basis.value, why.source, why.batch, to_micros(self.now)

    def _sealed(self, newcomer: NewPerson, key: Reserved) -> list[tuple[Category, bytes]]:
        """Each category that holds something, with its envelope."""
        return [
            (
                category,
                seal_cell(
                    self.vault,
                    key.seal,
                    content,
                    person_id=key.id,
                    place=(category.id, 1),
                    key_version=FIRST_VERSION,
                ),
            )
            for category, content in _bodies(self.vault, newcomer)
        ]

    def _until(self) -> dict[int, tuple[int | None, int | None]]:
        """(due, fresh) of each category written now, by its id."""
        return {
            category.id: (
                due_at(self.vault, category, since=self.now),
                fresh_until(category, since=self.now),
            )
            for category in self.vault.rules.categories.values()
        }

    def _insert_cells(
        self,
        numbers: Sequence[int],
        sealed: Sequence[list[tuple[Category, bytes]]],
        until: Mapping[int, tuple[int | None, int | None]],
    ) -> None:
        at = to_micros(self.now)
        store.insert_cells(
            self.tx,
            [
                (n, category.id, 1, env, at, *until[category.id])
                for n, cells in zip(numbers, sealed, strict=True)
                for category, env in cells
            ],
        )

    def _added(
        self,
        alias: str,
        cells: list[tuple[Category, bytes]],
        until: Mapping[int, tuple[int | None, int | None]],
    ) -> Act:
        detail: dict[str, Json] = {
            "alias": alias_digest(alias),
            "basis": self.why.basis.value,
            "sha256": [digest_of(env) for _, env in cells],
            "source": self.why.source,
            "until": [list(until[category.id]) for category, _ in cells],
        }
        return self._act(Kind.PERSON_ADDED, tuple(category.key for category, _ in cells), detail)

    def _merged(self, written: list[tuple[Category, str]]) -> Act:
        detail: dict[str, Json] = {
            "basis": self.why.basis.value,
            "sha256": [digest for _, digest in written],
            "source": self.why.source,
            "until": times_of(self.vault, [category for category, _ in written], since=self.now),
        }
        return self._act(Kind.PERSON_MERGED, tuple(one.key for one, _ in written), detail)

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
