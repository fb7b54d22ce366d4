"""How do the blind tags come to follow the data again, after a crash or a copy brought back?"""

from kept.db.seam import Database
from kept.vault.acts import retag
from kept.vault.acts.parts import VaultParts


def retag_people(db: Database, vault: VaultParts) -> int:
    """Make anew what find.db lacks, a group a transaction; how many people were tagged.

    Raises:
        UnavailableError: a database is away; the next start goes on.
    """
    since = db.write(lambda tx: retag.begin_retagging(tx, vault))
    if since is None:
        return 0
    done, after = 0, (since, -1)
    while found := db.read(lambda tx, after=after: retag.to_retag(tx, since, after)):
        rows = [n for _, n in found]
        done += db.write(lambda tx, rows=rows: retag.retag(tx, vault, rows))
        after = found[-1]
    db.write(lambda tx: retag.note_tagged(tx, vault))
    return done
