"""Letters that people asked for: claimed, released by the vault with an act, sent, forgotten.

The job names only the person; the address and the code exist from the release to the sending, here
and nowhere else. A letter the server does not take is tried again with a new code. What nobody can
be sent (forgotten meanwhile, or no address is kept) is dropped.
"""

import asyncio

import structlog

from kept.base.errors import KeptError, NotFoundError, RefusedError
from kept.base.ids import PersonId
from kept.base.texts import translations
from kept.conversations.model import Letter
from kept.conversations.ports import MailSender
from kept.db import jobs
from kept.db.jobs import Job
from kept.vault.acts.egress import (
    Released,
    forget_moved,
    release_change_code,
    release_code,
    release_moved,
)
from kept.vault.acts.letters import BACK, CHANGE_JOB, NOTICE_JOB, OLD
from kept.vault.acts.visit import CODE_JOB, CODE_LIFE
from kept.worker.parts import WorkerParts

AT_ONCE = 20
_log = structlog.get_logger("kept.worker")


def send_mail(parts: WorkerParts) -> None:
    """Send what waits, a bounded number at a time; nothing while no mail server is set up.

    Each is claimed alone: one that ends the process uses up no try of those behind it.
    """
    if parts.mail is None:
        return
    for _ in range(AT_ONCE):
        due = parts.db.write(lambda tx: jobs.claim(tx, tuple(SENT), now=parts.clock.now(), most=1))
        if not due:
            return
        _do(parts, parts.mail, due[0])


def _do(parts: WorkerParts, mail: MailSender, job: Job) -> None:
    try:
        SENT[job.kind](parts, mail, job)
    except (NotFoundError, RefusedError) as error:
        _log.warning("letter dropped", job=job.id, problem=type(error).__name__)
        parts.db.write(lambda tx: jobs.finish(tx, job))
    except Exception as error:  # noqa: BLE001  # a bug, too, is tried a bounded number of times
        problem = str(error) if isinstance(error, KeptError) else type(error).__name__
        _log.warning("letter postponed", job=job.id, problem=type(error).__name__)
        parts.db.write(lambda tx: jobs.postpone(tx, job, problem=problem, now=parts.clock.now()))
    else:
        parts.db.write(lambda tx: jobs.finish(tx, job))


def _send_code(parts: WorkerParts, mail: MailSender, job: Job) -> None:
    """Release a code and hand the letter over.

    Raises:
        NotFoundError: the person was forgotten meanwhile.
        RefusedError: the mail server says never.
        UnavailableError: the mail server is away.
    """
    person = PersonId.parse(str(job.body["person"]))
    released = parts.db.write(
        lambda tx: release_code(tx, parts.vault, parts.pepper, person=person, now=parts.clock.now())
    )
    if released is not None:
        letter = code_letter(released, parts.book.business.name, str(job.body["lang"]))
        asyncio.run(mail.send(letter))


def _send_change_code(parts: WorkerParts, mail: MailSender, job: Job) -> None:
    """Release a code to a new address; as `_send_code`."""
    person, asked = PersonId.parse(str(job.body["person"])), int(job.body["asked"])
    released = parts.db.write(
        lambda tx: release_change_code(
            tx, parts.vault, parts.pepper, person=person, asked=asked, now=parts.clock.now()
        )
    )
    if released is not None:
        letter = change_letter(released, parts.book.business.name, str(job.body["lang"]))
        asyncio.run(mail.send(letter))


def _send_moved(parts: WorkerParts, mail: MailSender, job: Job) -> None:
    """Tell the old address, then forget it, unless it may undo the change; as `_send_code`."""
    person, asked = PersonId.parse(str(job.body["person"])), int(job.body["asked"])
    use = str(job.body.get("use", OLD))
    released = parts.db.write(
        lambda tx: release_moved(
            tx, parts.vault, person=person, asked=asked, use=use, now=parts.clock.now()
        )
    )
    if released is None:
        return
    business = parts.book.business
    lang = str(job.body["lang"]) or business.language
    if use == BACK:
        letter = back_letter(released, business.name, business.contact, lang)
    else:
        link = f"{parts.public_url}/undo-address/{released.secret}" if released.secret else ""
        letter = moved_letter(released, business.name, business.contact, lang=lang, link=link)
    asyncio.run(mail.send(letter))
    parts.db.write(lambda tx: forget_moved(tx, parts.vault, person=person, asked=asked, use=use))


def code_letter(released: Released, shop: str, lang: str) -> Letter:
    """The letter with the code; no link in it, so that nobody learns to click one."""
    texts = translations(lang)
    minutes = int(CODE_LIFE.total_seconds()) // 60
    lines = (
        texts.gettext("Your code: %(code)s") % {"code": released.secret},
        "",
        texts.ngettext(
            "It works once, for %(num)s minute.", "It works once, for %(num)s minutes.", minutes
        )
        % {"num": minutes},
        texts.gettext("Type it on the page where you asked for it. We never ask for it elsewhere."),
        texts.gettext("You did not ask for it? Then do nothing: without the code no one gets in."),
        "",
        shop,
    )
    subject = texts.gettext("Your code for %(shop)s") % {"shop": shop}
    return Letter(f"code-{released.act_id}", released.address, subject, "\n".join(lines) + "\n")


def change_letter(released: Released, shop: str, lang: str) -> Letter:
    """The letter to a new address, with the code that makes it count."""
    texts = translations(lang)
    minutes = int(CODE_LIFE.total_seconds()) // 60
    lines = (
        texts.gettext("Your code: %(code)s") % {"code": released.secret},
        "",
        texts.ngettext(
            "It works once, for %(num)s minute.", "It works once, for %(num)s minutes.", minutes
        )
        % {"num": minutes},
        texts.gettext("Type it on your page to make this address yours with us."),
        texts.gettext("You did not ask for it? Then do nothing, and nothing changes."),
        "",
        shop,
    )
    subject = texts.gettext("Is this your address? A code from %(shop)s") % {"shop": shop}
    return Letter(f"change-{released.act_id}", released.address, subject, "\n".join(lines) + "\n")


def moved_letter(released: Released, shop: str, contact: str, /, *, lang: str, link: str) -> Letter:
    """The letter to an old address; it does not hold the new one. `link` undoes it, if not ""."""
    texts = translations(lang)
    write = texts.gettext("Was it not you? Write to us at once: %(contact)s")
    undo = (
        texts.gettext("Was it not you? Put the old address back within three days:"),
        link,
        texts.gettext("Everybody is signed out then, also whoever changed it."),
        "",
        texts.gettext("Or write to us at once: %(contact)s") % {"contact": contact},
    )
    lines = (
        texts.gettext("The e-mail address we keep for you was changed."),
        texts.gettext("This is the last letter to the old one."),
        "",
        *(undo if link else (write % {"contact": contact},)),
        "",
        shop,
    )
    subject = texts.gettext("Your address at %(shop)s was changed") % {"shop": shop}
    return Letter(f"moved-{released.act_id}", released.address, subject, "\n".join(lines) + "\n")


def back_letter(released: Released, shop: str, contact: str, lang: str) -> Letter:
    """The letter to an address that was taken back; it does not hold the other one, and no link."""
    texts = translations(lang)
    lines = (
        texts.gettext("The change of your e-mail address was undone from the address of before."),
        texts.gettext("This is the last letter to this one."),
        "",
        texts.gettext("Was it not you? Write to us at once: %(contact)s") % {"contact": contact},
        "",
        shop,
    )
    subject = texts.gettext("Your address at %(shop)s was changed back") % {"shop": shop}
    return Letter(f"back-{released.act_id}", released.address, subject, "\n".join(lines) + "\n")


SENT = {CODE_JOB: _send_code, CHANGE_JOB: _send_change_code, NOTICE_JOB: _send_moved}
