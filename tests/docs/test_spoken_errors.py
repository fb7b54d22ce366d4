"""Is what people are told when something fails told in both languages?"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from babel.messages.pofile import read_po

SRC = Path(__file__).parents[2] / "src" / "kept"
PARTS = SRC / "base" / "locale" / "parts"
# position of the sentence among the arguments of each error that reaches people
TOLD = {"RefusedError": 1, "NotFoundError": 0, "ConflictError": 0, "UnavailableError": 0}
SHOWN = ("conversations", "db", "flows", "promises/acts", "staff", "vault", "web")


def sentences() -> Iterator[tuple[str, str]]:
    """(file, sentence) of every constant sentence raised where a page can meet it."""
    for folder in SHOWN:
        for path in sorted((SRC / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names = {
                node.targets[0].id: node.value.value
                for node in tree.body
                if isinstance(node, ast.Assign)
                and isinstance(node.targets[0], ast.Name)
                and isinstance(node.value, ast.Constant)
            }
            for call in ast.walk(tree):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                    at = TOLD.get(call.func.id)
                    if at is not None and len(call.args) > at:
                        text = _constant(call.args[at], names)
                        if text:
                            yield str(path.relative_to(SRC)), text


def _constant(node: ast.expr, names: Mapping[str, object]) -> str | None:
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(node, ast.Name):
        value = names.get(node.id)
    return value if isinstance(value, str) else None


def test_every_told_sentence_is_translated() -> None:
    """Every sentence an error tells on a page has its Russian."""
    russian: set[str] = set()
    for path in PARTS.glob("*.ru.po"):
        with path.open("rb") as file:
            russian.update(str(message.id) for message in read_po(file) if message.string)
    missing = [f"{where}: {text}" for where, text in sentences() if text not in russian]
    assert missing == []
