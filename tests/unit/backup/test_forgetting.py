"""Can a client that lies about its clock make the trusted host forget real snapshots?"""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from kept.backup.model.forgetting import Brake, Noted, Sight, counted_time, plan
from kept.backup.model.retention import DEFAULT, Candidate, Policy
from kept.backup.model.spans import Span
from kept.base.errors import RefusedError

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def real(count: int) -> tuple[list[Candidate], dict[str, Sight]]:
    """A snapshot each night at 3, seen by the host at 6 each morning."""
    made = [
        Candidate(
            f"real {n}", NOW.replace(hour=3) - n * DAY, host="shop", paths=("/srv",), size=100
        )
        for n in range(count)
    ]
    sights = {one.id: Sight(one.time - 21 * HOUR, one.time + 3 * HOUR) for one in made}
    return made, sights


def fake(name: str, time: datetime) -> Candidate:
    """A snapshot that a thief with the shop's rights wrote."""
    return Candidate(name, time, host="shop", paths=("/srv",), size=100)


def gone(policy: Policy, made: list[Candidate], sights: dict[str, Sight]) -> set[str]:
    """The ids that would be forgotten."""
    found = plan(policy, made, sights, now=NOW, drilled_at=NOW - DAY)
    return {one.id for one in found.remove}


def test_fake_snapshots_push_nothing_real_out() -> None:
    """Thirty written today under the dates of a month do not use the counts of that month up."""
    made, sights = real(30)
    fakes = [fake(f"fake {n}", NOW.replace(hour=23) - (n + 1) * DAY) for n in range(30)]
    seen_today = Sight(NOW - 6 * HOUR, NOW)
    policy = Policy(daily=30)
    undefended = gone(policy, [*made, *fakes], sights)
    assert undefended >= {one.id for one in made[1:]}
    left = gone(policy, [*made, *fakes], sights | {one.id: seen_today for one in fakes})
    assert {name for name in left if name.startswith("real")} <= {"real 0"}


def test_the_far_future_is_set_aside() -> None:
    """One dated 2099 is kept and named, and moves no span."""
    made, sights = real(10)
    ahead = fake("ahead", NOW + 70 * 365 * DAY)
    found = plan(Policy(within=Span(days=3)), [*made, ahead], sights, now=NOW, drilled_at=NOW)
    (group,) = found.groups
    assert group.quarantined == (ahead,)
    assert [one.snapshot.id for one in group.keep] == ["real 0", "real 1", "real 2"]
    assert ahead not in found.remove


def test_a_laptop_that_looks_once_a_week_keeps_every_night() -> None:
    """Seven nights seen at once are seven nights still: each can be true since the last look."""
    made, _ = real(7)
    sights = {one.id: Sight(NOW - 7 * DAY, NOW) for one in made}
    assert gone(Policy(daily=7), made, sights) == set()


def test_what_was_there_before_the_host_looked_goes_by_its_own_time() -> None:
    """Taking over a repository does not make one day of a year."""
    made, _ = real(30)
    assert gone(Policy(daily=30), made, {}) == set()


@pytest.mark.parametrize(
    ("own", "counted"),
    [
        (timedelta(), None),
        (-3 * DAY, None),
        (-3 * DAY - HOUR, None),
        (-3 * DAY - HOUR - timedelta(seconds=1), timedelta()),
        (HOUR, None),
    ],
)
def test_which_time_counts(own: timedelta, counted: timedelta | None) -> None:
    """Its own where it can be true, an hour more on either side; else when it was first seen."""
    tokyo = timezone(9 * HOUR)
    one = fake("x", (NOW + own).astimezone(tokyo))
    found = counted_time(one, Sight(NOW - 3 * DAY, NOW), now=NOW)
    assert found is not None
    assert found == NOW + (own if counted is None else counted)
    assert found.utcoffset() == 9 * HOUR


@pytest.mark.parametrize(
    ("own", "sight", "counted"),
    [
        (HOUR + timedelta(seconds=1), Sight(NOW - DAY, NOW), None),  # dated ahead of now
        (-DAY, Sight(NOW + 9 * DAY, NOW + 9 * DAY), -DAY),  # the host's clock ran ahead
        (-DAY, Sight(NOW - 3 * DAY, NOW + 9 * DAY), -DAY),  # it was set ahead between two looks
        (-9 * DAY, Sight(NOW - 3 * DAY, NOW - 3 * DAY), None),  # it stood still, set back
        (-3 * DAY, Sight(NOW - 3 * DAY, NOW - 3 * DAY), -3 * DAY),  # it stood still, and fits
        (-9 * DAY, Sight(NOW - DAY, NOW - 2 * DAY), None),  # set back between two looks
    ],
)
def test_a_host_whose_own_clock_was_wrong(
    own: timedelta, sight: Sight, counted: timedelta | None
) -> None:
    """A sight from a clock that ran ahead says nothing; where it stood still nobody knows."""
    found = counted_time(fake("x", NOW + own), sight, now=NOW)
    assert found == (None if counted is None else NOW + counted)


def test_nights_under_a_clock_set_back_are_all_kept() -> None:
    """The house's clock stands at its newest act, the snapshots say 2020: none is let go for it."""
    made, sights = real(10)
    stuck = NOW - 4 * DAY
    back = [fake(f"back {n}", datetime(2020, 1, 1 + n, 3, tzinfo=UTC)) for n in range(5)]
    sights |= {one.id: Sight(stuck, stuck) for one in back}
    assert gone(Policy(daily=10), [*made, *back], sights) == set()
    found = plan(DEFAULT, [*made, *back], sights, now=NOW, drilled_at=NOW)
    assert set(found.groups[0].quarantined) == set(back)


def test_nights_under_a_clock_set_forward_are_all_kept() -> None:
    """Set ahead at night it dates snapshots ahead; the honest ones after it keep their own days."""
    ahead = NOW + 3650 * DAY
    made, _ = real(10)
    sights = {one.id: Sight(ahead, ahead) for one in made}
    wrong = fake("wrong", ahead)
    sights["wrong"] = Sight(NOW - 11 * DAY, ahead)
    assert gone(Policy(daily=10), [*made, wrong], sights) == set()


@pytest.mark.parametrize("now", [NOW - 3650 * DAY, NOW + 3650 * DAY])
def test_a_wrong_clock_on_the_day_of_forgetting_deletes_nothing_more(now: datetime) -> None:
    """Set back, all lie ahead and stay; set forward, spans reach back from the newest."""
    made, sights = real(30)
    policy = Policy(within=Span(days=40), daily=30)
    found = plan(policy, made, sights, now=now, drilled_at=NOW)
    assert found.remove == ()


def test_what_is_new_since_the_last_look_was_made_since() -> None:
    """Nobody slips snapshots in under old dates between a run and the forgetting."""
    made, sights = real(5)
    noted = Noted(sights, NOW - 6 * HOUR, (NOW - DAY, NOW + 3650 * DAY))
    fakes = [fake(f"fake {n}", NOW - n * DAY) for n in range(1, 6)]
    by_now = noted.by_now([one.id for one in [*made, *fakes]], NOW)
    assert {by_now[one.id] for one in fakes} == {Sight(NOW - 6 * HOUR, NOW)}
    left = gone(Policy(daily=5), [*made, *fakes], by_now)
    assert {name for name in left if name.startswith("real")} <= {"real 0"}
    assert Noted({}, None).by_now(["x"], NOW) == {}
    assert noted.drilled_at(NOW) == NOW - DAY
    assert Noted({}, None, (NOW + DAY,)).drilled_at(NOW) is None


def brakes(made: list[Candidate], policy: Policy = DEFAULT, drill: timedelta | None = DAY):
    """(of the one group, of the whole, whether to ask)."""
    drilled_at = None if drill is None else NOW - drill
    found = plan(policy, made, {}, now=NOW, drilled_at=drilled_at)
    return found.groups[0].brakes, found.brakes, found.must_ask


def test_it_asks_before_dropping_more_than_half() -> None:
    """Half may go, one more may not."""
    made, _ = real(10)
    assert brakes(made, Policy(last=5)) == ((), (), False)
    assert brakes(made, Policy(last=4)) == ((Brake.MANY,), (), True)


def test_it_asks_when_the_newest_shrank() -> None:
    """Half the usual size is still fine, less is not, none said is not; never said is fine."""
    made, _ = real(12)
    policy = Policy(last=11)
    newest = made[0]
    for size, expected in ((50, ()), (49, (Brake.SHRUNK,)), (None, (Brake.UNSIZED,))):
        changed = Candidate(newest.id, newest.time, (), newest.host, newest.paths, size)
        assert brakes([changed, *made[1:]], policy)[0] == expected
    unsaid = [Candidate(one.id, one.time, (), one.host, one.paths) for one in made]
    assert brakes(unsaid, policy) == ((), (), False)


def test_it_asks_without_a_recent_drill() -> None:
    """35 days are the most; with nothing to forget there is nothing to ask."""
    made, _ = real(10)
    assert brakes(made, Policy(last=9), 35 * DAY) == ((), (), False)
    for drill in (35 * DAY + timedelta(seconds=1), None):
        assert brakes(made, Policy(last=9), drill) == ((), (Brake.UNDRILLED,), True)
        assert not brakes(made, Policy(last=10), drill)[2]


def test_hosts_and_paths_are_counted_apart() -> None:
    """The order of paths does not matter; another host or folder is another group."""
    made = [
        Candidate("a", NOW - DAY, host="shop", paths=("/a", "/b")),
        Candidate("b", NOW - 2 * DAY, host="shop", paths=("/b", "/a")),
        Candidate("c", NOW - 3 * DAY, host="home", paths=("/a", "/b")),
        Candidate("d", NOW - 4 * DAY, host="shop", paths=("/a",)),
    ]
    assert gone(Policy(last=1), made, {}) == {"b"}


def test_an_empty_policy_is_refused() -> None:
    """Forgetting everything is never what was meant."""
    with pytest.raises(RefusedError) as caught:
        plan(Policy(), real(3)[0], {}, now=NOW, drilled_at=NOW)
    assert caught.value.code == "empty_policy"
