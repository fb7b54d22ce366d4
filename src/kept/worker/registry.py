"""Which tasks are there, and how often is each done?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from kept.worker.parts import WorkerParts
from kept.worker.tasks.collect import collect
from kept.worker.tasks.copies import tend
from kept.worker.tasks.forget import forget, sweep
from kept.worker.tasks.mail import send_mail
from kept.worker.tasks.publish import publish, tend_reserve
from kept.worker.tasks.reread import reread
from kept.worker.tasks.search import search


@dataclass(frozen=True, slots=True)
class Task:
    """Something done every so often. `run` is idempotent and bounded."""

    name: str
    every: timedelta
    run: Callable[[WorkerParts], None]


TASKS = (
    Task("publish", timedelta(seconds=5), publish),
    Task("collect", timedelta(minutes=1), collect),
    Task("mail", timedelta(seconds=1), send_mail),
    Task("forget", timedelta(seconds=1), forget),
    Task("search", timedelta(minutes=1), search),
    Task("sweep", timedelta(hours=1), sweep),
    Task("copies", timedelta(seconds=15), tend),
    Task("reread", timedelta(minutes=1), reread),
    Task("reserve", timedelta(seconds=30), tend_reserve),
)
