"""Do the browser's files keep the house's word: nothing foreign, nothing inline, light?"""

import hashlib
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "src/kept/web/pages"
PARTS = ROOT / "src/kept/base/locale/parts"
STATIC = ROOT / "src/kept/web/static"
OWN_TEXT = [
    path
    for folder in (PAGES, STATIC)
    for path in sorted(folder.rglob("*"))
    if path.suffix in {".html", ".css", ".js", ".svg"} and not path.name.endswith(".min.js")
]


def name_of(path: Path) -> str:
    """A file's folder and name."""
    return f"{path.parent.name}/{path.name}"


TRUST_FILES = (
    "tokens.css",
    "components.css",
    "trust.css",
    "icons.svg",
    "favicon.svg",
    "js/theme.js",
)
WEIGHT_BYTES = 60_000
PAGE_BYTES = 16_000  # what twenty promises with their strips make of trust.html


def test_files_made_by_others_are_the_released_ones() -> None:
    """Every font and library has the checksum that vendor.md names, and none is unnamed."""
    listed = dict(
        re.findall(r"\| `([^`]+)` \|.*`([0-9a-f]{64})`", (STATIC / "vendor.md").read_text("utf-8"))
    )
    found = {
        str(path.relative_to(STATIC)): hashlib.sha256(path.read_bytes()).hexdigest()
        for pattern in ("*.woff2", "*.min.js")
        for path in STATIC.rglob(pattern)
    }
    assert found == listed


@pytest.mark.parametrize("path", OWN_TEXT, ids=name_of)
def test_nothing_is_fetched_from_elsewhere(path: Path) -> None:
    """No file names an address on another host, but for XML's own names."""
    text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"""(?:https?:)?//[a-z0-9-]+\.[a-z]""", text)


@pytest.mark.parametrize("path", sorted(PAGES.rglob("*.html")), ids=name_of)
def test_no_style_or_script_stands_in_a_page(path: Path) -> None:
    """The policy `default-src 'self'` would switch it off; the page in the ZIP has no server."""
    text = path.read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:|hx-on", text)
    if path.name != "me_export_index.html":
        assert "<style" not in text


def test_every_icon_is_drawn() -> None:
    """A page that names an icon finds it in the sprite."""
    drawn = set(re.findall(r'<symbol id="(\w+)"', (STATIC / "icons.svg").read_text("utf-8")))
    named: set[str] = set()
    for path in OWN_TEXT:
        text = path.read_text("utf-8")
        named |= set(re.findall(r"icons\.svg#(\w+)", text))
        named |= set(re.findall(r"""\b(?:icon|badge|notice|empty)\("(\w+)\"""", text))
    assert named - drawn == set()


def test_the_trust_page_is_light() -> None:
    """What `/` loads before fonts stays under 60 kB, the page itself included."""
    assert sum((STATIC / name).stat().st_size for name in TRUST_FILES) + PAGE_BYTES < WEIGHT_BYTES


def _part(path: Path) -> dict[str, str | list[str] | tuple[str, ...] | None]:
    """English and Russian of one part."""
    with path.open("rb") as file:
        messages = [message for message in read_po(file) if message.id]
    return {m.id if isinstance(m.id, str) else m.id[0]: m.string for m in messages}


def test_every_sentence_of_the_pages_is_said_in_russian() -> None:
    """No text is missing in Russian, none of the pages' is stale, variables are the same."""
    options = {"**.html": {"newstyle_gettext": "true", "encoding": "utf-8"}}
    used = {
        message if isinstance(message, str) else message[0]
        for _, _, message, _, _ in extract_from_dir(PAGES, [("**.html", "jinja2")], options)
    }
    parts = {path.name: _part(path) for path in PARTS.glob("*.ru.po")}
    assert parts["pages.ru.po"].keys() <= used
    everywhere = {source: text for part in parts.values() for source, text in part.items()}
    assert used <= everywhere.keys()
    said = {source: everywhere[source] for source in used}
    variables = re.compile(r"%\(\w+\)s")
    for source, russian in said.items():
        assert russian, source
        for text in [russian] if isinstance(russian, str) else list(russian or ()):
            assert set(variables.findall(text)) == set(variables.findall(source)), source
            assert not re.search(r"[a-z]{3}", variables.sub("", source)) or re.search(
                "[а-яё]", text.lower()
            ), source
