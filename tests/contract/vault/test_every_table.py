"""Is there a table about people that forgetting does not know? Every one is tried, new ones too."""

from houses import TINA, Home
from kept.db.seam import Pending, Tx, Value
from vault_cases import forget, n_of

NAMES = {"person_n", "person"}  # how a column names a row of `person`
STAY = {
    "erasure": "the erasure itself, with the hash of its link",
}
BLANK: dict[str, Value] = {"bigint": 7, "integer": 7, "text": "x", "blob": b"x"}


def tables_about_people(tx: Tx) -> dict[str, str]:
    """Each table with the column that names a person."""
    found: dict[str, str] = {}
    for schema, name in tx.rows("select schema, name from pragma_table_list where type = 'table'"):
        for row in tx.rows(f"pragma {schema}.table_info({name})"):
            if row[1] in NAMES:
                found[f"{schema}.{name}"] = row[1]
    return found


def plant(tx: Tx, table: str, column: str, n: int) -> Pending[int]:
    """A row about the person, the other columns filled with something."""
    schema, name = table.split(".")
    values: dict[str, Value] = {}
    for _, field, kind, _, _, key in tx.rows(f"pragma {schema}.table_info({name})"):
        if field == column:
            values[field] = n
        elif not (key and kind == "integer" and field == "n"):
            values[field] = BLANK[kind.lower()]
    names = ", ".join(values)
    marks = ", ".join(f":{field}" for field in values)
    added = tx.run(f"insert or ignore into {table} ({names}) values ({marks})", **values)
    return Pending(added)


def test_no_table_keeps_somebody_who_was_forgotten(home: Home):
    """A row in each table that names a person by number: all are gone or cut loose."""
    tina = home.add(contact=TINA)
    n = n_of(home, tina.person)
    tables = home.read(tables_about_people)
    assert {"main.cell", "main.consent", "find.finder", "main.acts"} <= tables.keys()
    extra = [t for t in tables if t.split(".")[1] not in {*STAY, "acts", "act_counters"}]
    for table in extra:
        home.write(lambda tx, table=table: plant(tx, table, tables[table], n))
    forget(home, tina.person)
    left = {
        table.split(".")[1]
        for table, column in tables.items()
        if home.read(
            lambda tx, t=table, c=column: tx.rows(f"select 1 from {t} where {c} = :n", n=n)
        )
    }
    assert left == set(STAY)
