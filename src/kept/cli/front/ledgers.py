"""What is typed to check the ledger, or one receipt with nothing else at hand?"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from kept.base.errors import (
    KeptError,
    MalformedError,
    NotFoundError,
    RefusedError,
    TamperedError,
    UnavailableError,
)
from kept.cli.answers import AsJson, tell
from kept.cli.exits import CHANGED, DONE
from kept.cli.reach import At, Reach

if TYPE_CHECKING:
    from kept.ledger.proof import Facts

ledger = App(name="ledger", help="The ledger: its key, an export, and what to do on a bad day.")
MAX_RECEIPT_BYTES = 1 << 20
MAX_KEYS = 100  # lines of one file; a house has as many as it ever had logs
Key = Annotated[str | None, Parameter(name="--key")]
Replace = Annotated[bool, Parameter(name="--replace", negative="")]
_KEY_LINE = re.compile(r".+\+[0-9a-f]{8}\+")


def verify(file: Path | None = None, /, *, key: Key = None, json: AsJson = False, at: At) -> int:
    """Check the whole ledger of this folder, or one receipt against a key.

    Exits 0 when all is whole, 1 when something was changed; it says what and where.

    Args:
        file: a receipt (.tlog-proof); without one the whole ledger is checked.
        key: the log's verifier key line, or a file that holds it; of several lines, as
            /ledger/key and `ledger key` give them, one has to fit.
        json: one object on one line.
        at: where the house lies.
    """
    if file is not None:
        return _verify_receipt(file, key, as_json=json)
    found = _whole(at)
    tell(found, _verdict, as_json=json)
    return DONE if found["whole"] else CHANGED


def _whole(at: Reach) -> dict[str, Any]:
    """The verdict; a house too much changed to be opened is one too.

    Raises:
        MalformedError: the server answered otherwise.
        KeptError: the house cannot be reached.
    """
    try:
        found = at.do("verify")
    except TamperedError as error:
        faults = [{"what": str(error), "where": str(at.folder)}]
        return {"whole": False, "faults": [*faults, *_misshapen(at)]}
    except KeptError:
        raise
    except Exception:  # too much changed to be opened, if the form of the rows says so
        if faults := _misshapen(at):
            return {"whole": False, "faults": faults}
        raise
    if not isinstance(found, dict):
        raise MalformedError("answer", "no verdict")
    return dict(found)


def _misshapen(at: Reach) -> list[dict[str, str]]:
    """Rows of another form than their table's, read without opening the house."""
    from kept.cli.commands.ledger import misshapen_rows
    from kept.wiring.folder import DataFolder
    from kept.wiring.parts import open_databases

    db, keys_db = open_databases(DataFolder(at.folder), at.told())
    try:
        found = misshapen_rows(db, keys_db)
        return [{"what": one.what, "where": one.where} for one in found]
    finally:
        db.close()
        keys_db.close()


def _verdict(found: dict[str, Any]) -> str:
    if found["whole"]:
        return f"Whole: {found['size']} entries of {found['origin']} are as they were signed."
    lines = [f"- {one['where']}: {one['what']}" for one in found["faults"]]
    count = "1 place" if len(lines) == 1 else f"{len(lines)} places"
    return "\n".join([f"CHANGED, in {count}:", *lines])


def _verify_receipt(path: Path, key: str | None, *, as_json: bool) -> int:
    from kept.ledger.notes import VerifierKey
    from kept.ledger.proof import Refused, verify_receipt

    if key is None:
        raise MalformedError("--key", "a receipt is checked against the log's verifier key")
    lines = _key_lines(key)
    proof = _read(path)
    verdicts = [verify_receipt(proof, VerifierKey.parse(line)) for line in lines]
    held = (one for one in verdicts if not isinstance(one, Refused))
    verdict = next(held, verdicts[0])
    steps = [{"step": s.step, "state": s.state, "what": s.what} for s in verdict.steps]
    if isinstance(verdict, Refused):
        said: dict[str, Any] = {"holds": False, "step": verdict.step, "why": verdict.why}
    else:
        said = {"holds": True, **_facts(verdict.facts)}
    tell({**said, "steps": steps}, _receipt_words, as_json=as_json)
    return DONE if said["holds"] else CHANGED


def _facts(facts: "Facts") -> dict[str, Any]:
    """What the receipt says; the entry of a later version is known by its place alone."""
    entry = facts.entry
    said = {
        name: str(getattr(entry, name))
        for name in ("kind", "purpose", "role")
        if hasattr(entry, name)
    }
    detail = None if facts.detail is None else dict(facts.detail)
    return {
        "origin": facts.checkpoint.origin,
        "index": facts.index,
        "size": facts.checkpoint.size,
        "witnesses": len(facts.cosigners),
        "entry": said,
        "detail": detail,
    }


def _receipt_words(said: dict[str, Any]) -> str:
    if not said["holds"]:
        return f"REFUSED at {said['step']}: {said['why']}."
    entry = " ".join(said["entry"].values())
    return (
        f"It holds: entry {said['index']} of {said['origin']} ({entry}),"
        f" signed at size {said['size']}, witnesses: {said['witnesses']}."
    )


def _key_lines(key: str) -> list[str]:
    """The lines of the file that is named, or the one line that was typed.

    Raises:
        MalformedError: the file holds no line, or no text.
        NotFoundError: it is no key line, and no file can be read there.
    """
    if _KEY_LINE.match(key.strip()) and not _is_file(key):
        return [key.strip()]
    try:
        text = Path(key).read_text(encoding="utf-8")
    except OSError as error:
        raise NotFoundError(f"{key} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise MalformedError("verifier key", f"{key} holds no text") from None
    if not text.strip():
        raise MalformedError("verifier key", f"{key} is empty")
    return [line.strip() for line in text.strip().splitlines()[:MAX_KEYS]]


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except OSError:  # a key line is too long for a name
        return False


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_RECEIPT_BYTES)
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror}.") from None


@ledger.command(name="key")
def show_key(*, json: AsJson = False, at: At) -> None:
    """The log's verifier key line, for others to keep.

    After `ledger succeed` the lines of closed logs follow, the newest first: receipts of those
    logs hold under them.

    Args:
        json: one object on one line.
        at: where the house lies.
    """
    tell(at.do("ledger key"), lambda d: "\n".join([d["key"], *d["older"]]), as_json=json)


@ledger.command
def receipt(
    act: int, /, *, to: Path, replace: Replace = False, json: AsJson = False, at: At
) -> None:
    """Write the receipt of one act: the proof that it stands in the ledger.

    Args:
        act: its number, as every command that does something tells it.
        to: the .tlog-proof file to write.
        replace: write over what stands there.
        json: one object on one line.
        at: where the house lies.

    Raises:
        RefusedError: something else stands there.
        UnavailableError: the file cannot be written.
    """
    from base64 import b64decode

    done: Any = at.do("ledger receipt", act=act)
    content = b64decode(done.pop("receipt"))
    try:
        if not replace and to.is_file() and to.read_bytes() != content:
            raise RefusedError(
                "file_exists", f"{to} is there already. Give --replace, or another name."
            )
        to.write_bytes(content)
    except OSError as error:
        raise UnavailableError(f"{to} cannot be written: {error.strerror}.") from None
    tell(
        {**done, "file": str(to)}, lambda d: f"Receipt of act {d['act']}: {d['file']}", as_json=json
    )


@ledger.command
def export(folder: Path, /, *, json: AsJson = False, at: At) -> None:
    """Write the log as plain files in the C2SP layout, for any web server.

    Args:
        folder: where to; files that stand there are kept.
        json: one object on one line.
        at: where the house lies.
    """
    done = at.do("ledger export", folder=str(folder.absolute()))
    tell(done, lambda d: f"{d['size']} entries; files written: {d['written']}", as_json=json)


@ledger.command
def adopt(*, json: AsJson = False, at: At) -> None:
    """The file high-water is lost and this data is certainly the newest: go on from it.

    Args:
        json: one object on one line.
        at: where the house lies.
    """
    tell(at.do("ledger adopt"), lambda d: f"Signed for {d['signed']} entries.", as_json=json)


@ledger.command
def succeed(*, reason: str, json: AsJson = False, at: At) -> None:
    """Newer data is lost: close this log and open the next one, for everybody to see.

    Args:
        reason: what happened; public for ever.
        json: one object on one line.
        at: where the house lies.
    """
    done = at.do("ledger succeed", reason=reason)
    tell(done, lambda d: f"The ledger goes on as {d['origin']}.", as_json=json)
