"""How long and why is each kind of data kept, in a visitor's words? From the book alone."""

from dataclasses import dataclass
from datetime import timedelta

from babel.support import NullTranslations

from kept.vault.model.rules import Category, Rules

YEAR, MONTH = 365, 30  # days, as the book counts them


@dataclass(frozen=True, slots=True)
class Keeping:
    """One row: what, why, until when."""

    label: str
    why: str
    until: str


def keeping(rules: Rules, lang: str, texts: NullTranslations) -> list[Keeping]:
    """Every category of the book."""
    return [
        Keeping(
            category.label.get(lang),
            "; ".join(why_kept(rules, category, lang)),
            until_rule(rules, category, texts),
        )
        for category in rules.categories.values()
    ]


def why_kept(rules: Rules, category: Category, lang: str) -> list[str]:
    """The purposes that may use a category."""
    return [p.label.get(lang) for p in rules.purposes.values() if category.key in p.categories]


def until_rule(rules: Rules, category: Category, texts: NullTranslations) -> str:
    """The rule of its end: the longest of its purposes, or as long as the person stays."""
    spans = [p.keep_for for p in rules.purposes.values() if category.key in p.categories]
    known = [span for span in spans if span is not None]
    if not known or len(known) < len(spans):
        return texts.gettext("as long as you are with us, or until you ask us to delete it")
    return _after(max(known), texts)


def _after(length: timedelta, texts: NullTranslations) -> str:
    days = length.days
    if days % YEAR == 0:
        n = days // YEAR
        found = texts.ngettext(
            "%(num)s year after it was last changed", "%(num)s years after it was last changed", n
        )
        return found % {"num": n}
    found = texts.ngettext(
        "%(num)s day after it was last changed", "%(num)s days after it was last changed", days
    )
    return found % {"num": days}
