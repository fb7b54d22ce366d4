"""Do the checks of the ledger give their reasons in both languages?"""

import ast
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from kept.base import texts
from kept.ledger import audit, notes, proof

PARTS = Path(texts.__file__).parent / "locale" / "parts"
REFUSALS = {"_FailedError", "Changed", "NotSigned"}


def reasons(source: str) -> set[str]:
    """The constant sentences of calls that refuse, and of functions that answer why."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in REFUSALS:
            found |= {text for arg in node.args for text in sentences(arg)}
        if isinstance(node, ast.Return) and node.value:
            found |= set(sentences(node.value))
    return found


def sentences(node: ast.expr) -> list[str]:
    """The text of a constant of several words."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
        return [node.value]
    return []


@pytest.mark.parametrize("module", [audit, notes, proof])
def test_every_reason_has_its_russian(module: object) -> None:
    """No reason is put together at run time, and each has its Russian."""
    said: dict[str, str] = {}
    for path in PARTS.glob("*.ru.po"):
        with path.open("rb") as file:
            said |= {str(one.id): str(one.string) for one in read_po(file, locale="ru") if one.id}
    source = Path(str(module.__file__)).read_text(encoding="utf-8")  # pyright: ignore[reportAttributeAccessIssue]
    found = reasons(source)
    assert len(found) >= 2
    assert found <= said.keys()
    assert all(said[text] for text in found)
