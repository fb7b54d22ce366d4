"""Can everything the key providers and passwords say be read in Russian?"""

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages.pofile import read_po

import kept.crypto
from kept.crypto.argon import LEAST_CHARACTERS, MOST_CHARACTERS

CRYPTO = Path(kept.crypto.__file__).parent
PART = CRYPTO.parent / "base" / "locale" / "parts" / "crypto.ru.po"


def reasons() -> Iterator[object]:
    """The second argument of every RefusedError in the folder, as it stands in the source."""
    for path in CRYPTO.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "RefusedError":
                reason = node.args[1]
                assert isinstance(reason, ast.Constant), f"{path.name}: no plain sentence"
                yield reason.value


def test_every_refusal_in_russian() -> None:
    """Each refusal is a plain sentence with a translation, and no translation is left over."""
    with PART.open(encoding="utf-8") as file:
        catalogue = read_po(file, locale="ru")
    said = set(reasons())
    assert len(said) > 5
    assert said == {str(message.id) for message in catalogue if message.id}
    assert all(message.string for message in catalogue)


def test_limits_in_words() -> None:
    """The lengths in the sentences are the lengths that are checked."""
    assert f"It needs at least {LEAST_CHARACTERS} characters." in set(reasons())
    assert f"It may have at most {MOST_CHARACTERS} characters." in set(reasons())
