"""The promises' own tables: versions, heartbeats, pauses, breaks and the owner's answers.

Breaks, answers and versions are only ever inserted. Source: `db/migrations/data/0040_promises.sql`.
"""

from datetime import timedelta

from kept.base.clock import from_micros, to_micros
from kept.db.closed import word_of
from kept.db.seam import Row, Tx, Value
from kept.promises.model.evidence import Break, Heartbeat, Pause, Standing
from kept.promises.model.promise import Kind
from kept.promises.model.versions import Version
from kept.vault.model.rules import Text

DAY_US = 86_400_000_000
_VERSION = (
    "key, version, kind, bound_us, target, calendar, grade, scope, exceptions, months, people,"
    " en, ru"
)

_RECORDED = (
    ("promise_version", "published_at", "key, version, applies_at"),
    ("promise_withdrawn", "published_at", "key, applies_at"),
    ("promise_pause", "since_at", "key, until_at, en, ru"),
    ("promise_break", "recorded_at", "key, ref, happened_at"),
    ("promise_answer", "recorded_at", "key, ref, en, ru, repaired_at"),
    ("checkup_answer", "recorded_at", "key, case when reason = '' then 0 else 1 end"),
)


def insert_version(tx: Tx, version: Version, *, published: int, applies: int, act: int) -> None:
    """Append a version."""
    tx.run(
        f"insert into promise_version ({_VERSION}, published_at, applies_at, act)"  # noqa: S608
        " values (:key, :version, :kind, :bound_us, :target, :calendar, :grade, :scope,"
        " :exceptions, :months, :people, :en, :ru, :published, :applies, :act)",
        key=version.key,
        version=version.version,
        kind=version.kind.value,
        bound_us=version.bound_us,
        target=version.target,
        calendar=version.calendar,
        grade=version.grade,
        scope=version.scope,
        exceptions=version.exceptions,
        months=version.months,
        people=version.people,
        en=version.text.en,
        ru=version.text.ru,
        published=published,
        applies=applies,
        act=act,
    )


def versions(tx: Tx) -> list[tuple[Version, int, int]]:
    """Every version with its `published_at` and `applies_at`, by key, oldest first."""
    rows = tx.rows(
        f"select {_VERSION}, published_at, applies_at from promise_version"  # noqa: S608
        " order by key, version"
    )
    return [(_version(row), row[13], row[14]) for row in rows]


def _version(row: Row) -> Version:
    return Version(
        key=row[0],
        version=row[1],
        kind=word_of(Kind, row[2], table="promise_version", column="kind", row=row[0]),
        bound_us=row[3],
        target=row[4],
        calendar=row[5],
        grade=row[6],
        scope=row[7],
        exceptions=row[8],
        months=row[9],
        people=row[10],
        text=Text(row[11], row[12]),
    )


def insert_withdrawal(tx: Tx, key: str, *, published: int, applies: int, act: int) -> None:
    """Append that a promise is taken back."""
    tx.run(
        "insert into promise_withdrawn (key, published_at, applies_at, act)"
        " values (:key, :published, :applies, :act)",
        key=key,
        published=published,
        applies=applies,
        act=act,
    )


def withdrawals(tx: Tx) -> dict[str, int]:
    """From when each promise that was taken back, and not made again since, holds no more."""
    rows = tx.rows(
        "select w.key, w.applies_at from promise_withdrawn w where not exists"
        " (select 1 from promise_version v where v.key = w.key"
        " and v.published_at > w.published_at) order by w.id"
    )
    return {row[0]: row[1] for row in rows}


def upsert_heartbeat(tx: Tx, key: str, *, at: int, period: timedelta) -> None:
    """The day's row holds the last heartbeat of the day."""
    tx.run(
        "insert into promise_heartbeat (key, day, at, period_us) values (:key, :day, :at, :period)"
        " on conflict (key, day) do update set at = excluded.at, period_us = excluded.period_us"
        " where excluded.at > promise_heartbeat.at",
        key=key,
        day=at // DAY_US,
        at=at,
        period=period // timedelta(microseconds=1),
    )


def insert_pause(tx: Tx, key: str, pause: Pause, *, act: int) -> None:
    """Append a pause."""
    tx.run(
        "insert into promise_pause (key, since_at, until_at, en, ru, act)"
        " values (:key, :since, :until, :en, :ru, :act)",
        key=key,
        since=to_micros(pause.since),
        until=to_micros(pause.until),
        en=pause.reason.en,
        ru=pause.reason.ru,
        act=act,
    )


def has_break(tx: Tx, key: str, ref: str) -> bool:
    """Whether this break was noted."""
    sql = "select 1 from promise_break where key = :key and ref = :ref"
    return tx.row(sql, key=key, ref=ref) is not None


def break_at(tx: Tx, key: str, ref: str) -> int | None:
    """When a noted break happened, in microseconds; None if it was not noted."""
    sql = "select happened_at from promise_break where key = :key and ref = :ref"
    row = tx.row(sql, key=key, ref=ref)
    return None if row is None else row[0]


def insert_break(tx: Tx, key: str, ref: str, *, happened: int, recorded: int, act: int) -> None:
    """Append a break."""
    tx.run(
        "insert into promise_break (key, ref, happened_at, recorded_at, act)"
        " values (:key, :ref, :happened, :recorded, :act)",
        key=key,
        ref=ref,
        happened=happened,
        recorded=recorded,
        act=act,
    )


def insert_answer(tx: Tx, values: dict[str, Value]) -> None:
    """Append the owner's words on a break."""
    tx.run(
        "insert into promise_answer (key, ref, en, ru, repaired_at, recorded_at, act)"
        " values (:key, :ref, :en, :ru, :repaired, :recorded, :act)",
        **values,
    )


def standing(tx: Tx, key: str, *, since: int) -> Standing:
    """What the tables say of one promise; breaks, pauses and heartbeats from `since` on."""
    beats = tx.rows(
        "select day, at, period_us from promise_heartbeat where key = :key and at >= :since"
        " order by at",
        key=key,
        since=since,
    )
    last = tx.row(
        "select at, period_us from promise_heartbeat where key = :key order by at desc limit 1",
        key=key,
    )
    pauses = tx.rows(
        "select since_at, until_at, en, ru from promise_pause"
        " where key = :key and until_at >= :since order by until_at",
        key=key,
        since=since,
    )
    return Standing(
        breaks=_breaks(tx, key, since),
        heartbeat=_heartbeat(last) if last else None,
        heartbeat_days=frozenset(from_micros(row[1]).date() for row in beats),
        pauses=tuple(
            Pause(from_micros(row[0]), from_micros(row[1]), Text(row[2], row[3])) for row in pauses
        ),
    )


def _heartbeat(row: Row) -> Heartbeat:
    return Heartbeat(from_micros(row[0]), timedelta(microseconds=row[1]))


def _breaks(tx: Tx, key: str, since: int) -> tuple[Break, ...]:
    rows = tx.rows(
        "select b.ref, b.happened_at, b.recorded_at, a.en, a.ru, a.repaired_at"
        " from promise_break b left join promise_answer a on a.id ="
        " (select max(x.id) from promise_answer x where x.key = b.key and x.ref = b.ref)"
        " where b.key = :key and b.happened_at >= :since order by b.happened_at",
        key=key,
        since=since,
    )
    return tuple(
        Break(
            ref=row[0],
            happened_at=from_micros(row[1]),
            recorded_at=from_micros(row[2]),
            explanation=None if row[3] is None else Text(row[3], row[4]),
            repaired_at=None if row[5] is None else from_micros(row[5]),
        )
        for row in rows
    )


def insert_not_yours(tx: Tx, key: str, reason: str, *, recorded: int, act: int) -> None:
    """Append the owner's word on a row of the check-up."""
    tx.run(
        "insert into checkup_answer (key, reason, recorded_at, act)"
        " values (:key, :reason, :recorded, :act)",
        key=key,
        reason=reason,
        recorded=recorded,
        act=act,
    )


def not_yours(tx: Tx) -> dict[str, str]:
    """The owner's last word on each row, "" where it was taken back."""
    rows = tx.rows("select key, reason from checkup_answer order by id")
    return {row[0]: row[1] for row in rows}


def recorded(tx: Tx) -> list[tuple[str, int, int, tuple[Value, ...]]]:
    """(table, act, time, columns) of every row that an act wrote, for a check.

    The columns are those of which the act keeps a digest; of a version, its act names the wording.
    """
    found: list[tuple[str, int, int, tuple[Value, ...]]] = []
    for table, at, columns in _RECORDED:
        rows = tx.rows(f"select act, {at}, {columns} from {table} order by act")  # noqa: S608
        found += [(table, row[0], row[1], row[2:]) for row in rows]
    return found
