"""What does the page of copies show? Values for its template, made of what was measured alone."""

from datetime import datetime, timedelta

from babel.numbers import format_decimal

from kept.backup.acts.standing import PlaceStanding, Standing
from kept.backup.model.places import Holds, Plan
from kept.backup.model.report import FRESH_WITHIN, Line, State, state_of, tell
from kept.backup.model.report_reasons import failed_words
from kept.backup.model.retention import DEFAULT, Policy
from kept.backup.model.runs import RunState
from kept.backup.model.schedule import Bandwidth, Hours
from kept.base.errors import MalformedError
from kept.base.texts import moment_text, number_text, translations
from kept.db.seam import Tx
from kept.ledger.acts.bare import newest_acts
from kept.promises.model.words import when
from kept.staff.model.permissions import Permission
from kept.vault.model.rules import Lang, Text
from kept.web.routes.desk.backup_words import (
    STATES,
    WAYS,
    Way,
    age_text,
    clock_text,
    kept_text,
    size_text,
    way_of,
)
from kept.web.routes.desk.shell import Shell

DRILL_EVERY = timedelta(days=25)
NAMES_FILES = frozenset({"damaged", "unread file"})  # lines with paths: for the owner alone
KBIT, MBIT = 125, 125_000  # bytes a second
SPEED = Text("{speed} Mbit a second", "{speed} Мбит в секунду")
SPEED_IN = Text(
    "{speed} Mbit a second in the hours {hours}", "{speed} Мбит в секунду в часы {hours}"
)
DATA, KEYS = Text("locked data", "закрытые данные"), Text("the keys", "ключи")
OFF, RUNNING = Text("resting", "отдыхает"), Text("at work", "идёт")
NO_COPY, COPIED = Text("no copy yet", "копии нет"), Text("copied", "скопировано")
OLD, FAILED = Text("too old", "устарела"), Text("failed", "не удалась")
PARTLY = Text("not whole", "не вся")


def is_owner(shell: Shell) -> bool:
    """Whether they run the copies, and may read names of files."""
    return shell.visitor.may(Permission.MANAGE_SETTINGS)


def report_view(shell: Shell, tx: Tx, found: Standing) -> dict[str, object]:
    """How the copy stands, a sentence each, with what shows it. Reads only."""
    first, *rest = tell(found.report, shell.lang)
    state, word = STATES[state_of(found.report)]
    told = [line for line in rest if is_owner(shell) or line.about not in NAMES_FILES]
    return {
        "state": state,
        "word": word.get(shell.lang),
        "headline": first.text,
        "is_none": state_of(found.report) is State.NONE,
        "lines": [_line(tx, group) for group in _grouped(told)],
    }


def _grouped(told: list[Line]) -> list[list[Line]]:
    """Neighbours that one act is the evidence of, together."""
    groups: list[list[Line]] = []
    for line in told:
        if groups and line.act is not None and groups[-1][0].act == line.act:
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _line(tx: Tx, group: list[Line]) -> dict[str, object]:
    line = group[0]
    act = None if line.act is None else next(
        (one for one in newest_acts(tx, before=line.act + 1, limit=1) if one.act_id == line.act),
        None,
    )  # fmt: skip
    is_signed = act is not None and act.index is not None
    return {
        "text": " ".join(one.text for one in group),
        "is_bad": line.about
        in {"failed", "damaged", "unread", "lacking", "other", "checked", "lost"},
        "evidence": f"/ledger/opening/{act.index}" if act is not None and is_signed else "",
        "receipt": f"/desk/backup/receipts/{line.act}" if is_signed else "",
    }


def place_view(shell: Shell, one: PlaceStanding, now: datetime) -> dict[str, object]:
    """A place: what it is, how it stands, how old and how large."""
    lang, order = shell.lang, one.place.order
    way = way_of(order.address)
    state, word = _state(one, now)
    at = one.key_copy_at if order.holds is Holds.KEYS else one.copy and one.copy.ended_at
    why = one.last.why if one.last is not None and one.last.state is RunState.FAILED else None
    return {
        "name": order.name,
        "way": way.value,
        "way_text": WAYS[way].get(lang),
        "address": order.address if is_owner(shell) else "",
        "holds_keys": order.holds is Holds.KEYS,
        "holds_text": (KEYS if order.holds is Holds.KEYS else DATA).get(lang),
        "state": state,
        "word": word.get(lang),
        "age_text": "" if at is None else age_text(at, now, lang),
        "at_iso": "" if at is None else when(at),
        "at_text": "" if at is None else moment_text(at, lang),
        "size_text": "" if one.stored_bytes is None else size_text(one.stored_bytes, lang),
        "files_text": "" if one.copy is None else number_text(one.copy.files, lang),
        "why": "" if why is None else _sentence(" ".join(failed_words(why, translations(lang)))),
        "is_on": one.place.is_enabled,
        "has_copy": one.copy is not None,
        "folders": list(order.folders) if is_owner(shell) else [],
        "part_text": size_text(order.part_bytes, lang),
    }


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _state(one: PlaceStanding, now: datetime) -> tuple[str, Text]:
    """The worst that is true of a place."""
    holds_keys = one.place.order.holds is Holds.KEYS
    copied = one.key_copy_at if holds_keys else one.copy and one.copy.ended_at
    has_failed = one.last is not None and one.last.state is RunState.FAILED
    causes = (
        (one.is_running, "waiting", RUNNING),
        (not one.place.is_enabled, "paused", OFF),
        (has_failed, "broken", FAILED),
        (copied is None, "unmeasured", NO_COPY),
        (copied is not None and now - copied > FRESH_WITHIN, "broken", OLD),
        (one.copy is not None and one.copy.state is RunState.PARTIAL, "at_risk", PARTLY),
    )
    return next(((state, word) for is_so, state, word in causes if is_so), ("kept", COPIED))


def plan_view(plan: Plan | None, lang: Lang) -> dict[str, object] | None:
    """When copies run and what is kept, a line each; None before it was drawn.

    `rules`: limits of the speed that no three fields can say; else `speed` and its hours.
    """
    if plan is None:
        return None
    policy = policy_of(plan)
    return {
        "time": clock_text(plan.minute),
        "quiet": plan.quiet,
        "bandwidth": _speed_text(plan.bandwidth, lang),
        **_quiet_fields(plan.quiet),
        **_speed_fields(plan.bandwidth),
        "keep": plan.keep or str(DEFAULT),
        "keep_text": kept_text(policy, lang),
    }


def _quiet_fields(quiet: str) -> dict[str, object]:
    hours = Hours.parse(quiet) if quiet else None
    return {
        "quiet_from": "" if hours is None else f"{hours.start:02}",
        "quiet_to": "" if hours is None else f"{hours.end:02}",
    }


def _speed_fields(bandwidth: str) -> dict[str, object]:
    limits = Bandwidth.parse(bandwidth).limits
    none: dict[str, object] = {"rules": "", "speed": "", "speed_from": "", "speed_to": ""}
    if not limits:
        return none
    hours, rate = limits[0]
    if len(limits) > 1 or rate % KBIT:
        return none | {"rules": bandwidth}
    is_all_day = str(hours) == "00-24"
    return none | {
        "speed": f"{rate / MBIT:.3f}".rstrip("0").rstrip("."),
        "speed_from": "" if is_all_day else f"{hours.start:02}",
        "speed_to": "" if is_all_day else f"{hours.end:02}",
    }


def _speed_text(bandwidth: str, lang: Lang) -> str:
    """The limits in words, each with its hours."""
    said = [
        (SPEED if str(hours) == "00-24" else SPEED_IN)
        .get(lang)
        .format(speed=format_decimal(rate / MBIT, locale=lang), hours=hours)
        for hours, rate in Bandwidth.parse(bandwidth).limits
    ]
    return "; ".join(said)


def policy_of(plan: Plan) -> Policy:
    """What is kept; the usual where the owner said nothing."""
    try:
        found = Policy.parse(plan.keep)
    except MalformedError:
        return DEFAULT
    return DEFAULT if found.is_empty else found


def missing(found: Standing, now: datetime) -> list[str]:
    """What this house has not got, the most important first: data, far, near, keys, drill."""
    on = [one.place.order for one in found.places if one.place.is_enabled]
    data = [order for order in on if order.holds is Holds.DATA]
    ways = {way_of(order.address) is Way.FOLDER for order in data}
    lacks = {
        "data": not data,
        "far": bool(data) and False not in ways,
        "near": bool(data) and True not in ways,
        "keys": not any(order.holds is Holds.KEYS for order in on),
        "drill": found.newest is not None
        and (found.drill is None or now - found.drill.at > DRILL_EVERY),
    }
    return [name for name, is_so in lacks.items() if is_so]
