"""How does a PostgreSQL database leave as one stream while it is written to, and return?

By `pg_dump` in its custom form, not compressed, so that what did not change is found again. The
server's name and password go by the environment, never by arguments that others can list. The end
of the stream is no success: the exit status is read before the last piece counts.
It returns by `pg_restore`, all of it in one transaction or nothing.
Source: postgresql.org/docs/current/app-pgdump.html, app-pgrestore.html, libpq-envars.html.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from kept.base.errors import TamperedError, UnavailableError
from kept.crypto.secret import Secret

PIECE_BYTES = 1 << 20
_TOLD_BYTES = 4000
_DERIVED = "find"  # the schema that is made anew
_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "service": "PGSERVICE",
    "passfile": "PGPASSFILE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "options": "PGOPTIONS",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}
_FAILED = "The database could not be read whole. There is no new copy. Nothing was changed."
_NOT_BACK = "The database could not be put back. What was begun there was undone."
_SERVERS_OWN = (  # what is said where the dump is not to blame
    "connection to server",
    "server closed the connection",
    "terminating connection",
    "No space left",
    "could not extend file",
    "out of memory",
    "permission denied",
)
_NO_PROGRAM = "The program pg_dump is not installed here. There is no new copy."


def dump_pieces(dsn: Secret) -> Iterator[bytes]:
    """The dump, a piece at a time; whoever takes it all has all of it.

    Raises:
        UnavailableError: no `pg_dump`, an older one than the server, or it did not come to its
            end; what was given out until then is worth nothing.
    """
    program = shutil.which("pg_dump")
    if program is None:
        raise UnavailableError(_NO_PROGRAM)
    command = [program, "--format=custom", "--compress=0", f"--exclude-schema={_DERIVED}"]
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(  # noqa: S603  # nosec B603  # a fixed command
            command, stdout=subprocess.PIPE, stderr=told, stdin=subprocess.DEVNULL, env=_env(dsn)
        )
        try:
            assert process.stdout is not None  # noqa: S101  # asked for above
            while piece := process.stdout.read(PIECE_BYTES):
                yield piece
            if process.wait() != 0:
                told.seek(0)
                raise UnavailableError(_FAILED) from OSError(
                    told.read(_TOLD_BYTES).decode(errors="replace")
                )
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()


def read_through(path: Path) -> bool:
    """Whether `pg_restore` reads a dump from its beginning to its end.

    Raises:
        UnavailableError: no `pg_restore` here.
    """
    program = shutil.which("pg_restore")
    if program is None:
        raise UnavailableError("The program pg_restore is not installed here.")
    command = [program, "--file=/dev/null", str(path)]
    done = subprocess.run(  # noqa: S603  # nosec B603  # a fixed command
        command, check=False, capture_output=True, env={}
    )
    return done.returncode == 0


def put_back(path: Path, dsn: Secret, /) -> None:
    """Restore a dump into an empty database: all of it, or nothing.

    Owners and grants of the machine that is gone are left out: all belongs to whoever restores.

    Raises:
        UnavailableError: no `pg_restore` here, or the server is away or full.
        TamperedError: the server does not take what is in the dump. Nothing was restored.
    """
    program = shutil.which("pg_restore")
    if program is None:
        raise UnavailableError("The program pg_restore is not installed here.")
    name = str(conninfo_to_dict(dsn.reveal().decode()).get("dbname") or "")
    command = [
        *(program, "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"),
        *("--dbname", make_conninfo(dbname=name), str(path)),
    ]
    done = subprocess.run(  # noqa: S603  # nosec B603  # a fixed command
        command, check=False, capture_output=True, env=_env(dsn), stdin=subprocess.DEVNULL
    )
    if done.returncode != 0:
        told = done.stderr.decode(errors="replace")[:_TOLD_BYTES]
        if any(words in told for words in _SERVERS_OWN):
            raise UnavailableError(_NOT_BACK) from OSError(told)
        raise TamperedError("the database's dump") from OSError(told)


def _env(dsn: Secret) -> dict[str, str]:
    known = conninfo_to_dict(dsn.reveal().decode())
    return {
        variable: str(known[name])
        for name, variable in _VARIABLES.items()
        if known.get(name) is not None
    }
