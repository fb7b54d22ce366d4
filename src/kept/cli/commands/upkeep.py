"""How do the house's own things stand: keys, sealed records, the check-up?"""

from kept.base.encoding import Json
from kept.cli.commands.call import Call
from kept.crypto import keyring_file
from kept.flows.check_up import checked_up
from kept.vault.acts.check import check_vault
from kept.vault.model.rules import Lang


def keyring_status(call: Call) -> Json:
    """Epochs of the vault key, the ways to open each, and how many people's keys are old."""
    house = call.house
    ring = keyring_file.load(house.place.keyring)
    people, old = house.vault.keys.counts()
    return {
        "vault": ring.vault_id.hex(),
        "people_with_keys": people,
        "keys_of_old_epochs": old,
        "epochs": [
            {
                "number": epoch.number,
                "state": epoch.state,
                "created": epoch.created.isoformat(timespec="seconds"),
                "wraps": [{"role": w.role, "provider": w.wrap.provider} for w in epoch.wraps],
            }
            for epoch in ring.epochs
        ],
    }


def vault_check(call: Call) -> Json:
    """Open every sealed record in memory; what fails is named, nothing is shown."""
    people, records, faults = 0, 0, list[str]()
    for page in check_vault(call.house.db, call.house.vault, call.house.tiles):
        people, records = people + page.people, records + page.records
        faults += page.faults
        call.progress({"done": people, "note": "people"})
    return {"whole": not faults, "people": people, "records": records, "faults": list(faults)}


def checkup(call: Call) -> Json:
    """Every row of the check-up with its state and evidence."""
    house = call.house
    lang: Lang = "ru" if call.text("lang", "en") == "ru" else "en"
    rows = house.db.read(
        lambda tx: checked_up(
            tx, house.book, has_mail=house.mail is not None, now=house.clock.now()
        )
    )
    return [dict(one.as_json(lang)) for one in rows]
