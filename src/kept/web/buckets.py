"""How often may one network address try? A bucket of tokens each, in this process's memory.

It slows guessing and flooding down; what protects an account are the counters in the database. A
restart empties it, and each server process counts for itself: at most that many times the rate.
"""

import ipaddress
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from litestar.exceptions import TooManyRequestsException

ADDRESSES_MOST = 10_000
IPV6_PREFIX = 64  # what one household gets


@dataclass(slots=True)
class _Bucket:
    left: float
    at: datetime


class Buckets:
    """`burst` tries at once, and one more every `refill`. Thread-safe."""

    def __init__(self, *, burst: int, refill: timedelta) -> None:
        self._burst, self._refill = burst, refill
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, address: str, *, now: datetime) -> None:
        """Take a token.

        Raises:
            TooManyRequestsException: none is left.
        """
        key = place_of(address)
        with self._lock:
            bucket = self._buckets.pop(key, None) or _Bucket(self._burst, now)
            gained = (now - bucket.at) / self._refill
            bucket.left, bucket.at = min(self._burst, bucket.left + gained), now
            self._buckets[key] = bucket
            if len(self._buckets) > ADDRESSES_MOST:
                del self._buckets[next(iter(self._buckets))]
            if bucket.left < 1:
                raise TooManyRequestsException("There were too many tries from your network.")
            bucket.left -= 1


def place_of(address: str) -> str:
    """The address, an IPv6 one by its network. Hostile where a proxy is trusted."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "nowhere"
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found, IPV6_PREFIX), strict=False))
