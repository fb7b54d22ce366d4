"""What does the one badge show? An SVG and the JSON of it, words and shape before colour.

Rules: the label holds the domain, so a copied badge does not look like the copier's; the date is
that of the measurement; no script, no style sheet, nothing from outside; `role="img"` and a
`<title>` with the whole sentence. Sizes follow the common 20-pixel flat badge.
"""

import json
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

from kept.promises.model.seal import Colour, Seal
from kept.promises.model.status import STATE_WORDS, State
from kept.promises.model.words import MONTHS_EN, MONTHS_RU
from kept.vault.model.rules import Lang, Text

LABEL = Text("promises", "обещания")
DEMO = Text("demo", "демо")
_ORDER = (
    State.KEPT,
    State.AT_RISK,
    State.BROKEN,
    State.STALE,
    State.PAUSED,
    State.UNMEASURED,
)
_BAD = _ORDER[1:3]  # still said when the rest is out of date
OUTDATED = Text("not confirmed since {date}", "не подтверждено с {date}")
_FILL = {  # white text on each has a contrast of 4.5 or more (WCAG 2.2, 1.4.3)
    Colour.GREEN: "#1f5c42",
    Colour.YELLOW: "#855400",
    Colour.RED: "#9b2f1c",
    Colour.GREY: "#5c5a55",
}
_SHAPE = {  # a disc, a triangle, a cross, a ring: told apart without colour
    Colour.GREEN: '<circle cx="10" cy="10" r="5" fill="#fff"/>',
    Colour.YELLOW: '<path d="M10 5l5.5 10h-11z" fill="#fff"/>',
    Colour.RED: '<path d="M6 6l8 8m0-8l-8 8" stroke="#fff" stroke-width="2.5"/>',
    Colour.GREY: '<circle cx="10" cy="10" r="4" fill="none" stroke="#fff" stroke-width="2"/>',
}
_LABEL_FILL = "#2b2a27"
_HEIGHT, _GAP, _ICON = 20, 6, 16  # pixels
_NARROW, _WIDE = "iljtfr.,:;|'! 1", "mwMWШЩЖЮФшщжюфм@"


def label(seal: Seal, lang: Lang = "en") -> str:
    """Whose promises: `shop.example promises`, or `demo` before it."""
    mark = f"{DEMO.get(lang)} " if seal.is_demo else ""
    return f"{mark}{seal.domain} {LABEL.get(lang)}"


def message(seal: Seal, now: datetime, lang: Lang = "en") -> str:
    """How many stand where, and when it was measured: `4 kept, 1 not measured yet, 21 Nov`."""
    date = _short(seal.this_update, lang)
    states = seal.states()
    if now > seal.next_update:
        shown, last = _BAD, OUTDATED.get(lang).format(date=date)
    else:
        shown, last = _ORDER, date
    said = [f"{states.count(s)} {STATE_WORDS[s].get(lang)}" for s in shown if s in states]
    return ", ".join([*said, last])


def _short(at: datetime, lang: Lang) -> str:
    return f"{at.day} {(MONTHS_RU if lang == 'ru' else MONTHS_EN)[at.month - 1]}"


def badge_json(seal: Seal, now: datetime, lang: Lang = "en") -> bytes:
    """The endpoint form of the badge (Shields endpoint schema, version 1)."""
    data = {
        "schemaVersion": 1,
        "label": label(seal, lang),
        "message": message(seal, now, lang),
        "color": seal.colour(now),
    }
    return (json.dumps(data, ensure_ascii=False) + "\n").encode()


def badge_svg(seal: Seal, now: datetime, lang: Lang = "en") -> str:
    """The badge as one SVG image."""
    left, right, colour = label(seal, lang), message(seal, now, lang), seal.colour(now)
    first = _ICON + 2 * _GAP + _width(left)
    whole = first + 2 * _GAP + _width(right)
    title = f"{left}: {right}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{_HEIGHT}"'
        f' role="img" aria-label={quoteattr(title)} lang="{"ru" if lang == "ru" else "en"}">'
        f"<title>{escape(title)}</title>"
        f'<rect width="{whole}" height="{_HEIGHT}" rx="3" fill="{_LABEL_FILL}"/>'
        f'<path d="M{first} 0h{whole - first - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3'
        f'h-{whole - first - 3}z" fill="{_FILL[colour]}"/>{_SHAPE[colour]}'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{_words(left, _ICON + _GAP)}{_words(right, first + _GAP)}</g></svg>\n"
    )


def _words(text: str, x: int) -> str:
    return f'<text x="{x}" y="14" textLength="{_width(text)}">{escape(text)}</text>'


def _width(text: str) -> int:
    """About how many pixels Verdana 11 takes; `textLength` makes the browser keep to it."""
    return round(sum(4.2 if c in _NARROW else 10.2 if c in _WIDE else 7.0 for c in text))
