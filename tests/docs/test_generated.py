"""Do the generated pages and catalogues say what the code says now?"""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

from kept.wiring.settings import Settings
from markdown_pages import ROOT, headings

SETTING = re.compile(r"KEPT_[A-Z0-9_]+")


def run(*command: str) -> None:
    """Run a program of the checkout; what it said is the failure's text."""
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_pages_regenerate_unchanged(tmp_path: Path) -> None:
    """cli.md and settings.md are what `./dev docs` writes."""
    run("-m", "kept.cli.pages", str(tmp_path))
    made = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert {"cli.md", "settings.md"} <= made.keys()
    stand = {name: (ROOT / "docs" / name).read_text(encoding="utf-8") for name in made}
    assert stand == made


def test_every_setting_has_a_heading() -> None:
    """Each setting is explained under its variable's name, and no other is."""
    known = {f"KEPT_{field.name.upper()}" for field in fields(Settings)}
    explained = {
        name for heading in headings(ROOT / "docs/settings.md") for name in SETTING.findall(heading)
    }
    assert known
    assert explained == known


def test_catalogues_are_up_to_date() -> None:
    """Every text has its Russian, and the compiled catalogues hold it."""
    run("tools/texts.py", "--check")
