"""Does this receipt prove that the act stands in the ledger, with nothing else at hand?

Rules, in order: format, leaf, log signature, cosignatures, quorum, inclusion, opening. The first
step that fails refuses the receipt; `extra` is believed only where the leaf or `c` binds it.
`Proven` needs witnesses: by a bare key, or a policy that asks for none, it is `SignedOnly`.
Source: C2SP tlog-proof; `docs/formats/ledger.md` §7 and §8.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from kept.base.encoding import (
    Json,
    b64,
    canonical_json,
    parse_b64,
    parse_canonical_json,
    parse_decimal,
)
from kept.base.errors import MalformedError
from kept.ledger.entry import ENTRY_BYTES, SALT_BYTES, Entry, Opening, UnknownVersion
from kept.ledger.merkle import HASH_BYTES, MAX_PROOF_HASHES, leaf_hash, proves_inclusion
from kept.ledger.notes import (
    MAX_SIZE,
    Checkpoint,
    Note,
    NotSigned,
    Signed,
    VerifierKey,
    check_note,
)
from kept.ledger.policy import Log, Policy

HEADER = "c2sp.org/tlog-proof@v1"
MAX_RECEIPT_BYTES = 262_144
MAX_EXTRA_BYTES = 65_536
EXTRA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Extra:
    """What a receipt carries beside the proof: the entry, and its opening where there is one."""

    entry: bytes  # 256
    opening: Opening | None

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the canonical JSON; unknown members are passed over. Hostile input.

        Raises:
            MalformedError: not canonical, another version, or no entry.
        """
        match _members(data, "extra"):
            case {"entry": str(entry), "salt": str(salt), "detail": str(detail)}:
                return cls(_entry_bytes(entry), _opening(salt, detail))
            case {"entry": str(entry), **rest} if not {"salt", "detail"} & rest.keys():
                return cls(_entry_bytes(entry), None)
            case _:
                raise MalformedError("extra", "no entry, or half an opening")

    def encode(self) -> bytes:
        """The canonical JSON."""
        members: dict[str, Json] = {"entry": b64(self.entry), "v": EXTRA_VERSION}
        if self.opening is not None:
            members["salt"] = b64(self.opening.salt)
            members["detail"] = b64(self.opening.detail)
        return canonical_json(members)


@dataclass(frozen=True, slots=True)
class Receipt:
    """An inclusion proof with its checkpoint, and bytes that the format does not bind."""

    index: int
    hashes: tuple[bytes, ...]  # from the leaf's sibling upward
    note: Note
    extra: bytes | None = None

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a C2SP tlog-proof. Hostile input.

        Raises:
            MalformedError: too long, or another spelling of any line.
        """
        if len(data) > MAX_RECEIPT_BYTES:
            raise MalformedError("receipt", "longer than 256 KiB")
        head, gap, note = data.partition(b"\n\n")
        if not gap or not head.isascii():
            raise MalformedError("receipt", "no empty line before the checkpoint")
        lines = head.decode("ascii").split("\n")
        if lines.pop(0) != HEADER:
            raise MalformedError("receipt", "not a tlog-proof of version 1")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = parse_b64(lines.pop(0).removeprefix("extra "), "extra")
        if not lines or not lines[0].startswith("index "):
            raise MalformedError("receipt", "no index line")
        index = parse_decimal(lines.pop(0).removeprefix("index "), "index", most=MAX_SIZE)
        return cls(index, _hash_lines(lines), Note.parse(note), extra)

    def encode(self) -> bytes:
        """The bytes of the `.tlog-proof` file."""
        extra = [] if self.extra is None else [f"extra {b64(self.extra)}"]
        head = [HEADER, *extra, f"index {self.index}", *map(b64, self.hashes), "", ""]
        return "\n".join(head).encode("ascii") + self.note.encode()


class Step(StrEnum):
    """What is checked, in this order. Append only."""

    FORMAT = "format"
    LEAF = "leaf"
    LOG = "log"
    COSIGNATURES = "cosignatures"
    QUORUM = "quorum"
    INCLUSION = "inclusion"
    OPENING = "opening"


class State(StrEnum):
    """How a step ended."""

    HELD = "held"
    FAILED = "failed"
    ABSENT = "absent"  # there was nothing to check


@dataclass(frozen=True, slots=True)
class Checked:
    """One step and how it ended.

    `what` names what was looked at, in the receipt's own words; of a failed step, what is wrong.
    """

    step: Step
    state: State
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a receipt that was not refused says; every part is bound by a signature."""

    index: int
    leaf: bytes  # 32
    entry: Entry | UnknownVersion
    detail: Mapping[str, Json] | None  # None: no opening came with it
    checkpoint: Checkpoint
    log: VerifierKey
    cosigners: tuple[Signed, ...]


@dataclass(frozen=True, slots=True)
class Proven:
    """The log signed it and the policy's witnesses saw it."""

    facts: Facts
    steps: tuple[Checked, ...]


@dataclass(frozen=True, slots=True)
class SignedOnly:
    """The log signed it; that others saw the same log is not shown."""

    facts: Facts
    steps: tuple[Checked, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The step that failed, and why, in one constant sentence."""

    step: Step
    why: str
    steps: tuple[Checked, ...]


Verdict = Proven | SignedOnly | Refused


class _FailedError(Exception):
    """A step failed; never leaves this room. `what` is a reader's detail, in English."""

    def __init__(self, step: Step, why: str, what: object = None) -> None:
        super().__init__(why)
        self.step, self.why, self.what = step, why, str(what or why)


def verify_receipt(data: bytes, trust: Policy | VerifierKey) -> Verdict:
    """Check a receipt against keys that were had before it. No network, no clock; never raises.

    Args:
        data: the `.tlog-proof` file. Hostile.
        trust: the reader's own policy, or the log's key alone.
    """
    policy = trust if isinstance(trust, Policy) else Policy((Log(trust),))
    steps: list[Checked] = []
    try:
        facts = _check(data, policy, steps)
    except _FailedError as failed:
        steps.append(Checked(failed.step, State.FAILED, failed.what))
        return Refused(failed.step, failed.why, tuple(steps))
    if policy.asks_for_witnesses and policy.is_met_by([one.key for one in facts.cosigners]):
        return Proven(facts, tuple(steps))
    return SignedOnly(facts, tuple(steps))


def _check(data: bytes, policy: Policy, steps: list[Checked]) -> Facts:
    """Every step in order; each that holds, or has nothing to check, is appended to `steps`."""

    def held(step: Step, what: str, *, absent: bool = False) -> None:
        steps.append(Checked(step, State.ABSENT if absent else State.HELD, what))

    receipt, extra, checkpoint = _parsed(data)
    held(Step.FORMAT, HEADER)
    entry, leaf = _entry_of(extra), leaf_hash(extra.entry)
    held(Step.LEAF, leaf.hex())
    log = _log_of(receipt.note, checkpoint, policy)
    held(Step.LOG, log.name)
    cosigners = _cosigners_of(receipt.note, policy)
    names = ", ".join(one.key.name for one in cosigners)
    held(Step.COSIGNATURES, names, absent=not cosigners)
    met = policy.asks_for_witnesses and policy.is_met_by([one.key for one in cosigners])
    held(Step.QUORUM, policy.quorum, absent=not met)
    _check_inclusion(receipt, leaf, checkpoint)
    held(Step.INCLUSION, f"{receipt.index} of {checkpoint.size}")
    detail = _detail_of(extra.opening, entry)
    held(Step.OPENING, "c" if detail is not None else "", absent=detail is None)
    return Facts(
        index=receipt.index,
        leaf=leaf,
        entry=entry,
        detail=detail,
        checkpoint=checkpoint,
        log=log,
        cosigners=cosigners,
    )


def _parsed(data: bytes) -> tuple[Receipt, Extra, Checkpoint]:
    try:
        receipt = Receipt.decode(data)
        if receipt.extra is None:
            raise _FailedError(Step.FORMAT, "there is no entry in it")
        return receipt, Extra.decode(receipt.extra), Checkpoint.parse(receipt.note.text)
    except MalformedError as broken:
        raise _FailedError(Step.FORMAT, "the file is not a receipt", broken) from None


def _entry_of(extra: Extra) -> Entry | UnknownVersion:
    try:
        return Entry.decode(extra.entry)
    except MalformedError as broken:
        raise _FailedError(Step.LEAF, "the entry is not of this format", broken) from None


def _log_of(note: Note, checkpoint: Checkpoint, policy: Policy) -> VerifierKey:
    """The key of the log that signed; during a rotation the first one that did.

    Raises:
        _FailedError: another log, or no signature of it that holds.
    """
    keys = [one.key for one in policy.logs if one.key.name == checkpoint.origin]
    if not keys:
        raise _FailedError(Step.LOG, "it comes from another ledger than the one trusted here")
    signed = check_note(note, keys)
    if isinstance(signed, NotSigned):
        raise _FailedError(Step.LOG, signed.why)
    return signed[0].key


def _cosigners_of(note: Note, policy: Policy) -> tuple[Signed, ...]:
    signed = check_note(note, [one.key for one in policy.witnesses])
    if not isinstance(signed, NotSigned):
        return signed
    if signed.key is not None:
        raise _FailedError(Step.COSIGNATURES, signed.why)
    return ()


def _check_inclusion(receipt: Receipt, leaf: bytes, checkpoint: Checkpoint) -> None:
    size, root = checkpoint.size, checkpoint.root
    if not proves_inclusion(leaf, receipt.hashes, index=receipt.index, size=size, root=root):
        raise _FailedError(Step.INCLUSION, "the hashes do not lead to the signed root")


def _detail_of(opening: Opening | None, entry: Entry | UnknownVersion) -> Mapping[str, Json] | None:
    """The detail, bound by `c`; an entry that cannot be read binds nothing that is shown.

    Raises:
        _FailedError: the opening is another act's, or no object.
    """
    if opening is None or isinstance(entry, UnknownVersion):
        return None
    if opening.commitment != entry.commitment:
        raise _FailedError(Step.OPENING, "the detail is not the one that the entry commits to")
    try:
        return opening.read()
    except MalformedError as broken:
        raise _FailedError(Step.OPENING, "the detail cannot be read", broken) from None


def encode_hashes(hashes: Sequence[bytes]) -> bytes:
    """A proof as text, one base64 hash a line: the answer of the consistency endpoint."""
    return "".join(f"{b64(part)}\n" for part in hashes).encode("ascii")


def decode_hashes(data: bytes) -> tuple[bytes, ...]:
    """Read hash lines. Hostile input.

    Raises:
        MalformedError: not whole lines of hashes, or more than a proof can need.
    """
    if data and (not data.isascii() or not data.endswith(b"\n")):
        raise MalformedError("proof", "not lines of base64")
    return _hash_lines(data.decode("ascii").split("\n")[:-1])


def encode_opening(opening: Opening) -> bytes:
    """The public opening of an act of the house: the answer of the opening endpoint."""
    return canonical_json({
        "detail": b64(opening.detail),
        "salt": b64(opening.salt),
        "v": EXTRA_VERSION,
    })


def decode_opening(data: bytes) -> Opening:
    """Read a public opening. Hostile input.

    Raises:
        MalformedError: not canonical, or another version.
    """
    match _members(data, "opening"):
        case {"salt": str(salt), "detail": str(detail)}:
            return _opening(salt, detail)
        case _:
            raise MalformedError("opening", "no salt and detail")


def _members(data: bytes, where: str) -> dict[str, Json]:
    members = parse_canonical_json(data, where, max_bytes=MAX_EXTRA_BYTES)
    if not isinstance(members, dict) or type(members.get("v")) is not int:  # true equals 1
        raise MalformedError(where, "not an object with a version")
    if members["v"] != EXTRA_VERSION:
        raise MalformedError(where, "not version 1")
    return members


def _hash_lines(lines: Sequence[str]) -> tuple[bytes, ...]:
    if len(lines) > MAX_PROOF_HASHES:
        raise MalformedError("proof", f"more than {MAX_PROOF_HASHES} hashes")
    return tuple(parse_b64(line, "proof hash", size_bytes=HASH_BYTES) for line in lines)


def _entry_bytes(text: str) -> bytes:
    return parse_b64(text, "entry", size_bytes=ENTRY_BYTES)


def _opening(salt: str, detail: str) -> Opening:
    return Opening(parse_b64(salt, "salt", size_bytes=SALT_BYTES), parse_b64(detail, "detail"))
