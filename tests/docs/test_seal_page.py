"""The page on the seal's format: its example can be checked by hand, as it says."""

import hashlib
import json
import re
from pathlib import Path

from kept.promises.model.book import parse_book
from kept.promises.model.default import default_book
from kept.promises.model.seal import SealNote

PAGE = Path(__file__).parents[2] / "docs" / "formats" / "seal.md"


def block(kind: str) -> str:
    """The first fenced block of this kind on the page."""
    found = re.search(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found, kind
    return found.group(1)


def test_the_note_of_the_page_signs_the_status_of_the_page():
    """The hash in the note is that of the status, and both tell the same times and root."""
    status, note = block("json"), SealNote.decode(block("text").encode())
    data = json.loads(status)
    assert note.status_sha256 == hashlib.sha256(status.encode()).digest()
    assert (note.domain, note.this_update, note.next_update) == (
        data["domain"],
        data["this_update"],
        data["next_update"],
    )


def test_the_page_tells_every_member():
    """Each member of the example has its row on the page."""
    data, page = json.loads(block("json")), PAGE.read_text(encoding="utf-8")
    for member in (*data, *data["promises"][0]):
        assert f"`{member}`" in page, member


def test_the_example_is_about_the_default_book():
    """The text hashes of the example are those of the sentence every new house starts with."""
    book = parse_book(default_book(name="Any", contact="o@example.org"))
    text = book.promises["export.fast"].text
    assert json.loads(block("json"))["promises"][0]["text_sha256"] == {
        "en": hashlib.sha256(text.en.encode()).hexdigest(),
        "ru": hashlib.sha256(text.ru.encode()).hexdigest(),
    }
