"""What do the terminal and a running server say to each other? One JSON object a line.

The terminal sends one request, `{"command", "args"}`. The server answers with any number of
`{"progress"}` and exactly one `{"result"}` or `{"error": {"kind", "code", "message"}}`. Both ends
are one program of one version on one machine: the form is not kept stable and not for others.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from kept.base.encoding import Json
from kept.base.errors import (
    ConflictError,
    KeptError,
    MalformedError,
    NotFoundError,
    RefusedError,
    TamperedError,
    UnavailableError,
)
from kept.cli.exits import kind_of

MAX_LINE_BYTES = 64 << 20  # an export comes in one line
_KINDS = {kind.__name__: kind for kind in (NotFoundError, ConflictError)}


class RemoteTamperedError(TamperedError):
    """What the server found changed; its sentence as it came."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.args = (message,)


class RemoteBugError(Exception):
    """The server's program broke; `ref` is the number in its log."""

    def __init__(self, ref: str) -> None:
        super().__init__(f"number {ref} in the server's log")
        self.ref = ref


@dataclass(frozen=True, slots=True)
class Request:
    """One command with its arguments."""

    command: str
    args: Mapping[str, Json]

    def encode(self) -> bytes:
        """The line, with its end."""
        return encode({"command": self.command, "args": dict(self.args)})

    @classmethod
    def decode(cls, line: bytes) -> "Request":
        """Read a line. Hostile input.

        Raises:
            MalformedError: any other shape.
        """
        found = decode(line)
        command, args = found.get("command"), found.get("args")
        if not isinstance(command, str) or not isinstance(args, dict):
            raise MalformedError("request", "no command with its arguments")
        return cls(command, cast("dict[str, Json]", args))


def encode(message: Mapping[str, Any]) -> bytes:
    """One line."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """The object on a line. Hostile input.

    Raises:
        MalformedError: no whole line, or no object.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not line.endswith(b"\n"):
        raise MalformedError("message", "not one JSON object on a line")
    return cast("dict[str, Any]", found)  # the keys of a JSON object are text


def error_message(error: KeptError) -> dict[str, str]:
    """An error as it travels and as `--json` prints it."""
    code = error.code if isinstance(error, RefusedError) else ""
    where = error.where if isinstance(error, MalformedError) else ""
    said = error.why if isinstance(error, MalformedError) else str(error)
    return {"kind": kind_of(error).__name__, "code": code or where, "message": said}


def error_of(message: Mapping[str, Any]) -> KeptError | RemoteBugError:
    """The error again."""
    kind, code = str(message.get("kind", "")), str(message.get("code", ""))
    said = str(message.get("message", ""))
    match kind:
        case "bug":
            return RemoteBugError(code)
        case "RefusedError":
            return RefusedError(code, said)
        case "MalformedError":
            return MalformedError(code, said)
        case "TamperedError":
            return RemoteTamperedError(said)
        case "UnavailableError":
            return UnavailableError(said, retry_after=timedelta(seconds=5))
        case _:
            return _KINDS.get(kind, UnavailableError)(said)
