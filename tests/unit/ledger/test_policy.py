"""Is a policy read as C2SP tlog-policy says, and its quorum counted rightly?"""

import pytest

from kept.base.errors import MalformedError
from kept.ledger.notes import KeyKind, Signer, VerifierKey
from kept.ledger.policy import Group, Log, Policy, Witness

LOG = Signer.from_seed("shop.example/ledger", KeyKind.LOG, bytes(32)).key
KEYS = [
    Signer.from_seed(f"w{at}.example", KeyKind.WITNESS, bytes([at]) * 32).key for at in range(1, 40)
]
X1, X2, X3, Y1, Y2, Y3 = KEYS[:6]
EXAMPLE = f"""\
# two levels of groups, as in the specification
log {LOG}

witness X1 {X1}
witness X2 {X2}\t https://x2.example/
  witness X3 {X3}
group X-witnesses 2 X1 X2 X3
\t# indented comment
witness Y1 {Y1}
witness Y2 {Y2}
witness Y3 {Y3}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
""".encode()
HEAD = f"log {LOG} https://shop.example/ledger/\nwitness a {X1}\nwitness b {X2}\n"


@pytest.mark.parametrize(
    ("cosigned", "met"),
    [
        ([X1, X2, Y1], True),
        ([X2, X3, Y3], True),
        ([X1, X2, X3, Y1, Y2, Y3], True),
        ([X1, Y1], False),
        ([X1, X2, X3], False),
        ([Y1, Y2, Y3], False),
        ([LOG, X1, Y1], False),
        ([], False),
    ],
)
def test_the_specifications_example(cosigned: list[VerifierKey], met: bool) -> None:
    """Two of X and any of Y: nothing less, and no stranger counts."""
    assert Policy.parse(EXAMPLE).is_met_by(cosigned) is met


def test_written_and_read() -> None:
    """A policy is written in one form, and comes back from it and from a looser spelling."""
    policy = Policy.parse(EXAMPLE)
    assert Policy.parse(policy.encode()) == policy
    plain = f"{HEAD}group g 2 a b\nquorum g\n".encode()
    assert Policy.parse(plain).encode() == plain


def test_nobody_is_asked_for() -> None:
    """`quorum none` is met by nobody, and says so."""
    policy = Policy((Log(LOG),))
    assert policy.is_met_by([])
    assert not policy.asks_for_witnesses
    assert Policy.parse(policy.encode()) == policy
    assert Policy.parse(b"quorum none").logs == ()


def test_one_witness_is_a_quorum() -> None:
    """The quorum may name a witness directly."""
    policy = Policy.parse(f"{HEAD}quorum b\n".encode())
    assert policy.asks_for_witnesses
    assert policy.is_met_by([X2])
    assert not policy.is_met_by([X1])


def test_names_are_opaque_octets() -> None:
    """A name in another encoding is kept byte for byte and is not unified with a look-alike."""
    line = HEAD.encode() + b"witness \xff\xfe " + str(X3).encode() + b"\nquorum \xff\xfe\n"
    assert Policy.parse(line).encode() == line
    kelvin = f"witness K {X1}\nwitness \u212a {X2}\nquorum \u212a\n".encode()
    assert Policy.parse(kelvin).is_met_by([X2])
    assert not Policy.parse(kelvin).is_met_by([X1])


def test_32_of_each_are_read() -> None:
    """At least 32 witnesses and groups are accepted."""
    lines = [f"witness w{at} {key}\ngroup g{at} 1 w{at}\n" for at, key in enumerate(KEYS[:32])]
    whole = "".join([
        *lines,
        "group all all ",
        " ".join(f"g{at}" for at in range(32)),
        "\nquorum all\n",
    ])
    policy = Policy.parse(whole.encode())
    assert policy.is_met_by(KEYS)
    assert not policy.is_met_by(KEYS[1:])


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "quorum none\nquorum none\n",
        "quorum a\nquorum none\n",
        "quorum\n",
        "quorum a b\n",
        "quorum c\n",
        "Quorum none\n",
        "quorum none # no trailing comment\n",
        "group g 1 a c\nquorum g\n",
        "group g 0 a\nquorum g\n",
        "group g 3 a b\nquorum g\n",
        "group g 01 a b\nquorum g\n",
        "group g +1 a b\nquorum g\n",
        "group g -1 a b\nquorum g\n",
        "group g 1\nquorum g\n",
        "group g all\nquorum g\n",
        "group g most a b\nquorum g\n",
        "group g 1 a a\nquorum g\n",
        "group g 1 a\ngroup h 1 a b\nquorum h\n",
        "group g 1 none\nquorum g\n",
        "group g 1 h\ngroup h 1 a\nquorum g\n",
        "group g 1 g\nquorum g\n",
        "group a 1 b\nquorum a\n",
        "group none 1 b\nquorum none\n",
        "quorum g\ngroup g 1 a\n",
        f"witness a {X3}\nquorum a\n",
        f"witness none {X3}\nquorum none\n",
        f"witness c {X1}\nquorum none\n",
        f"witness c {LOG}\nquorum none\n",
        f"witness c {X3} https://c.example/ more\nquorum none\n",
        "witness c\nquorum none\n",
        f"log {LOG}\nquorum none\n",
        f"log {X3}\nquorum none\n",
        "log nonsense\nquorum none\n",
        "quorum\u00a0none\n",
        "quorum none\r\n",
        "quorum\x0bnone\n",
        "witnesses\nquorum none\n",
    ],
)
def test_refused(lines: str) -> None:
    """Whatever breaks a rule of the format is refused, never guessed at."""
    Policy.parse(f"{HEAD}quorum none\n".encode())
    with pytest.raises(MalformedError):
        Policy.parse((HEAD + lines).encode())


@pytest.mark.parametrize("data", [b"quorum none\x00\n", b"#" * 262_145, b"\x7fquorum none\n"])
def test_limits(data: bytes) -> None:
    """Control characters and endless files are refused."""
    with pytest.raises(MalformedError):
        Policy.parse(data)


def test_values_are_as_strict_as_text() -> None:
    """A policy made in the program obeys the same rules."""
    with pytest.raises(MalformedError):
        Policy((Log(LOG),), (Witness("a", X1),), (Group("g", 1, ("b",)),), "g")
    with pytest.raises(MalformedError):
        Policy((Log(LOG),), quorum="nobody")
    with pytest.raises(MalformedError):
        Policy(tuple(Log(LOG) for _ in range(2)))
