"""Is a hardened process without core dumps and closed to its neighbours?"""

import json
import subprocess
import sys

import pytest

PROBE = """
import ctypes, json, resource
from kept.crypto.hygiene import harden_process
made = harden_process()
PR_GET_DUMPABLE = 3
dumpable = ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)
core = resource.getrlimit(resource.RLIMIT_CORE)
print(json.dumps([made.has_no_core, made.is_undumpable, dumpable, core]))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is Linux's own")
def test_hardened() -> None:
    """The system itself says: core size nought, not dumpable."""
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [True, True, 0, [0, 0]]
