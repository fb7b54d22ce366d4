"""What does a keeper sign after a check, and which parts were asked for?

A signed note (C2SP) over plain lines: whose repository, when, what lay there (counts and the
inventory's root), where the seed comes from, how many parts were drawn and read, which were bad.
The seed of a sample is SHA-256 of a label, the checkpoint and the inventory's root, so that nobody
who cannot choose the checkpoint chooses the parts; without a checkpoint it is a random number, and
the statement says `chance`. Pure. Source: `docs/backup-receiver.md`, "Signed results".
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from kept.base.encoding import parse_decimal
from kept.base.errors import MalformedError, TamperedError
from kept.ledger.notes import Checkpoint, Note, NotSigned, Signer, VerifierKey, check_note

TITLE = "kept possession v1"
SEED_LABEL = b"kept possession v1\n"
CHANCE = "chance"
MOST_NAMED = 1000  # bad files by name; a note holds 128 KiB
_AT = "%Y-%m-%dT%H:%M:%SZ"
_HEX = re.compile(r"[0-9a-f]{64}")
_BAD = re.compile(r"(?:data|index|keys|snapshots)/[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Seed:
    """What the sample was drawn from: 32 bytes, and where they come from in words."""

    value: bytes
    source: str
    """`chance`, or `checkpoint ORIGIN SIZE SHA-256-OF-ITS-BYTES`."""


def seed_from(checkpoint: bytes, inventory_root: bytes) -> Seed:
    """The seed that a checkpoint of some ledger gives. Hostile input; its signers are not judged.

    Args:
        checkpoint: the signed note, all its signature lines included.
        inventory_root: 32 bytes, of what lies there when the check begins.

    Raises:
        MalformedError: no checkpoint.
    """
    told = Checkpoint.parse(Note.parse(checkpoint).text)
    value = sha256(SEED_LABEL + checkpoint + inventory_root).digest()
    source = f"checkpoint {told.origin} {told.size} {sha256(checkpoint).hexdigest()}"
    return Seed(value, source)


@dataclass(frozen=True, slots=True)
class Statement:
    """The result of one check. Counts are of files, sizes in bytes."""

    client: str
    at: datetime
    """UTC, whole seconds: when the check ended."""
    inventory: str
    """64 hex digits: the root over every file but locks."""
    parts: int
    part_bytes: int
    snapshots: int
    others: int
    seed: Seed
    asked: int
    """Parts drawn; equal to `parts` when all were read."""
    read_bytes: int
    bad: tuple[str, ...]
    """`kind/name` of each file that does not fit its name; sorted, the first 1000."""
    bad_count: int

    @property
    def is_good(self) -> bool:
        """Whether everything that was read fits its name."""
        return self.bad_count == 0

    @property
    def is_whole(self) -> bool:
        """Whether every part was read."""
        return self.asked == self.parts

    @property
    def text(self) -> str:
        """The lines that are signed."""
        lines = [
            TITLE,
            f"client: {self.client}",
            f"at: {self.at:{_AT}}",
            f"inventory: {self.inventory}",
            f"parts: {self.parts}",
            f"part-bytes: {self.part_bytes}",
            f"snapshots: {self.snapshots}",
            f"others: {self.others}",
            f"seed-from: {self.seed.source}",
            f"seed: {self.seed.value.hex()}",
            f"parts-asked: {self.asked}",
            f"bytes-read: {self.read_bytes}",
            f"bad: {self.bad_count}",
            *(f"bad-file: {one}" for one in self.bad),
        ]
        return "\n".join([*lines, ""])

    @classmethod
    def parse(cls, text: str) -> "Statement":
        """Read the lines. Hostile input: the same text must come out again.

        Raises:
            MalformedError: another form.
        """
        title, _, rest = text.partition("\n")
        pairs = [(line.partition(": ")[0], line.partition(": ")[2]) for line in rest.split("\n")]
        bad = tuple(value for name, value in pairs if name == "bad-file")
        told = dict(pairs)
        try:
            made = cls(
                client=told["client"],
                at=datetime.strptime(told["at"], _AT).replace(tzinfo=UTC),
                inventory=told["inventory"],
                parts=_count(told["parts"]),
                part_bytes=_count(told["part-bytes"]),
                snapshots=_count(told["snapshots"]),
                others=_count(told["others"]),
                seed=Seed(bytes.fromhex(told["seed"]), told["seed-from"]),
                asked=_count(told["parts-asked"]),
                read_bytes=_count(told["bytes-read"]),
                bad=bad,
                bad_count=_count(told["bad"]),
            )
        except (KeyError, ValueError):
            raise MalformedError("statement", "a line is missing or of another form") from None
        fits = _HEX.fullmatch(made.inventory) and len(made.seed.value) == 32
        named = all(map(_BAD.fullmatch, bad)) and len(bad) == min(made.bad_count, MOST_NAMED)
        if title != TITLE or not fits or not named or made.text != text:
            raise MalformedError("statement", "not in the one form it has")
        return made


def sign(statement: Statement, signer: Signer) -> bytes:
    """The note."""
    text = statement.text
    return Note(text, (signer.sign(text),)).encode()


def read(note: bytes, key: VerifierKey) -> Statement:
    """The statement in a note that `key` signed. Hostile input.

    Raises:
        MalformedError: no note, or no statement in it.
        TamperedError: `key` did not sign it.
    """
    found = Note.parse(note)
    if isinstance(check_note(found, [key]), NotSigned):
        raise TamperedError("the result of a check")
    return Statement.parse(found.text)


def _count(text: str) -> int:
    return parse_decimal(text, "count")
