"""In which steps is a person forgotten? Each can be done twice; the worker resumes at any.

1 the gate refuses, the person's doors are closed, `erasure_begun` is recorded · 2 the tombstone
stands in keys.db, and the signed receipt of the beginning waits behind the follow-up link · 3 the
keys are destroyed · 4 the data is deleted and its bytes have left the files · 5 it was checked
that nothing opens any more: `erased_here`.
Source: GDPR Art. 17; `docs/runbook/erasure.md`.
"""

from enum import IntEnum


class Step(IntEnum):
    """How far an erasure has come. Stored; append only."""

    BEGUN = 1
    BURIED = 2
    KEYS_GONE = 3
    DATA_GONE = 4
    DONE = 5
