"""What does a client read of its own copies, in plain words?

What the keeper holds and can read, how and when it was last checked, the room, the costs.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kept.backup.keeping.accounts import GIB, Client
from kept.backup.keeping.checking import STAMP, newest, notes
from kept.backup.keeping.folder import Folder
from kept.backup.keeping.shelf import Held
from kept.backup.keeping.statement import CHANCE, Statement
from kept.backup.model.sampling import in_words, most_bad
from kept.base.texts import number_text, translations
from kept.ledger.notes import VerifierKey
from kept.web.assets import asset_version
from kept.web.render import render

RESULTS_SHOWN = 500  # in the list of results
NAMED = 10  # bad files on the page; the signed result names more
STALE_AFTER = timedelta(hours=48)  # checks run daily
_KIB, _MIB = 1 << 10, 1 << 20


@dataclass(frozen=True, slots=True)
class Site:
    """Whose pages these are."""

    name: str


def size_text(size: int, lang: str) -> str:
    """Bytes as people say them: 3.4 GiB, 512 KiB."""
    text = translations(lang).gettext
    for unit, name in ((GIB, text("GiB")), (_MIB, text("MiB")), (_KIB, text("KiB"))):
        if size >= unit:
            shown = f"{size / unit:.1f}" if size < 100 * unit else f"{size / unit:.0f}"
            return f"{shown.replace('.', ',') if lang == 'ru' else shown} {name}"
    return f"{number_text(size, lang)} {text('bytes')}"


@dataclass(frozen=True, slots=True)
class Last:
    """The newest check as the page tells it."""

    at: datetime
    state: str  # of the house's words: kept, broken, or stale
    asked: int
    parts: int
    origin: str  # of the ledger whose checkpoint gave the seed; "" when chance did
    read_text: str
    bad_count: int
    bad: tuple[str, ...]  # the first few
    most: int  # so many parts could be bad ...
    of: int  # ... in so many, and it would almost surely have shown; 0 in 100 when all were read
    stamp: str  # names its files among the results


def last_of(found: Statement, *, now: datetime, lang: str) -> Last:
    """A signed result for the page."""
    share = most_bad(found.parts, found.asked - _bad_parts(found)) / max(1, found.parts)
    bound, words = in_words(share), found.seed.source.split(" ")
    state = "stale" if now - found.at > STALE_AFTER else "kept"
    return Last(
        at=found.at,
        state=state if found.is_good else "broken",
        asked=found.asked,
        parts=found.parts,
        origin="" if found.seed.source == CHANCE else words[1],
        read_text=size_text(found.read_bytes, lang),
        bad_count=found.bad_count,
        bad=found.bad[:NAMED],
        most=bound.most,
        of=bound.of,
        stamp=f"{found.at:{STAMP}}",
    )


def _bad_parts(found: Statement) -> int:
    """Of the drawn parts; named ones suffice, since with a bad one no bound is shown."""
    return min(found.asked, found.bad_count)


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who keeps: the name clients read, the folder, the key that signs results."""

    name: str
    folder: Folder
    key: VerifierKey


def home_page(
    keeper: Keeper, client: Client, held: Held, used: int, *, now: datetime, lang: str
) -> str:
    """The page of one client. `used` is what of the quota is taken, in bytes."""
    found = newest(keeper.folder, client.name, keeper.key)
    return render(
        "receiver.html",
        lang,
        site=Site(keeper.name),
        path=f"/{client.name}/",
        demo=False,
        version=asset_version(),
        csrf="",
        user=None,
        client=client.name,
        since=client.since,
        costs=client.costs,
        held=held,
        parts_text=number_text(held.parts, lang),
        held_text=size_text(held.total_bytes, lang),
        used_text=size_text(used, lang),
        quota_text=size_text(client.quota_bytes, lang),
        used_share=min(100, round(100 * used / client.quota_bytes)) if client.quota_bytes else 100,
        last=None if found is None else last_of(found, now=now, lang=lang),
    )


def results_page(keeper: Keeper, client: Client, *, lang: str) -> str:
    """The list of a client's signed results."""
    place = keeper.folder.results(client.name)
    listed = [
        (path.stem, (place / f"{path.stem}.checkpoint").exists())
        for path in notes(keeper.folder, client.name)[:RESULTS_SHOWN]
    ]
    return render(
        "receiver_results.html",
        lang,
        site=Site(keeper.name),
        path=f"/{client.name}/results/",
        demo=False,
        version=asset_version(),
        csrf="",
        user=None,
        client=client.name,
        results=listed,
        key=str(keeper.key),
    )
