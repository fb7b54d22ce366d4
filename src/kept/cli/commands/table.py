"""Which commands are there? The one table, for the socket and for without a server."""

from collections.abc import Callable, Mapping

from kept.base.encoding import Json
from kept.base.errors import MalformedError
from kept.cli.commands import (
    api_keys,
    backups,
    consents,
    copies,
    imports,
    keyring,
    ledger,
    people,
    team,
    upkeep,
)
from kept.cli.commands.call import Call

COMMANDS: Mapping[str, Callable[[Call], Json]] = {
    "import": imports.import_lists,
    "person find": people.find,
    "person show": people.show,
    "person correct": people.correct_values,
    "person export": copies.export,
    "person forget": people.forget,
    "consent give": consents.give,
    "consent withdraw": consents.withdraw,
    "staff list": team.listing,
    "staff invite": team.invite_colleague,
    "staff disable": team.disable_colleague,
    "staff reset": team.reset_colleague,
    "keys issue": api_keys.issue,
    "keys list": api_keys.listing,
    "keys revoke": api_keys.revoke,
    "keyring status": upkeep.keyring_status,
    "keyring passphrase": keyring.change_passphrase,
    "keyring words": keyring.renew_words,
    keyring.RECOVER: keyring.recover,
    "vault check": upkeep.vault_check,
    "backup add": backups.add,
    "backup remove": backups.remove,
    "backup places": backups.listing,
    "backup status": backups.status,
    "backup run": backups.run,
    "backup drill": backups.drill,
    "backup way": backups.way,
    "backup sights": backups.sights,
    "backup note": backups.note,
    "backup listed": backups.listed_there,
    "backup sign": backups.sign_possession,
    "checkup": upkeep.checkup,
    "verify": ledger.verify,
    "ledger key": ledger.key,
    "ledger receipt": ledger.receipt_of,
    "ledger export": ledger.export_log,
    "ledger adopt": ledger.adopt,
    "ledger succeed": ledger.follow,
}


def perform(command: str, call: Call) -> Json:
    """Do one command.

    Raises:
        MalformedError: no such command.
        KeptError: what it raised.
    """
    verb = COMMANDS.get(command)
    if verb is None:
        raise MalformedError("command", "this server knows no such command; is it older?")
    return verb(call)
