"""Each measure, from what the pillars tell to the state that is shown."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from kept.promises.kinds.judge import judge
from kept.promises.model.book import parse_book
from kept.promises.model.default import default_book
from kept.promises.model.evidence import Evidence, Heartbeat, Standing
from kept.promises.model.measures import (
    MEASURES,
    PERIODS,
    CopyMade,
    Delays,
    DrillMade,
    Request,
    Scan,
    Tally,
    measure,
)
from kept.promises.model.statements import show

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
BOOK = parse_book(default_book(name="Tea Shop", contact="o@example.org"))
ALIVE = Standing(heartbeat=Heartbeat(NOW, DAY))


@dataclass
class Shop:
    """A pillar's answers, as a test wants them."""

    readings: Tally = field(default_factory=lambda: Tally(0))
    openings: Tally = field(default_factory=lambda: Tally(0))
    erased: tuple[Request, ...] = ()
    exported: tuple[Request, ...] = ()
    scans: tuple[Scan, ...] = ()
    slowest: timedelta = timedelta(0)
    made: tuple[CopyMade, ...] = ()
    tried: tuple[DrillMade, ...] = ()
    asked: dict[str, datetime] = field(default_factory=dict)

    def readings_outside_purpose(self, since):
        """As told."""
        self.asked["readings"] = since
        return self.readings

    def openings_without_act(self, since):
        """As told."""
        self.asked["openings"] = since
        return self.openings

    def erasures(self, since):
        """As told."""
        self.asked["erasures"] = since
        return self.erased

    def exports(self, since):
        """As told."""
        self.asked["exports"] = since
        return self.exported

    def scan_results(self, since):
        """As told."""
        self.asked["scans"] = since
        return self.scans

    def page_delays(self, since):
        """As told."""
        self.asked["delays"] = since
        return Delays(1, self.slowest)

    def copies(self, since):
        """As told."""
        self.asked["copies"] = since
        return self.made

    def drills(self, since):
        """As told."""
        self.asked["drills"] = since
        return self.tried


def look(key, shop):
    """The promise judged from the shop, its collector alive."""
    promise = BOOK.promises[key]
    return judge(promise, measure(promise, shop, NOW).beside(ALIVE), NOW)


def test_every_default_promise_has_a_measure_and_a_period():
    """No promise of the default book waits for a measure, and none is measured in silence."""
    assert set(BOOK.promises) == set(MEASURES) == set(PERIODS)


@pytest.mark.parametrize("key", BOOK.promises)
def test_an_empty_shop_keeps_nothing(key):
    """A living collector over no rows is unmeasured."""
    assert look(key, Shop()).state == "unmeasured"


def test_readings_outside_their_purpose():
    """One reading outside its purpose breaks, and the window asked for is 90 days."""
    good = Shop(readings=Tally(412, NOW - 9 * DAY))
    assert look("use.purpose", good).state == "kept"
    assert good.asked["readings"] == NOW - 90 * DAY
    bad = look("use.purpose", Shop(readings=Tally(412, NOW, (("act-9", NOW - DAY),))))
    assert (bad.state, bad.number.ok, bad.number.n) == ("broken", 411, 412)
    assert bad.number.text.en == "1 of 412 readings outside their purpose in 90 days"


@pytest.mark.parametrize(
    ("slowest", "expected"), [(5 * MINUTE, "kept"), (5 * MINUTE + DAY / 86400, "at_risk")]
)
def test_lines_that_come_late_are_a_risk(slowest, expected):
    """Openings shown later than five minutes after are at risk, missing ones break."""
    shop = Shop(openings=Tally(3, NOW), slowest=slowest)
    assert look("access.seen", shop).state == expected
    hidden = Shop(openings=Tally(3, NOW, (("open-2", NOW),)), slowest=slowest)
    assert look("access.seen", hidden).state == "broken"


@pytest.mark.parametrize(("key", "rows"), [("erase.proof", "erased"), ("export.fast", "exported")])
def test_requests_run_against_the_books_limit(key, rows):
    """Seven days from the request: in time is kept, a second later is broken."""
    asked = NOW - 8 * DAY

    def shop(*requests: Request) -> Shop:
        return replace(Shop(), **{rows: requests})

    in_time = shop(Request(asked, asked + 7 * DAY))
    assert look(key, in_time).state == "kept"
    late = shop(Request(asked, asked + 7 * DAY + DAY / 86400, ref="case-1"))
    assert look(key, late).state == "broken"
    assert look(key, late).late[0].ref == "case-1"
    drill = shop(Request(asked, asked + DAY, drill=True))
    assert (look(key, drill).state, look(key, drill).number.n) == ("kept", 0)


@pytest.mark.parametrize(
    ("age", "expected"), [(2 * DAY, "kept"), (2 * DAY + DAY / 86400, "at_risk")]
)
def test_old_searches_are_a_risk(age, expected):
    """A search older than two days is at risk."""
    assert look("locked.rest", Shop(scans=(Scan(NOW - age, 14_000, 0),))).state == expected


def test_one_hit_breaks():
    """One text found in the clear breaks, whatever later searches say."""
    scans = (Scan(NOW, 14_000, 0), Scan(NOW - 3 * DAY, 14_000, 1))
    judged = look("locked.rest", Shop(scans=scans))
    assert (judged.state, judged.breaks[0].ref) == ("broken", "scan-20261118T120000Z")


def test_a_promise_without_measure_stays_unmeasured():
    """A promise that nothing measures has no evidence."""
    own = replace(BOOK.promises["use.purpose"], key="own.words")
    assert measure(own, Shop(), NOW) == Evidence()


@pytest.mark.parametrize("lang", ["en", "ru"])
@pytest.mark.parametrize("key", BOOK.promises)
def test_no_sentence_without_number_grade_and_check(key, lang):
    """What a page gets holds sentence, number, grade and the way to check, never a percentage."""
    promise = BOOK.promises[key]
    shop = Shop(
        readings=Tally(412, NOW),
        openings=Tally(412, NOW),
        erased=(Request(NOW - DAY, NOW),),
        exported=(Request(NOW - DAY, NOW),),
        scans=(Scan(NOW, 14_000, 0),),
    )
    for evidence in (measure(promise, shop, NOW).beside(ALIVE), Evidence()):
        shown = show(promise, judge(promise, evidence, NOW), lang)
        words = (shown.sentence, shown.number.main, shown.number.grade, shown.check, shown.how)
        assert all(words)
        assert shown.check_at == f"/promises/{key}"
        assert len(shown.days) == 90
        assert "{" not in shown.sentence
        assert "%" not in " ".join((*words, shown.number.extra, shown.number.window))
    assert shown.measured_text == ""


def made(age, **more):
    """A copy of this age."""
    return CopyMade(NOW - age, 12_031, MINUTE, **more)


def tried(age, *, is_passed=True):
    """A drill of this age."""
    return DrillMade(NOW - age, 40, MINUTE, is_passed)


HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("copies", "state"),
    [
        ([made(26 * HOUR)], "kept"),
        ([made(26 * HOUR + TICK)], "at_risk"),
        ([made(48 * HOUR)], "at_risk"),
        ([made(48 * HOUR + TICK)], "broken"),
        ([made(100 * HOUR), made(HOUR)], "kept"),
        ([made(HOUR, is_whole=False)], "at_risk"),
        ([made(2 * HOUR, is_whole=False), made(HOUR)], "kept"),
    ],
)
def test_a_copy_must_be_young(copies, state):
    """At risk past 26 hours, broken past 48, at risk while files are missing."""
    assert look("backup.daily", Shop(made=tuple(copies))).state == state


@pytest.mark.parametrize(
    ("drills", "state"),
    [
        ([tried(25 * DAY)], "kept"),
        ([tried(25 * DAY + TICK)], "at_risk"),
        ([tried(35 * DAY)], "at_risk"),
        ([tried(35 * DAY + TICK)], "broken"),
        ([tried(2 * DAY), tried(DAY, is_passed=False)], "at_risk"),
        ([tried(9 * DAY), tried(7 * DAY, is_passed=False)], "at_risk"),
        ([tried(9 * DAY), tried(7 * DAY + TICK, is_passed=False)], "broken"),
        ([tried(9 * DAY, is_passed=False), tried(DAY)], "broken"),
        ([tried(8 * DAY, is_passed=False), tried(2 * DAY)], "kept"),
        ([tried(DAY, is_passed=False)], "at_risk"),
    ],
)
def test_a_drill_must_be_young_and_pass(drills, state):
    """At risk past 25 days or while it fails, broken past 35 or when it failed for 7."""
    assert look("restore.drill", Shop(tried=tuple(drills))).state == state
