"""To which place is a sealed thing bound?

The associated data of each kind of envelope, as an injective list of ids, never names. A thing
copied to another row, category, person or vault no longer opens.
Source: `docs/formats/envelope.md`, associated data.
"""

from functools import lru_cache

from kept.base.encoding import part_list, u32, u64
from kept.base.errors import MalformedError
from kept.crypto import labels

ID_BYTES = 16
COMMITMENT_BYTES = 32
NOBODY = bytes(ID_BYTES)  # stands for the person in a wrap that belongs to the house


def cell(
    *, vault_id: bytes, person_id: bytes, category_id: int, rev: int, key_version: int
) -> bytes:
    """One person's sealed category.

    Raises:
        MalformedError: an id is not 16 bytes or a number does not fit.
    """
    before, after = _around_cell(vault_id, category_id, rev, key_version)
    return before + part_list(_id(person_id)) + after


@lru_cache(maxsize=256)
def _around_cell(
    vault_id: bytes, category_id: int, rev: int, key_version: int
) -> tuple[bytes, bytes]:
    """What stands before and after the person: the same for most people of a list."""
    return (
        part_list(labels.CELL, _id(vault_id)),
        part_list(u32(category_id), u64(rev), u32(key_version)),
    )


def wrap(
    *,
    vault_id: bytes,
    person_id: bytes | None,
    kind: str,
    key_version: int,
    commitment: bytes,
    epoch: int,
) -> bytes:
    """A secret wrapped under the vault key; `person_id` None for a secret of the house.

    Raises:
        MalformedError: an id or the commitment has a wrong length or a number does not fit.
    """
    if len(commitment) != COMMITMENT_BYTES:
        raise MalformedError("commitment", "must be 32 bytes")
    before, between, after = _around_wrap(vault_id, kind, key_version, epoch)
    owner = NOBODY if person_id is None else _id(person_id)
    return before + part_list(owner) + between + part_list(commitment) + after


@lru_cache(maxsize=64)
def _around_wrap(
    vault_id: bytes, kind: str, key_version: int, epoch: int
) -> tuple[bytes, bytes, bytes]:
    """What stands before the owner, between it and the commitment, and after."""
    return (
        part_list(labels.WRAP, _id(vault_id)),
        part_list(kind.encode("ascii"), u32(key_version)),
        part_list(u32(epoch)),
    )


def object_chunk(
    *,
    vault_id: bytes,
    object_id: bytes,
    owner_id: bytes,
    chunk_no: int,
    is_last: bool,
    key_version: int,
) -> bytes:
    """One 64 KiB chunk of an attachment; `is_last` stops truncation.

    Args:
        vault_id: 16 bytes.
        object_id: 16 bytes.
        owner_id: the person, or the conversation or case whose key seals it; 16 bytes.
        chunk_no: from 0.
        is_last: true on the final chunk only.
        key_version: of the sealing key.

    Raises:
        MalformedError: an id is not 16 bytes or a number does not fit.
    """
    return part_list(
        labels.OBJECT,
        _id(vault_id),
        _id(object_id),
        _id(owner_id),
        u32(chunk_no),
        bytes([is_last]),
        u32(key_version),
    )


def opening(*, origin: str, act_id: int, c: bytes) -> bytes:
    """The opening of an act's commitment `c` (32 bytes) in the ledger named `origin`.

    Raises:
        MalformedError: `c` is not 32 bytes or the act's number does not fit.
    """
    if len(c) != COMMITMENT_BYTES:
        raise MalformedError("commitment", "must be 32 bytes")
    return part_list(labels.OPENING, origin.encode("utf-8"), u64(act_id), c)


def letter(
    *, vault_id: bytes, person_id: bytes, use: str, asked_at: int, key_version: int
) -> bytes:
    """An address that waits for one letter; `use` says whether it is the new or the old one.

    Raises:
        MalformedError: an id is not 16 bytes or a number does not fit.
    """
    return part_list(
        labels.LETTER,
        _id(vault_id),
        _id(person_id),
        use.encode("ascii"),
        u64(asked_at),
        u32(key_version),
    )


def _id(raw: bytes) -> bytes:
    if len(raw) != ID_BYTES:
        raise MalformedError("id", "an id has 16 bytes")
    return raw
