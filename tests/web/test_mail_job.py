"""Does each code leave by letter once, and is nothing lost while the mail server is away?"""

import re
from dataclasses import replace

import pytest

from houses import IMPORTER, TINA, Home
from kept.base.errors import RefusedError, UnavailableError
from kept.conversations.channels.email.demo_box import DemoBox
from kept.conversations.model import Letter
from kept.db.jobs import TRIES_MOST, given_up
from kept.vault.acts import visit
from kept.vault.acts.erase import begin_erasure
from kept.worker.tasks.mail import send_mail


class Away:
    """A mail server that fails a few times, then takes letters."""

    def __init__(self, error: BaseException, times: int) -> None:
        self.error, self.left = error, times
        self.taken: list[Letter] = []

    async def send(self, letter: Letter) -> None:
        """Fail, or take it."""
        if self.left:
            self.left -= 1
            raise self.error
        self.taken.append(letter)


def ask(home: Home, lang: str = "en") -> None:
    """Tina asks for a code."""
    pepper = home.worker.parts.pepper
    home.write(
        lambda tx: visit.ask_code(
            tx, home.house.vault, pepper, address=TINA["email"], lang=lang, now=home.clock.now()
        )
    )


def waiting(home: Home) -> int:
    """Jobs that are left."""
    return home.read(lambda tx: tx.rows("select count(*) from jobs"))[0][0]


@pytest.mark.parametrize(
    ("lang", "subject"), [("en", "Your code for Tea Shop"), ("ru", "Ваш код для «Tea Shop»")]
)
def test_a_letter_with_a_code(any_home: Home, lang: str, subject: str) -> None:
    """One letter, to her address, in her language, without any link; an act says it left."""
    any_home.add(contact=TINA)
    ask(any_home, lang)
    for _ in range(2):
        send_mail(any_home.worker.parts)
    assert isinstance(any_home.house.mail, DemoBox)
    (letter,) = any_home.house.mail.letters()
    assert (letter.to, letter.subject) == (TINA["email"], subject)
    assert re.search(r"\b\d{6}\b", letter.text)
    assert "http" not in letter.text
    sent = any_home.read(lambda tx: tx.rows("select id from acts where kind = 'egress.mail'"))
    assert [f"code-{row[0]}" for row in sent] == [letter.key]


def test_a_server_that_is_away(home: Home) -> None:
    """The letter goes later; the code that counts is the one in the letter that arrived."""
    home.add(contact=TINA)
    ask(home)
    server = Away(UnavailableError("away"), times=1)
    parts = replace(home.worker.parts, mail=server)
    send_mail(parts)
    assert (server.taken, waiting(home)) == ([], 1)
    home.later(minutes=3)
    send_mail(parts)
    assert waiting(home) == 0
    found = re.search(r"\b(\d{6})\b", server.taken[0].text)
    assert found
    inside = home.write(
        lambda tx: visit.sign_in(
            tx,
            home.house.vault,
            parts.pepper,
            address=TINA["email"],
            code=found[1],
            now=home.clock.now(),
        )
    )
    assert inside is not None


def test_a_server_that_says_never(home: Home) -> None:
    """The letter is dropped, not tried for ever."""
    home.add(contact=TINA)
    ask(home)
    send_mail(replace(home.worker.parts, mail=Away(RefusedError("no", "no"), times=1)))
    assert waiting(home) == 0
    assert home.read(given_up) == []


def test_somebody_forgotten_meanwhile(home: Home) -> None:
    """No letter goes to somebody whose keys are gone."""
    added = home.add(contact=TINA)
    ask(home)
    now = home.clock.now()
    home.write(
        lambda tx: begin_erasure(
            tx, home.house.vault, actor=IMPORTER, person=added.person, token=bytes(16), now=now
        )
    )
    home.settle()
    home.settle()
    send_mail(home.worker.parts)
    assert isinstance(home.house.mail, DemoBox)
    assert home.house.mail.letters() == []
    assert waiting(home) == 0


def test_no_mail_server_yet(home: Home) -> None:
    """Letters wait until one is set up."""
    home.add(contact=TINA)
    ask(home)
    send_mail(replace(home.worker.parts, mail=None))
    assert waiting(home) == 1


def test_a_letter_that_ends_the_process(home: Home) -> None:
    """It alone loses a try: the letters behind it were not claimed and go at the next start."""
    for name in ("tina", "otto"):
        home.add(contact={"email": f"{name}@example.org"})
        home.write(
            lambda tx, name=name: visit.ask_code(
                tx,
                home.house.vault,
                home.worker.parts.pepper,
                address=f"{name}@example.org",
                lang="en",
                now=home.clock.now(),
            )
        )
    with pytest.raises(SystemExit):
        send_mail(replace(home.worker.parts, mail=Away(SystemExit(), times=1)))
    tries = home.read(lambda tx: tx.rows("select tries from jobs order by id"))
    assert tries == [(1,), (0,)]
    send_mail(home.worker.parts)
    assert isinstance(home.house.mail, DemoBox)
    assert [letter.to for letter in home.house.mail.letters()] == ["otto@example.org"]


def test_a_sender_with_a_bug(home: Home) -> None:
    """A bug in sending is tried again a bounded number of times, then shown; nobody else waits."""
    home.add(contact=TINA)
    ask(home)
    away = Away(ZeroDivisionError("broken"), 10_000)
    parts = replace(home.worker.parts, mail=away)
    for _ in range(TRIES_MOST):
        send_mail(parts)
        home.later(hours=2)
    ((_, kind, problem),) = home.read(given_up)
    assert (kind, problem) == (visit.CODE_JOB, "ZeroDivisionError")
    assert away.taken == []
