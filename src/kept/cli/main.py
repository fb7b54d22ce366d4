"""The terminal entrance: `kept [--data DIR] [--passphrase-file FILE] COMMAND`.

Global options stand before the command or after it. Failures are told in plain words on standard
error, as one JSON object where the command was asked for `--json`, never as a traceback.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, MissingArgumentError, Parameter

from kept.base.errors import KeptError, MalformedError
from kept.cli.answers import complain, complain_bug, shown_default
from kept.cli.exits import BUG, DONE, INTERRUPTED, USAGE, exit_of
from kept.cli.front import (
    backup,
    backup_checks,
    backup_copies,
    backup_house,
    backup_keys,
    backup_reads,
    backup_upkeep,
    houses,
    ledgers,
    lists,
    people,
    receiver,
    team,
    upkeep,
)
from kept.cli.reach import Reach


def _version() -> str:
    from importlib.metadata import version

    return version("kept")


app = App(
    name="kept",
    help="A customer trust desk: what was promised is what is done, and anybody can check it.",
    version=_version,
    default_parameter=Parameter(show_default=shown_default),
    help_format="plaintext",
)
for command in (houses.init, houses.serve, houses.demo, ledgers.verify, upkeep.checkup):
    app.command(command)
app.command(lists.import_, name="import")
app.command(backup.backup.meta, name="backup")
FILLED = (
    backup_checks,
    backup_copies,
    backup_house,
    backup_keys,
    backup_reads,
    backup_upkeep,
    receiver,
)  # these hang their commands into `backup`
for group in (
    people.person,
    people.consent,
    team.staff,
    team.keys,
    ledgers.ledger,
    upkeep.keyring,
    upkeep.vault,
    upkeep.book,
    upkeep.passwords,
):
    app.command(group)

app.meta.suppress_keyboard_interrupt = False  # `run` says that it ended
Tokens = Annotated[str, Parameter(show=False, allow_leading_hyphen=True)]


@app.meta.default
def launch(
    *tokens: Tokens, data: Path = Path("shop"), passphrase_file: Path | None = None
) -> int | None:
    """Run one command.

    Args:
        tokens: the command and its own options.
        data: the data folder.
        passphrase_file: holds the passphrase; else KEPT_PASSPHRASE_FILE, else it is asked for.
    """
    command, bound, ignored = app.parse_args(tokens, exit_on_error=False, print_error=False)
    if "at" in ignored:
        bound.arguments["at"] = Reach(data, passphrase_file)
    return command(*bound.args, **bound.kwargs)


def run(arguments: list[str]) -> int:
    """The exit code of one command line."""
    as_json = "--json" in arguments
    try:
        code = app.meta(
            arguments, exit_on_error=False, print_error=False, result_action="return_value"
        )
        sys.stdout.flush()
    except CycloptsError as error:
        complain(MalformedError("usage", _missing(error) or str(error)), USAGE, as_json=as_json)
        return USAGE
    except KeptError as error:
        complain(error, exit_of(error), as_json=as_json)
        return exit_of(error)
    except KeyboardInterrupt:
        print("Ended.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE  # whoever read us has read enough
    except Exception as error:  # noqa: BLE001  # a traceback would show a person's values
        complain_bug(error, as_json=as_json)
        return BUG
    return code if isinstance(code, int) else DONE


def _missing(error: CycloptsError) -> str:
    """What was not given, and where it is explained; "" for another mistake."""
    if not isinstance(error, MissingArgumentError) or error.argument is None:
        return ""
    command = " ".join(("kept", *(error.command_chain or ())))
    return f"{error.argument.name} is missing; see {command} --help"


def main() -> None:
    """Run the command line of this process."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
