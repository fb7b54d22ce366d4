"""Can the ledger's format be checked by hand, just as its page says?

Each `sh` block of docs/formats/ledger.md is run in order in one empty folder; what it prints must
be the `text` block right below it.
"""

import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from kept.ledger.notes import VerifierKey
from kept.ledger.policy import Policy
from kept.ledger.proof import Proven, verify_receipt
from markdown_pages import ROOT, fences

PAGE = ROOT / "docs" / "formats" / "ledger.md"
EXAMPLES = [
    (one.text, two.text) for one, two in pairwise(fences(PAGE)) if one.words == ("sh",)
]  # fmt: skip


def printed(script: str, folder: Path) -> str:
    """What a block prints; it must succeed."""
    command = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def same(line: str) -> str:
    """A line without the spaces that fill an entry."""
    return line.rstrip(" ")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl on this machine")
def test_every_step_by_hand(tmp_path: Path) -> None:
    """openssl, sha256sum and base64 give what the page shows."""
    assert len(EXAMPLES) == 5
    for script, expected in EXAMPLES:
        found = [same(line) for line in printed(script, tmp_path).splitlines()]
        assert found == expected.splitlines()
    assert (tmp_path / "entry").stat().st_size == 256


def test_receipt_of_the_page(tmp_path: Path) -> None:
    """The page's receipt is proven by the page's policy."""
    printed(EXAMPLES[0][0], tmp_path)
    policies = [one.text for one in fences(PAGE) if one.text.startswith("log ")]
    policy = Policy.parse(policies[0].encode())
    assert f"`{VerifierKey.parse(str(policy.logs[0].key))}`" in PAGE.read_text(encoding="utf-8")
    data = (tmp_path / "receipt.tlog-proof").read_bytes()
    assert isinstance(verify_receipt(data, policy), Proven)
