"""Is this six-digit code right, and was it used before?

TOTP, SHA-1, 6 digits, 30 seconds, as every authenticator app does it. One step early or late is
accepted; a step that was used, or one before it, never again.

Source: RFC 6238 §5.2 (a code must not be accepted twice), RFC 4226 §7.2 (look-ahead).
"""

import base64
import hmac
import re
from datetime import datetime

from pyotp.totp import TOTP

from kept.base.errors import MalformedError

SECRET_BYTES = 20  # RFC 4226 §4 R6: 160 bits
STEP_S = 30
DRIFT_STEPS = 1
NEVER_USED = -1
_CODE = re.compile(r"[0-9]{6}")


def parse_code(text: str) -> str:
    """Six ASCII digits; inner spaces are how apps show them. Hostile input.

    Raises:
        MalformedError: anything else.
    """
    code = "".join(text.split())
    if not _CODE.fullmatch(code):
        raise MalformedError("code", "a code has six digits")
    return code


def matching_step(secret: bytes, code: str, *, now: datetime, last_step: int) -> int | None:
    """The step whose code this is, later than `last_step` and near `now`; None if there is none.

    All steps are compared, in constant time each, so the answer's time says nothing.
    """
    totp = _totp(secret)
    current = int(now.timestamp()) // STEP_S
    found = None
    for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1):
        matches = hmac.compare_digest(totp.at(step * STEP_S), code)
        if matches and step > last_step:
            found = step
    return found


def enrolment_uri(secret: bytes, *, login: str, issuer: str) -> str:
    """The `otpauth://` line an authenticator app reads from the QR code. A secret."""
    return _totp(secret).provisioning_uri(name=login, issuer_name=issuer)


def shown_secret(secret: bytes) -> str:
    """The secret in groups of four letters, to be typed where no camera is."""
    text = base64.b32encode(secret).decode("ascii")
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def _totp(secret: bytes) -> TOTP:
    return TOTP(base64.b32encode(secret).decode("ascii"), digits=6, interval=STEP_S)
