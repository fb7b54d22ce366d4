"""By which eight bytes is a value found again without storing it readably?

`tag = HMAC-SHA256(index secret, list("kept/find/v1", vault_id, kind u32, version u32, value))[:8]`.
A tag is a hint: whoever looks up must open the record and compare the normalised value. The value
comes in normalised; its normaliser's version is part of the index version.
Source: `docs/formats/envelope.md`, blind index.
"""

from kept.base.encoding import part_list, u32
from kept.crypto import labels
from kept.crypto.mac import mac
from kept.crypto.secret import Secret

TAG_BYTES = 8


class BlindIndex:
    """The tags of one kind of field in one version."""

    __slots__ = ("_head", "_secret", "kind", "version")

    def __init__(self, secret: Secret, *, vault_id: bytes, kind: int, version: int) -> None:
        self.kind = kind
        self.version = version
        self._secret = secret
        self._head = part_list(labels.FIND, vault_id, u32(kind), u32(version))

    def tag(self, normalised: str) -> bytes:
        """The 8-byte tag of an already normalised value."""
        return mac(self._secret, self._head + part_list(normalised.encode("utf-8")))[:TAG_BYTES]
