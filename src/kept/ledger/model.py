"""What is an act, who does it, and about whom? Plain values of the ledger.

Kinds, roles and the purposes of acts are public keys: never a name, channel, case or reason. Both
lists are append-only, because entries outlive programs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kept.base.encoding import Json
from kept.crypto.secret import Secret


class Kind(StrEnum):
    """Every kind of act the house can record. One verb names exactly one kind. Append only."""

    # acts with a person
    PERSON_ADDED = "person.added"
    PERSON_MERGED = "person.merged"
    PERSON_READ = "person.read"
    PERSON_REFUSED = "person.refused"
    PERSON_FOUND = "person.found"
    PERSON_CORRECTED = "person.corrected"
    PERSON_SIGNED_IN = "person.signed_in"
    OWN_VIEW = "person.own_view"
    PERSON_LISTED = "person.listed"
    ALIAS_ADDED = "alias.added"
    CONSENT_GIVEN = "consent.given"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    EXPORT_ASKED = "export.asked"
    EXPORT_READY = "export.ready"
    EXPORT_TAKEN = "export.taken"
    EGRESS_MAIL = "egress.mail"
    RETENTION_EXPIRED = "retention.expired"
    ERASURE_BEGUN = "erasure_begun"
    # acts of the house: no person, the opening is public
    ERASED_HERE = "erased_here"
    ERASED_EVERYWHERE = "erased_everywhere"
    NOBODY_FOUND = "nobody.found"
    IMPORT_DONE = "import.done"
    BOOK_CHANGED = "book.changed"
    LEDGER_OPENED = "ledger.opened"
    LEDGER_SUCCEEDS = "ledger.succeeds"
    LEDGER_KEY_ADDED = "ledger.key_added"
    LEDGER_ADOPTED = "ledger.adopted"
    # acts of the house about those who work here; the opening names a random id, never a name
    STAFF_INVITED = "staff.invited"
    STAFF_JOINED = "staff.joined"
    STAFF_SIGNED_IN = "staff.signed_in"
    STAFF_ROLE_CHANGED = "staff.role_changed"
    STAFF_REVIEWED = "staff.reviewed"
    STAFF_DISABLED = "staff.disabled"
    STAFF_FACTOR_RESET = "staff.factor_reset"
    STAFF_PASSWORD_CHANGED = "staff.password_changed"  # noqa: S105  # a kind
    STAFF_PASSKEY_ADDED = "staff.passkey_added"
    STAFF_PASSKEY_DROPPED = "staff.passkey_dropped"
    KEY_ISSUED = "key.issued"
    KEY_REVOKED = "key.revoked"
    # acts of the house about its promises
    PROMISE_PUBLISHED = "promise.published"
    PROMISE_BROKEN = "promise.broken"
    PROMISE_PAUSED = "promise.paused"
    PROMISE_EXPLAINED = "promise.explained"
    PROMISE_WITHDRAWN = "promise.withdrawn"
    # acts of the house about its check-up
    CHECKUP_ANSWERED = "checkup.answered"
    # acts of the house about its own keys
    KEYS_REWRAPPED = "keys.rewrapped"
    # acts of the house about its copies; no path and no name of a file
    BACKUP_PLACE_ADDED = "backup.place_added"
    BACKUP_PLACE_CHANGED = "backup.place_changed"
    BACKUP_PLAN_CHANGED = "backup.plan_changed"
    BACKUP_DONE = "backup.done"
    BACKUP_FAILED = "backup.failed"
    BACKUP_CHECKED = "backup.checked"
    BACKUP_FORGOTTEN = "backup.forgotten"
    BACKUP_PRUNED = "backup.pruned"
    BACKUP_RESTORED = "backup.restored"
    BACKUP_KEY_CHANGED = "backup.key_changed"
    BACKUP_REPORT_READ = "backup.report_read"
    BACKUP_PLACE_REMOVED = "backup.place_removed"
    BACKUP_FETCHED = "backup.fetched"
    DRILL_DONE = "drill.done"
    DRILL_KEYLESS = "drill.keyless"
    KEY_COPY_REPLACED = "key_copy.replaced"


HOUSE = "house"  # the purpose of acts without a person
OWN = "own"  # the purpose of acts a person does with their own data


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something.

    `kind` is staff, service, self, worker, cli or share; `id` a random id or a fixed name, never a
    person's name; `role` the public role of the entry (`kept.vault.model.rules.Role` values).
    """

    kind: str
    id: str
    role: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Subject:
    """The person an act concerns, as the vault hands it down: a row number and two keys."""

    person_n: int
    tag_key: Secret
    opening_key: Secret


@dataclass(frozen=True, slots=True)
class Act:
    """One act before it is recorded.

    `purpose` is a key of the book, `HOUSE` or `OWN`. `detail` holds what only the person (or, for
    acts of the house, anybody) may read: RFC 8785 limits apply, no value, no plain hash of one.
    """

    kind: Kind
    actor: Actor
    purpose: str
    categories: tuple[str, ...] = ()
    mask: int = 0
    detail: Mapping[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True, slots=True)
class Recorded:
    """An act's place among the acts: its number and, for a person's, its count from 0."""

    act_id: int
    n: int | None


@dataclass(frozen=True, slots=True)
class Head:
    """How far the tree has grown: `stored` leaves have their full tiles on disk.

    `log` counts the house's logs from 1; a later one has the origin of the first and `/<log>`.
    """

    origin: str
    log: int
    size: int
    root: bytes
    frontier: bytes
    stored: int
