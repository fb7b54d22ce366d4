"""What was a key told before? Rows of `idempotency`: ids, numbers and codes, nobody's values."""

from kept.db.seam import Tx, Value


def find(
    tx: Tx, *, key_id: bytes, name_sha256: bytes, since: int
) -> tuple[bytes, int, str, int | None] | None:
    """(SHA-256 of the request, status, body, act) of an answer given since a time."""
    row = tx.row(
        "select request_sha256, status, body, act from idempotency"
        " where key_id = :key and name_sha256 = :name and at > :since",
        key=key_id,
        name=name_sha256,
        since=since,
    )
    return None if row is None else (bytes(row[0]), row[1], row[2], row[3])


def insert(tx: Tx, values: dict[str, Value]) -> None:
    """Keep an answer: key, name, request, status, body, act, at. An outdated one gives way."""
    tx.run(
        "insert into idempotency (key_id, name_sha256, request_sha256, status, body, act, at)"
        " values (:key, :name, :request, :status, :body, :act, :at)"
        " on conflict (key_id, name_sha256) do update set request_sha256 = :request,"
        " status = :status, body = :body, act = :act, at = :at",
        **values,
    )


def delete_before(tx: Tx, at: int) -> None:
    """Drop what is too old to be asked for again."""
    tx.run("delete from idempotency where at <= :at", at=at)
