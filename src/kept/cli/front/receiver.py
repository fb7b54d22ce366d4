"""What is typed to keep others' copies?"""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from kept.base.errors import ConflictError, MalformedError, NotFoundError, RefusedError
from kept.cli.answers import AsJson, table, tell
from kept.cli.exits import CHANGED, DONE
from kept.cli.front.backup import USAGE, backup

receiver = App(
    name="receiver",
    help="Keep others' copies, without being able to read them.",
    usage=USAGE.format("receiver "),
)
client = App(
    name="client", help="Who may bring copies here.", usage=USAGE.format("receiver client ")
)
backup.command(receiver)
receiver.command(client)

Dir = Annotated[Path, Parameter(name="--dir")]
_HERE = Path("receiver")


@receiver.command
def serve(
    *,
    listen: str = "127.0.0.1:8443",
    cert: Path | None = None,
    key: Path | None = None,
    keeper: str = "Your keeper",
    daily: int = 59,
    seed_from: str = "",
    dir_: Dir = _HERE,
) -> None:
    """Take copies over restic's REST protocol until you stop it; check a sample of them daily.

    Args:
        listen: HOST:PORT; 0 takes any port that is free.
        cert: the certificate, with its chain, as PEM. Needed but on an address of this machine.
        key: its private key, as PEM.
        keeper: your name, as clients read it on their page.
        daily: how many parts of each client are read each day; 0 reads all.
        seed_from: a file or https address of a ledger's checkpoint that decides which parts are
            read; without it they are drawn at random.
        dir_: the keeper's folder.

    Raises:
        MalformedError: a number below 0.
    """
    from kept.backup.keeping.folder import Folder
    from kept.cli.receiving import Listening, rounds_of, serve_receiver
    from kept.wiring.logs import log_to_stderr

    if daily < 0:
        raise MalformedError("--daily", "0 or more")
    log_to_stderr()
    folder, at = Folder(dir_), Listening.parse(listen, cert, key)
    folder.require()
    rounds = rounds_of(folder, picks=daily or None, seed_from=seed_from)
    serve_receiver(folder, at, keeper=keeper, rounds=rounds)


@receiver.command
def check(
    name: str,
    /,
    *,
    sample: int | None = None,
    all_: Annotated[bool, Parameter(name="--all", negative="")] = False,
    seed_from: str = "",
    json: AsJson = False,
    dir_: Dir = _HERE,
) -> int:
    """Read a client's parts and compare each with its name; sign what was found. Needs no key.

    Args:
        name: whose parts.
        sample: how many, 59 unless told otherwise.
        all_: all of them.
        seed_from: a file or https address of a ledger's checkpoint that decides which parts are
            read; without it they are drawn at random.
        json: one object on one line.
        dir_: the keeper's folder.

    Raises:
        MalformedError: both --sample and --all, or a number below 1.
        NotFoundError: nobody is so called.
    """
    from kept.backup.keeping import checking
    from kept.backup.keeping.accounts import Accounts
    from kept.backup.keeping.folder import Folder
    from kept.backup.keeping.seeds import fetch
    from kept.base.clock import SystemClock
    from kept.cli.bar import Bar

    if sample is not None and (all_ or sample < 1):
        raise MalformedError("--sample", "1 or more, and not beside --all")
    folder = Folder(dir_)
    if name not in Accounts(folder).all():
        raise NotFoundError(f"Nobody here is called {name}.")
    picks = None if all_ else sample or checking.SAMPLE
    order = checking.Order(name, picks, fetch(seed_from) if seed_from else None)
    with Bar() as bar:
        found = checking.check(
            folder,
            order,
            folder.signer(),
            clock=SystemClock().now,
            progress=lambda done, total: bar({"done": done, "total": total, "note": name}),
        )
    told = {
        "client": name,
        "parts": found.parts,
        "read": found.asked,
        "bytes_read": found.read_bytes,
        "snapshots": found.snapshots,
        "inventory": found.inventory,
        "seed_from": found.seed.source,
        "bad": found.bad_count,
        "bad_files": list(found.bad),
        "result": str(checking.notes(folder, name)[0]),
    }
    tell(told, _verdict, as_json=json)
    return DONE if found.is_good else CHANGED


def _verdict(told: dict[str, Any]) -> str:
    read = f"{told['read']} of {told['parts']} parts were read ({told['bytes_read']} bytes)"
    drawn = "drawn at random" if told["seed_from"] == "chance" else f"drawn by {told['seed_from']}"
    lines = [f"{read}, {drawn}.", f"Signed result: {told['result']}"]
    if told["bad"]:
        named = [f"- {one}" for one in told["bad_files"]]
        return "\n".join([f"DAMAGED: {told['bad']} do not fit their names.", *named, *lines])
    return "\n".join(["Everything that was read fits its name.", *lines])


@client.command
def add(
    name: str,
    /,
    *,
    quota: float,
    costs: str = "",
    json: AsJson = False,
    dir_: Dir = _HERE,
) -> None:
    """Let somebody bring copies. Shows the password once.

    Args:
        name: 1 to 32 of a-z, 0-9 and -; part of the client's address.
        quota: how much they may bring, in GiB.
        costs: a line for the client's page, as "5 euros a month".
        json: one object on one line.
        dir_: the keeper's folder; made when missing.

    Raises:
        RefusedError: somebody is so called.
    """
    from kept.backup.keeping import accounts
    from kept.backup.keeping.folder import Folder
    from kept.base.clock import SystemClock
    from kept.crypto.passwords import Passwords

    wanted = accounts.Wanted(name, quota, costs)
    try:
        password = accounts.add(Folder(dir_), wanted, Passwords(), now=SystemClock().now())
    except ConflictError as error:  # which is no lock
        raise RefusedError("client_exists", str(error)) from None
    told = {"client": name, "password": password, "quota": f"{quota:g} GiB"}
    tell(dict(told), _added, as_json=json)


def _added(told: dict[str, Any]) -> str:
    at = f"HOST:PORT/{told['client']}/"
    kept = f"kept backup add NAME rest:https://{told['client']}@{at} --secrets-file FILE"
    return "\n".join([
        f"{told['client']} may bring up to {told['quota']}. Password, shown this once:",
        "",
        f"    {told['password']}",
        "",
        "Never type it into a command: everybody on that machine can read it there.",
        f"Kept:    {kept}",
        '         FILE holds one line: password = "…"',
        "restic:  restic --repository-file FILE init",
        f"         FILE holds one line: rest:https://{told['client']}:PASSWORD@{at}",
        f"Page:    https://{at} with this name and password",
    ])


@client.command(name="list")
def list_clients(*, json: AsJson = False, dir_: Dir = _HERE) -> None:
    """Who may bring copies, what they hold, and how the last check went.

    Args:
        json: one object on one line.
        dir_: the keeper's folder.
    """
    from kept.backup.keeping.accounts import GIB, Accounts
    from kept.backup.keeping.checking import newest
    from kept.backup.keeping.folder import Folder
    from kept.backup.keeping.shelf import Shelf

    folder, rows = Folder(dir_), list[dict[str, Any]]()
    folder.require()
    key = folder.signer().key
    for one in Accounts(folder).all().values():
        held, last = Shelf(folder, one.name).held(), newest(folder, one.name, key)
        rows.append({
            "client": one.name,
            "quota": f"{one.quota_bytes / GIB:g} GiB",
            "bytes": held.total_bytes,
            "parts": held.parts,
            "snapshots": held.snapshots,
            "checked": None if last is None else last.at.isoformat(),
            "bad": None if last is None else last.bad_count,
        })
    columns = ("client", "quota", "bytes", "parts", "snapshots", "checked", "bad")
    tell(rows, lambda found: table(found, *columns), as_json=json)


@client.command
def change(
    name: str,
    /,
    *,
    quota: float | None = None,
    costs: str | None = None,
    json: AsJson = False,
    dir_: Dir = _HERE,
) -> None:
    """Give somebody another quota, or another line on their page. A running server knows at once.

    Nothing is removed: below what lies there, no more comes in.

    Args:
        name: whose.
        quota: how much they may bring, in GiB.
        costs: a line for the client's page, as "5 euros a month".
        json: one object on one line.
        dir_: the keeper's folder.

    Raises:
        MalformedError: neither was told.
    """
    from kept.backup.keeping import accounts
    from kept.backup.keeping.folder import Folder

    if quota is None and costs is None:
        raise MalformedError("--quota", "say what is to change: --quota or --costs")
    now = accounts.change(Folder(dir_), name, quota_gib=quota, costs=costs)
    told = {
        "client": name,
        "quota": f"{now.quota_bytes / accounts.GIB:g} GiB",
        "quota_bytes": now.quota_bytes,
        "costs": now.costs,
    }
    tell(dict(told), _changed, as_json=json)


def _changed(told: dict[str, Any]) -> str:
    costs = f" Their page says: {told['costs']}" if told["costs"] else ""
    return f"{told['client']} may bring up to {told['quota']}.{costs}"


@client.command
def remove(name: str, /, *, json: AsJson = False, dir_: Dir = _HERE) -> None:
    """Let somebody in no more. Their repository is moved aside, not deleted.

    Args:
        name: whom.
        json: one object on one line.
        dir_: the keeper's folder.
    """
    from kept.backup.keeping import accounts
    from kept.backup.keeping.folder import Folder
    from kept.base.clock import SystemClock

    aside = accounts.remove(Folder(dir_), name, now=SystemClock().now())
    tell({"client": name, "moved_to": aside}, _removed, as_json=json)


def _removed(told: dict[str, Any]) -> str:
    if not told["moved_to"]:
        return f"{told['client']} is let in no more. There was no repository."
    return (
        f"{told['client']} is let in no more. The repository lies in {told['moved_to']}; delete"
        " it once you both agree."
    )
