"""Up to which change do the blind tags follow the data? The mark in find.db, and who changed since.

Source: `db/migrations/find/0001_find.sql`.
"""

from kept.db.seam import Tx


def mark(tx: Tx, name: str) -> int | None:
    """The mark of this name, in microseconds; None before the first."""
    row = tx.row("select changed_at from find.finder_mark where name = :name", name=name)
    return row[0] if row else None


def set_mark(tx: Tx, name: str, changed_at: int) -> None:
    """Move the mark; others' marks are gone."""
    tx.run("delete from find.finder_mark where name <> :name", name=name)
    tx.run(
        "insert into find.finder_mark (name, changed_at) values (:name, :at)"
        " on conflict (name) do update set changed_at = excluded.changed_at",
        name=name,
        at=changed_at,
    )


def newest_change(tx: Tx) -> int:
    """When a person was last changed; 0 before anybody was."""
    row = tx.row("select coalesce(max(changed_at), 0) from person")
    return row[0] if row else 0


def changed_since(
    tx: Tx, since: int, *, after: tuple[int, int], limit: int
) -> list[tuple[int, int]]:
    """(changed_at, person_n) of people changed at `since` or later, above `after`, in order."""
    found = tx.rows(
        "select changed_at, n from person where changed_at >= :since"
        " and (changed_at > :at or (changed_at = :at and n > :n)) order by changed_at, n"
        " limit :limit",
        since=since,
        at=after[0],
        n=after[1],
        limit=limit,
    )
    return [(row[0], row[1]) for row in found]


def drop_all(tx: Tx) -> None:
    """Remove every tag."""
    tx.run("delete from find.finder")


def drop_orphans(tx: Tx) -> None:
    """Remove the tags of people who are gone or never came to be."""
    tx.run(
        "delete from find.finder where person_n not in"
        " (select n from person where state in ('live', 'restricted', 'erasing'))"
    )


def of_person(tx: Tx, person_n: int) -> set[tuple[int, int, bytes, int]]:
    """(kind, version, tag, field) of each tag of a person."""
    found = tx.rows(
        "select kind, ver, tag, field_id from find.finder where person_n = :n", n=person_n
    )
    return {(row[0], row[1], row[2], row[3]) for row in found}


def count_orphans(tx: Tx) -> int:
    """How many tags are of people who are gone or never came to be."""
    row = tx.row(
        "select count(*) from find.finder where person_n not in"
        " (select n from person where state in ('live', 'restricted', 'erasing'))"
    )
    return row[0] if row else 0
