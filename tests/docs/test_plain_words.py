"""Is every sentence a customer can see plain enough to read without a course?

ARI is at most 10 in English and 12 in Russian. The promises and their explanations have the same
gate in `tests/unit/promises/test_words.py`; here are the pages, the letters and the lines.
"""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
import textstat
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from kept.ledger.acts.serving import is_of_a_person
from kept.ledger.model import Kind
from kept.promises.model.book import parse_book
from kept.promises.model.default import default_book
from kept.vault.model.rules import Basis, Role
from kept.web.lines import Told, line

SRC = Path(__file__).parents[2] / "src" / "kept"
PAGES = SRC / "web" / "pages"
SEEN = (  # what customers and visitors read; the desk's own pages are for colleagues
    *(path for path in PAGES.glob("*.html") if not path.name.startswith(("desk", "later"))),
    *PAGES.glob("macros/*.html"),
    *(SRC / "web" / "routes" / "me").glob("*.py"),
    *(SRC / "web" / "routes" / name for name in ("demo.py", "trust.py", "verify.py")),
    SRC / "web" / "keeping.py",
    SRC / "worker" / "tasks" / "mail.py",
)
ENGLISH_MOST, RUSSIAN_MOST = 10, 12
WORDS_LEAST = 5  # of fewer words ARI says nothing: there no word may be long
LINE_WORDS_LEAST = 8  # of a line, which begins with who and names things: mostly nouns
LETTERS_MOST = 14
ONLY_OWN = {Kind.PERSON_SIGNED_IN.value, Kind.OWN_VIEW.value}
ONLY_OTHERS = {
    Kind.PERSON_ADDED.value,
    Kind.PERSON_MERGED.value,
    Kind.PERSON_READ.value,
    Kind.PERSON_REFUSED.value,
    Kind.PERSON_FOUND.value,
    Kind.PERSON_LISTED.value,
    Kind.EGRESS_MAIL.value,
    Kind.RETENTION_EXPIRED.value,
}
FILLED = {"address": "a…@b.org", "name": "Tea", "shop": "Tea", "contact": "a@b.org", "alias": "Ann"}
RULES = parse_book(default_book(name="Tea", contact="a@example.org")).rules
ari = textstat.automated_readability_index  # pyright: ignore[reportAttributeAccessIssue]


def filled(text: str) -> str:
    """The text with something short in each place."""
    return re.sub(r"%\((\w+)\)s", lambda found: FILLED.get(found[1], "12"), text)


def is_plain(text: str, most: int, least: int = WORDS_LEAST) -> bool:
    """Whether it can be read at once."""
    words = text.split()
    if len(words) < least:
        return all(len(word) <= LETTERS_MOST for word in re.findall(r"\w+", text))
    return ari(text) <= most


def marked() -> Iterator[tuple[str, str]]:
    """(file, English) of every marked text of these files; each plural form."""
    for path in sorted(SEEN):
        method = "jinja2" if path.suffix == ".html" else "python"
        options = {"encoding": "utf-8", "trimmed": "true", "silent": "false"}
        for _, found, _, _ in extract_from_file(method, path, options=options):
            for text in (found,) if isinstance(found, str) else found:
                if text:
                    yield path.name, text


def russian() -> dict[str, tuple[str, ...]]:
    """Every form of the Russian of each text."""
    with (SRC / "base" / "locale" / "ru" / "LC_MESSAGES" / "kept.po").open("rb") as file:
        catalogue = read_po(file, locale="ru")
    found: dict[str, tuple[str, ...]] = {}
    for message in catalogue:
        said = message.string
        forms = tuple(said) if isinstance(said, list | tuple) else (said or "",)
        for key in message.id if isinstance(message.id, list | tuple) else (message.id,):
            found[key] = forms
    return found


TEXTS = sorted({(text, name) for name, text in marked()})
RUSSIAN = russian()


@pytest.mark.parametrize(("text", "name"), TEXTS)
def test_pages_and_letters_are_plain(text: str, name: str) -> None:
    """Each text of a page, a form's answer or a letter, in both languages."""
    assert is_plain(filled(text), ENGLISH_MOST), f"{name}: {ari(filled(text))}: {text}"
    for said in RUSSIAN[text]:
        assert is_plain(filled(said), RUSSIAN_MOST), f"{name}: {ari(filled(said))}: {said}"


@pytest.mark.parametrize("kind", [kind.value for kind in Kind if is_of_a_person(kind.value)])
def test_lines_are_plain(kind: str) -> None:
    """Each line of one's own log, whoever acted, for whatever purpose and order."""
    for role, purpose, category in product(Role, RULES.purposes.values(), RULES.categories):
        if kind.startswith("consent.") and purpose.basis is not Basis.CONSENT:
            continue
        if kind in (ONLY_OTHERS if role is Role.SELF else ONLY_OWN):
            continue
        if role is Role.AUDITOR and kind != Kind.PERSON_REFUSED.value:
            continue  # auditors open nobody: what they try is refused
        ref = "118" if Role.OPERATOR in purpose.roles else ""  # others name no order
        told = Told(kind, role.value, purpose.key, (category,), ref)
        for lang, most in (("en", ENGLISH_MOST), ("ru", RUSSIAN_MOST)):
            said = line(told, RULES, lang)
            assert is_plain(said, most, LINE_WORDS_LEAST), f"{ari(said)}: {said}"


def test_the_gate_bites() -> None:
    """A sentence from a handbook does not pass; enough texts were found to speak of all."""
    assert not is_plain("Cryptographically erased", ENGLISH_MOST)
    handbook = "Cryptographically authenticated erasure procedures guarantee unrecoverability."
    assert ari(handbook) > ENGLISH_MOST
    assert ari("Криптографически аутентифицированное уничтожение гарантировано.") > RUSSIAN_MOST
    assert len(TEXTS) > 100
