"""How does a password open a repository?

A key file is plain JSON that everybody with the place may read; its `data` is the master key,
sealed with what scrypt makes of the password. Every password has a key file of its own.
Rules: host and user are written as `kept`, never this machine's; a hostile file may not ask for
more than 1 GiB of memory or a minute of work; a clamped and an unclamped `r` are one key.
Source: restic design document, "Keys, Encryption and MAC"; `docs/formats/backup.md`, keys.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from kept.backup.repo.unpacked import read_object, write_json
from kept.base.encoding import Json, b64, parse_b64
from kept.base.errors import MalformedError
from kept.crypto.repo_sealing import (
    ENCRYPT_BYTES,
    MAC_K_BYTES,
    MAC_R_BYTES,
    SALT_BYTES,
    SCRYPT_COST,
    SEAL_OVERHEAD_BYTES,
    RepoKey,
    ScryptCost,
    fresh_salt,
    open_sealed,
    password_key,
    seal,
)
from kept.crypto.secret import Secret

MAX_KEY_FILE_BYTES = 64 * 1024  # ours has 450
PUBLIC_NAME = "kept"  # for host and user: a key file lies open, it need not tell whose it is
_WHERE = "key file"
_MASTER = "master key"
_MAX_TEXT = 1024


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What a key file says, before any password was tried."""

    created: str  # as written, RFC 3339 by custom; shown, never reckoned with
    username: str
    hostname: str
    cost: ScryptCost
    salt: bytes  # 64 bytes
    sealed_master: bytes


def make_key_file(
    master: RepoKey, password: Secret, *, now: datetime, cost: ScryptCost = SCRYPT_COST
) -> bytes:
    """A new key file: `password` will open `master`. Takes half a second.

    Args:
        master: the key of the repository.
        password: as bytes; restic takes them as UTF-8 from its password file.
        now: aware.
        cost: of one guess; tests take a lower one.
    """
    salt = fresh_salt()
    sealed = seal(password_key(password, salt, cost), encode_master(master))
    return write_json({
        "created": now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "username": PUBLIC_NAME,
        "hostname": PUBLIC_NAME,
        "kdf": "scrypt",
        "N": cost.n,
        "r": cost.r,
        "p": cost.p,
        "salt": b64(salt),
        "data": b64(sealed),
    })


def read_key_file(raw: bytes) -> KeyFile:
    """Read a key file. Hostile input.

    Raises:
        MalformedError: not of the right form, another derivation, or one that asks for too much.
    """
    if len(raw) > MAX_KEY_FILE_BYTES:
        raise MalformedError(_WHERE, f"longer than {MAX_KEY_FILE_BYTES} bytes")
    members = read_object(raw, _WHERE)
    if members.get("kdf") != "scrypt":
        raise MalformedError(_WHERE, "names another derivation than scrypt")
    sealed = parse_b64(_text(members, "data"), _WHERE)
    if len(sealed) < SEAL_OVERHEAD_BYTES:
        raise MalformedError(_WHERE, "holds no sealed key")
    return KeyFile(
        created=_text(members, "created")[:_MAX_TEXT],
        username=_text(members, "username", default="")[:_MAX_TEXT],
        hostname=_text(members, "hostname", default="")[:_MAX_TEXT],
        cost=ScryptCost(*(_number(members, name) for name in ("N", "r", "p"))),
        salt=parse_b64(_text(members, "salt"), _WHERE, size_bytes=SALT_BYTES),
        sealed_master=sealed,
    )


def open_key_file(file: KeyFile, password: Secret) -> RepoKey:
    """The master key.

    Raises:
        TamperedError: not the password of this file, or the file was changed.
        MalformedError: the password is right and what it opens is no key.
    """
    made = password_key(password, file.salt, file.cost)
    return decode_master(open_sealed(made, file.sealed_master, what=_WHERE))


def encode_master(master: RepoKey) -> bytes:
    """The JSON that a key file seals."""
    mac = {"k": b64(master.mac_k.reveal()), "r": b64(master.mac_r.reveal())}
    return write_json({"mac": mac, "encrypt": b64(master.encrypt.reveal())})


def decode_master(document: bytes) -> RepoKey:
    """Read the JSON that a key file seals.

    Raises:
        MalformedError: a part is missing or has the wrong length.
    """
    members = read_object(document, _MASTER)
    mac = members.get("mac")
    if not isinstance(mac, dict):
        raise MalformedError(_MASTER, "mac is missing")
    return RepoKey(
        encrypt=_secret(members, "encrypt", ENCRYPT_BYTES),
        mac_k=_secret(mac, "k", MAC_K_BYTES),
        mac_r=_secret(mac, "r", MAC_R_BYTES),
    )


def _secret(members: dict[str, Json], name: str, size_bytes: int) -> Secret:
    return Secret(parse_b64(_text(members, name), _MASTER, size_bytes=size_bytes))


def _text(members: dict[str, Json], name: str, *, default: str | None = None) -> str:
    value = members.get(name, default)
    if not isinstance(value, str):
        raise MalformedError(_WHERE, f"{name} is not text")
    return value


def _number(members: dict[str, Json], name: str) -> int:
    value = members.get(name)
    if type(value) is not int:
        raise MalformedError(_WHERE, f"{name} is not a whole number")
    return value
