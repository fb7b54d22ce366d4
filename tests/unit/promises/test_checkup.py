"""The check-up: all rows, honest states, lit only by facts."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept.promises.model.checkup_facts import Facts
from kept.promises.model.checkup_judge import JUDGEMENTS, ROWS, check_up

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
KEYS = [
    "data.where",
    "data.keeper",
    "access.who",
    "way.locked",
    "soft.fresh",
    "backup.set",
    "backup.understood",
    "pass.strong",
    "hole.door",
    "breach.ready",
    "vendor.ask",
    "offer.odd",
    "list.origin",
    "list.canary",
    "paper.shred",
    "device.clean",
    "site.clean",
    "flood.stand",
    "abroad.known",
    "law.papers",
    "team.taught",
    "team.signed",
    "team.own.accounts",
    "team.no.secrets",
    "team.leave",
    "team.told",
    "team.kpi",
    "team.safe",
    "team.shield",
    "team.backed",
    "team.learn",
    "team.heard",
    "ask.little",
    "consent.real",
    "see.all",
    "fix.own",
    "data.clean",
    "ai.limits",
    "card.safe",
    "order.clear",
    "mail.ours",
    "human.face",
    "calm.talk",
    "answer.time",
    "history.found",
    "claim.way",
    "neutral.way",
    "review.answer",
    "vouch.near",
    "seal.outside",
    "own.up",
    "objection.heard",
    "worth.it",
]
FULL: dict[str, Any] = {
    "people": 2000, "sealed_values": 14000, "scanned_at": NOW - DAY, "readings": 412,
    "accounts": 4, "second_factor": 4, "reviewed_at": NOW - DAY, "imports": 3, "has_mail": True,
    "visits": 9, "slowest_line": timedelta(seconds=2), "corrections": 4, "consents": 1200,
    "witnesses": 2, "copied_at": NOW - DAY, "copy_places": 2, "drilled_at": NOW - DAY,
    "read_without_key": False, "report_read_at": NOW - DAY,
}  # fmt: skip


def states(**known: Any) -> dict[str, str]:
    """The state of each row by key."""
    return {one.row.key: one.name for one in check_up(Facts(now=NOW, **known))}


def test_all_rows_are_there_in_order():
    """Every recommendation of the guide stands on the page, once, in its order."""
    assert [row.key for row in ROWS] == KEYS
    assert [row.level for row in ROWS] == ["business"] * 20 + ["team"] * 12 + ["customer"] * 21


def test_a_new_house_has_nothing_done():
    """Without facts nothing is done, and what no pillar measures comes later."""
    found = states()
    assert "done" not in found.values()
    assert {key for key, state in found.items() if state != "later"} == set(JUDGEMENTS)


def test_a_well_kept_house():
    """Facts light the rows they can, and only partly where a part is not measured."""
    found = states(**FULL)
    lit = {key: state for key, state in found.items() if state != "later"}
    assert lit == {
        "data.keeper": "done",
        "access.who": "done",
        "backup.set": "done",
        "backup.understood": "done",
        "pass.strong": "done",
        "list.origin": "done",
        "see.all": "done",
        "fix.own": "done",
        "consent.real": "partly",
        "ask.little": "partly",
        "team.own.accounts": "partly",
        "seal.outside": "partly",
        "own.up": "partly",
    }


@pytest.mark.parametrize(
    ("key", "change", "expected"),
    [
        ("data.keeper", {"people": 0}, "missing"),
        ("data.keeper", {"scanned_at": None}, "partly"),
        ("data.keeper", {"scanned_at": NOW - 2 * DAY}, "done"),
        ("data.keeper", {"scanned_at": NOW - 2 * DAY - DAY / 24}, "partly"),
        ("data.keeper", {"scan_hits": 1}, "missing"),
        ("access.who", {"accounts": 0}, "missing"),
        ("access.who", {"reviewed_at": None}, "partly"),
        ("access.who", {"reviews_overdue": 1}, "partly"),
        ("pass.strong", {"second_factor": 3}, "partly"),
        ("pass.strong", {"second_factor": 0}, "missing"),
        ("pass.strong", {"accounts": 0}, "missing"),
        ("list.origin", {"imports": 0}, "missing"),
        ("list.origin", {"without_origin": 1}, "partly"),
        ("see.all", {"has_mail": False}, "missing"),
        ("see.all", {"visits": 0}, "partly"),
        ("see.all", {"slowest_line": timedelta(minutes=6)}, "partly"),
        ("fix.own", {"corrections": 0}, "partly"),
        ("fix.own", {"people": 0}, "missing"),
        ("consent.real", {"consents": 0}, "missing"),
        ("team.own.accounts", {"accounts": 0}, "missing"),
        ("seal.outside", {"witnesses": 0}, "missing"),
        ("own.up", {"breaks": 2, "breaks_answered": 1}, "missing"),
        ("own.up", {"breaks": 2, "breaks_answered": 2}, "done"),
    ],
)
def test_each_judgement(key, change, expected):
    """One fact less and the row is not done any more."""
    assert states(**(FULL | change))[key] == expected


def test_the_owners_word_is_never_measured():
    """A row the owner calls not theirs says so, with the reason, and beats nothing done."""
    told = {"paper.shred": "We have no papers.", "pass.strong": "No.", "see.all": "  "}
    by_key = {one.row.key: one for one in check_up(Facts(now=NOW, not_yours=told, **FULL))}
    assert by_key["paper.shred"].as_json() == {
        "key": "paper.shred",
        "level": "business",
        "state": "not_yours",
        "evidence": "You told us: We have no papers.",
    }
    assert not by_key["paper.shred"].is_measured
    assert by_key["pass.strong"].name == "done"
    assert by_key["see.all"].name == "done"


def test_lit_rows_have_a_button_that_leads_somewhere():
    """Every row has a button in both languages; one that can be judged leads to its next step."""
    for row in ROWS:
        assert row.button.en
        assert row.button.ru
        assert bool(row.link) == (row.key in JUDGEMENTS), row.key


@given(st.fixed_dictionaries({}, optional={name: st.integers(0, 3) for name in (
    f.name for f in fields(Facts) if f.type in {int, "int"})}))  # fmt: skip
def test_nothing_is_done_for_nobody(known):
    """Whatever the counts, a house without people, accounts and lists has little done."""
    known |= {"people": 0, "accounts": 0, "imports": 0, "breaks": 0}
    assert "done" not in states(**known).values()


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"copied_at": None}, "missing"),
        ({"copied_at": NOW - timedelta(hours=49)}, "partly"),
        ({"drilled_at": None}, "partly"),
        ({"drilled_at": NOW - 36 * DAY}, "partly"),
        ({"read_without_key": None}, "partly"),
        ({"read_without_key": True}, "missing"),
        ({"damaged_places": 1}, "missing"),
    ],
)
def test_a_copy_is_not_set_up_by_one_half(change, state):
    """Fresh, tried with the key and without it; whatever lacks shows."""
    assert states(**{**FULL, **change})["backup.set"] == state


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"report_read_at": None}, "missing"),
        ({"report_read_at": NOW - 91 * DAY}, "partly"),
        ({"copied_at": None}, "missing"),
    ],
)
def test_a_copy_is_understood_by_reading(change, state):
    """Nothing read, long ago, or nothing to read of."""
    assert states(**{**FULL, **change})["backup.understood"] == state
