"""Where does the checkpoint come from that decides which parts are read? A file, or an address.

Only https, or plain http on this machine: whoever can change the checkpoint on its way can choose
the parts. Its signatures are kept beside the result, for those who know the ledger's key.
"""

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from kept.base.errors import MalformedError, NotFoundError, UnavailableError
from kept.ledger.notes import MAX_NOTE_BYTES

_TIMEOUT_S = 20.0


def fetch(source: str) -> bytes:
    """The bytes of a checkpoint; what they are is not judged here.

    Args:
        source: a path, or an https address.

    Raises:
        MalformedError: a plain address, or far more than a checkpoint.
        NotFoundError: no such file.
        UnavailableError: the server is away or has none.
    """
    if "://" in source:
        return _sized(_get(source))
    try:
        with Path(source).open("rb") as file:
            return _sized(file.read(MAX_NOTE_BYTES + 1))
    except OSError as error:
        raise NotFoundError(f"{source} cannot be read: {error.strerror}.") from None


def _sized(raw: bytes) -> bytes:
    if len(raw) > MAX_NOTE_BYTES:
        raise MalformedError("--seed-from", "far longer than a checkpoint")
    return raw


def is_here(host: str) -> bool:
    """Whether a host's name or address is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _get(address: str) -> bytes:
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_here(parts.hostname or "")):
        raise MalformedError("--seed-from", "a file, or an https address")
    raw = bytearray()
    try:
        with httpx.stream("GET", address, timeout=_TIMEOUT_S, trust_env=False) as answer:
            answer.raise_for_status()
            for piece in answer.iter_bytes():
                raw += piece
                if len(raw) > MAX_NOTE_BYTES:
                    break
    except (httpx.HTTPError, httpx.InvalidURL):
        raise UnavailableError(f"No checkpoint could be had from {parts.hostname}.") from None
    return bytes(raw)
