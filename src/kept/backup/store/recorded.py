"""What do the tables of copies hold, row by row, for a check against the acts? Reads alone.

Nothing is understood here: a value of another form is for the check to name.
"""

from dataclasses import dataclass

from kept.db.seam import Row, Tx


@dataclass(frozen=True, slots=True)
class Recorded:
    """Rows of each table, in the columns of its statement below.

    Args:
        places: n, name, act, made_at, removed_at, the rest as its acts say.
        runs: n, place_n, act, state, the rest as its act says.
        inventories: (run, root, list) of those that are still kept.
        snapshots: place_n, snapshot, first_seen_at, forgotten_at.
        drills, trials, key_copies: act, at, place_n, the rest as its act says.
        readings: act, at, run.
        plans: act, n, the rest as its act says.
    """

    places: list[Row]
    runs: list[Row]
    inventories: list[Row]
    snapshots: list[Row]
    drills: list[Row]
    trials: list[Row]
    key_copies: list[Row]
    readings: list[Row]
    plans: list[Row]


def recorded(tx: Tx) -> Recorded:
    """Every row."""
    return Recorded(
        places=tx.rows(
            "select n, name, act, made_at, removed_at, holds, part_bytes, is_enabled, id,"
            " address, folders, excludes, via, is_near, epoch, secrets, commitment"
            " from backup_place order by n"
        ),
        runs=tx.rows(
            "select n, place_n, act, state, why, started_at, ended_at, seconds, snapshot, tree,"
            " inventory_root, files, files_new, bytes, bytes_sent, verified, unread"
            " from backup_run order by n"
        ),
        inventories=tx.rows(
            "select n, inventory_root, inventory from backup_run where inventory is not null"
        ),
        snapshots=tx.rows(
            "select place_n, snapshot, first_seen_at, forgotten_at from backup_snapshot"
        ),
        drills=tx.rows(
            "select act, at, place_n, snapshot, seed, asked, of_files, good, bad, house, seconds,"
            " location, checkpoint, bytes from backup_drill order by n"
        ),
        trials=tx.rows(
            "select act, at, place_n, is_open, parts, snapshot from backup_trial order by n"
        ),
        key_copies=tx.rows(
            "select act, at, place_n, sha256, size, began_at from backup_key_copy order by n"
        ),
        readings=tx.rows("select act, at, run_n from backup_report_read order by n"),
        plans=tx.rows("select act, n, minute, quiet, keep, bandwidth from backup_plan order by n"),
    )
