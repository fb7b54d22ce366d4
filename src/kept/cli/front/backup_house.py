"""What is typed for the house's own copies: places, how they stand, and a drill?"""

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from kept.base.errors import MalformedError, RefusedError
from kept.cli.answers import AsJson, Lang, table, tell
from kept.cli.copy_bar import size_text
from kept.cli.exits import DONE, FAILED
from kept.cli.front.backup import backup
from kept.cli.repos import Of

PartSize = Annotated[int, Parameter(name="--part-size")]
Folders = Annotated[tuple[Path, ...], Parameter(name="--folder", negative="")]
Excludes = Annotated[tuple[str, ...], Parameter(name="--exclude", negative="")]
SameDisk = Annotated[bool, Parameter(name="--same-disk", negative="")]
Keys = Annotated[bool, Parameter(name="--keys", negative="")]
Destroyed = Annotated[bool, Parameter(name="--destroyed", negative="")]
Yes = Annotated[bool, Parameter(name="--yes", negative="")]
KeysAt = Annotated[str, Parameter(name="--keys")]
WordsFile = Annotated[Path | None, Parameter(name="--words-file")]
MIB = 1 << 20
LIMITS = "--limit-upload, --limit-download"


@backup.command
def add(  # noqa: PLR0913  # each is something to say of a place
    name: str,
    url: str,
    /,
    *,
    part_size: PartSize = 16,
    folder: Folders = (),
    exclude: Excludes = (),
    keys: Keys = False,
    same_disk: SameDisk = False,
    json: AsJson = False,
    of: Of,
) -> None:
    """Add a place for the house's copies, and make its repository.

    What the server wants to know of us is given by --secrets-file; the house keeps it sealed, and
    with it the certificates of --ca-file: neither file is needed later.

    Args:
        name: small latin letters, digits, - and _; it stands in the public ledger.
        url: a folder, sftp:user@host:/folder, s3:https://host/bucket/folder, rest:https://host/.
        part_size: MiB of each file there, 4 to 128.
        folder: copy this folder too; may be given again.
        exclude: leave out what fits, as *.tmp; may be given again.
        keys: a place for the copy of the keys, apart from the data, and for nothing else.
        same_disk: allow a place on the disk of the house itself, which burns with it.
        json: one object on one line.
        of: how it is reached: --via, --secrets-file, --ca-file.

    Raises:
        MalformedError: with --repo, which needs no house; with a limit.
    """
    from kept.wiring.far_places import read_ca, read_secrets

    if of.repo:
        raise MalformedError("--repo", "add is for a house; without one it is `init`")
    if of.up_kib is not None or of.down_kib is not None:
        raise MalformedError(LIMITS, "a house's copies keep to the limit of its plan instead")
    secrets = read_secrets(of.secrets_file)
    told = of.at.do(
        "backup add",
        shown=_say_waits,
        name=name,
        url=_whole(url),
        part_bytes=part_size * MIB,
        folders=[str(one.absolute()) for one in folder],
        excludes=list(exclude),
        keys=keys,
        same_disk=same_disk,
        via=of.via,
        password=secrets.get("password", ""),
        s3_key_id=secrets.get("s3_key_id", ""),
        s3_secret=secrets.get("s3_secret", ""),
        s3_token=secrets.get("s3_token", ""),
        ca=read_ca(of.ca_file),
    )
    tell(told, _added, as_json=json)


def _say_waits(far: dict[str, Any]) -> None:
    """Why there is a wait; whoever sits there would think that nothing goes on."""
    if sys.stderr.isatty():
        said = f"{far['waits']} Trying again in {far['seconds']} s. Ctrl-C ends it."
        print(said, file=sys.stderr, flush=True)


def _whole(url: str) -> str:
    """A folder as a whole path: a server has another working folder."""
    return url if ":" in url else str(Path(url).absolute())


def _added(told: dict[str, Any]) -> str:
    if told["holds"] == "keys":
        made = "It is ready for the copy of the keys"
    elif told["is_new"]:
        made = "A new repository was made there"
    else:
        made = "Our repository stands there"
    lines = [f"Place {told['name']}: {told['address']}. {made}."]
    if told["is_same_disk"]:
        lines.append("It lies on the same disk as the house: have another one elsewhere.")
    return "\n".join([*lines, f"Copy now: kept backup run {told['name']}"])


@backup.command
def places(*, json: AsJson = False, of: Of) -> None:
    """The house's places, and how fresh the copy in each is.

    A run that is unfinished was cut off: the next one goes on from there.

    Args:
        json: a list on one line.
        of: not used but for the house.
    """
    tell(of.at.do("backup places"), _places, as_json=json)


def _places(rows: list[dict[str, Any]]) -> str:
    shown = [
        {
            **row,
            "stored": "" if row["stored_bytes"] is None else size_text(row["stored_bytes"]),
            "now": _now(row),
        }
        for row in rows
    ]
    return table(shown, "name", "address", "holds", "newest_copy", "files", "stored", "now")


def _now(row: dict[str, Any]) -> str:
    if row["is_running"]:
        return "running"
    return "unfinished" if row["is_unfinished"] else row["why"] or row["last"] or ""


@backup.command
def remove(
    name: str, /, *, destroyed: Destroyed = False, yes: Yes = False, json: AsJson = False, of: Of
) -> None:
    """Take a place off the house's list. What lies there stays: nothing is deleted.

    What opened the place is forgotten here, and its name is not given again.

    Args:
        name: of the place.
        destroyed: of a place of keys: you have destroyed the copy that lay there. While it is
            there, whoever is erased could be read from it, and the place stays on the list.
        yes: do not ask.
        json: one object on one line.
        of: not used but for the house.

    Raises:
        RefusedError: nobody said yes.
    """
    if not (yes or _confirmed(name)):
        raise RefusedError(
            "not_confirmed", "Nothing was changed. Say yes, or give --yes, to take the place off."
        )
    told: Any = of.at.do("backup remove", name=name, destroyed=destroyed)
    tell(told, _removed, as_json=json)


def _confirmed(name: str) -> bool:
    if not sys.stdin.isatty():
        return False
    print(f"Nothing will be copied to {name} any more. What lies there stays.", file=sys.stderr)
    return input("Take it off the list? Type yes: ").strip().lower() == "yes"


def _removed(told: dict[str, Any]) -> str:
    lines = [f"{told['name']} is off the list. What lies at {told['address']} stays as it is."]
    if not told["left"]:
        lines.append(
            "No other place holds the keys: without a copy of them the copies of the data can be"
            " read by nobody once this machine is lost."
            if told["holds"] == "keys"
            else "No other place holds the data: nothing is copied any more."
        )
    return "\n".join(lines)


@backup.command
def status(*, lang: Lang | None = None, json: AsJson = False, of: Of) -> int:
    """How the copies stand, in plain words, each with its evidence.

    Exits 1 whenever a place is not good: no copy, an old or damaged one, one that anybody can
    read, that lacks files, or that was not tried within 35 days.

    Args:
        lang: en or ru; else the house's.
        json: one object on one line.
        of: not used but for the house.
    """
    told: Any = of.at.do("backup status", lang=lang or "")
    tell(told, _status, as_json=json)
    return DONE if told["is_good"] else FAILED


def _status(told: dict[str, Any]) -> str:
    evidence = [f" (act {line['act']})" if line["act"] else "" for line in told["lines"]]
    lines = [line["text"] for line in told["lines"]]
    return "\n".join(said + act for said, act in zip(lines, evidence, strict=True))


@backup.command
def drill(name: str = "", /, *, files: int = 40, json: AsJson = False, of: Of) -> int:
    """Take some files and the database back from the newest copy, and compare.

    The next page of the public log decides which files, so that nobody chooses them. Beside a
    server that page is waited for, a minute or so; without one it is made. Exits 1 when something
    came back otherwise, or could be read without the key, or nothing could be tried.

    Args:
        name: of the place.
        files: how many.
        json: one object on one line.
        of: not used but for the house.
    """
    told: Any = of.at.do("backup drill", place=name or of.place, files=files)
    tell(told, _drilled, as_json=json)
    return DONE if told["is_passed"] and not told["readable_without_key"] else FAILED


def _drilled(told: dict[str, Any]) -> str:
    took = f"Took {told['asked']:,} of {told['of']:,} files back from {told['place']}"
    lines = [f"{took}: {told['good']:,} are the same (act {told['act']})."]
    lines += [f"- {path} came back otherwise" for path in told["bad"]]
    lines.append(f"The house's own database: {told['house']}.")
    if told["why_untried"]:
        lines.append(told["why_untried"])
    match told["readable_without_key"]:
        case True:
            lines.append("THE COPY COULD BE READ WITHOUT THE KEY.")
        case False:
            lines.append("Without the key nothing in it could be read.")
        case _:
            lines.append("Whether it can be read without the key could not be tried.")
    return "\n".join(lines)


@backup.command
def rebuild(*, keys: KeysAt, words_file: WordsFile = None, json: AsJson = False, of: Of) -> int:
    """The house burnt down: make its data folder anew from its copies, with the recovery words.

    --data says where it shall stand, --repo where the copies of the data lie. A house that lay in
    PostgreSQL comes back into empty databases: KEPT_DSN_FILE and KEPT_KEYS_DSN_FILE name them.

    Args:
        keys: where the copy of the keys lies.
        words_file: holds the recovery words, in one line or more, else they are asked for.
        json: one object on one line.
        of: where the copies lie, and how they are reached.

    Raises:
        MalformedError: no --repo.
    """
    from dataclasses import replace

    from kept.wiring.rebuilding import Servers
    from kept.wiring.rebuilding import rebuild as make_anew

    if not of.repo:
        raise MalformedError("--repo", "say where the copies of the data lie")
    settings = of.at.told()
    servers = Servers(settings.dsn, settings.keys_dsn)
    words = of.at.recovery_words(words_file)
    with of.reached() as data, replace(of, repo=keys).reached() as ring:
        name, done = make_anew(of.at.folder, words, keys=ring, data=data, servers=servers)
    told = {"folder": str(of.at.folder), "snapshot_id": name, "files": done.files}
    tell(dict(told), _rebuilt, as_json=json)
    return DONE


def _rebuilt(told: dict[str, Any]) -> str:
    folder = told["folder"]
    return "\n".join([
        f"The house stands in {folder}, as of snapshot {told['snapshot_id'][:8]}.",
        "Now give it a passphrase, and tell the ledger that what came later is lost:",
        f"    kept --data {folder} keyring recover",
        f"    kept --data {folder} ledger succeed --reason WHAT-HAPPENED",
    ])
