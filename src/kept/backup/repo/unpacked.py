"""How is a JSON document written as a sealed file of its own, and is this file one?

Indexes, snapshots and locks are sealed `02 ‖ zstd(JSON)` in version 2, sealed JSON in version 1.
Rules: a first byte of `{` or `[` is plain JSON, 2 is compressed, anything else is refused; at most
512 MiB of JSON; JSON is compact, its members in the order given.
Source: restic design document, "Unpacked Data Format"; `docs/formats/backup.md`.
"""

from collections.abc import Mapping
from typing import cast

import msgspec

from kept.backup.repo.frames import compress, expand_up_to
from kept.base.encoding import Json
from kept.base.errors import MalformedError
from kept.crypto.repo_sealing import RepoKey, open_sealed, seal

MAX_DOCUMENT_BYTES = 512 * 2**20  # against a frame that grows without end
_COMPRESSED = b"\x02"
_PLAIN = (b"{", b"[")


def encode_unpacked(key: RepoKey, document: bytes) -> bytes:
    """The sealed file of a JSON document, as version 2 writes it."""
    return seal(key, _COMPRESSED + compress(document))


def decode_unpacked(key: RepoKey, sealed: bytes, *, where: str) -> bytes:
    """The JSON document in a sealed file, not parsed yet. Hostile input.

    Raises:
        TamperedError: the MAC does not match.
        MalformedError: neither JSON nor a compressed document, or more than 512 MiB.
    """
    content = open_sealed(key, sealed, what=where)
    if content.startswith(_COMPRESSED):
        return expand_up_to(content[1:], MAX_DOCUMENT_BYTES, where=where)
    if content.startswith(_PLAIN):
        return content
    raise MalformedError(where, "neither JSON nor a compressed document")


def write_json(members: Mapping[str, object]) -> bytes:
    """Compact JSON, members in the order given.

    Raises:
        MalformedError: a lone surrogate, or a type JSON does not have.
    """
    try:
        return msgspec.json.encode(members)
    except (TypeError, ValueError, msgspec.MsgspecError):
        raise MalformedError("json", "holds what JSON cannot") from None


def read_object(document: bytes, where: str) -> dict[str, Json]:
    """A JSON object, its members unchecked. Hostile input.

    Raises:
        MalformedError: not JSON, nested too deep, or not an object.
    """
    try:
        value = cast("object", msgspec.json.decode(document))
    except (ValueError, RecursionError, msgspec.MsgspecError):
        raise MalformedError(where, "not JSON") from None
    if not isinstance(value, dict):
        raise MalformedError(where, "not a JSON object")
    return cast("dict[str, Json]", value)
