"""How fast is the house over HTTP? A real server, a real key, a client in a process of its own."""

import json
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure, Peer
from bench.raw import inserts
from bench.server import Server, request, resident_mb, served
from bench.shop import found_shop, new_key, person_row

from kept.wiring.house import open_house
from kept.wiring.settings import read_settings

IMPORT = "/api/v1/people/import?source=bench"
NDJSON = "application/x-ndjson"
READ_PEOPLE = 500  # whose data is opened in turn
CONNECTIONS = 64
RATE = 660  # requests a second of the open loop
SETTLE_S = 3.0
HEALTH = request("/healthz")


@dataclass(frozen=True)
class Shop:
    """A served house with an API key."""

    folder: Path
    server: Server
    key: str

    def bring(self, start: int, count: int) -> int:
        """Import people; how many were added."""
        body = (line for line in lines(start, count))
        done = self.server.post(IMPORT, self.key, body, NDJSON)
        assert done["added"] == count, done
        return count

    def readings(self) -> list[bytes]:
        """Requests that open the delivery address of each person."""
        house = open_house(self.folder, read_settings(self.folder, {}))
        try:
            rows = house.db.read(lambda tx: tx.rows("select id from person order by n"))
        finally:
            house.close()
        from kept.base.ids import PersonId  # noqa: PLC0415

        headers = {"Kept_Purpose": "deliver", "Kept_Ref": "T-1000"}
        return [
            request(f"/api/v1/people/{PersonId(row[0])}/cells/delivery", self.key, **headers)
            for row in rows
        ]


def lines(start: int, count: int) -> Iterator[bytes]:
    """The list, in chunks as a network brings them."""
    for at in range(start, start + count, 20):
        some = range(at, min(at + 20, start + count))
        yield b"".join(json.dumps(person_row(one)).encode() + b"\n" for one in some)


@contextmanager
def shop_at(folder: Path) -> Generator[Shop]:
    """A new house, served."""
    shop = found_shop(folder)
    house = open_house(shop, read_settings(shop, {}))
    try:
        key = new_key(house)
    finally:
        house.close()
    with served(shop) as server:
        yield Shop(shop, server, key)


def import_people_per_s(folder: Path, seconds: float) -> Figure:
    """People of 120 fields, sealed, indexed, with an act each, durable, over one connection."""
    count = max(50, int(seconds * 1_500))
    made = list(lines(1, count))  # the client's own work is not the server's
    with shop_at(folder) as shop:
        shop.bring(10_000_000, 20)
        cpu, began = shop.server.cpu, time.perf_counter()
        done = shop.server.post(IMPORT, shop.key, iter(made), NDJSON)
        took, spent = time.perf_counter() - began, shop.server.cpu - cpu
        assert done["added"] == count, done
    size = sum(map(len, made)) // count
    peer = inserts(folder, min(seconds, 1.5), batch=1_000, size_bytes=size)
    return Figure(
        "import_people_per_s",
        count / took,
        "1/s",
        count,
        Peer(f"raw inserts of {size} bytes, a COMMIT for every 1,000", peer),
        f"Python: {spent / count * 1e6:.0f} us of the server's processor time a person",
    )


def open_category_per_s(folder: Path, seconds: float) -> Figure:
    """One category opened for a purpose, its act durable first: as many as go."""
    with shop_at(folder) as shop:
        shop.bring(1, READ_PEOPLE)
        asks = shop.readings()
        shop.server.load(asks, seconds=min(seconds, 1.0), connections=CONNECTIONS)
        seen = shop.server.load(asks, seconds=seconds, connections=CONNECTIONS)
        plain = shop.server.load([HEALTH], seconds=min(seconds, 2.0), connections=CONNECTIONS)
    each = seen["server_cpu"] / seen["n"] * 1e6
    return Figure(
        "open_category_per_s",
        seen["n"] / seen["seconds"],
        "1/s",
        seen["n"],
        Peer("/healthz of the same server", plain["n"] / plain["seconds"]),
        f"Python: {each:.0f} us of the server's processor time a reading;"
        f" p50 {seen['ms']['0.5']:.1f} ms at {CONNECTIONS} connections",
    )


def open_category_p99_ms(folder: Path, seconds: float) -> Figure:
    """The same at 660 requests a second, come what may; from when each was meant to be sent."""
    with shop_at(folder) as shop:
        shop.bring(1, READ_PEOPLE)
        asks = shop.readings()
        shop.server.load(asks, seconds=min(seconds, 1.0), connections=CONNECTIONS)
        seen = shop.server.load(asks, seconds=seconds, connections=CONNECTIONS, rate=RATE)
        plain = shop.server.load(
            [HEALTH], seconds=min(seconds, 2.0), connections=CONNECTIONS, rate=RATE
        )
    share = seen["server_cpu"] / seen["seconds"]
    return Figure(
        "open_category_p99_ms",
        seen["ms"]["0.99"],
        "ms",
        seen["n"],
        Peer("/healthz at the same rate", plain["ms"]["0.99"]),
        f"p50 {seen['ms']['0.5']:.1f}, p95 {seen['ms']['0.95']:.1f}, p99.9"
        f" {seen['ms']['0.999']:.1f} ms; the server uses {share:.0%} of a core",
    )


def server_idle_mb(folder: Path, seconds: float) -> Figure:
    """Memory of a server that has answered once and rests."""
    rest = min(seconds, SETTLE_S)
    with shop_at(folder) as shop:
        shop.server.load([HEALTH], seconds=0.1, connections=1)
        time.sleep(rest)
        held = shop.server.resident_mb
    return Figure(
        "server_idle_mb",
        held,
        "MB",
        1,
        Peer("Python with Litestar and uvicorn imported", _bare_mb()),
        "imported modules",
    )


def _bare_mb() -> float:
    code = "import litestar, uvicorn, sys; print('ready', flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        return resident_mb(process.pid)
    finally:
        process.communicate()
