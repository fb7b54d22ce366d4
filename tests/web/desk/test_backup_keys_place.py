"""Does a place of keys leave the desk's list only with its owner's word that the copy is gone?"""

from pathlib import Path

from desk_backup import add, text
from desk_people import Colleagues
from kept.backup.acts import places
from kept.flows.copy_keys import copy_keys
from kept.vault.model.rules import Role
from kept.wiring.copies import copy_parts
from vault_cases import kinds


def test_the_copy_there_must_be_destroyed_first(colleagues: Colleagues, tmp_path: Path) -> None:
    """Without the tick nothing is changed; with it the act says so, and the file still lies there.

    A place that never held a copy goes without it.
    """
    home, owner = colleagues.home, colleagues.member(Role.OWNER)
    for name in ("drawer", "shelf"):
        assert add(owner, tmp_path / name, name=name, holds="keys").status_code == 303
    question = owner.browser.get("/desk/backup/places/drawer/remove")
    assert "The copy of the keys that lay there is destroyed." in text(question)
    assert owner.browser.post("/desk/backup/places/shelf/remove").status_code == 200
    copy_keys(copy_parts(home.house))
    before = list((tmp_path / "drawer" / "keys").iterdir())
    refused = owner.browser.post("/desk/backup/places/drawer/remove")
    assert (refused.status_code, "A copy of the keys lies there." in text(refused)) == (409, True)
    assert [one.order.name for one in home.read(places.places)] == ["drawer"]
    said = {"destroyed": "yes"}
    assert owner.browser.post("/desk/backup/places/drawer/remove", data=said).status_code == 200
    assert home.read(places.places) == []
    assert kinds(home)["backup.place_removed"] == 2
    assert list((tmp_path / "drawer" / "keys").iterdir()) == before
