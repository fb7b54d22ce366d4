"""How is a keyring written as bytes, and are these bytes a keyring?

Canonical JSON (RFC 8785) and one newline: `{"epochs":[…],"housekeys":[…],"v":1,"vault_id":…}`,
bytes as base64url, times as whole UTC seconds `YYYY-MM-DDTHH:MM:SSZ`. Strict on the way in:
nothing unknown, nothing missing, at most 256 KiB and 1,024 epochs.
Source: `docs/formats/keyring.md`.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar, cast, get_args

from kept.base.encoding import (
    MAX_U32,
    Json,
    b64url,
    canonical_json,
    parse_b64url,
    parse_canonical_json,
)
from kept.base.errors import MalformedError
from kept.crypto.keyring import Epoch, EpochState, HeldWrap, HouseKey, HouseKeyName, Keyring
from kept.crypto.keyring import WrapRole as Role
from kept.crypto.keys import Wrapped
from kept.crypto.places import COMMITMENT_BYTES, ID_BYTES
from kept.crypto.ports import ProviderName, RootWrap

FORMAT_VERSION = 1
MAX_BYTES = 256 * 1024
_MOST_ITEMS = 1024
_WHERE = "keyring"
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_TIME_FORM = "%Y-%m-%dT%H:%M:%SZ"
_T = TypeVar("_T")


def encode(ring: Keyring) -> bytes:
    """The bytes of `keyring.json`."""
    value: Json = {
        "epochs": [_epoch(epoch) for epoch in ring.epochs],
        "housekeys": [_house_key(key) for key in ring.house_keys],
        "v": FORMAT_VERSION,
        "vault_id": b64url(ring.vault_id),
    }
    return canonical_json(value) + b"\n"


def decode(raw: bytes) -> Keyring:
    """Read `keyring.json`. Hostile input.

    Raises:
        MalformedError: not exactly what `encode` writes, or made by a newer Kept.
    """
    if not raw.endswith(b"\n"):
        raise MalformedError(_WHERE, "cut off")
    value = parse_canonical_json(raw[:-1], _WHERE, max_bytes=MAX_BYTES)
    if isinstance(value, Mapping) and value.get("v") != FORMAT_VERSION:
        raise MalformedError(_WHERE, "written by another version of Kept")
    top = _object(value, "epochs housekeys v vault_id")
    return Keyring(
        vault_id=_bytes(top["vault_id"], ID_BYTES),
        epochs=_items(top["epochs"], _read_epoch),
        house_keys=_items(top["housekeys"], _read_house_key),
    )


def _epoch(epoch: Epoch) -> Json:
    return {
        "commitment": b64url(epoch.commitment),
        "created": epoch.created.astimezone(UTC).strftime(_TIME_FORM),
        "epoch": epoch.number,
        "state": epoch.state,
        "wraps": [
            {
                "blob": b64url(held.wrap.blob),
                "params": dict(held.wrap.params),
                "provider": held.wrap.provider,
                "role": held.role,
            }
            for held in epoch.wraps
        ],
    }


def _house_key(key: HouseKey) -> Json:
    return {
        "commitment": b64url(key.wrapped.commitment),
        "epoch": key.epoch,
        "name": key.name,
        "wrap": b64url(key.wrapped.wrap),
    }


def _read_epoch(value: Json) -> Epoch:
    part = _object(value, "commitment created epoch state wraps")
    return Epoch(
        number=_number(part["epoch"]),
        state=cast("EpochState", _one_of(part["state"], EpochState)),
        created=_time(part["created"]),
        commitment=_bytes(part["commitment"], COMMITMENT_BYTES),
        wraps=_items(part["wraps"], _read_wrap),
    )


def _read_wrap(value: Json) -> HeldWrap:
    part = _object(value, "blob params provider role")
    params = part["params"]
    if not isinstance(params, Mapping):
        raise MalformedError(_WHERE, "params must be an object")
    plain: dict[str, str | int] = {}
    for name, setting in params.items():
        if isinstance(setting, bool) or not isinstance(setting, str | int):
            raise MalformedError(_WHERE, "params hold texts and whole numbers")
        plain[name] = setting
    provider = cast("ProviderName", _one_of(part["provider"], ProviderName))
    role = cast("Role", _one_of(part["role"], Role))
    return HeldWrap(role, RootWrap(provider, plain, _bytes(part["blob"])))


def _read_house_key(value: Json) -> HouseKey:
    part = _object(value, "commitment epoch name wrap")
    wrapped = Wrapped(_bytes(part["wrap"]), _bytes(part["commitment"], COMMITMENT_BYTES))
    name = cast("HouseKeyName", _one_of(part["name"], HouseKeyName))
    return HouseKey(name, _number(part["epoch"]), wrapped)


def _object(value: Json, names: str) -> Mapping[str, Json]:
    if not isinstance(value, Mapping) or sorted(value) != names.split():
        raise MalformedError(_WHERE, f"expected the members {names}")
    return value


def _items(value: Json, read: Callable[[Json], _T]) -> tuple[_T, ...]:
    if not isinstance(value, list) or len(value) > _MOST_ITEMS:
        raise MalformedError(_WHERE, "expected a list of reasonable length")
    return tuple(read(item) for item in value)


def _bytes(value: Json, size_bytes: int | None = None) -> bytes:
    if not isinstance(value, str):
        raise MalformedError(_WHERE, "expected base64url text")
    return parse_b64url(value, _WHERE, size_bytes=size_bytes)


def _number(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_U32:
        raise MalformedError(_WHERE, "expected a positive 32-bit number")
    return value


def _one_of(value: Json, choices: object) -> str:
    if not isinstance(value, str) or value not in get_args(choices):
        raise MalformedError(_WHERE, "a word stands there that this version does not know")
    return value


def _time(value: Json) -> datetime:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise MalformedError(_WHERE, "expected a UTC time")
    try:
        return datetime.strptime(value, _TIME_FORM).replace(tzinfo=UTC)
    except ValueError:
        raise MalformedError(_WHERE, "no such time") from None
