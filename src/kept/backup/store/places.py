"""Tables of the places where copies lie, and of the plan. Times in microseconds."""

from dataclasses import dataclass

from kept.db.seam import Row, Tx

_COLUMNS = (
    "n, id, name, holds, address, part_bytes, folders, excludes, via, is_enabled, is_near, epoch,"
    " secrets, commitment, made_at"
)


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One place. `folders` and `excludes` are JSON lists; `secrets` is wrapped, or None."""

    n: int
    id: bytes
    name: str
    holds: str
    address: str
    part_bytes: int
    folders: str
    excludes: str
    via: str
    is_enabled: int
    is_near: int
    epoch: int | None
    secrets: bytes | None
    commitment: bytes | None
    made_at: int


@dataclass(frozen=True, slots=True)
class PlanRow:
    """When copies run, how fast they may send, what is kept."""

    minute: int
    quiet: str
    bandwidth: str
    keep: str


def insert(tx: Tx, row: PlaceRow, *, act: int) -> None:
    """Add a place; `row.n` is not looked at."""
    tx.run(
        "insert into backup_place (id, name, holds, address, part_bytes, folders, excludes, via,"
        " is_enabled, is_near, epoch, secrets, commitment, made_at, act) values (:id, :name,"
        " :holds, :address, :part_bytes, :folders, :excludes, :via, :is_enabled, :is_near,"
        " :epoch, :secrets, :commitment, :made_at, :act)",
        id=row.id,
        name=row.name,
        holds=row.holds,
        address=row.address,
        part_bytes=row.part_bytes,
        folders=row.folders,
        excludes=row.excludes,
        via=row.via,
        is_enabled=row.is_enabled,
        is_near=row.is_near,
        epoch=row.epoch,
        secrets=row.secrets,
        commitment=row.commitment,
        made_at=row.made_at,
        act=act,
    )


def every(tx: Tx) -> list[PlaceRow]:
    """All places of the list, in the order in which they were added."""
    rows = tx.rows(
        f"select {_COLUMNS} from backup_place where removed_at is null order by n"  # noqa: S608
    )
    return [PlaceRow(*row) for row in rows]


def named(tx: Tx, name: str) -> PlaceRow | None:
    """The place of this name."""
    row: Row | None = tx.row(
        f"select {_COLUMNS} from backup_place"  # noqa: S608
        " where name = :name and removed_at is null",
        name=name,
    )
    return PlaceRow(*row) if row else None


def change(tx: Tx, row: PlaceRow, *, act: int) -> None:
    """Store what may change of a place."""
    tx.run(
        "update backup_place set part_bytes = :part_bytes, folders = :folders,"
        " excludes = :excludes, via = :via, is_enabled = :is_enabled, act = :act where n = :n",
        part_bytes=row.part_bytes,
        folders=row.folders,
        excludes=row.excludes,
        via=row.via,
        is_enabled=row.is_enabled,
        act=act,
        n=row.n,
    )


def was_removed(tx: Tx, name: str) -> bool:
    """Whether a place of this name was on the list once."""
    sql = "select 1 from backup_place where name = :name and removed_at is not null"
    return tx.row(sql, name=name) is not None


def remove(tx: Tx, n: int, *, at: int, act: int) -> None:
    """Take a place off the list, and forget what opened it. Its runs still name it."""
    tx.run(
        "update backup_place set removed_at = :at, is_enabled = 0, epoch = null, secrets = null,"
        " commitment = null, act = :act where n = :n",
        at=at,
        act=act,
        n=n,
    )


def plan(tx: Tx) -> PlanRow | None:
    """The plan; None until it was drawn."""
    row = tx.row("select minute, quiet, bandwidth, keep from backup_plan where n = 1")
    return PlanRow(*row) if row else None


def save_plan(tx: Tx, plan: PlanRow, *, act: int) -> None:
    """Put the plan in place of the old one."""
    tx.run("delete from backup_plan where n = 1")
    tx.run(
        "insert into backup_plan (n, minute, quiet, bandwidth, keep, act)"
        " values (1, :minute, :quiet, :bandwidth, :keep, :act)",
        minute=plan.minute,
        quiet=plan.quiet,
        bandwidth=plan.bandwidth,
        keep=plan.keep,
        act=act,
    )
