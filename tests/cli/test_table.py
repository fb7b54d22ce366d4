"""Do exit codes, commands and words agree with the rest of the house?"""

import json
import subprocess
import sys

import pytest

from kept.base import errors
from kept.base.errors import (
    ConflictError,
    KeptError,
    MalformedError,
    NotFoundError,
    RefusedError,
    TamperedError,
    UnavailableError,
)
from kept.cli.answers import complain_bug
from kept.cli.exits import EXIT, exit_of
from kept.cli.messages import RemoteBugError, Request, decode, encode, error_message, error_of
from kept.crypto.sealing import KeyMismatchError
from kept.web.problems import STATUS

HEAVY = (
    "apsw",
    "argon2",
    "cryptography",
    "litestar",
    "psycopg",
    "structlog",
    "uvicorn",
    "webauthn",
)
ALL = [
    RefusedError("no_consent", "The person said no."),
    NotFoundError("Nobody is kept under this id."),
    ConflictError("Somebody was faster."),
    MalformedError("id", "not an id of this house"),
    UnavailableError("The disk is full."),
    TamperedError("a second factor"),
]


def test_every_error_has_a_status_and_an_exit_code() -> None:
    """The two tables have the same rows, and the family has no other member."""
    family = {kind for kind in vars(errors).values() if isinstance(kind, type)}
    kinds = {kind for kind in family if issubclass(kind, KeptError) and kind is not KeptError}
    assert set(EXIT) == set(STATUS) == kinds


def test_exit_codes_are_the_documented_ones() -> None:
    """Scripts rely on the numbers."""
    assert {kind.__name__: code for kind, code in EXIT.items()} == {
        "RefusedError": 3,
        "NotFoundError": 4,
        "ConflictError": 5,
        "MalformedError": 2,
        "UnavailableError": 75,
        "TamperedError": 70,
    }
    assert exit_of(KeyMismatchError("the vault key")) in EXIT.values()


@pytest.mark.parametrize("error", ALL, ids=lambda error: type(error).__name__)
def test_errors_cross_the_socket_whole(error: KeptError) -> None:
    """Beside a server a failure has the same words and the same exit code."""
    back = error_of(decode(encode(error_message(error))))
    assert isinstance(back, KeptError)
    assert (str(back), exit_of(back)) == (str(error), exit_of(error))
    assert error_message(back) == error_message(error)


def test_a_bug_of_the_server_is_no_failure_of_the_input(capsys) -> None:
    """The number in the server's log is told, and no traceback."""
    back = error_of({"kind": "bug", "code": "c0ffee00", "message": ""})
    assert isinstance(back, RemoteBugError)
    complain_bug(back, as_json=True)
    said = json.loads(capsys.readouterr().err)["error"]
    assert (said["exit"], "c0ffee00" in said["message"]) == (70, True)


@pytest.mark.parametrize(
    "line",
    [b"", b"\n", b"[]\n", b"{", b'{"command": 1, "args": {}}\n', b'{"command": "x"}\n', b"\xff\n"],
)
def test_a_strange_request_is_refused(line: bytes) -> None:
    """Only one whole object on a line is a request."""
    with pytest.raises(MalformedError):
        Request.decode(line)


def loaded(*words: str) -> set[str]:
    """Top-level modules loaded after a command line ran."""
    code = (
        "import sys\nfrom kept.cli.main import run\nrun(sys.argv[1:])\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
    )
    assert done.stdout or words[0] != "--help"
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("words", [("--help",), ("person", "show", "--help"), ("nonsense",)])
def test_help_loads_nothing_of_weight(words: tuple[str, ...]) -> None:
    """`kept --help` stays quick because commands import late."""
    assert loaded(*words) & set(HEAVY) == set()


def test_a_receipt_is_checked_without_database_and_server() -> None:
    """The sceptic's check stands on the pure part and on cryptography alone."""
    found = loaded("verify", "/dev/null", "--key", "x+00000000+AA==")
    assert found & (set(HEAVY) - {"cryptography"}) == set()
