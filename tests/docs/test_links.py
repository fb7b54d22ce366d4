"""Does every relative link of the documents lead somewhere?"""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from markdown_pages import ROOT, anchors, links, pages

README_LINES = 200


def fault(page: Path, link: str) -> str | None:
    """What is wrong with one link, if anything."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if ROOT not in (target, *target.parents):
        return f"{link}: leads out of the project"
    if not target.exists():
        return f"{link}: nothing there"
    if parts.fragment and target.suffix == ".md" and parts.fragment not in anchors(target):
        return f"{link}: no such heading"
    return None


@pytest.mark.parametrize("page", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_resolve(page: Path) -> None:
    """Relative links and anchors of a page resolve."""
    assert [wrong for link in links(page) if (wrong := fault(page, link))] == []


def test_a_dead_link_is_seen() -> None:
    """The check itself can fail: a missing file, a missing heading, a way out."""
    page = ROOT / "CHANGELOG.md"
    assert fault(page, "docs/nowhere.md") == "docs/nowhere.md: nothing there"
    assert fault(page, "CHANGELOG.md#no-such-part") == "CHANGELOG.md#no-such-part: no such heading"
    assert fault(page, "../elsewhere.md") == "../elsewhere.md: leads out of the project"
    assert fault(page, "https://example.org/x") is None


def test_anchors_are_spelt_like_the_forges(tmp_path: Path) -> None:
    """Two equal headings, punctuation, Russian and an HTML anchor."""
    page = tmp_path / "page.md"
    page.write_text(
        '# One, two: `three`!\n\n## Same\n\n## Same\n\n## Что это\n\n<a id="own"></a>\n',
        encoding="utf-8",
    )
    assert anchors(page) == {"one-two-three", "same", "same-1", "что-это", "own"}


def test_readme_is_short() -> None:
    """The README stays under 200 lines."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count("\n") < README_LINES
