"""How is this house set up? The only module that reads the environment.

Each setting stands in `kept.toml` in the data folder, or in the environment as `KEPT_` and its
name in capitals; the environment wins. `KEPT_SMTP_PASSWORD_FILE`, and so for each, names a file
that holds the value; set but unreadable is fatal. Each has a heading in `docs/settings.md`.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from kept.base.errors import MalformedError, NotFoundError
from kept.crypto.secret import Secret

FILE_NAME = "kept.toml"
PREFIX = "KEPT_"
PROGRAM = "KEPT_PROGRAM"  # no setting: what was typed to start the program, told by `./dev`
PLACE_VARIABLES = {
    "password": "RESTIC_REST_PASSWORD",
    "s3_key_id": "AWS_ACCESS_KEY_ID",
    "s3_secret": "AWS_SECRET_ACCESS_KEY",
    "s3_token": "AWS_SESSION_TOKEN",
}
SECRETS = frozenset({"passphrase", "smtp_password", "dsn", "keys_dsn", "drill_dsn"})


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, with its default. Text unless said otherwise; secrets never in `repr`."""

    passphrase: Secret | None = None
    key_file: str = ""
    dsn: Secret | None = None
    keys_dsn: Secret | None = None
    drill_dsn: Secret | None = None
    public_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8700
    trusted_proxy: bool = False
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_security: str = "starttls"
    smtp_user: str = ""
    smtp_password: Secret | None = None
    mail_from: str = ""
    publish_every_s: int = 60
    forget_keyless: bool = False


def read_settings(folder: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings of a data folder.

    Raises:
        MalformedError: an unknown name in the file, or a value of the wrong type.
        NotFoundError: a `_FILE` is set but cannot be read.
    """
    env = os.environ if environment is None else environment
    stored = _stored(folder / FILE_NAME)
    known = {field.name: field for field in fields(Settings)}
    if strange := sorted(set(stored) - set(known)):
        raise MalformedError(FILE_NAME, f"no setting is called {strange[0]}")
    values: dict[str, object] = {}
    for name, field in known.items():
        text = _from_environment(name, env)
        if text is None and name in stored:
            text = str(stored[name])
        if text is not None:
            values[name] = _typed(name, text, str(field.type))
    return Settings(**values)  # type: ignore[arg-type]  # _typed has given each its type


def program_name(environment: Mapping[str, str] | None = None) -> str:
    """How the user starts the program, for commands that are shown to be typed."""
    env = os.environ if environment is None else environment
    return env.get(PROGRAM) or "kept"


def place_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a place for copies wants to know of us, from the variables that restic reads too.

    Keys: `password` (of a REST server), `s3_key_id`, `s3_secret`, `s3_token`; only those set.
    """
    env = os.environ if environment is None else environment
    return {name: env[variable] for name, variable in PLACE_VARIABLES.items() if env.get(variable)}


def _stored(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MalformedError(FILE_NAME, f"cannot be read: {type(error).__name__}") from error


def _from_environment(name: str, env: Mapping[str, str]) -> str | None:
    variable = PREFIX + name.upper()
    if (path := env.get(f"{variable}_FILE")) is not None:
        return read_secret_file(Path(path))
    return env.get(variable)


def read_secret_file(path: Path) -> str:
    """The first line of a file that holds a secret.

    Raises:
        NotFoundError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError):
        raise NotFoundError(f"{path} was to hold a secret but cannot be read.") from None


def _typed(name: str, text: str, kind: str) -> object:
    if name in SECRETS:
        return Secret(text.encode()) if text else None
    if "bool" in kind:
        return text.strip().lower() in {"1", "true", "yes", "on"}
    if "int" in kind:
        if not text.strip().isascii() or not text.strip().isdigit():
            raise MalformedError(name, "must be a whole number")
        return int(text.strip())
    return text
