"""Does the report say what was measured, all of it, nothing else, and in plain words?"""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import textstat

from kept.backup.model.report import (
    Checked,
    Copied,
    Drilled,
    Failed,
    Month,
    Report,
    State,
    Tried,
    Unread,
    state_of,
    tell,
)
from kept.backup.model.report_reasons import FailedWhy, UnreadWhy
from kept.base.errors import MalformedError

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FULL = Report(
    now=NOW,
    copied=Copied(NOW - 9 * HOUR, places=2, files=12_031, new=214, act=11),
    tried=Tried(is_open=False, act=12),
    drilled=Drilled(good=40, of=12_031, act=13, at=NOW - HOUR),
    month=Month(good=1200, bad=0),
    restore=timedelta(minutes=34, seconds=5),
)
GOOD_EN = """\
The copy of 21 Nov 2026, 03:00 UTC is good.
It lies in 2 places.
It is 9 hours old.
12,031 files were copied, 214 new.
The files were locked before they left. We tried to open the copy without your key and could not.
We last tried it on 21 Nov 2026.
We took 40 files of 12,031 back and compared them letter by letter: all the same.
With this sample, at most 8 in 100 files could be unreadable without our noticing. Of that we are \
95 in 100 sure.
This month we took 1,200 files back: all the same. That leaves at most 1 in 400.
To bring everything back would take about 35 minutes."""
GOOD_RU = """\
Копия от 21 нояб. 2026, 03:00 UTC в порядке.
Она лежит в 2 местах.
Ей 9 часов.
В ней 12 031 файл, новых: 214.
Мы заперли файлы до отправки. Потом мы хотели открыть копию без вашего ключа и не смогли.
Последняя проба: 21 нояб. 2026.
Мы взяли назад 40 файлов из 12 031 и сверили буква в букву: все те же.
При такой пробе могут не читаться, а мы не заметим, не больше 8 из 100 файлов. В этом мы уверены \
на 95 из 100.
За месяц мы взяли назад 1 200 файлов: все те же. Значит, не больше 1 из 400.
Вернуть всё можно примерно за 35 минут."""
ari = textstat.automated_readability_index  # pyright: ignore[reportAttributeAccessIssue]


def texts(report: Report, lang: str = "en") -> list[str]:
    """The sentences alone, with plain spaces."""
    return [line.text.replace("\xa0", " ") for line in tell(report, lang)]


@pytest.mark.parametrize(
    ("lang", "minutes", "said"),
    [
        ("en", 4, "It is less than an hour old."),
        ("ru", 59, "Ей меньше часа."),
        ("en", 60, "It is 1 hour old."),
        ("ru", 125, "Ей 2 часа."),
    ],
)
def test_a_fresh_copy_is_not_called_an_hour_old(lang: str, minutes: int, said: str):
    """The page beside it tells minutes; the two must not disagree."""
    copied = replace(FULL.copied or Copied(NOW, 1, 1, 1, 1), at=NOW - timedelta(minutes=minutes))
    assert said in texts(replace(FULL, copied=copied), lang)


def abouts(report: Report) -> list[str]:
    """What each line is about; the same in both languages."""
    found = [line.about for line in tell(report, "en")]
    assert found == [line.about for line in tell(report, "ru")]
    return found


BAD = (
    replace(FULL, drilled=Drilled(38, 12_031, ("/srv/a.txt", "/srv/b.txt"), 13), month=Month(8, 2)),
    replace(FULL, drilled=Drilled(0, 1, ("/srv/a.txt",)), month=Month(0, 1)),
    replace(FULL, tried=Tried(is_open=True)),
    replace(FULL, copied=Copied(NOW - 27 * HOUR, 1, 1, 1)),
    replace(FULL, copied=Copied(NOW - 72 * HOUR, 1, 21, 0)),
    replace(FULL, failed=tuple(Failed("closet", why, NOW - 50 * HOUR) for why in FailedWhy)),
    replace(FULL, unread=tuple(Unread("/srv/a", why) for why in UnreadWhy)),
    replace(FULL, unread=(Unread("/srv/a", UnreadWhy.DENIED),) * 13),
    replace(FULL, drilled=None, month=None),
    replace(FULL, drilled=Drilled(5, 5), month=Month(1, 0), restore=timedelta(seconds=1)),
    Report(NOW),
    replace(FULL, checked=Checked(1, NOW), place="far", lacking=("near",)),
    replace(FULL, checked=Checked(5, NOW), others=tuple(("near", one) for one in State)),
    replace(FULL, drilled=Drilled(0, 0, at=NOW, is_failed=True)),
    replace(FULL, drilled=Drilled(4, 9, at=NOW - timedelta(days=99))),
)


def test_a_good_night() -> None:
    """The whole report, word by word."""
    assert "\n".join(texts(FULL)) == GOOD_EN
    assert "\n".join(texts(FULL, "ru")) == GOOD_RU


@pytest.mark.parametrize("report", [FULL, *BAD])
@pytest.mark.parametrize(("lang", "most"), [("en", 10), ("ru", 12)])
def test_every_sentence_is_plain(report: Report, lang: str, most: int) -> None:
    """ARI at most 10 in English and 12 in Russian, as for the promises; numbers filled in."""
    for text in texts(report, lang):
        assert ari(text) <= most, f"{ari(text)}: {text}"
        assert not re.search(r"%\(|\{|None", text)
        assert bool(re.search("[а-яё]", text)) is (lang == "ru"), text


@pytest.mark.parametrize(
    ("missing", "gone"),
    [
        ("copied", {"places", "age", "files"}),
        ("tried", {"key"}),
        ("drilled", {"tried on", "drill", "bound"}),
        ("month", {"month"}),
        ("restore", {"restore"}),
    ],
)
def test_what_was_not_measured_is_not_said(missing: str, gone: set[str]) -> None:
    """Without the measurement its sentences go, and no other."""
    found = abouts(replace(FULL, **{missing: None}))
    assert found == [about for about in abouts(FULL) if about not in gone]
    assert gone <= set(abouts(FULL))


def test_a_drill_of_nothing_bounds_nothing() -> None:
    """No file taken back: nothing is said of it, and the copy is not called good."""
    report = replace(FULL, drilled=Drilled(0, 12_031), month=Month(0, 0))
    assert not {"drill", "bound", "month"} & set(abouts(report))
    assert state_of(report) is State.UNTRIED


def test_each_sentence_leads_to_its_evidence() -> None:
    """The act that measured it."""
    acts = {line.about: line.act for line in tell(FULL, "en")}
    assert acts["places"] == acts["age"] == acts["files"] == 11
    assert acts["key"] == 12
    assert acts["drill"] == acts["bound"] == 13
    failed = replace(FULL, failed=(Failed("closet", FailedWhy.AWAY, NOW, act=9),))
    assert [line.act for line in tell(failed, "ru") if line.about == "failed"] == [9]


@pytest.mark.parametrize(
    ("change", "state", "said"),
    [
        ({}, State.GOOD, "The copy of 21 Nov 2026, 03:00 UTC is good."),
        ({"copied": None}, State.NONE, "There is no copy yet."),
        ({"drilled": None}, State.UNTRIED, "The copy of 21 Nov 2026, 03:00 UTC was made. We have"),
        ({"unread": (Unread("/a", UnreadWhy.DENIED),)}, State.INCOMPLETE, "The copy of"),
        ({"failed": (Failed("far", FailedWhy.FULL, NOW),)}, State.FAILED, "Not every place"),
        ({"copied": Copied(NOW - 26 * HOUR, 1, 1, 1)}, State.GOOD, "The copy of 20 Nov 2026"),
        (
            {"copied": Copied(NOW - 26 * HOUR - timedelta(seconds=1), 1, 1, 1)},
            State.OLD,
            "The newest copy is of 20 Nov 2026, 09:59 UTC. That is too old.",
        ),
        ({"drilled": Drilled(39, 100, ("/a",))}, State.DAMAGED, "Your copy is damaged."),
        ({"tried": Tried(is_open=True)}, State.OPEN, "Your copy is not safe"),
        ({"tried": None}, State.UNTRIED, "The copy of 21 Nov 2026, 03:00 UTC was made. We have"),
        ({"checked": Checked(2, NOW)}, State.DAMAGED, "Your copy is damaged."),
        ({"checked": Checked(0, NOW)}, State.GOOD, "The copy of"),
        ({"lacking": ("far",)}, State.LACKING, "Not every place has a copy."),
        ({"drilled": Drilled(40, 40, at=NOW, is_failed=True)}, State.DAMAGED, "Your copy is dama"),
        ({"drilled": Drilled(0, 0, at=NOW, is_failed=True)}, State.DAMAGED, "Your copy is damaged"),
        ({"drilled": Drilled(40, 99, at=NOW - timedelta(days=35))}, State.GOOD, "The copy of"),
        (
            {"drilled": Drilled(40, 99, at=NOW - timedelta(days=35, seconds=1))},
            State.UNTRIED,
            "The copy of 21 Nov 2026, 03:00 UTC was made. It was not tried of late.",
        ),
        (
            {"drilled": Drilled(39, 99, ("/a",), at=NOW), "place": "closet"},
            State.DAMAGED,
            "closet: Your copy is damaged.",
        ),
    ],
)
def test_how_it_stands(change: dict[str, object], state: State, said: str) -> None:
    """The first sentence is the worst that is true."""
    report = replace(FULL, **change)  # pyright: ignore[reportArgumentType]
    assert state_of(report) is state
    assert texts(report)[0].startswith(said)


def test_the_worst_comes_first() -> None:
    """All at once: a copy that can be read by anybody is worse than a damaged or old one."""
    report = replace(
        FULL,
        tried=Tried(is_open=True),
        drilled=Drilled(1, 9, ("/a",)),
        copied=Copied(NOW - 99 * HOUR, 1, 1, 1),
        unread=(Unread("/a", UnreadWhy.DENIED),),
    )
    assert state_of(report) is State.OPEN
    assert state_of(replace(report, tried=None)) is State.DAMAGED


def test_one_spoiled_file_is_named_and_no_bound_is_told() -> None:
    """The file, how many of how many, and nothing that sounds like all is well."""
    report = replace(FULL, drilled=Drilled(39, 12_031, ("/srv/orders.csv",)))
    said = "\n".join(texts(report))
    assert "We took 40 files back. Not the same as yours: 1." in said
    assert "This one is damaged: /srv/orders.csv" in said
    assert "bound" not in abouts(report)
    assert "/srv/orders.csv" in "\n".join(texts(report, "ru"))


def test_a_sample_of_all_is_all() -> None:
    """Every file taken back leaves nothing to bound; of a few, the bound knows how few."""
    assert "That was every single file." in texts(replace(FULL, drilled=Drilled(5, 5)))
    few = texts(replace(FULL, drilled=Drilled(155, 200)))
    assert any("at most 1 in 200 files" in text for text in few)


def test_failures_say_where_since_when_why_and_what_to_do() -> None:
    """Each of them, right after the first sentence."""
    report = replace(FULL, failed=(Failed("closet", FailedWhy.FULL, NOW - 50 * HOUR),))
    assert texts(report)[1] == (
        "closet, since 19 Nov 2026: there is no room left. Make room there. Then press Copy now."
    )


def test_files_that_are_not_in_the_copy_are_named() -> None:
    """Ten by name, the rest by number."""
    unread = tuple(Unread(f"/srv/{n}", UnreadWhy.DENIED) for n in range(13))
    said = texts(replace(FULL, unread=unread))
    assert "13 files could not be read and are not in the copy." in said
    assert "/srv/9: we may not read it. Let us read it, or leave it out." in said
    assert said[-1] == "And 3 more."


def test_a_file_name_cannot_break_a_sentence() -> None:
    """Percent signs in a name stay what they are."""
    report = replace(FULL, unread=(Unread("/srv/100%(num)s %d", UnreadWhy.VANISHED),))
    assert any(text.startswith("/srv/100%(num)s %d: ") for text in texts(report))


def test_a_drill_that_cannot_be() -> None:
    """More came back than there are."""
    for good, of, bad in ((3, 2, ()), (2, 2, ("/a",)), (-1, 2, ())):
        with pytest.raises(MalformedError):
            Drilled(good, of, bad)
