"""How does a command answer? One JSON line on standard output, or plain words."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from kept.base.encoding import Json
from kept.base.errors import KeptError, UnavailableError
from kept.cli.exits import BUG
from kept.cli.messages import RemoteBugError, error_message

AsJson = Annotated[bool, Parameter(name="--json", negative="")]
Id = Annotated[str, Parameter(name="ID")]
Lang = Literal["en", "ru"]  # what the program speaks; another one is refused with these


def shown_default(value: object) -> str | None:
    """A default as `--help` shows it; None, where it is empty, shows nothing."""
    if value in (None, "", ()):
        return None
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def tell(result: Json, words: Callable[[Any], str], *, as_json: bool) -> None:
    """Print a result."""
    print(json.dumps(result, ensure_ascii=False) if as_json else words(result))


def word_rows(words: str) -> list[str]:
    """Recovery words as lines of six, indented."""
    told = words.split()
    return ["    " + "  ".join(told[at : at + 6]) for at in range(0, len(told), 6)]


def write_private(to: Path, content: bytes) -> None:
    """Write a file that only this user may read.

    Raises:
        UnavailableError: it cannot be written.
    """
    try:
        handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except OSError as error:
        raise UnavailableError(f"{to} cannot be written: {error.strerror}.") from None


def complain(error: KeptError, code: int, *, as_json: bool) -> None:
    """Print a failure to standard error."""
    if as_json:
        said = {**error_message(error), "exit": code}
        print(json.dumps({"error": said}, ensure_ascii=False), file=sys.stderr)
    else:
        print(error, file=sys.stderr)


def complain_bug(error: BaseException, *, as_json: bool) -> None:
    """Say that the program broke: the kind and the place, never a value."""
    place = str(error) if isinstance(error, RemoteBugError) else _place(error)
    said = (
        f"Something in the program is broken ({type(error).__name__}, {place}). What was recorded"
        " is kept. Please report these words."
    )
    if as_json:
        bug = {"kind": "bug", "code": place, "message": said, "exit": BUG}
        print(json.dumps({"error": bug}), file=sys.stderr)
    else:
        print(said, file=sys.stderr)


def _place(error: BaseException) -> str:
    trace, place = error.__traceback__, ""
    while trace is not None:
        place = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def table(rows: list[dict[str, Any]], *columns: str) -> str:
    """Rows as lines of columns, the widest deciding; "none" without rows."""
    if not rows:
        return "none"
    cells = [[_cell(row.get(name)) for name in columns] for row in rows]
    heads = [name.replace("_", " ") for name in columns]
    widths = [max(len(line[i]) for line in [heads, *cells]) for i in range(len(columns))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in [heads, *cells]
    )


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ",".join(str(one) for one in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return "" if value is None else str(value)
