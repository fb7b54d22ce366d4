"""The folders that backups are measured on: always the same bytes.

`python -m bench.backup_data usual|many FOLDER SCALE`. Usual: about 40,000 small files of all sizes,
logs, databases, random bytes and copies of files: 2 GB. Many: 200,000 files of 1.8 KB on average.
Text is made of words drawn from a list, so that it shrinks as text does. A scale below 1 makes
as many times less of all of it.
"""

import hashlib
import random
import sys
from pathlib import Path

import apsw

MIB = 2**20
SMALL_FILES = 40_000
SMALL_BYTES = 700 * MIB
LOG_BYTES = 500 * MIB
RANDOM_BYTES = 500 * MIB
ROWS = 700_000  # of the database, about 400 bytes each
_BLOCK = 4 * MIB
_SEED = 20_261_121


MANY_FILES = 200_000


def make(folder: Path, *, scale: float) -> None:
    """Fill a folder with the usual."""
    chance = random.Random(_SEED)  # noqa: S311 - the same data each time is the point
    words = _words(chance)
    _small(folder / "small", chance, words, scale)
    _logs(folder / "logs", chance, words, scale)
    _database(folder / "shop.db", chance, words, scale)
    _noise(folder / "photos", chance, scale)


def make_many(folder: Path, *, scale: float) -> None:
    """Fill a folder with very many small files, a hundred in each folder."""
    chance = random.Random(_SEED)  # noqa: S311 - the same data each time is the point
    pool = _text(chance, _words(chance), 4 * MIB)
    for number in range(max(1, int(MANY_FILES * scale))):
        below = folder / f"{number // 10_000:02d}" / f"{number // 100 % 100:02d}"
        if number % 100 == 0:
            below.mkdir(parents=True)
        at, size = chance.randrange(len(pool) - MIB), int(chance.lognormvariate(7, 1))
        (below / f"letter {number}.txt").write_bytes(b"%d\n" % number + pool[at : at + size])


def _words(chance: random.Random) -> list[bytes]:
    letters = b"etaoinshrdlucmfwypvbgkjqxz"
    sizes = [chance.randint(2, 11) for _ in range(6000)]
    return [bytes(chance.choices(letters, weights=range(26, 0, -1), k=size)) for size in sizes]


def _text(chance: random.Random, words: list[bytes], size: int) -> bytes:
    pieces: list[bytes] = []
    while size > 0:
        line = b" ".join(chance.choices(words, k=12)) + b"\n"
        pieces.append(line[:size])
        size -= len(line)
    return b"".join(pieces)


def _small(folder: Path, chance: random.Random, words: list[bytes], share: float) -> None:
    """Sizes as in a home folder: most are small, a few make up the bytes; a tenth are copies."""
    pool = _text(chance, words, 16 * MIB)
    sizes = [int(chance.lognormvariate(8.3, 1.7)) for _ in range(max(1, int(SMALL_FILES * share)))]
    scale = SMALL_BYTES * share / sum(sizes)
    for number, size in enumerate(sizes):
        below = folder / f"{number % 40:02d}" / f"{number // 40 % 50:02d}"
        below.mkdir(parents=True, exist_ok=True)
        length = max(1, int(size * scale))
        if number % 10 == 9:
            number -= 5  # noqa: PLW2901 - a copy of another one
        path = below / f"file {number} {chance.random():.6f}.txt"
        at = number * 397 % (len(pool) - 1)
        path.write_bytes(_slice(pool, at, length, number))


def _slice(pool: bytes, at: int, length: int, number: int) -> bytes:
    """A piece of text, with noise where it would repeat another file's."""
    pieces = [hashlib.sha256(b"%d" % number).hexdigest().encode() + b"\n"]
    for block in range(1 + length // 3000):
        start = (at + block * 7919 * (number + 1)) % (len(pool) - 3000)
        pieces.append(pool[start : start + 3000])
    return b"".join(pieces)[:length]


def _logs(folder: Path, chance: random.Random, words: list[bytes], share: float) -> None:
    """Of a web server: few pages and browsers, and numbers that are always others."""
    folder.mkdir()
    pages = [b"/" + b"/".join(chance.choices(words, k=3)) for _ in range(60)]
    browsers = [_text(chance, words, 90).strip() for _ in range(40)]
    for number in range(2):
        with (folder / f"access {number}.log").open("wb") as file:
            second = number * 10**7
            while file.tell() < LOG_BYTES * share / 2:
                numbers = chance.randbytes(6 * 5000)
                block = [
                    b'10.%d.%d.%d - - [%08d] "GET %s?id=%d HTTP/1.1" 200 %d "%s"\n'
                    % (
                        numbers[at],
                        numbers[at + 1] % 13,
                        numbers[at + 2],
                        second + at,
                        pages[numbers[at + 3] % 60],
                        numbers[at + 4] * numbers[at + 5],
                        numbers[at + 5] * 211,
                        browsers[numbers[at] % 40],
                    )
                    for at in range(0, len(numbers), 6)
                ]
                second += 5000
                file.write(b"".join(block))


def _database(path: Path, chance: random.Random, words: list[bytes], share: float) -> None:
    db = apsw.Connection(str(path))
    db.execute("pragma journal_mode=off; pragma synchronous=off; pragma page_size=4096")
    db.execute("create table sale (id integer primary key, day text, what text, note blob)")
    pool = _text(chance, words, 8 * MIB).decode()
    with db:
        db.executemany(
            "insert into sale values (?, ?, ?, ?)",
            (
                (
                    n,
                    f"2026-{n % 12 + 1:02d}",
                    pool[(at := n * 31 % 8_000_000) : at + 260],
                    chance.randbytes(64),
                )
                for n in range(int(ROWS * share))
            ),
        )
        db.execute("create index by_day on sale (day, what)")
    db.close()


def _noise(folder: Path, chance: random.Random, share: float) -> None:
    folder.mkdir()
    left, number = int(RANDOM_BYTES * share), 0
    while left > 0:
        size = min(left, chance.randint(100_000, 12 * MIB))
        (folder / f"{number:04d}.jpg").write_bytes(chance.randbytes(size))
        left, number = left - size, number + 1


if __name__ == "__main__":
    data, where, share = sys.argv[1:]
    {"usual": make, "many": make_many}[data](Path(where), scale=float(share))
