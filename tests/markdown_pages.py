"""What stands in a Markdown file: links, anchors, fenced blocks, headings?

Parsed by markdown-it (CommonMark); anchors are spelt as the usual forges spell them.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parent.parent
NOT_OURS = {".venv", ".git", ".pytest_cache", "node_modules", "demo", "shop"}
HTML_LINK = re.compile(r'(?:href|src|srcset)="([^"]+)"')
HTML_ANCHOR = re.compile(r'(?:id|name)="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Fence:
    """One fenced block: the words after the three ticks, the text, its line in the file."""

    words: tuple[str, ...]
    text: str
    line: int


def pages() -> list[Path]:
    """Every Markdown file of the project."""
    return [
        path
        for path in sorted(ROOT.rglob("*.md"))
        if not NOT_OURS.intersection(path.relative_to(ROOT).parts)
    ]


def tokens(path: Path) -> Iterator[Token]:
    """All tokens of a file, the inline ones too."""
    for token in MarkdownIt("commonmark").parse(path.read_text(encoding="utf-8")):
        yield token
        yield from token.children or ()


def headings(path: Path) -> list[str]:
    """The text of each heading, without its marks."""
    found = list(MarkdownIt("commonmark").parse(path.read_text(encoding="utf-8")))
    return [
        "".join(child.content for child in after.children or ())
        for token, after in itertools.pairwise(found)
        if token.type == "heading_open"
    ]


def anchors(path: Path) -> set[str]:
    """What a link to this file may end in."""
    seen: Counter[str] = Counter()
    found: set[str] = set()
    for heading in headings(path):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        found.add(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    html = (t.content for t in tokens(path) if t.type in {"html_block", "html_inline"})
    return found.union(*(HTML_ANCHOR.findall(text) for text in html))


def links(path: Path) -> list[str]:
    """Where a file points: links, pictures, and those written as HTML."""
    found: list[str] = []
    for token in tokens(path):
        target = token.attrGet("href") or token.attrGet("src")
        if target:
            found.append(str(target))
        if token.type in {"html_block", "html_inline"}:
            found += HTML_LINK.findall(token.content)
    return found


def fences(path: Path) -> list[Fence]:
    """The fenced blocks in their order."""
    return [
        Fence(tuple(token.info.split()), token.content, (token.map or [0])[0] + 1)
        for token in tokens(path)
        if token.type == "fence"
    ]
