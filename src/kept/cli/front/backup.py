"""What is typed before a command of `kept backup`: which repository, and how it is reached?

Every command here ends with restic's exit codes. The commands themselves stand in the modules
beside this one and hang themselves into the group.
"""

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

from kept.base.errors import KeptError, MalformedError
from kept.cli.answers import complain, shown_default
from kept.cli.exits import backup_exit_of
from kept.cli.reach import At
from kept.cli.repos import Copies

HELP = "Copies: make, check and restore locked copies, in restic's own format."
USAGE = "Usage: kept backup {}COMMAND [OPTIONS]"  # a group alone does not know what it hangs in
backup = App(
    name="backup",
    help=HELP,
    help_format="plaintext",
    usage=USAGE.format(""),
    default_parameter=Parameter(show_default=shown_default),
)
key = App(name="key", help="The passphrases that open a repository.", usage=USAGE.format("key "))
possession = App(
    name="possession",
    help="What a keeper can prove without any key.",
    usage=USAGE.format("possession "),
)
backup.command(key)
backup.command(possession)
Tokens = Annotated[str, Parameter(show=False, allow_leading_hyphen=True)]
SecretsFile = Annotated[Path | None, Parameter(name="--secrets-file")]
CaFile = Annotated[Path | None, Parameter(name="--ca-file")]
Up = Annotated[int | None, Parameter(name="--limit-upload")]
NoLock = Annotated[bool, Parameter(name="--no-lock", negative="")]
SHOWN = ("--help", "-h", "--version")  # answered by the program itself
OPTIONS = (
    *("--repo", "--place", "--secrets-file", "--via", "--ca-file"),
    *("--limit-upload", "--limit-download", "--no-lock", "--data", "--passphrase-file"),
)
Down = Annotated[int | None, Parameter(name="--limit-download")]


@backup.meta.default
def launch_backup(  # noqa: PLR0913  # each is told once for all commands
    *tokens: Tokens,
    repo: str = "",
    place: str = "",
    secrets_file: SecretsFile = None,
    via: str = "",
    ca_file: CaFile = None,
    limit_upload: Up = None,
    limit_download: Down = None,
    no_lock: NoLock = False,
    at: At,
) -> int | None:
    """Copies: make, check and restore locked copies, in restic's own format.

    Exits as restic: 0 done, 1 failed, 3 partial, 10 no repository, 11 locked, 12 wrong passphrase,
    130 ended by Ctrl-C.

    Args:
        tokens: the command and its own options.
        repo: where a repository lies, without a house: a folder, sftp:user@host:/folder,
            s3:https://host/bucket/folder or rest:https://host/folder/. --passphrase-file opens it.
        place: which of the house's places, where it has more than one.
        secrets_file: holds s3_key_id, s3_secret, s3_token or password in TOML; else AWS_… and
            RESTIC_REST_PASSWORD are taken from the environment.
        via: the interface or address that everything must leave through, such as wg0.
        ca_file: trust the certificates signed by this one, and no others.
        limit_upload: KiB a second.
        limit_download: KiB a second.
        no_lock: read without writing a lock, as from a disk that takes no writing.
        at: where the house lies.

    Raises:
        MalformedError: an option before the command that is none of these.
        CycloptsError: mistyped; it names the command as it is called.
    """
    if tokens and tokens[0].startswith("-") and tokens[0] not in SHOWN:
        raise MalformedError("usage", _unknown(tokens[0].partition("=")[0]))
    try:
        command, bound, ignored = backup.parse_args(tokens, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        error.command_chain = ("backup", *(error.command_chain or ()))
        raise
    if "at" in ignored:
        bound.arguments["at"] = at
    if "of" in ignored:
        bound.arguments["of"] = Copies(
            at,
            repo,
            place,
            secrets_file,
            via,
            ca_file,
            up_kib=limit_upload,
            down_kib=limit_download,
            is_lockless=no_lock,
        )
    try:
        return command(*bound.args, **bound.kwargs)
    except KeptError as error:
        code = backup_exit_of(error)
        complain(error, code, as_json=bound.arguments.get("json", False))
        return code


def _unknown(option: str) -> str:
    near = get_close_matches(option, OPTIONS, n=1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"Unknown option: {option}.{meant} Options of a command stand after the command."
