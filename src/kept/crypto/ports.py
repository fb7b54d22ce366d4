"""What must a keeper of the root key be able to do?

It wraps one payload per epoch, `VK ‖ commitment ‖ vault_id ‖ epoch` (84 bytes), and is asked once
at start. A provider may silently drop the context it is given, so the payload repeats it and the
keyring checks it after each unwrap; at `create` a canary proves that a wrong context fails.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from kept.crypto.secret import Secret

ProviderName = Literal["file", "passphrase", "age"]


@dataclass(frozen=True, slots=True)
class RootWrap:
    """A wrapped root payload as it stands in the keyring; nothing in it is secret."""

    provider: ProviderName
    params: Mapping[str, str | int]
    blob: bytes


@dataclass(frozen=True, slots=True)
class Retirement:
    """Can the old root still open old wraps? If so, what opens them must be destroyed by hand."""

    is_final: bool
    remains: Literal["nothing", "passphrase", "identity"]


@dataclass(frozen=True, slots=True)
class Description:
    """What kind of keeper this is, for the check-up page and for `describe`."""

    provider: ProviderName
    can_retire: bool
    where: str  # a path or public recipients; never a secret


class RootProvider(Protocol):
    """Keeps the root key. One suite (`tests/contract`) holds for every adapter.

    Calls may be slow (Argon2, a network) and are made once at start, never per person. `wrap`
    and `unwrap` have no lasting effect and may be repeated; `retire` may be repeated too.
    """

    def wrap(self, payload: Secret, context: bytes) -> RootWrap:
        """Wrap the payload so that only this root and this context open it.

        Args:
            payload: 84 bytes, see the module.
            context: `vault_id ‖ u32be epoch`, the payload's last 20 bytes.

        Raises:
            RefusedError: this root is not fit for use (weak phrase, open file mode, retired).
            UnavailableError: the root cannot be reached now.
        """
        ...

    def unwrap(self, wrap: RootWrap, context: bytes) -> Secret:
        """The payload again. Hostile input.

        Raises:
            RefusedError: a wrong pass phrase, no identity at hand, an unfit or retired root.
            KeyMismatchError: another root than the one that wrapped it.
            TamperedError: the wrap was changed, or belongs to another context.
            UnavailableError: the root cannot be reached now.
        """
        ...

    def retire(self, epoch: int) -> Retirement:
        """Destroy what opens wraps of `epoch` and before, as far as this provider can.

        Raises:
            UnavailableError: it could not be destroyed now; it may still open old wraps.
        """
        ...

    def describe(self) -> Description:
        """What this is, without secrets."""
        ...
