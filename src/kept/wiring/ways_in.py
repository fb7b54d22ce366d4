"""Which providers are the ways into a house that a person holds: a passphrase, a sheet of words?"""

from kept.base.errors import RefusedError
from kept.crypto.keyring import Keyring, Opened, open_with
from kept.crypto.ports import RootProvider
from kept.crypto.providers.passphrase import PassphraseProvider
from kept.crypto.providers.recovery import RecoveryProvider
from kept.crypto.sealing import KeyMismatchError
from kept.crypto.secret import Secret
from kept.crypto.words import from_words


def passphrase_root(phrase: str) -> RootProvider:
    """The way in by a passphrase."""
    return PassphraseProvider(Secret(phrase.encode()))


def identity_root(identity: Secret) -> RootProvider:
    """The way in by the 32 bytes that the recovery words spell."""
    return RecoveryProvider.of(identity)


def words_root(words: str) -> RootProvider:
    """The way in by recovery words.

    Raises:
        MalformedError: misspelt, too few or too many.
    """
    return identity_root(from_words(words))


def open_by_words(ring: Keyring, words: str) -> Opened:
    """The ring opened by recovery words.

    Raises:
        RefusedError: the words of another house.
        MalformedError: misspelt, too few or too many.
    """
    try:
        return open_with(ring, words_root(words))
    except KeyMismatchError:
        raise RefusedError(
            "wrong_words", "These are not this house's recovery words; nothing was changed."
        ) from None
