"""Where is the root key when only the owner's head or a secret store knows it?

Argon2id stretches the phrase; cost and salt stand in the wrap. The phrase is normalised (NFKC,
surrounding blanks dropped). An old wrap opens for as long as its phrase is known: retiring does
not end it unless the phrase changes, and `retire` says so.
Source: RFC 9106 §4; `docs/formats/keyring.md`.
"""

from kept.base.encoding import b64url, parse_b64url
from kept.base.errors import MalformedError, RefusedError, TamperedError
from kept.crypto.argon import RFC9106_SECOND, SALT_BYTES, Cost, check_length, normalised, stretch
from kept.crypto.chance import draw
from kept.crypto.ports import Description, Retirement, RootWrap
from kept.crypto.root_box import RootBox
from kept.crypto.sealing import KeyMismatchError
from kept.crypto.secret import Secret


class PassphraseProvider:
    """A root key stretched from a phrase."""

    def __init__(self, phrase: Secret, *, cost: Cost = RFC9106_SECOND) -> None:
        try:
            text = normalised(phrase.reveal().decode("utf-8")).strip()
        except UnicodeDecodeError:
            raise MalformedError("passphrase", "not UTF-8 text") from None
        self._phrase = Secret(text.encode("utf-8"))
        self._cost = cost
        self._boxes: dict[tuple[bytes, Cost], RootBox] = {}  # one stretch for wrap and its check

    def wrap(self, payload: Secret, context: bytes) -> RootWrap:
        """See the port."""
        check_length(self._phrase.reveal().decode("utf-8"))
        salt = draw(SALT_BYTES)
        box = self._box(salt, self._cost)
        params: dict[str, str | int] = {
            "check": box.check,
            "lanes": self._cost.lanes,
            "memory_kib": self._cost.memory_kib,
            "passes": self._cost.passes,
            "salt": b64url(salt),
        }
        return RootWrap("passphrase", params, box.close(payload, context))

    def unwrap(self, wrap: RootWrap, context: bytes) -> Secret:
        """See the port.

        Raises:
            RefusedError: a wrong phrase.
        """
        salt, cost = _read_params(wrap)
        box = self._box(salt, cost)
        try:
            return box.open(wrap.blob, context, check=wrap.params.get("check"))
        except KeyMismatchError:
            raise RefusedError(
                "wrong_passphrase", "This is not the passphrase; nothing was changed."
            ) from None

    def retire(self, epoch: int) -> Retirement:
        """Nothing can be destroyed here: the phrase lives outside."""
        del epoch
        self._boxes.clear()
        return Retirement(is_final=False, remains="passphrase")

    def describe(self) -> Description:
        """See the port."""
        return Description("passphrase", can_retire=False, where="known by the owner")

    def _box(self, salt: bytes, cost: Cost) -> RootBox:
        box = self._boxes.get((salt, cost))
        if box is None:
            box = RootBox(stretch(self._phrase, salt, cost))
            self._boxes[salt, cost] = box
        return box


def _read_params(wrap: RootWrap) -> tuple[bytes, Cost]:
    try:
        salt = parse_b64url(str(wrap.params["salt"]), "salt", size_bytes=SALT_BYTES)
        passes, memory_kib, lanes = (
            int(wrap.params[name]) for name in ("passes", "memory_kib", "lanes")
        )
        return salt, Cost(passes, memory_kib, lanes)
    except (KeyError, ValueError, MalformedError):
        raise TamperedError("the wrap of the vault key") from None
