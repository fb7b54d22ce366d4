"""Does checking a receipt need nothing of the house but the pure rooms?"""

import json
import subprocess
import sys

PROGRAM = """
import json, sys
before = set(sys.modules)
import kept.ledger.audit, kept.ledger.proof
print(json.dumps(sorted(set(sys.modules) - before)))
"""
ROOMS = {"audit", "entry", "merkle", "notes", "policy", "proof", "tiles"}


def test_a_receipt_is_checked_by_pure_rooms_and_cryptography() -> None:
    """Neither database, crypto providers, network nor any room that writes is loaded."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True)
    loaded = json.loads(done.stdout)
    ours = {name for name in loaded if name.startswith("kept.")}
    assert ours - {f"kept.ledger.{room}" for room in ROOMS} == {
        "kept.base",
        "kept.base.encoding",
        "kept.base.errors",
        "kept.ledger",
    }
    foreign = {"apsw", "psycopg", "httpx", "litestar", "uvicorn", "msgspec", "argon2"}
    assert not foreign & {name.partition(".")[0] for name in loaded}
