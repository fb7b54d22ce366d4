"""Whose signatures are enough to believe a checkpoint?

Rules, in order: words are parted by spaces and tabs only; a name is defined before it is used,
once, and stands in at most one group; no public key stands twice; there is exactly one quorum.
`quorum none` asks for no witness: then nobody outside watches, and a verdict says so.
Source: C2SP tlog-policy; `docs/formats/ledger.md` §9.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Self

from kept.base.encoding import parse_decimal
from kept.base.errors import MalformedError
from kept.ledger.notes import KeyKind, VerifierKey

MAX_POLICY_BYTES = 262_144
MAX_LINES_OF_A_KIND = 256  # logs, witnesses, groups each; the format asks for at least 32
NO_QUORUM = "none"
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_GAPS = re.compile(r"[ \t]+")


@dataclass(frozen=True, slots=True)
class Log:
    """A log that is believed; its key's name is its origin."""

    key: VerifierKey
    url: str | None = None

    def __str__(self) -> str:
        return " ".join(["log", str(self.key), *filter(None, [self.url])])


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness under the name that this policy gives it."""

    name: str
    key: VerifierKey
    url: str | None = None

    def __str__(self) -> str:
        return " ".join(["witness", self.name, str(self.key), *filter(None, [self.url])])


@dataclass(frozen=True, slots=True)
class Group:
    """`threshold` of the members together count as one witness."""

    name: str
    threshold: int  # 1 to the number of members
    members: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 1 <= self.threshold <= len(self.members):
            raise MalformedError("policy", "a group asks for 1 to all of its members")

    def __str__(self) -> str:
        return " ".join(["group", self.name, str(self.threshold), *self.members])


@dataclass(frozen=True, slots=True)
class Policy:
    """Logs, witnesses, groups, and the name that must be reached."""

    logs: tuple[Log, ...]
    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str = NO_QUORUM

    def __post_init__(self) -> None:
        _check_keys(self.logs, self.witnesses)
        _check_names(self)
        if max(len(self.logs), len(self.witnesses), len(self.groups)) > MAX_LINES_OF_A_KIND:
            raise MalformedError("policy", f"more than {MAX_LINES_OF_A_KIND} lines of a kind")

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a policy. Octets above 0x7F are opaque.

        Raises:
            MalformedError: against any rule of the format.
        """
        if len(data) > MAX_POLICY_BYTES or _CONTROL.search(data):
            raise MalformedError("policy", "too long, or holds a control character")
        draft = _Draft()
        for line in data.decode("utf-8", "surrogateescape").split("\n"):
            words = _GAPS.split(line.strip(" \t"))
            if words[0] and not words[0].startswith("#"):
                draft.take(words)
        if draft.quorum is None:
            raise MalformedError("policy", "no quorum line")
        return cls(tuple(draft.logs), tuple(draft.witnesses), tuple(draft.groups), draft.quorum)

    def encode(self) -> bytes:
        """One line each: logs, witnesses, groups, quorum."""
        lines = [*self.logs, *self.witnesses, *self.groups, f"quorum {self.quorum}"]
        return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")

    @property
    def asks_for_witnesses(self) -> bool:
        """Whether anybody but the log must have signed."""
        return self.quorum != NO_QUORUM

    def is_met_by(self, cosigners: Collection[VerifierKey]) -> bool:
        """Whether these witnesses, whose signatures were checked, reach the quorum."""
        reached = {NO_QUORUM}
        reached.update(one.name for one in self.witnesses if one.key in cosigners)
        for group in self.groups:
            if sum(member in reached for member in group.members) >= group.threshold:
                reached.add(group.name)
        return self.quorum in reached


@dataclass(slots=True)
class _Draft:
    """A policy while its lines are read."""

    logs: list[Log] = field(default_factory=list[Log])
    witnesses: list[Witness] = field(default_factory=list[Witness])
    groups: list[Group] = field(default_factory=list[Group])
    quorum: str | None = None

    def take(self, words: Sequence[str]) -> None:
        """Add one line.

        Raises:
            MalformedError: no line of a policy, or a name that no line above defines.
        """
        match words:
            case ["log", key] | ["log", key, _]:
                self.logs.append(Log(VerifierKey.parse(key), *words[2:]))
            case ["witness", name, key] | ["witness", name, key, _]:
                self.witnesses.append(Witness(name, VerifierKey.parse(key), *words[3:]))
            case ["group", name, threshold, *members]:
                self._defined(members)
                self.groups.append(Group(name, _threshold(threshold, members), tuple(members)))
            case ["quorum", name] if self.quorum is None:
                self._defined([] if name == NO_QUORUM else [name])
                self.quorum = name
            case _:
                raise MalformedError("policy", "not a line of a policy, or a second quorum")

    def _defined(self, names: Sequence[str]) -> None:
        above = {one.name for one in self.witnesses} | {one.name for one in self.groups}
        if not above.issuperset(names):
            raise MalformedError("policy", "a name is used that no line above defines")


def _threshold(word: str, members: Sequence[str]) -> int:
    if word in {"any", "all"}:
        return 1 if word == "any" else len(members)
    return parse_decimal(word, "policy")


def _check_keys(logs: Sequence[Log], witnesses: Sequence[Witness]) -> None:
    keys = [one.key for one in (*logs, *witnesses)]
    if len({key.public for key in keys}) != len(keys):
        raise MalformedError("policy", "the same public key stands twice")
    if any(one.key.kind is not KeyKind.LOG for one in logs):
        raise MalformedError("policy", "a log signs with type 01")
    if any(one.key.kind is not KeyKind.WITNESS for one in witnesses):
        raise MalformedError("policy", "a witness signs with type 04")


def _check_names(policy: Policy) -> None:
    names = [one.name for one in (*policy.witnesses, *policy.groups)]
    members = [member for group in policy.groups for member in group.members]
    if NO_QUORUM in names or len(set(names)) != len(names):
        raise MalformedError("policy", "a name is defined twice, or is `none`")
    if len(set(members)) != len(members) or not set(names).issuperset(members):
        raise MalformedError("policy", "a member stands twice, or nowhere")
    if policy.quorum not in {NO_QUORUM, *names}:
        raise MalformedError("policy", "the quorum is nobody's name")
