"""How does an address that somebody typed become a place for copies?

What a server wants to know of us never stands on the command line: it comes from a file
(`s3_key_id`, `s3_secret`, `s3_token`, `password`, in TOML) or from the variables that restic's
users have set already. The file wins, name by name.
"""

import re
import ssl
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from kept.backup.places.addresses import LocalAddress, RestAddress, parse_address
from kept.backup.places.opening import Secrets, Time, Way, open_place
from kept.backup.places.via import parse_via
from kept.backup.ports import Place
from kept.base.clock import SystemClock
from kept.base.errors import MalformedError, NotFoundError, UnavailableError
from kept.crypto.secret import Secret
from kept.wiring.settings import place_environment

NAMES = ("password", "s3_key_id", "s3_secret", "s3_token")
MAX_FILE_BYTES = 64 * 1024
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
KIB = 1024


@dataclass(frozen=True, slots=True)
class Route:
    """How a place is reached; "" and None for what is not asked. Limits are KiB a second.

    `known` are secrets that the house keeps, by the names of the file, `user` and `ca`.
    """

    secrets_file: Path | None = None
    via: str = ""
    ca_file: Path | None = None
    up_kib: int | None = None
    down_kib: int | None = None
    known: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


class Waiting(Protocol):
    """How the time is spent in which nothing can be sent. What it raises ends the trying."""

    def pace(self, seconds: float) -> None:
        """Wait so that the line stays under its limit."""
        ...

    def rest(self, seconds: float) -> None:
        """Wait for a place that is away."""
        ...

    def tell(self, error: UnavailableError, seconds: float) -> None:
        """Hear why `rest` comes next, and how long it takes."""
        ...


def reach_place(url: str, route: Route, waiting: Waiting) -> Place:
    """The place at an address. Nothing is connected yet.

    Args:
        url: in the words that restic takes.
        route: how it is reached.
        waiting: how time is spent.

    Raises:
        MalformedError: the address, `via`, a limit or the file of secrets has another form.
        RefusedError: it would be reached without encryption; a bucket without keys.
        NotFoundError: the file of secrets cannot be read.
        UnavailableError: `ca_file` cannot be read.
    """
    known = {**place_environment(), **route.known, **read_secrets(route.secrets_file)}
    secrets = Secrets(
        password=_secret(known, "password"),
        s3_key_id=known.get("s3_key_id", ""),
        s3_secret=_secret(known, "s3_secret"),
        s3_token=_secret(known, "s3_token"),
    )
    way = Way(
        via=parse_via(route.via) if route.via else None,
        up=_rate(route.up_kib),
        down=_rate(route.down_kib),
        ca_file=route.ca_file,
        ca="" if route.ca_file else route.known.get("ca", ""),
    )
    when = Time(
        clock=SystemClock(),
        monotonic=time.monotonic,
        sleep=waiting.pace,
        rest=waiting.rest,
        told=waiting.tell,
    )
    address = parse_address(url)
    if isinstance(address, RestAddress) and known.get("user"):
        address = RestAddress(address.base, known["user"], address.password)
    return open_place(address, when, secrets=secrets, way=way)


def told_address(url: str) -> str:
    """The address as it may be shown and stored: without a password, a folder as a whole path.

    Raises:
        MalformedError: no address.
        RefusedError: it would be reached without encryption.
    """
    address = parse_address(url)
    return str(Path(address.path).absolute() if isinstance(address, LocalAddress) else address)


def read_ca(path: Path | None) -> str:
    """The certificates of a file, as text that needs no file later; nothing without one.

    What else stands in the file, as a private key, is left out.

    Raises:
        NotFoundError: it cannot be read.
        MalformedError: it holds no certificate, or far more than a few.
    """
    if path is None:
        return ""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE_BYTES + 1).decode("ascii", "replace")
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror}.") from None
    found = "".join(f"{one}\n" for one in _CERTIFICATE.findall(text))
    if not found or len(text) > MAX_FILE_BYTES:
        raise MalformedError(str(path), "must hold certificates as PEM, at most 64 KiB")
    try:
        ssl.create_default_context(cadata=found)
    except (OSError, ValueError):
        raise MalformedError(str(path), "holds a certificate that cannot be read") from None
    return found


def _rate(kib: int | None) -> Callable[[], float] | None:
    if kib is None:
        return None
    if kib < 1:
        raise MalformedError("limit", "at least 1 KiB a second")
    return lambda: float(kib * KIB)


def _secret(known: Mapping[str, str], name: str) -> Secret | None:
    return Secret(known[name].encode()) if known.get(name) else None


def read_secrets(path: Path | None) -> dict[str, str]:
    """What stands in the file of secrets; nothing without one.

    Raises:
        NotFoundError: it cannot be read.
        MalformedError: no TOML, an unknown name, or a value that is no text.
    """
    if path is None:
        return {}
    try:
        with path.open("rb") as file:
            found = tomllib.loads(file.read(MAX_FILE_BYTES).decode("utf-8"))
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise MalformedError(str(path), "is no TOML") from None
    for name, value in found.items():
        if name not in NAMES or not isinstance(value, str):
            raise MalformedError(str(path), f"may hold text for {', '.join(NAMES)}, nothing else")
    return found
