"""What is typed to see whether the copies are still whole: with the key, and without any?"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from kept.base.encoding import Json
from kept.base.errors import MalformedError, NotFoundError, UnavailableError
from kept.cli.answers import AsJson, Lang, tell
from kept.cli.copy_bar import path_text, size_text
from kept.cli.ctrl import Ctrl
from kept.cli.exits import FAILED, INTERRUPTED
from kept.cli.front.backup import backup, possession
from kept.cli.repos import Copies, Of, reading

if TYPE_CHECKING:
    from kept.backup.keeping.statement import Seed, Statement
    from kept.backup.pipeline.checking import Checked
    from kept.backup.pipeline.findings import Finding
    from kept.backup.pipeline.possession import Possession
    from kept.backup.repo.repository import Repository

ReadData = Annotated[bool, Parameter(name="--read-data", negative="")]
Subset = Annotated[str, Parameter(name="--read-data-subset")]
SeedFrom = Annotated[str, Parameter(name="--seed-from")]
All = Annotated[bool, Parameter(name="--all", negative="")]
SignWith = Annotated[Path | None, Parameter(name="--sign-with")]
Example = Annotated[bool, Parameter(name="--example", negative="")]
GB = Decimal(10) ** 9
ROUNDS_A_YEAR = 12
MAX_PRICES_BYTES = 64 * 1024
SEED_BYTES = 32
SAMPLE = 59  # finds 1 bad part in 20 with certainty 95 in 100


@backup.command
def check(
    *,
    read_data: ReadData = False,
    read_data_subset: Subset = "",
    lang: Lang = "en",
    json: AsJson = False,
    of: Of,
) -> int:
    """Is every snapshot whole? Looks at all lists, and reads the parts if told to.

    Exits 1 when something is damaged or missing; each finding says the cause, what is lost and
    what to do.

    Args:
        read_data: read every part and compare each piece with its name.
        read_data_subset: read some: 1/30 for the first of thirty slices, 5% for a random share.
        lang: en or ru.
        json: one object on one line, the summary.
        of: which repository.
    """
    from kept.backup.pipeline.checking import Reading
    from kept.backup.pipeline.checking import check as look_at
    from kept.cli.bar import Bar

    chosen = Reading.parse(read_data_subset) if read_data_subset else None
    if read_data:
        chosen = chosen or Reading()
    with Ctrl() as stop, reading(of, stop) as repository, Bar() as bar:

        def watch(what: str, done: int, total: int | None) -> None:
            bar({"done": done, "total": total, "note": what})

        found = look_at(repository, reading=chosen, watch=watch, stop=stop)
        found = replace(found, findings=(*found.findings, *_taken_away(of, repository, found)))
    of.note(
        "checked",
        parts=found.parts,
        read=found.parts_read,
        bad=sum(not one.is_harmless for one in found.findings),
    )
    tell(_check_summary(found, lang), _check_words, as_json=json)
    return found.exit_code if found.is_whole else INTERRUPTED


def _taken_away(of: Copies, repository: "Repository", found: "Checked") -> "Iterator[Finding]":
    """What lay there after the house's last copy and is gone, where no other finding names it."""
    from kept.backup.model.inventory import decode
    from kept.backup.pipeline.findings import Finding, Problem
    from kept.backup.pipeline.possession import inventory_of

    before, _ = of.listed()
    if not before:
        return
    there = {item.key for item in inventory_of(repository.place)}
    told = {one.name for one in found.findings}
    for item in decode(before.encode()):
        if item.key not in there and item.path not in told:
            yield Finding(Problem.TAKEN_AWAY, item.path, "in the list of the last copy")


def _check_summary(found: "Checked", lang: str) -> dict[str, Any]:
    from kept.backup.pipeline.findings import finding_words

    told: list[Json] = []
    for one in found.findings:
        words = finding_words(one.problem, lang)
        told.append({
            "problem": one.problem.value,
            "name": path_text(one.name.encode("utf-8", "surrogateescape")),
            "snapshot": one.snapshot,
            "detail": one.detail,
            "cause": words.cause,
            "lost": words.lost,
            "todo": words.todo,
            "is_harmless": one.is_harmless,
        })
    return {
        "message_type": "summary",
        "num_errors": sum(not one.is_harmless for one in found.findings),
        "findings": told,
        "snapshots": found.snapshots,
        "trees": found.trees,
        "parts": found.parts,
        "parts_read": found.parts_read,
        "bytes_read": found.bytes_read,
        "is_ended_early": not found.is_whole,
    }


def _check_words(told: dict[str, Any]) -> str:
    lines: list[str] = []
    for one in told["findings"]:
        at = f"{one['name']} (snapshot {one['snapshot'][:8]})" if one["snapshot"] else one["name"]
        lines += [f"- {at}: {one['cause']} {one['lost']} {one['todo']}"]
    lines.append(
        f"Snapshots: {told['snapshots']:,}, lists: {told['trees']:,}, parts: {told['parts']:,},"
        f" of these read: {told['parts_read']:,} ({size_text(told['bytes_read'])})."
    )
    if told["is_ended_early"]:
        lines.append("Ended before all was looked at.")
    elif told["num_errors"]:
        lines.append(f"NOT WHOLE: {told['num_errors']:,} findings, named above.")
    elif told["parts_read"] < told["parts"]:
        lines.append("No fault was found. Parts that were not read may still be damaged.")
    else:
        lines.append("Whole: no fault was found.")
    return "\n".join(lines)


@possession.command(name="check")
def check_possession(
    *,
    sample: int = SAMPLE,
    all_: All = False,
    seed_from: SeedFrom = "",
    sign_with: SignWith = None,
    note: Path | None = None,
    json: AsJson = False,
    of: Of,
) -> int:
    """Without any key: does the place still hold the parts it was given, byte for byte?

    Reads a sample of parts whole and compares each with its name; the house's list of its last
    copy says what is gone. The house signs the result, anybody else with --sign-with.
    Exits 1 when a part differs or a file is gone.

    Args:
        sample: how many parts.
        all_: all of them.
        seed_from: a file or https address of a ledger's checkpoint that decides which parts are
            read, so that nobody chooses them; without it the house's newest decides, and without
            a house they are drawn at random.
        sign_with: sign with the key in this file, which is made when there is none.
        note: write the signed result into this file.
        json: one object on one line.
        of: which repository; its passphrase is not asked for.

    Raises:
        MalformedError: --note, and nobody signs.
        UnavailableError: the signed result cannot be written.
    """
    from kept.backup.keeping.statement import CHANCE, Seed
    from kept.backup.keeping.statement import seed_from as seed_of
    from kept.backup.model.inventory import compare, decode, inventory_root
    from kept.backup.pipeline.possession import check_possession as look_at
    from kept.backup.pipeline.possession import inventory_of
    from kept.crypto.chance import draw

    if note is not None and of.repo and sign_with is None:
        raise MalformedError("--note", "say with --sign-with who signs")
    checkpoint = _checkpoint(seed_from)
    before, newest = of.listed(page=checkpoint is None)
    checkpoint = newest if checkpoint is None else checkpoint
    with Ctrl() as stop, of.reached(stop) as place:
        seed, there = Seed(draw(SEED_BYTES), CHANCE), inventory_of(place)
        if checkpoint is not None:
            seed = seed_of(checkpoint, inventory_root(there))
        drawn = None if all_ else seed.value
        found = look_at(place, seed=drawn, picks=sample, before=there, stop=stop)
    found = replace(found, inventory=there)
    changes = compare(decode(before.encode()), there)
    gone = tuple(sorted({item.path for item in (*changes.gone, *changes.resized)}))
    told: dict[str, Any] = {
        **_possessed(found),
        "gone": list(gone),
        "seed": seed.value.hex(),
        "seed_from": seed.source,
        **(_signed(of, sign_with, _statement(of, found, gone, seed)) if found.is_whole else {}),
    }
    if note is not None and "note" in told:
        _write_note(note, told["note"])
        told["result"] = str(note)
    tell(told, _possessed_words, as_json=json)
    if stop():
        return INTERRUPTED
    return FAILED if gone else found.exit_code


def _statement(of: Copies, found: "Possession", gone: tuple[str, ...], seed: "Seed") -> "Statement":
    """What is signed: of the sample and, where a house knows it, of all that should lie there."""
    from kept.backup.keeping.statement import MOST_NAMED, Statement
    from kept.base.clock import SystemClock
    from kept.wiring.far_places import told_address

    parts = [item for item in found.inventory if item.kind == "data"]
    snapshots = sum(item.kind == "snapshots" for item in found.inventory)
    bad = {*_names(found.bad), *_names(found.missing), *_names(found.unread), *gone} - {"config"}
    return Statement(
        client=told_address(of.repo) if of.repo else of.way.name,
        at=SystemClock().now().replace(microsecond=0),
        inventory=found.root.hex(),
        parts=len(parts),
        part_bytes=sum(item.size for item in parts),
        snapshots=snapshots,
        others=len(found.inventory) - len(parts) - snapshots,
        seed=seed,
        asked=found.asked,
        read_bytes=found.bytes_read,
        bad=tuple(sorted(bad)[:MOST_NAMED]),
        bad_count=len(bad),
    )


def _signed(of: Copies, sign_with: Path | None, statement: "Statement") -> dict[str, Any]:
    """The signed note and the key to check it with; of a house its act too. Nobody: nothing."""
    from kept.backup.keeping.folder import signer_of
    from kept.backup.keeping.statement import sign

    if sign_with is not None:
        signer = signer_of(sign_with, "kept-witness")
        signed = {"note": sign(statement, signer).decode(), "key": str(signer.key)}
        if not of.repo:
            of.note("checked", parts=statement.parts, read=statement.asked, bad=statement.bad_count)
        return signed
    if of.repo:
        return {}
    told: Any = of.at.do("backup sign", place=of.way.name, statement=statement.text)
    return dict(told)


def _write_note(path: Path, note: str) -> None:
    from kept.base.durable import replace_file

    try:
        replace_file(path, note.encode())
    except OSError as error:
        raise UnavailableError(f"{path} cannot be written: {error.strerror}.") from None


def _checkpoint(seed_from: str) -> bytes | None:
    if not seed_from:
        return None
    from kept.backup.keeping.seeds import fetch

    return fetch(seed_from)


def _possessed(found: "Possession") -> dict[str, Any]:
    parts = [item for item in found.inventory if item.kind == "data"]
    return {
        "parts": len(parts),
        "bytes": sum(item.size for item in parts),
        "asked": found.asked,
        "of": found.of,
        "good": found.good,
        "read_bytes": found.bytes_read,
        "bad": _names(found.bad),
        "missing": _names(found.missing),
        "unread": _names(found.unread),
        "inventory_root": found.root.hex(),
        "is_ended_early": not found.is_whole,
    }


def _names(found: "tuple[tuple[str, str], ...]") -> list[str]:
    return [f"{kind}/{name}" for kind, name in found]


def _possessed_words(told: dict[str, Any]) -> str:
    from kept.backup.model.sampling import most_bad

    lines = [f"- {name} is not what its name says" for name in told["bad"]]
    lines += [f"- {name} is gone" for name in told["missing"]]
    gone = told.get("gone", [])
    lines += [f"- {name} is gone or changed since the last copy" for name in gone]
    lines += [f"- {name} could not be read" for name in told["unread"]]
    held, seen = size_text(told["bytes"]), size_text(told["read_bytes"])
    lines += [
        f"Parts: {told['parts']:,} ({held}). Read without a key: {told['asked']:,} files ({seen}).",
        f"List of all files: {told['inventory_root']}",
    ]
    if told["is_ended_early"]:
        lines.append("Ended before all was looked at.")
    elif gone:
        lines.append(
            f"NOT WHOLE: {len(gone):,} files that lay here after the last copy are gone or changed,"
            " and this house did not remove them."
        )
    elif told["good"] < told["asked"]:
        lines.append(f"NOT WHOLE: {told['asked'] - told['good']:,} of them, named above.")
    elif told["asked"] >= told["of"]:
        lines.append("All are what their names say.")
    else:
        most = most_bad(told["of"], told["asked"])
        lines.append(
            f"All are what their names say. If more than {most:,} of {told['of']:,} were damaged,"
            " this would almost surely (95 in 100) have shown."
        )
    if "key" in told:
        lines += [f"Signed with {told['key']}:", told.get("result") or f"\n{told['note']}"]
    return "\n".join(lines)


@backup.command
def keyless(folder: Path, /, *, root: str = "", json: AsJson = False) -> int:
    """For a stranger with a disk and no key: is every file what its name says?

    The same without Kept: cd DIR/data && find . -type f | while read f; do
    echo "$(basename $f)  $f"; done | sha256sum -c --quiet. Exits 1 when a file differs, or when
    the list of all files is another than the one named.

    Args:
        folder: a repository, or nothing but its folder data.
        root: of the list of all files, as a receipt or the ledger names it, 64 hex digits.
        json: one object on one line.
    """
    from kept.backup.pipeline.possession import keyless as look_at

    with Ctrl() as stop:
        found = look_at(folder, stop=stop)
    told = _possessed(found) | {"root_matches": found.root.hex() == root if root else None}
    tell(told, _keyless_words, as_json=json)
    if stop():
        return INTERRUPTED
    return FAILED if told["root_matches"] is False else found.exit_code


def _keyless_words(told: dict[str, Any]) -> str:
    said = _possessed_words(told)
    if told["root_matches"] is None:
        return said
    same = "The list of files is the one named." if told["root_matches"] else ""
    return f"{said}\n{same or 'THE LIST OF FILES IS ANOTHER: something was added or taken away.'}"


@backup.command
def cost(
    *,
    gb: str = "",
    fetched_gb: str = "",
    requests: int | None = None,
    prices: Path | None = None,
    lang: Lang = "en",
    example: Example = False,
    json: AsJson = False,
    of: Of,
) -> None:
    """What does a copy cost a month in a cloud, and on a disk in the closet?

    Args:
        gb: gigabytes stored; with --repo they are counted there, without a key.
        fetched_gb: gigabytes fetched a month; a twelfth of all without it, one restore a year.
        requests: a month; with --repo as many as there are files.
        prices: your prices; else backup-prices.toml of the data folder, else made-up round ones.
        lang: en or ru.
        example: print a file of prices to write your own into.
        json: one object on one line.
        of: which repository.
    """
    from kept.backup.model.cost_words import cost_lines
    from kept.backup.model.costs import EXAMPLE, Prices, Use, compare
    from kept.cli.repos import around

    if example:
        print(EXAMPLE, end="")
        return
    text, is_own = _prices(prices, of)
    known = Prices.parse(text)
    stored, files = _stored(of) if not gb else (_amount("--gb", gb), 0)
    fetched = _amount("--fetched-gb", fetched_gb) if fetched_gb else stored / ROUNDS_A_YEAR
    use = Use(
        stored_gb=stored, fetched_gb=fetched, requests=files if requests is None else requests
    )
    found = compare(known, use)
    today = around().clock.now().date()
    if not is_own:
        print(
            "These prices are made up. `kept backup cost --example > prices.toml`, write your own"
            " into it, then give --prices.",
            file=sys.stderr,
        )
    told = {
        "stored_gb": str(use.stored_gb),
        "fetched_gb": str(use.fetched_gb.quantize(Decimal("0.001"))),
        "requests": use.requests,
        "cloud": str(found.cloud.total),
        "closet": str(found.closet.total),
        "currency": known.currency,
        "closet_wins_from_gb": None
        if found.closet_wins_from_gb is None
        else str(found.closet_wins_from_gb),
        "is_out_of_date": known.is_out_of_date(today),
        "lines": list(cost_lines(found, known, today=today, lang=lang)),
    }
    tell(dict(told), lambda said: "\n".join(said["lines"]), as_json=json)


def _amount(name: str, text: str) -> Decimal:
    """Gigabytes as typed.

    Raises:
        MalformedError: no number, or below 0.
    """
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise MalformedError(name, "a number of gigabytes")
    return amount


def _prices(prices: Path | None, of: Copies) -> tuple[str, bool]:
    """The prices as text, and whether they are the owner's own.

    Raises:
        NotFoundError: the file cannot be read.
    """
    from kept.backup.model.costs import EXAMPLE

    own = of.at.folder / "backup-prices.toml"
    path = prices or (own if own.is_file() else None)
    if path is None:
        return EXAMPLE, False
    try:
        with path.open("rb") as file:
            return file.read(MAX_PRICES_BYTES).decode("utf-8", "replace"), True
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror}.") from None


def _stored(of: Copies) -> tuple[Decimal, int]:
    """Gigabytes and files that lie there."""
    from kept.backup.ports import FileKind

    with of.reached() as place:
        files = [one for kind in (FileKind.DATA, FileKind.INDEX) for one in place.list(kind)]
    return (Decimal(sum(one.size for one in files)) / GB).quantize(Decimal("0.001")), len(files)
