"""Which words keep one use of a key apart from another?

All labels of derivation and of associated data, in one place. They are part of what is stored:
append only, never change one. No label holds a name, a table or a field, so renaming those never
makes data unreadable.
"""

from typing import Final

# HKDF-Expand info (`kept.crypto.keys`)
VAULT: Final = b"kept/vault/v1"
PERSON: Final = b"kept/person/v1"
TAG: Final = b"kept/tag/v1"
OPENING_KEY: Final = b"kept/opening/v1"

# First part of associated data (`kept.crypto.places`)
CELL: Final = b"kept/cell/v1"
WRAP: Final = b"kept/wrap/v1"
OBJECT: Final = b"kept/object/v1"
OPENING: Final = b"kept/opening/v1"
LETTER: Final = b"kept/letter/v1"
ROOT_WRAP: Final = b"kept/root/v1"

# First part of what a blind index tag is made of (`kept.crypto.blind`)
FIND: Final = b"kept/find/v1"

# Derived from the house key for `kept.staff`
STAFF_SEAL: Final = b"kept/staff/seal/v1"
STAFF_TAGS: Final = b"kept/staff/tags/v1"
STAFF_CHALLENGES: Final = b"kept/staff/challenges/v1"
STAFF_ROWS: Final = b"kept/staff/rows/v1"  # from the key of STAFF_TAGS
STAFF_TOTP: Final = b"kept/staff/totp/v1"  # first part of associated data

# Derived from the house key for `kept.backup`
BACKUP_PASSWORD: Final = b"kept/backup/password/v1"
