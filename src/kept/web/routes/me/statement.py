"""What must a person be told with a copy of their data? From the book, nothing typed twice.

Source: GDPR Art. 15(1)(a)-(h), 15(2); 152-FZ Art. 14(7).
"""

from collections.abc import Sequence

from kept.base.texts import translations
from kept.vault.acts.own import Origin
from kept.web.keeping import keeping
from kept.web.parts import WebParts


def statement(parts: WebParts, origins: Sequence[Origin], lang: str) -> list[dict[str, str]]:
    """Titles and texts, in the order of the law."""
    _, rules = translations(lang).gettext, parts.book.rules
    business = parts.book.business
    rows = keeping(rules, lang, translations(lang))
    why = ". ".join(purpose.label.get(lang) for purpose in rules.purposes.values())
    until = ". ".join(f"{row.label}: {row.until}" for row in rows)
    sources = ", ".join(dict.fromkeys(one.source for one in origins)) or _("you")
    ask = _("Write to %(contact)s.") % {"contact": business.contact}
    pairs = (
        (_("Why we use it"), f"{why}."),
        (_("What we hold"), ". ".join(row.label for row in rows) + "."),
        (
            _("Who receives it"),
            _("The team of %(name)s. No other company gets it through this program.")
            % {"name": business.name},
        ),
        (_("How long we keep it"), f"{until}."),
        (
            _("What you may ask for"),
            _("See it, correct it, take a copy, limit it, object, or have it erased.") + f" {ask}",
        ),
        (
            _("Whom to complain to"),
            _("To us first, if you like. You may also go to the data protection authority.")
            + f" {ask}",
        ),
        (_("Where it comes from"), f"{sources}."),
        (
            _("What machines decide"),
            _("No program decides about you here without a person."),
        ),
        (
            _("In which country"),
            _("This shop works from: %(country)s. This program sends nothing abroad by itself.")
            % {"country": business.country},
        ),
    )
    return [{"title": title, "text": words} for title, words in pairs]
