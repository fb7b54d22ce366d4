"""Which adapter reaches this address, and with what?

Nothing is connected here: a place that is away is told by the first call. What is tried again and
for how long stands in `retrying`; several threads may use what comes back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from kept.backup.places.addresses import (
    Address,
    LocalAddress,
    RestAddress,
    S3Address,
    SftpAddress,
)
from kept.backup.places.local import LocalPlace
from kept.backup.places.rest import RestPlace
from kept.backup.places.retrying import PATIENCE_S, Retrying, Told, unheard
from kept.backup.places.s3 import S3Place
from kept.backup.places.s3_signing import Keys
from kept.backup.places.sftp import SftpPlace
from kept.backup.places.throttle import FREE, Bucket, Pace
from kept.backup.places.via import Via
from kept.backup.places.web import Web
from kept.backup.ports import Place
from kept.base.clock import Clock
from kept.base.errors import RefusedError
from kept.crypto.chance import draw
from kept.crypto.secret import Secret


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a server wants to know of us; None where it is not asked.

    `password` is for a REST place whose address holds none. SSH has its own agent and keys.
    """

    password: Secret | None = None
    s3_key_id: str = ""
    s3_secret: Secret | None = None
    s3_token: Secret | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """How a place is reached.

    `up` and `down` are bytes a second at this moment, None for no limit; `ca_file` replaces the
    usual authorities, and so does `ca`, which is its text; `region` is S3's, empty to read it from
    the address; `ssh` is the program.
    """

    via: Via | None = None
    up: Callable[[], float | None] | None = None
    down: Callable[[], float | None] | None = None
    ca_file: Path | None = None
    ca: str = ""
    region: str = ""
    ssh: Sequence[str] = ("ssh",)


@dataclass(frozen=True, slots=True)
class Time:
    """What tells and spends time: `monotonic` never runs backwards, `sleep` takes seconds.

    `rest` waits for a place that is away, and `told` hears why; None: as `sleep`. What either
    raises ends the waiting, and so does `patience_s`.
    """

    clock: Clock
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    rest: Callable[[float], None] | None = None
    told: Told = unheard
    patience_s: float = PATIENCE_S


NO_SECRETS = Secrets()
STRAIGHT = Way()


def open_place(
    address: Address, time: Time, *, secrets: Secrets = NO_SECRETS, way: Way = STRAIGHT
) -> Place:
    """A place that is tried again while it is away.

    Raises:
        RefusedError: S3 without keys.
        UnavailableError: `way.ca_file` cannot be read.
    """
    place = _adapter(address, time, secrets, way)
    rest = time.rest or time.sleep
    return Retrying(
        place,
        clock=time.monotonic,
        sleep=rest,
        chance=_even,
        told=time.told,
        patience_s=time.patience_s,
    )


def _adapter(address: Address, time: Time, secrets: Secrets, way: Way) -> Place:
    pace = _pace(time, way)
    match address:
        case LocalAddress():
            return LocalPlace(Path(address.path), clock=time.clock, pace=pace)
        case SftpAddress():
            return SftpPlace(
                address, clock=time.clock, via=way.via, pace=pace, program=tuple(way.ssh)
            )
        case RestAddress():
            password = address.password or secrets.password
            known = RestAddress(address.base, address.user, password)
            return RestPlace(known, _web(time, way, pace))
        case S3Address():
            if not secrets.s3_key_id or secrets.s3_secret is None:
                raise RefusedError("backup.no_keys", "A bucket needs an access key and its secret.")
            region = way.region or address.region
            keys = Keys(secrets.s3_key_id, secrets.s3_secret, region, secrets.s3_token)
            return S3Place(address, keys, _web(time, way, pace), clock=time.clock)
        case _:
            assert_never(address)


def _web(time: Time, way: Way, pace: Pace) -> Web:
    return Web(clock=time.clock, via=way.via, pace=pace, ca_file=way.ca_file, ca=way.ca)


def _pace(time: Time, way: Way) -> Pace:
    if way.up is None and way.down is None:
        return FREE
    up, down = (
        None if rate is None else Bucket(rate, clock=time.monotonic, sleep=time.sleep)
        for rate in (way.up, way.down)
    )
    return Pace(up, down)


def _even() -> float:
    return int.from_bytes(draw(6), "big") / 2**48
