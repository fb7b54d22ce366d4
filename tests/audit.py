"""Would somebody who trusts none of our code find this ledger whole?

Shares no code with Kept: its own Merkle tree, its own reading of notes, bundles and entries, with
the standard library and `cryptography` alone. It reads what is public (tiles, bundles, checkpoints)
and the rows that say which act stands where. Any doubt is an AssertionError that names the place.
"""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Rows = Callable[[str], list[tuple[Any, ...]]]
HOUSE = re.compile(r"(book|import|key|ledger|nobody|promise|staff|witness)\.|erased_")


@dataclass(frozen=True)
class Audited:
    """What was found whole: entries in the log, acts that have one, acts that still wait."""

    entries: int
    acts: int
    waiting: int


def audit(house: Any) -> Audited:
    """Audit a house as wiring opens it."""
    return audit_parts(
        rows=lambda query: house.db.read(lambda tx: tx.rows(query)),
        tiles=house.place.tiles,
        high_water=house.place.high_water,
        vkey=str(house.sequencer.key),
    )


def audit_parts(*, rows: Rows, tiles: Path, high_water: Path, vkey: str) -> Audited:
    """Audit a database, a folder of tiles and a high-water mark against the log's public key."""
    heads = rows("select origin, log, size, root, stored from ledger_head order by log")
    assert heads, "nothing to audit is a failure, not a pass"
    logs: dict[int, list[bytes]] = {}
    for origin, log, size, root, stored in heads:
        logs[log] = read_log(rows, tiles if log == 1 else tiles / str(log), log, size, stored)
        roots = roots_of(logs[log])
        assert roots[size] == root, f"the root of {origin} is not that of its entries"
        check_notes(rows, origin, roots, vkey)
    marked = check_mark(high_water, heads, logs, vkey)
    for origin, size in rows("select origin, max(size) from ledger_checkpoints group by origin"):
        assert (origin, size) <= marked or origin != marked[0], "the mark is behind a checkpoint"
    return check_acts(rows, logs)


def read_log(rows: Rows, folder: Path, log: int, size: int, stored: int) -> list[bytes]:
    """Every entry, from bundles and from the rows right of them; tiles are compared on the way."""
    entries: list[bytes] = []
    for n in range(stored // 256):
        data, at = (folder / "tile/entries" / name(n)).read_bytes(), 0
        while at < len(data):
            long = int.from_bytes(data[at : at + 2], "big")
            entries.append(data[at + 2 : at + 2 + long])
            at += 2 + long
        assert len(entries) == 256 * (n + 1), f"bundle {n} does not hold 256 entries"
    waiting = {act: bytes(entry) for act, entry in rows("select act, entry from ledger_outbox")}
    acts = {idx: act for act, (of, idx) in read_places(rows).items() if of == log}
    assert sorted(acts) == list(range(size)), "a place without an act"
    assert all(acts[idx] not in waiting for idx in range(stored)), "a stored entry lies here still"
    assert all(acts[idx] in waiting for idx in range(stored, size)), "the edge has holes"
    entries += [waiting[acts[idx]] for idx in range(stored, size)]
    hashes, level = [sha256(b"\0" + entry).digest() for entry in entries], 0
    while len(hashes) >= 256:
        for n in range(min(len(hashes), stored >> 8 * level) // 256):
            tile = (folder / f"tile/{level}" / name(n)).read_bytes()
            assert tile == b"".join(hashes[256 * n : 256 * n + 256]), f"tile {level}/{n}"
        whole = [hashes[at : at + 256] for at in range(0, len(hashes) // 256 * 256, 256)]
        hashes, level = [tree(part) for part in whole], level + 1
    return entries


def read_places(rows: Rows) -> dict[int, tuple[int, int]]:
    """In which log and where each act stands; a row tells of n acts that follow one another."""
    found = dict[int, tuple[int, int]]()
    for act, log, idx, n in rows("select act, log, idx, n from act_places"):
        for at in range(n):
            assert act + at not in found, "an act has two places"
            found[act + at] = (log, idx + at)
    return found


def name(n: int) -> Path:
    """The path of tile number n, in groups of three digits."""
    groups = [f"{n % 1000:03}"]
    while n := n // 1000:
        groups.insert(0, f"x{n % 1000:03}")
    return Path(*groups)


def tree(hashes: list[bytes]) -> bytes:
    """The root over leaf hashes, as RFC 6962 §2.1 splits them."""
    if len(hashes) <= 1:
        return hashes[0] if hashes else sha256().digest()
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\x01" + tree(hashes[:k]) + tree(hashes[k:])).digest()


def roots_of(entries: list[bytes]) -> list[bytes]:
    """The root at every size from 0."""
    stack, roots = list[tuple[int, bytes]](), [sha256().digest()]
    for entry in entries:
        stack.append((1, sha256(b"\0" + entry).digest()))
        while len(stack) > 1 and stack[-2][0] == stack[-1][0]:
            (wide, right), (_, left) = stack.pop(), stack.pop()
            stack.append((2 * wide, sha256(b"\x01" + left + right).digest()))
        root = stack[-1][1]
        for _, left in reversed(stack[:-1]):
            root = sha256(b"\x01" + left + root).digest()
        roots.append(root)
    return roots


def read_note(note: bytes, vkey: str) -> tuple[str, int, bytes]:
    """Origin, size and root of a note that the key signed, under whichever name it signs."""
    text, lines = note.decode().rsplit("\n\n", 1)
    origin, size, root = text.split("\n")
    public = base64.b64decode(vkey.split("+", 2)[2])[1:]
    key_id = sha256(f"{origin}\n".encode() + b"\x01" + public).digest()[:4]
    ours = [line for line in lines.split("\n") if line.startswith(f"\N{EM DASH} {origin} ")]
    raw = base64.b64decode(ours[0].rsplit(" ", 1)[1])
    assert raw[:4] == key_id, "signed by another key"
    Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], f"{text}\n".encode())
    return origin, int(size), base64.b64decode(root)


def check_notes(rows: Rows, origin: str, roots: list[bytes], vkey: str) -> None:
    """Every checkpoint that is kept is signed and true at its size."""
    for size, note in rows(
        f"select size, note from ledger_checkpoints where origin = '{origin}' order by size"
    ):
        assert read_note(bytes(note), vkey) == (origin, size, roots[size]), f"checkpoint {size}"


def check_mark(
    high_water: Path, heads: list[tuple[Any, ...]], logs: dict[int, list[bytes]], vkey: str
) -> tuple[str, int]:
    """The high-water mark is signed and not ahead of the data: its origin and size."""
    if not high_water.exists():
        assert heads[-1][2] == 0, "no high-water mark beside a log that has entries"
        return heads[-1][0], 0
    origin, size, root = read_note(read_slots(high_water.read_bytes()), vkey)
    by_origin = {head[0]: head for head in heads}
    assert origin in by_origin, "the mark is of a log that this data does not know"
    assert size <= by_origin[origin][2], "the mark is ahead of the data"
    assert root == roots_of(logs[by_origin[origin][1]])[size], "the mark's root is another tree's"
    return origin, size


def read_slots(data: bytes) -> bytes:
    """The note of the highest generation whose hash fits; two slots of 4,096 bytes."""
    whole = dict[int, bytes]()
    for slot in (data[:4096], data[4096:]):
        words, _, rest = slot.partition(b"\n")
        if words.startswith(b"kept high-water 1 generation ") and words.count(b" sha256 ") == 1:
            number, said = words[29:49], words[-64:]
            note = rest.rstrip(b"\n") + b"\n"
            if sha256(number + note).hexdigest().encode() == said:
                whole[int(number)] = note
    assert whole, "both slots of the high-water mark are damaged"
    return whole[max(whole)]


def check_acts(rows: Rows, logs: dict[int, list[bytes]]) -> Audited:
    """Each act has one entry, each entry one act, and the two say the same."""
    places = read_places(rows)
    waiting = {
        act: bytes(entry)
        for act, entry in rows("select act, entry from ledger_outbox")
        if act not in places
    }
    acts = rows("select id, kind, purpose, role, at, person from acts")
    opened = {act: bytes(sealed) for act, sealed in rows("select act, sealed from act_openings")}
    taken = sorted(places.values())
    assert taken == [
        (log, at) for log, entries in sorted(logs.items()) for at in range(len(entries))
    ]
    assert {row[0] for row in acts} == places.keys() | waiting.keys(), "an act without an entry"
    for act, kind, purpose, role, at, _ in acts:
        entry = logs[places[act][0]][places[act][1]] if act in places else waiting[act]
        assert len(entry) == 256, f"entry of act {act}"
        read = json.loads(entry)
        spelled = json.dumps(read, sort_keys=True, separators=(",", ":")).encode()
        assert spelled.ljust(256) == entry, f"the spelling of act {act}"
        hour = datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m-%dT%HZ")
        said = (read["kind"], read["purpose"], read["role"], read["at"], read["v"])
        assert said == (kind, purpose, role, hour, 1), f"act {act}"
        if HOUSE.match(kind):
            c = sha256(b"kept/commit/v1\0" + opened[act]).digest()
            assert base64.urlsafe_b64encode(c).rstrip(b"=").decode() == read["c"], f"act {act}"
    return Audited(sum(map(len, logs.values())), len(acts), len(waiting))
