"""Does a secret stay out of logs, pickles and copies?"""

import copy
import logging
import pickle
from dataclasses import asdict, dataclass

import pytest

from kept.crypto.chance import draw, fresh_secret
from kept.crypto.sealing import SealKey
from kept.crypto.secret import Secret

CANARY = b"canary-0123456789-canary-9876543"


def test_nothing_readable(caplog: pytest.LogCaptureFixture) -> None:
    """No way of printing shows the bytes."""
    secret = Secret(CANARY)
    logging.getLogger("test").warning("%s %r", secret, [secret, {"k": secret}])
    shown = f"{secret} {secret!r} {[secret]}" + caplog.text
    assert "canary" not in shown
    assert "canary" not in repr(SealKey(secret))


def test_no_pickle_or_copy() -> None:
    """Pickling, copying and `asdict` are refused."""

    @dataclass
    class Holder:
        key: Secret

    secret = Secret(CANARY)
    for thing in (secret, SealKey(secret)):
        with pytest.raises(TypeError):
            pickle.dumps(thing)
        with pytest.raises(TypeError):
            copy.deepcopy(thing)
    with pytest.raises(TypeError):
        asdict(Holder(secret))


def test_equality() -> None:
    """Equal bytes are equal secrets; nothing else is equal, and none can be hashed."""
    assert Secret(CANARY) == Secret(CANARY)
    assert Secret(CANARY) != Secret(CANARY[:-1] + b"?")
    assert Secret(CANARY) != CANARY
    with pytest.raises(TypeError):
        hash(Secret(CANARY))
    assert not hasattr(Secret(CANARY), "__dict__")


def test_fresh() -> None:
    """Fresh secrets have the asked length and never repeat."""
    assert len(fresh_secret()) == 32
    assert len(fresh_secret(16).reveal()) == 16
    assert len({draw(16) for _ in range(1000)}) == 1000
