"""What is typed to make a house and to serve it?"""

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from kept.cli.answers import AsJson, tell, word_rows
from kept.cli.reach import At, Reach

KeyFile = Annotated[Path | None, Parameter(name="--key-file")]


def init(
    *,
    name: str,
    owner: str,
    domain: str = "localhost",
    language: Literal["en", "ru"] = "en",
    country: str = "DE",
    key_file: KeyFile = None,
    json: AsJson = False,
    at: At,
) -> None:
    """Make a new house in an empty folder. Shows the recovery words once.

    Args:
        name: the business, as customers know it.
        owner: the owner's e-mail.
        domain: where the trust page will stand.
        language: what the house speaks first.
        country: two letters; also how bare phone numbers are read.
        key_file: open with this file in place of a passphrase; made when missing.
        json: one object on one line.
        at: where the house lies.
    """
    from kept.wiring.founding import Founding, found_with_key_file, found_with_passphrase
    from kept.wiring.links import invitation_link
    from kept.wiring.settings import program_name

    founding = Founding(name, owner, domain, language, country)
    settings = at.told()
    if key_file is not None:
        made = found_with_key_file(at.folder, founding, key_file.absolute(), settings)
    else:
        made = found_with_passphrase(at.folder, founding, at.new_passphrase(), settings)
    told = {
        "folder": str(at.folder),
        "recovery_words": " ".join(made.recovery_words),
        "link": invitation_link(settings, made.invitation.token),
    }
    note = "" if settings.public_url else "; with `serve --port`, put that port into it"
    tell(dict(told), lambda made: _founded(made, program_name(), note), as_json=json)


def _founded(made: dict[str, Any], program: str, note: str) -> str:
    return "\n".join([
        f"The house stands in {made['folder']}.",
        "",
        "RECOVERY WORDS, shown this once. Write them on paper and keep them away from this",
        "computer: with the passphrase lost, nothing else opens the house.",
        "",
        *word_rows(made["recovery_words"]),
        "",
        f"Start it:      {program} --data {made['folder']} serve",
        f"Then come in:  {made['link']}",
        f"               (works once, for three days{note})",
    ])


def serve(
    *,
    port: int | None = None,
    host: str | None = None,
    role: Literal["all", "web", "worker"] = "all",
    at: At,
) -> None:
    """Serve the house until you stop it. GET /healthz answers 200 once it is ready.

    Args:
        port: 8700 unless the settings say otherwise; 0 takes any that is free.
        host: 127.0.0.1 unless the settings say otherwise.
        role: a part alone, with PostgreSQL: web pages, or the worker.
        at: where the house lies.
    """
    _serve(at, port=port, host=host, role=role)


def demo(*, port: int | None = None, host: str | None = None, at: At) -> None:
    """Serve a made-up shop, filled with made-up people, to look around in.

    Args:
        port: 8700 unless told otherwise; 0 takes any that is free.
        host: 127.0.0.1 unless told otherwise.
        at: where the house lies.
    """
    from kept.cli.bar import Bar
    from kept.wiring.demo import prepare_demo

    with Bar() as bar:
        prepare_demo(at.folder, progress=bar)
    _serve(at, port=port, host=host, role="all")


def _serve(at: Reach, *, port: int | None, host: str | None, role: str) -> None:
    from dataclasses import replace

    from kept.cli.serving import serve_house
    from kept.wiring.logs import log_to_stderr

    log_to_stderr()
    settings = at.settings()
    chosen = replace(
        settings,
        port=settings.port if port is None else port,
        host=settings.host if host is None else host,
    )
    serve_house(at.folder, chosen, role=role)
