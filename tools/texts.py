"""Does every text of the house speak both languages, and are the catalogues up to date?

1. Texts are gathered from src/kept by Babel: Python marks them with gettext, ngettext, _ or N_,
   templates with _() and {% trans %} (trimmed: the web's environment sets the same policy).
2. Russian is written in src/kept/base/locale/parts/*.ru.po, one file per part of the house; a text
   that only a part names (its msgid is put together when the program runs) is taken from there.
3. locale/{en,ru}/LC_MESSAGES/kept.po and .mo are made from these and never edited.
4. Missing, fuzzy, differing or malformed Russian is a failure, and named.

Run by `./dev texts`; with --check nothing is written, and a file that would change is a failure.
"""

import argparse
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "kept"
LOCALE = SOURCE / "base" / "locale"
NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)  # a date of making would change the file each time
METHODS = [
    ("web/static/**", "ignore"),
    ("**.py", "python"),
    ("**.html", "jinja2"),
    ("web/pages/**", "jinja2"),
]
TEMPLATES = {"encoding": "utf-8", "trimmed": "true", "silent": "false"}
OPTIONS = {"**.html": TEMPLATES, "web/pages/**": TEMPLATES}
PLURAL_FORMS = {"en": 2, "ru": 3}
BRACES = re.compile(r"\{(\w*)[^}]*\}")


def empty(language: str) -> Catalog:
    """A catalogue without texts."""
    return Catalog(
        locale=language,
        domain="kept",
        project="Kept",
        version="1",
        header_comment="# Made by ./dev texts from the sources and parts/*.ru.po; never edited.",
        msgid_bugs_address="the project's issues",
        creation_date=NO_DATE,
        revision_date=NO_DATE,
        language_team=language,
        last_translator="see the part's file",
        fuzzy=False,
    )


def gather() -> Catalog:
    """Every text the sources mark."""
    found = empty("en")
    for _name, _line, msgid, comments, context in extract_from_dir(
        str(SOURCE), method_map=METHODS, options_map=OPTIONS, comment_tags=("Translators:",)
    ):
        found.add(msgid, auto_comments=comments, context=context)
    return found


def texts(catalog: Catalog) -> Iterator[Message]:
    """The messages without the header."""
    return (message for message in catalog if message.id)


def forms(message: Message) -> tuple[str, ...]:
    """The translation as a tuple, one entry a plural form."""
    found = message.string
    return tuple(found) if isinstance(found, (list, tuple)) else (found or "",)


def sources(message: Message) -> tuple[str, ...]:
    """The msgid as a tuple, singular first."""
    return tuple(message.id) if isinstance(message.id, (list, tuple)) else (message.id,)


def fault(message: Message) -> str | None:
    """What is wrong with one Russian text, if anything."""
    said = forms(message)
    if not all(said):
        return "no Russian"
    if message.fuzzy:
        return "fuzzy"
    if message.pluralizable and len(said) != PLURAL_FORMS["ru"]:
        return f"{PLURAL_FORMS['ru']} plural forms wanted"
    for error in message.check():
        return str(error)
    allowed = {name for text in sources(message) for name in BRACES.findall(text)}
    if any(set(BRACES.findall(text)) - allowed for text in said):
        return "a {placeholder} the original has not"
    return None


def translate(found: Catalog) -> tuple[Catalog, Catalog, list[str]]:
    """English, Russian, and what is wrong with the Russian."""
    english, russian, faults = empty("en"), empty("ru"), list[str]()
    parts = {
        path: read_po(path.open("rb"), locale="ru") for path in sorted(LOCALE.glob("parts/*.ru.po"))
    }
    said: dict[tuple[object, str | None], tuple[str, Message]] = {}
    for path, part in parts.items():
        for message in texts(part):
            key = (sources(message)[0], message.context)
            other = said.setdefault(key, (path.name, message))
            if forms(other[1]) != forms(message):
                faults.append(f"{key[0]!r}: {other[0]} and {path.name} differ")
    for message in texts(found):
        english.add(message.id, auto_comments=message.auto_comments, context=message.context)
    for _name, message in said.values():
        if message.id not in english:
            english.add(message.id, context=message.context)
    for message in texts(english):
        part_message = said.get((sources(message)[0], message.context), ("", message))[1]
        flags = {"fuzzy"} if part_message.fuzzy else set[str]()
        string = part_message.string or (("",) * 3 if message.pluralizable else "")
        added = russian.add(message.id, string, flags=flags, context=message.context)
        wrong = fault(added)
        if wrong:
            faults.append(f"{sources(message)[0]!r}: {wrong}")
    return english, russian, faults


def files(english: Catalog, russian: Catalog) -> dict[Path, bytes]:
    """What the four files must hold."""
    made: dict[Path, bytes] = {}
    for language, catalog in (("en", english), ("ru", russian)):
        folder = LOCALE / language / "LC_MESSAGES"
        po, mo = io.BytesIO(), io.BytesIO()
        write_po(po, catalog, no_location=True, sort_output=True, width=100)
        write_mo(mo, catalog)
        made[folder / "kept.po"], made[folder / "kept.mo"] = po.getvalue(), mo.getvalue()
    return made


def main() -> int:
    """Write, or check, and say what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail on any change")
    only_check = parser.parse_args().check
    found = gather()
    english, russian, faults = translate(found)
    for path, content in files(english, russian).items():
        if path.exists() and path.read_bytes() == content:
            continue
        if only_check:
            faults.append(f"{path.relative_to(ROOT)} is not up to date: run ./dev texts")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    print(f"{len(english)} texts, {len(list(texts(found)))} of them marked in the sources")
    print("\n".join(faults), file=sys.stderr, end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
