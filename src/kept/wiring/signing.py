"""How is all that waits put into the ledger and signed, where no worker does it?"""

from kept.ledger.acts.counts import acts_waiting
from kept.ledger.acts.logs import every_log
from kept.ledger.acts.starting import Refusing
from kept.ledger.notes import VerifierKey
from kept.ledger.sequencer import LogKeys, Sequencer
from kept.wiring.house import House

AWAY = Refusing(
    "away",
    "The ledger cannot be written now; what was recorded waits and is signed at the next start.",
    "Сейчас в журнал не записать; записанное ждёт и будет подписано при следующем запуске.",
)


def sign_waiting(house: House, sequencer: Sequencer) -> Refusing | None:
    """Make passes until nothing is left to do; why it cannot be done now, then the acts wait.

    A pass is made even when nothing waits: an earlier one may have ended before it signed.

    Raises:
        UnavailableError: database, tiles or mark cannot be read or written now.
    """
    while True:
        done = sequencer.run(now=house.clock.now())
        if isinstance(done, Refusing):
            return done
        if not done.taken:
            return AWAY if house.db.read(acts_waiting) else None


def older_keys(house: House) -> tuple[VerifierKey, ...]:
    """The keys of closed logs, the newest first: receipts of theirs still hold."""
    logs = house.db.read(every_log)
    keys = [sequencer_for(house, log.origin).key for log in logs]
    return tuple(key for key in keys if key != house.sequencer.key)


def sequencer_for(house: House, origin: str) -> Sequencer:
    """A sequencer for a log that was opened after the house was."""
    keys = LogKeys(origin, house.opened.house_keys["log"])
    return Sequencer(house.db, tiles=house.tiles, high_water=house.high_water, keys=keys)
