"""Which rows of one batch are the same person?

A batch is written in one transaction, so its own duplicates cannot be found in the tables yet.
Rows are joined by any key that `choose` would follow, in the order of the file.
"""

from collections.abc import Iterable
from typing import NamedTuple

from kept.vault.model.intake import IndexKey, NewPerson, choose, merge
from kept.vault.model.rows import RefusedRow


class Gathered(NamedTuple):
    """A batch without duplicates. `differs`: row number and the field ids that were not taken."""

    people: list[NewPerson]
    merged: int
    differs: list[tuple[int, tuple[int, ...]]]
    refused: list[RefusedRow]


def gather(rows: Iterable[NewPerson]) -> Gathered:
    """Join the rows of a batch. Rows read = people + merged + refused."""
    people: list[NewPerson] = []
    places: dict[IndexKey, frozenset[int]] = {}
    differs: list[tuple[int, tuple[int, ...]]] = []
    refused: list[RefusedRow] = []
    merged = 0
    for row in rows:
        place = choose(row, places)
        if place is None:
            place = len(people)
            people.append(row)
        elif isinstance(place, RefusedRow):
            refused.append(place)
            continue
        else:
            joined = merge(people[place], row)
            if isinstance(joined, RefusedRow):
                refused.append(joined)
                continue
            people[place] = joined.person
            merged += 1
            if joined.differs:
                differs.append((row.number, joined.differs))
        for key in people[place].keys:
            places[key] = places.get(key, frozenset()) | {place}
    return Gathered(people, merged, differs, refused)
