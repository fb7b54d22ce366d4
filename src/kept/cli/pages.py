"""What do the generated documents say? `python -m kept.cli.pages FOLDER` writes them.

`cli.md` comes from the commands themselves, `settings.md` from the settings and their words below;
a test compares both with what stands in `docs/`.
"""

import re
import sys
from dataclasses import fields
from pathlib import Path

from kept.cli.exits import EXIT
from kept.cli.front.backup import backup
from kept.cli.main import app
from kept.wiring.settings import PREFIX, SECRETS, Settings

CLI_HEAD = """\
# The command line

Written by `./dev docs` from the commands themselves.

From a checkout, `./dev kept` stands for `kept`. `--data` and `--passphrase-file` may stand before
the command or after it. The passphrase comes from `--passphrase-file`, else from
`KEPT_PASSPHRASE_FILE` or another [setting](settings.md), else it is asked for.

While a server runs on the folder, commands go through its socket `kept.sock` and need no
passphrase: the server knows its own user. Without a server a command takes the folder's lock, opens
the house, and signs what it recorded before it ends. What is done here is done by `cli:<user>`,
and the person whose data it was sees that.

With `--json` the last line of standard output is JSON; a failure is one JSON object on standard
error: `{"error": {"kind", "code", "message", "exit"}}`.

## Exit codes

| code | when |
|---|---|
| 0 | done |
| 1 | `verify` or `vault check` found something changed; a receipt does not hold |
| 2 | a mistyped command, or input that cannot be read (`MalformedError`) |
"""
MEANINGS = {
    "RefusedError": "a rule says no: the gate, a wrong passphrase, a step not confirmed",
    "NotFoundError": "there is no such folder, file or person",
    "ConflictError": "the state moved on, or another server has the folder",
    "UnavailableError": "a disk, database or port is away now; nothing was recorded, try again",
    "TamperedError": "a hash, tag or signature does not match; or a bug",
}
SETTINGS_HEAD = """\
# Settings

Written by `./dev docs`.

A setting stands in `kept.toml` in the data folder, as `port = 8700`, or in the environment, as
`KEPT_PORT=8700`; the environment wins. With `_FILE` after its name (`KEPT_DSN_FILE`) the first line
of that file is the value; a file that cannot be read ends the start. An unknown name in `kept.toml`
does too. What is promised to customers stands in `promises.toml`, never here.
"""
WORDS = {
    "passphrase": "Opens the house. Better in a file: `KEPT_PASSPHRASE_FILE`.",
    "key_file": "A file of 32 bytes, mode 600, that opens the house in place of a passphrase."
    " Keep it on another device than the data.",
    "dsn": "A PostgreSQL database for data, as `postgresql://user@host/name`."
    " Without it `data.db`.",
    "keys_dsn": "A PostgreSQL database for people's keys, apart from the data."
    " Without it `keys.db`.",
    "drill_dsn": "An empty PostgreSQL database in which a drill tries the copy of the data, where"
    " the role of `dsn` may not make one. It is emptied after each drill: use it for nothing else.",
    "public_url": "Where visitors reach the house, as `https://shop.example`. Without it the host"
    " and port below; links in mail and invitations begin with it.",
    "host": "The address to listen on. Another machine reaches the house through your web server.",
    "port": "The port to listen on.",
    "trusted_proxy": "`true` when your own web server stands in front and sets `X-Forwarded-For`"
    " and `X-Forwarded-Proto`. Without one it must stay `false`.",
    "smtp_host": "The mail server that takes letters to customers. Without it nobody gets a code,"
    " and customers cannot sign in.",
    "smtp_port": "Its port.",
    "smtp_security": "`starttls`, or `tls` from the first byte. Letters never go out in the clear.",
    "smtp_user": "The account there, if it asks for one.",
    "smtp_password": "Its password. Better in a file: `KEPT_SMTP_PASSWORD_FILE`.",
    "mail_from": "The sender that customers see.",
    "publish_every_s": "Seconds between two public checkpoints of the ledger.",
    "forget_keyless": (
        "`1` for one start: erases people whose keys are lost for good. Without it a house whose"
        " `keys.db` does not fit its data refuses to open, so that the right one can be put back."
    ),
}
_STARTED_AS = " -m kept.cli.pages"  # usage lines name how this program was started
_OF_COPIES = re.compile(  # stand once, with the group
    r"\* `--(?:repo|place|secrets-file|via|ca-file|limit-upload|limit-download|no-lock)[ `].*\n"
    r"(?:    .*\n)*"
)
_GLOBAL = re.compile(r"\* `--(?:data|passphrase-file) PATH`: .*\n")


def cli_page() -> str:
    """The text of `cli.md`."""
    rows = [
        f"| {code} | {MEANINGS[kind.__name__]} (`{kind.__name__}`) |"
        for kind, code in sorted(EXIT.items(), key=lambda pair: pair[1])
        if kind.__name__ in MEANINGS
    ]
    rows.append("| 130 | ended by Ctrl-C |")
    made = app.generate_docs(output_format="markdown", usage_name="kept")
    commands = made[made.index("\n## kept ") :]
    at = commands.index("\n## kept person")
    commands = f"{commands[:at]}{_copies()}{commands[at:]}"
    body = _GLOBAL.sub("", commands).replace("```console", "```text")
    body = body.replace(_STARTED_AS, "")
    body = body.replace(" *[default: False]*", "").replace(' *[default: ""]*', "")
    body = re.sub(r"\*\*Parameters\*\*:\n\n(?=\n|#|$)", "", body)
    return f"{CLI_HEAD}{chr(10).join(rows)}\n\n{body.strip()}\n"


def _copies() -> str:
    """The commands of `kept backup`: a group with options of its own is told of apart."""
    made = backup.generate_docs(output_format="markdown", usage_name="kept backup")
    commands = _OF_COPIES.sub("", made[made.index("\n## backup ") :])
    return re.sub(r"\n(#+) backup ", r"\n#\1 kept backup ", commands).replace(
        "](#backup-", "](#kept-backup-"
    )


def settings_page() -> str:
    """The text of `settings.md`.

    Raises:
        KeyError: a setting without words.
    """
    parts = [SETTINGS_HEAD]
    for field in fields(Settings):
        default = "a secret; none" if field.name in SECRETS else _shown(field.default)
        parts.append(
            f"## {PREFIX}{field.name.upper()}\n\n{WORDS[field.name]}\n\nDefault: {default}.\n"
        )
    return "\n".join(parts)


def _shown(default: object) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default}`" if default != "" else "none"


def main() -> None:
    """Write both pages into the folder named on the command line."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cli.md").write_text(cli_page(), encoding="utf-8")
    (folder / "settings.md").write_text(settings_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
