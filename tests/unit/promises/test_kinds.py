"""Each kind at its borders, and the laws that hold for all of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.base.errors import MalformedError
from kept.promises.kinds.judge import judge
from kept.promises.kinds.share import state_of
from kept.promises.model.evidence import (
    Break,
    Case,
    Concern,
    Counted,
    Document,
    Evidence,
    Heartbeat,
    Papers,
    Pause,
    Proof,
    Proved,
    Standing,
    Timed,
)
from kept.promises.model.measures import READINGS_OUTSIDE
from kept.promises.model.promise import Grade, Kind, Promise
from kept.promises.model.status import PRECEDENCE, State
from kept.vault.model.rules import Text

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
MICRO = timedelta(microseconds=1)
WORDS = Text("A word.", "Слово.")
ALIVE = Standing(heartbeat=Heartbeat(NOW, 400 * DAY))
WEEK = 7 * DAY


def promise(kind, *, bound=WEEK, target=90):
    """A promise of a kind."""
    return Promise("some.promise", kind, 1, (Grade.MEASURED,), WORDS, bound=bound, target=target)


def counted(n=412, **rest):
    """Evidence of a zero promise, its collector alive."""
    return Evidence(rows=Counted(n, READINGS_OUTSIDE), standing=ALIVE, **rest)


def timed(*cases):
    """Evidence of a clock or share promise, its collector alive."""
    return Evidence(rows=Timed(cases), standing=ALIVE)


def open_for(used):
    """A case with 100 minutes, of which `used` have passed."""
    started = NOW - timedelta(minutes=used)
    return Case(started, started + 100 * MINUTE)


DONE = Case(NOW - DAY, NOW + 6 * DAY, NOW - HOUR)


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        (0, "kept"),
        (69, "kept"),
        (70, "kept"),
        (70.001, "at_risk"),
        (99, "at_risk"),
        (100, "at_risk"),
        (100.001, "broken"),
    ],
)
def test_clock_of_an_open_case(used, expected):
    """Past 70 % of its time a case is at risk, past its deadline the promise is broken."""
    assert judge(promise(Kind.CLOCK), timed(DONE, open_for(used)), NOW).state == expected


@pytest.mark.parametrize(
    ("age", "expected"), [(1 * DAY, "broken"), (90 * DAY, "broken"), (91 * DAY, "unmeasured")]
)
def test_clock_shows_a_late_case_for_90_days(age, expected):
    """A late case breaks the promise for 90 days after it was finished."""
    finished = NOW - age
    case = Case(finished - 8 * DAY, finished - DAY, finished)
    assert judge(promise(Kind.CLOCK), timed(case), NOW).state == expected


def test_clock_says_counts_and_the_slowest():
    """The number is counts first, then the slowest, never a percentage."""
    cases = [Case(NOW - DAY - n * HOUR, NOW + DAY, NOW - n * HOUR - 20 * HOUR) for n in range(6)]
    slow = Case(NOW - DAY, NOW + DAY, NOW - DAY + timedelta(hours=3, minutes=10))
    fast = [replace(c, finished_at=c.started_at + HOUR) for c in cases]
    number = judge(promise(Kind.CLOCK), timed(slow, *fast), NOW).number
    assert number.text.en == "7 of 7 in 30 days, slowest 3 h 10 min"
    assert number.text.ru == "7 из 7 за 30 дней, дольше всего — 3 ч 10 мин"


def test_clock_counts_a_drill_apart():
    """A test case makes the promise measured and never stands among customers' cases."""
    judged = judge(promise(Kind.CLOCK), timed(replace(DONE, drill=True)), NOW)
    assert (judged.state, judged.number.n, judged.number.drills) == ("kept", 0, 1)
    assert judged.number.text.en == "no cases in 30 days, and 1 test"
    assert judged.number.text.ru == "случаев не было за 30 дней, и ещё 1 проверка"


def test_clock_with_nothing_finished_is_unmeasured():
    """An open case in good time is no result."""
    assert judge(promise(Kind.CLOCK), timed(open_for(10)), NOW).state == "unmeasured"


def test_clock_looks_90_days_back_when_30_are_empty():
    """The number tells its own window."""
    old = Case(NOW - 41 * DAY, NOW - 34 * DAY, NOW - 40 * DAY)
    assert judge(promise(Kind.CLOCK), timed(old), NOW).number.text.en.startswith(
        "1 of 1 in 90 days"
    )


@pytest.mark.parametrize(
    ("n", "missed", "target", "expected"),
    [
        (0, 0, 90, "unmeasured"),
        (1, 0, 90, "kept"),
        (1, 1, 90, "at_risk"),
        (4, 1, 90, "at_risk"),
        (4, 2, 90, "broken"),
        (5, 1, 90, "broken"),
        (100, 11, 90, "broken"),
        (100, 10, 90, "at_risk"),
        (100, 9, 90, "at_risk"),
        (100, 8, 90, "kept"),
        (100, 0, 100, "kept"),
        (100, 1, 100, "broken"),
    ],
)
def test_share_at_its_borders(n, missed, target, expected):
    """Below the target is broken, within two points at risk, few cases count by misses."""
    assert state_of(n=n, missed=missed, target=target) == expected


@given(n=st.integers(0, 300), missed=st.integers(0, 300), target=st.integers(60, 100))
def test_share_never_improves_by_a_miss(n, missed, target):
    """One more missed case is never better, down to the least target the book allows."""
    missed = min(n, missed)
    before = PRECEDENCE.index(state_of(n=n, missed=missed, target=target))
    after = PRECEDENCE.index(state_of(n=n + 1, missed=missed + 1, target=target))
    assert after <= before


def test_share_says_middle_and_slowest():
    """The number of a share holds the limit, the middle case and the slowest."""
    lengths = [4] * 48 + [20, 41]
    cases = [Case(NOW - DAY, NOW - DAY + 15 * MINUTE, NOW - DAY + n * MINUTE) for n in lengths]
    number = judge(promise(Kind.SHARE, bound=15 * MINUTE), timed(*cases), NOW).number
    assert number.text.en == "48 of 50 within 15 min in 30 days, middle case 4 min, slowest 41 min"


@pytest.mark.parametrize(
    ("age", "expected"),
    [(79, "kept"), (80, "kept"), (80.01, "at_risk"), (100, "at_risk"), (100.01, "broken")],
)
def test_fresh_at_its_borders(age, expected):
    """A proof past 80 % of its period is at risk, past the period the promise is broken."""
    proof = Proof(NOW - age * HOUR, 40, 3 * MINUTE)
    evidence = Evidence(rows=Proved((proof,)), standing=ALIVE)
    assert judge(promise(Kind.FRESH, bound=100 * HOUR), evidence, NOW).state == expected


def test_fresh_tells_when_and_what():
    """The number says how old the proof is, how much was proven and how long it took."""
    evidence = Evidence(rows=Proved((Proof(NOW - 6 * DAY, 40, 3 * MINUTE),)), standing=ALIVE)
    text = judge(promise(Kind.FRESH, bound=35 * DAY), evidence, NOW).number.text
    assert text.en == "last proof 6 days ago, 40 items, 3 min"
    assert text.ru == "последняя проверка 6 дней назад, 40 записей, 3 мин"


@pytest.mark.parametrize(
    ("left", "expected"),
    [(31 * DAY, "kept"), (30 * DAY, "kept"), (30 * DAY - MICRO, "at_risk"), (0 * DAY, "at_risk"),
     (-MICRO, "broken")],
)  # fmt: skip
def test_declared_at_its_borders(left, expected):
    """A paper with less than 30 days is at risk, an expired one breaks the promise."""
    papers = Papers((Document(NOW - 100 * DAY, NOW + left),))
    assert judge(promise(Kind.DECLARED), Evidence(rows=papers), NOW).state == expected


@pytest.mark.parametrize(
    ("age", "expected"), [(0 * DAY, "broken"), (90 * DAY, "broken"), (91 * DAY, "kept")]
)
def test_a_break_stays_for_90_days(age, expected):
    """One violation breaks a zero until its window has passed, then it recovers alone."""
    evidence = counted(breaks=(Break("r1", NOW - age),))
    assert judge(promise(Kind.ZERO), evidence, NOW).state == expected


def test_declared_without_a_paper_is_unmeasured():
    """A promise on paper without a paper shows nothing as kept."""
    judged = judge(promise(Kind.DECLARED), Evidence(rows=Papers()), NOW)
    assert (judged.state, judged.number.text.ru) == ("unmeasured", "документа ещё нет")


def test_zero_says_faults_of_all():
    """The number of a zero is faults of all, with the window."""
    text = judge(promise(Kind.ZERO), counted(412), NOW).number.text
    assert text.en == "0 of 412 readings outside their purpose in 90 days"
    assert text.ru == "0 из 412 просмотров не по назначению за 90 дней"
    many = judge(promise(Kind.ZERO), counted(4170), NOW).number.text
    assert many.en.startswith("0 of 4,170 readings")
    assert many.ru.startswith("0 из 4\u202f170 просмотров")
    assert judge(promise(Kind.ZERO), counted(21), NOW).number.text.ru.startswith(
        "0 из 21 просмотра"
    )
    assert judge(promise(Kind.ZERO), counted(11), NOW).number.text.ru.startswith(
        "0 из 11 просмотров"
    )


@pytest.mark.parametrize(("silent", "expected"), [(6 * HOUR, "kept"), (6 * HOUR + MICRO, "stale")])
def test_a_silent_collector_is_stale(silent, expected):
    """A collector silent for longer than its period gives no green light."""
    standing = Standing(heartbeat=Heartbeat(NOW - silent, 6 * HOUR))
    assert judge(promise(Kind.ZERO), counted().beside(standing), NOW).state == expected


def test_no_heartbeat_is_unmeasured():
    """Rows whose collector never ran prove nothing."""
    assert judge(promise(Kind.ZERO), counted().beside(Standing()), NOW).state == "unmeasured"


def test_precedence():
    """Broken covers paused, paused covers stale, stale covers at risk."""
    pause = Pause(NOW - DAY, NOW + DAY, Text("Moving house.", "Переезд."))
    silent = Heartbeat(NOW - 2 * DAY, DAY)
    worry = (Concern(WORDS, NOW),)
    broken = (Break("r", NOW - DAY),)
    everything = Standing(heartbeat=silent, pauses=(pause,))
    zero = promise(Kind.ZERO)
    assert (
        judge(zero, counted(breaks=broken, concerns=worry).beside(everything), NOW).state
        == "broken"
    )
    paused = judge(zero, counted(concerns=worry).beside(everything), NOW)
    assert (paused.state, paused.reason) == ("paused", pause.reason)
    stale = counted(concerns=worry).beside(Standing(heartbeat=silent))
    assert judge(zero, stale, NOW).state == "stale"
    at_risk = judge(zero, counted(0, concerns=worry), NOW)
    assert (at_risk.state, at_risk.reason) == ("at_risk", WORDS)


def test_a_pause_lasts_30_days_at_most():
    """A pause without an end, or longer than 30 days, cannot be written down."""
    rest = Pause(NOW, NOW + 30 * DAY, WORDS)
    assert rest.covers(NOW)
    assert rest.covers(NOW + 30 * DAY - MICRO)
    assert not rest.covers(NOW + 30 * DAY)
    assert not rest.covers(NOW - MICRO)
    for until in (NOW + 30 * DAY + MICRO, NOW, NOW - DAY):
        with pytest.raises(MalformedError, match="30 days"):
            Pause(NOW, until, WORDS)


def test_rows_of_another_kind_measure_nothing():
    """Cases under a zero, or no rows at all, are not measured."""
    assert judge(promise(Kind.ZERO), timed(DONE), NOW).state == "unmeasured"
    assert judge(promise(Kind.CLOCK), Evidence(standing=ALIVE), NOW).state == "unmeasured"


times = st.timedeltas(-200 * DAY, 5 * DAY).map(lambda d: NOW + d)
cases = st.builds(
    lambda start, limit, took, drill: Case(
        start,
        start + limit,
        start + took if took is not None and start + took <= NOW else None,
        drill,
    ),
    times,
    st.timedeltas(HOUR, 30 * DAY),
    st.none() | st.timedeltas(0 * DAY, 60 * DAY),
    st.booleans(),
)
rows = st.one_of(
    st.none(),
    st.builds(Counted, st.integers(0, 500), st.just(READINGS_OUTSIDE)),
    st.builds(Timed, st.lists(cases, max_size=8).map(tuple)),
    st.builds(
        Proved,
        st.lists(st.builds(Proof, times, st.integers(1, 9), st.just(MINUTE)), max_size=3).map(
            tuple
        ),
    ),
    st.builds(
        lambda at, left: Papers((Document(at, at + left),)), times, st.timedeltas(DAY, 400 * DAY)
    ),
)
breaks = st.lists(st.builds(Break, st.text("abc", min_size=1, max_size=3), times), max_size=3).map(
    tuple
)
standings = st.builds(
    Standing,
    breaks=breaks,
    heartbeat=st.none() | st.builds(Heartbeat, times, st.timedeltas(HOUR, 3 * DAY)),
    pauses=st.lists(st.builds(lambda at: Pause(at, at + 9 * DAY, WORDS), times), max_size=1).map(
        tuple
    ),
)
evidences = st.builds(Evidence, rows, breaks, st.just(()), standings)
promises = st.sampled_from(Kind).map(promise)


def is_empty(found):
    """Whether these rows hold nothing."""
    match found:
        case None:
            return True
        case Counted():
            return found.checked == 0 and found.drills == 0
        case Timed():
            return not [c for c in found.cases if c.finished_at is not None]
        case Proved():
            return not found.proofs
        case Papers():
            return not found.documents
        case _:
            raise AssertionError(found)


@given(promises, evidences)
def test_no_rows_never_give_kept(some, evidence):
    """No evidence without rows is ever green."""
    if is_empty(evidence.rows):
        assert judge(some, evidence, NOW).state is not State.KEPT


@given(promises, evidences, times)
def test_a_violation_never_improves(some, evidence, at):
    """One more violation is never better."""
    worse = replace(evidence, breaks=(*evidence.breaks, Break("new", at)))
    before, after = judge(some, evidence, NOW).state, judge(some, worse, NOW).state
    assert PRECEDENCE.index(after) <= PRECEDENCE.index(before)


@given(st.lists(cases, max_size=6).map(tuple), cases, standings)
def test_a_late_case_never_improves_a_clock(known, new, standing):
    """One more case past its deadline is never better for a clock."""
    late = replace(new, due_at=NOW - 10 * DAY, finished_at=None)
    before = judge(promise(Kind.CLOCK), Evidence(Timed(known), standing=standing), NOW).state
    after = judge(
        promise(Kind.CLOCK), Evidence(Timed((*known, late)), standing=standing), NOW
    ).state
    assert PRECEDENCE.index(after) <= PRECEDENCE.index(before)


@given(promises, evidences, st.timedeltas(0 * DAY, 200 * DAY))
def test_time_alone_turns_nothing_green(some, evidence, later):
    """Only a break or pause that leaves its window may turn a promise green while time passes."""
    quiet = replace(evidence, breaks=(), standing=replace(evidence.standing, breaks=(), pauses=()))
    if judge(some, quiet, NOW).state in {State.STALE, State.UNMEASURED}:
        assert judge(some, quiet, NOW + later).state is not State.KEPT
    if some.kind in {Kind.ZERO, Kind.FRESH, Kind.DECLARED}:
        green = judge(some, quiet, NOW + later).state is State.KEPT
        assert not green or judge(some, quiet, NOW).state is State.KEPT


@given(promises, evidences)
def test_strip_has_90_days_and_shows_each_break(some, evidence):
    """The strip ends today, and the day of a visible break is never green."""
    judged = judge(some, evidence, NOW)
    assert len(judged.strip) == 90
    assert judged.strip[-1].day == NOW.date()
    states = {cell.day: cell.state for cell in judged.strip}
    for one in judged.breaks:
        assert states.get(one.happened_at.date(), State.BROKEN) is State.BROKEN


def test_strip_is_green_only_on_days_the_collector_ran():
    """A day is green when the collector ran and something had been measured by then."""
    today = NOW.date()
    days = frozenset({today, today - DAY, today - 3 * DAY})
    standing = replace(ALIVE, heartbeat_days=days)
    measured = Evidence(rows=Counted(4, READINGS_OUTSIDE, first_at=NOW - DAY), standing=standing)
    strip = judge(promise(Kind.ZERO), measured, NOW).strip
    assert [cell.state for cell in strip[-4:]] == ["unmeasured", "unmeasured", "kept", "kept"]


def test_broken_until_tells_the_last_day():
    """The page can say until when a break shows, and cannot while a case is still late."""
    at = NOW - 10 * DAY
    assert judge(promise(Kind.ZERO), counted(breaks=(Break("r", at),)), NOW).broken_until == (
        at + 90 * DAY
    )
    assert judge(promise(Kind.CLOCK), timed(open_for(200)), NOW).broken_until is None


def test_a_noted_break_keeps_its_explanation():
    """The owner's words stand beside the break and change no state."""
    said = Break("r", NOW - DAY, NOW, Text("We were ill.", "Мы болели."), NOW)
    evidence = counted(breaks=(Break("r", NOW - DAY),)).beside(replace(ALIVE, breaks=(said,)))
    judged = judge(promise(Kind.ZERO), evidence, NOW)
    assert (judged.state, judged.breaks) == ("broken", (said,))
