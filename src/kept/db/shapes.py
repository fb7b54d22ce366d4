"""Which rows hold a value of another type than their table says? Only a hand could write them.

SQLite keeps any type in any column; PostgreSQL refuses, so there nothing is looked for. Nothing of
a value is read or told, only its type: a damaged row can be named without being understood.
"""

from dataclasses import dataclass

from kept.db.seam import Database, Tx

MOST = 100  # of one column: enough to see what was done
_KIND = {"bigint": "integer", "integer": "integer", "text": "text", "blob": "blob"}


@dataclass(frozen=True, slots=True)
class Misshapen:
    """One row: the table and its key, and the column with what it holds."""

    table: str
    key: str
    column: str
    holds: str


def misshapen(db: Database, schema: str = "main", /) -> list[Misshapen]:
    """Every such row of one file, table by table, each its own snapshot.

    Raises:
        UnavailableError: the file cannot be read.
    """
    if db.read(lambda tx: tx.dialect) != "sqlite":
        return []
    return [
        one
        for table in db.read(lambda tx: _tables(tx, schema))
        for one in db.read(lambda tx, table=table: _of_table(tx, schema, table))
    ]


def _tables(tx: Tx, schema: str) -> list[str]:
    found = tx.rows(
        f"select name from {schema}.sqlite_master"  # noqa: S608  # a fixed word
        " where type = 'table' and name not like 'sqlite_%' order by name"
    )
    return [str(row[0]) for row in found]


def _of_table(tx: Tx, schema: str, table: str) -> list[Misshapen]:
    columns = tx.rows(
        'select name, lower(type), "notnull", pk from pragma_table_info(:table, :schema)',
        table=table,
        schema=schema,
    )
    keys = [str(name) for name, _, _, pk in columns if pk] or ["rowid"]
    told = " || ' ' || ".join(
        f"case typeof({key}) when 'blob' then hex({key}) else cast({key} as text) end"
        for key in keys
    )
    found: list[Misshapen] = []
    for name, declared, is_needed, pk in columns:
        allowed = [_KIND[declared], *([] if is_needed or pk else ["null"])]
        words = ", ".join(f"'{word}'" for word in allowed)
        rows = tx.rows(
            f"select coalesce({told}, '?'), typeof({name})"  # noqa: S608  # our own names
            f" from {schema}.{table} where typeof({name}) not in ({words}) limit :most",
            most=MOST,
        )
        found += [Misshapen(table, _safe(key), str(name), str(holds)) for key, holds in rows]
    return found


def _safe(key: object) -> str:
    """A key as it may be printed: whatever somebody wrote there."""
    text = key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)
    return "".join(letter if letter.isprintable() else "?" for letter in text[:80])
