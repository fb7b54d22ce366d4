"""The promises' verbs on both engines: what is written stays, and each act is in the log."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kept.base.errors import MalformedError, NotFoundError
from kept.ledger.model import Actor
from kept.promises.acts.collect import collect, note_break, record_heartbeat, standing
from kept.promises.acts.own_up import explain_break, pause
from kept.promises.acts.publish import (
    history,
    in_force,
    publish_book,
    publish_version,
    withdraw_promise,
)
from kept.promises.kinds.judge import judge
from kept.promises.model.book import parse_book
from kept.promises.model.default import default_book
from kept.promises.model.evidence import Break, Case, Counted, Evidence, Timed
from kept.promises.model.measures import READINGS_OUTSIDE
from kept.vault.model.rules import Text

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ORIGIN = "shop.example/ledger"
OWNER = Actor("staff", "aaaa", "owner")
WORKER = Actor("worker", "collector", "worker")
BOOK = parse_book(default_book(name="Tea Shop", contact="o@example.org"))
EXPORT = BOOK.promises["export.fast"]
PURPOSE = BOOK.promises["use.purpose"]
READ = Evidence(rows=Counted(412, READINGS_OUTSIDE, first_at=NOW - DAY))
SORRY = Text("We were ill.", "Мы болели.")


def kinds(database):
    """The kinds of the acts recorded so far."""
    return [
        row[0] for row in database.read(lambda tx: tx.rows("select kind from acts order by id"))
    ]


def put(database, promise, now):
    """Publish a promise; when it applies."""
    done = database.write(
        lambda tx: publish_version(tx, ORIGIN, actor=OWNER, promise=promise, now=now)
    )
    return done.applies_at


def holding(database, now, key="export.fast"):
    """The limit of the promise that holds at a time, in days."""
    found = {p.key: p for p in database.read(lambda tx: in_force(tx, now=now))}
    return found[key].bound.days


def gather(database, promise, evidence, now=NOW):
    """Collect one measurement; the new breaks."""
    return database.write(
        lambda tx: collect(tx, ORIGIN, actor=WORKER, promise=promise, evidence=evidence, now=now)
    )


def state(database, promise, evidence, now=NOW):
    """The promise's state from the tables and this measurement."""
    found = database.read(lambda tx: standing(tx, key=promise.key, now=now))
    return judge(promise, evidence.beside(found), now)


def test_the_book_is_published_once(database):
    """Every promise becomes an act the first time, none the second time, and reads back equal."""

    def publish(now):
        return database.write(
            lambda tx: publish_book(tx, ORIGIN, actor=OWNER, promises=BOOK.promises, now=now)
        )

    assert publish(NOW) == tuple(BOOK.promises)
    assert publish(NOW + DAY) == ()
    assert kinds(database) == ["promise.published"] * 7
    read = {p.key: p for p in database.read(lambda tx: in_force(tx, now=NOW))}
    assert read == BOOK.promises


def test_a_weaker_promise_waits_and_the_old_one_stays_readable(database):
    """A longer limit holds 30 days later; the history keeps both wordings."""
    week, month = EXPORT, replace(EXPORT, version=2, bound=30 * DAY)
    assert put(database, week, NOW) == NOW
    assert put(database, month, NOW + DAY) == NOW + 31 * DAY
    assert holding(database, NOW + 31 * DAY - HOUR) == 7
    assert holding(database, NOW + 31 * DAY) == 30
    versions = database.read(history)
    assert [p.version.bound_us // 86_400_000_000 for p in versions] == [7, 30]


def test_two_steps_do_not_slip_past_the_notice(database):
    """A version stronger than one announced, but weaker than what holds, waits as well."""
    put(database, EXPORT, NOW)
    put(database, replace(EXPORT, version=2, bound=30 * DAY), NOW)
    assert put(database, replace(EXPORT, version=3, bound=20 * DAY), NOW + DAY) == NOW + 31 * DAY
    assert holding(database, NOW + 2 * DAY) == 7


def test_a_stronger_promise_holds_at_once(database):
    """A shorter limit is better for the customer and needs no notice."""
    put(database, EXPORT, NOW)
    assert put(database, replace(EXPORT, version=2, bound=3 * DAY), NOW + DAY) == NOW + DAY
    assert holding(database, NOW + DAY) == 3


def test_a_change_without_a_new_number_is_refused(database):
    """The same number for another wording leaves nothing behind."""
    put(database, EXPORT, NOW)
    with pytest.raises(MalformedError, match="must be 2"):
        put(database, replace(EXPORT, bound=8 * DAY), NOW)
    assert kinds(database) == ["promise.published"]


def test_a_promise_taken_out_of_the_book_holds_for_30_days(database):
    """Removal is announced, is an act, and a promise made again holds at once."""

    def publish(promises, now):
        return database.write(
            lambda tx: publish_book(tx, ORIGIN, actor=OWNER, promises=promises, now=now)
        )

    def held(now):
        return [p.key for p in database.read(lambda tx: in_force(tx, now=now))]

    publish({"export.fast": EXPORT, "use.purpose": PURPOSE}, NOW)
    rest = {"use.purpose": PURPOSE}
    assert publish(rest, NOW + DAY) == ("export.fast",)
    assert publish(rest, NOW + 2 * DAY) == ()
    assert held(NOW + 31 * DAY - HOUR) == ["export.fast", "use.purpose"]
    assert held(NOW + 31 * DAY) == ["use.purpose"]
    assert kinds(database)[-1] == "promise.withdrawn"
    for key in ("export.fast", "never.made"):
        with pytest.raises(NotFoundError):
            database.write(
                lambda tx, key=key: withdraw_promise(tx, ORIGIN, actor=OWNER, key=key, now=NOW)
            )
    again = {"export.fast": replace(EXPORT, version=2), **rest}
    assert publish(again, NOW + 40 * DAY) == ("export.fast",)
    assert held(NOW + 40 * DAY) == ["export.fast", "use.purpose"]


def test_heartbeats_are_evidence_and_no_acts(database):
    """A heartbeat makes a promise kept, its silence makes it stale, its return heals it."""
    assert state(database, PURPOSE, READ).state == "unmeasured"
    gather(database, PURPOSE, READ)
    assert kinds(database) == []
    assert state(database, PURPOSE, READ).state == "kept"
    assert state(database, PURPOSE, READ, NOW + 7 * HOUR).state == "stale"
    gather(database, PURPOSE, READ, NOW + 8 * HOUR)
    healed = state(database, PURPOSE, READ, NOW + 9 * HOUR)
    assert (healed.state, healed.measured_at) == ("kept", NOW + 8 * HOUR)


def test_a_heartbeat_never_goes_back(database):
    """A late heartbeat of an earlier time does not hide a newer one; each day has one row."""
    for at in (NOW, NOW - HOUR, NOW + DAY):
        database.write(lambda tx, at=at: record_heartbeat(tx, key="use.purpose", now=at))
    found = database.read(lambda tx: standing(tx, key="use.purpose", now=NOW + DAY))
    assert found.heartbeat.at == NOW + DAY
    assert found.heartbeat_days == {NOW.date(), (NOW + DAY).date()}
    days = database.read(lambda tx: tx.rows("select at from promise_heartbeat order by at"))
    assert len(days) == 2


def test_a_break_is_noted_once_and_outlives_its_measurement(database):
    """A found violation is one act, and still shows when the measured row is gone."""
    bad = replace(READ, breaks=(Break("act-9", NOW - DAY),))
    assert gather(database, PURPOSE, bad) == ("act-9",)
    assert gather(database, PURPOSE, bad, NOW + HOUR) == ()
    assert kinds(database) == ["promise.broken"]
    judged = state(database, PURPOSE, READ, NOW + HOUR)
    assert (judged.state, judged.breaks[0].recorded_at) == ("broken", NOW)
    later = NOW + 90 * DAY
    gather(database, PURPOSE, READ, later)
    assert state(database, PURPOSE, READ, later).state == "kept"


def test_a_late_case_is_noted_under_its_ref(database):
    """A clock's late case becomes a break at its deadline."""
    late = Case(NOW - 9 * DAY, NOW - 2 * DAY, NOW - DAY, ref="case-1")
    assert gather(database, EXPORT, Evidence(rows=Timed((late,)))) == ("case-1",)
    found = database.read(lambda tx: standing(tx, key="export.fast", now=NOW))
    assert [(b.ref, b.happened_at) for b in found.breaks] == [("case-1", NOW - 2 * DAY)]


def test_the_owner_explains_and_changes_nothing(database):
    """Words stand beside the break, the last ones show, all are kept, the state stays broken."""
    gather(database, PURPOSE, replace(READ, breaks=(Break("act-9", NOW - DAY),)))

    def say(words, **more):
        database.write(
            lambda tx: explain_break(
                tx,
                ORIGIN,
                actor=OWNER,
                key="use.purpose",
                ref="act-9",
                words=words,
                now=NOW,
                **more,
            )
        )

    say(Text("First.", "Сначала."))
    say(SORRY, repaired_at=NOW - HOUR)
    judged = state(database, PURPOSE, READ)
    assert judged.state == "broken"
    assert (judged.breaks[0].explanation, judged.breaks[0].repaired_at) == (SORRY, NOW - HOUR)
    assert kinds(database) == ["promise.broken", "promise.explained", "promise.explained"]
    assert database.read(lambda tx: tx.row("select count(*) from promise_answer")) == (2,)
    for wrong in (NOW - 2 * DAY, NOW + HOUR):
        with pytest.raises(MalformedError, match="between the break and now"):
            say(SORRY, repaired_at=wrong)


def test_nothing_can_be_said_of_an_unknown_break(database):
    """Words without their break are refused."""
    with pytest.raises(NotFoundError):
        database.write(
            lambda tx: explain_break(
                tx, ORIGIN, actor=OWNER, key="use.purpose", ref="none", words=SORRY, now=NOW
            )
        )
    assert kinds(database) == []


def test_a_pause_is_public_begins_now_and_ends(database):
    """A pause is an act; it shows while it lasts and covers no break."""
    gather(database, PURPOSE, READ)
    with pytest.raises(MalformedError, match="30 days"):
        database.write(
            lambda tx: pause(
                tx,
                ORIGIN,
                actor=OWNER,
                key="use.purpose",
                until=NOW + 31 * DAY,
                reason=SORRY,
                now=NOW,
            )
        )
    database.write(
        lambda tx: pause(
            tx, ORIGIN, actor=OWNER, key="use.purpose", until=NOW + HOUR, reason=SORRY, now=NOW
        )
    )
    assert kinds(database) == ["promise.paused"]
    paused = state(database, PURPOSE, READ)
    assert (paused.state, paused.reason) == ("paused", SORRY)
    assert state(database, PURPOSE, READ, NOW + HOUR).state == "kept"
    database.write(
        lambda tx: note_break(
            tx, ORIGIN, actor=WORKER, key="use.purpose", ref="r", happened_at=NOW, now=NOW
        )
    )
    database.write(
        lambda tx: note_break(
            tx, ORIGIN, actor=WORKER, key="use.purpose", ref="r", happened_at=NOW - DAY, now=NOW
        )
    )
    assert kinds(database) == ["promise.paused", "promise.broken"]
    assert state(database, PURPOSE, READ).state == "broken"
