"""Is a snapshot written as restic would, and read whoever wrote it?"""

import json
from dataclasses import replace

import pytest

from kept.backup.repo.snapshots import Snapshot, Summary, read_snapshot, snapshot_members
from kept.backup.repo.times import Moment
from kept.base.errors import MalformedError

AT = "2026-11-21T22:20:12.051862704+01:00"
BARE = Snapshot(time=Moment.parse(AT, "time"), tree=b"\x01" * 32, paths=("/srv/ada",))
SUMMARY = Summary(
    backup_start=Moment.parse(AT, "time"),
    backup_end=Moment.parse(AT, "time"),
    files_new=1,
    files_changed=2,
    files_unmodified=3,
    dirs_new=4,
    dirs_changed=5,
    dirs_unmodified=6,
    data_blobs=7,
    tree_blobs=8,
    data_added=9,
    data_added_packed=10,
    total_files_processed=11,
    total_bytes_processed=2**64 - 1,
)
FULL = replace(
    BARE,
    parent=b"\x02" * 32,
    hostname="shop",
    username="ada",
    uid=1000,
    gid=100,
    excludes=("*.tmp",),
    tags=("kept:cut1",),
    original=b"\x03" * 32,
    program_version="kept 1",
    summary=SUMMARY,
)


def test_the_barest_snapshot():
    """Empty members are left out, as Go leaves them out."""
    spelt = json.dumps(snapshot_members(BARE), separators=(",", ":"))
    assert spelt == f'{{"time":"{AT}","tree":"{"01" * 32}","paths":["/srv/ada"]}}'


def test_the_fullest_snapshot():
    """Every member, in restic's order, and back again."""
    members = snapshot_members(FULL)
    assert " ".join(members) == (
        "time parent tree paths hostname username uid gid excludes tags original"
        " program_version summary"
    )
    summary = members["summary"]
    assert isinstance(summary, dict)
    assert " ".join(summary) == (
        "backup_start backup_end files_new files_changed files_unmodified dirs_new dirs_changed"
        " dirs_unmodified data_blobs tree_blobs data_added data_added_packed"
        " total_files_processed total_bytes_processed"
    )
    assert list(summary.values())[2:] == [*range(1, 12), 2**64 - 1]
    assert read_snapshot(json.loads(json.dumps(members))) == FULL
    assert read_snapshot(snapshot_members(BARE)) == BARE


def test_an_old_snapshot():
    """What restic 0.14 writes is read: no summary, no version, a list that may be null."""
    found = read_snapshot({
        "time": "2026-11-21T22:20:12Z",
        "tree": "01" * 32,
        "paths": ["/a"],
        "tags": None,
        "hostname": "vm",
        "unknown": {"later": True},
    })
    assert (found.hostname, found.tags, found.summary) == ("vm", (), None)


@pytest.mark.parametrize(
    "members",
    [
        {"time": None},
        {"time": "now"},
        {"tree": None},
        {"tree": "01" * 31},
        {"tree": "0g" * 32},
        {"paths": "one"},
        {"paths": [1]},
        {"parent": "x"},
        {"uid": -1},
        {"uid": 2**32},
        {"uid": "0"},
        {"summary": 5},
        {"summary": {"backup_start": AT}},
        {"summary": {"backup_start": AT, "backup_end": AT, "files_new": -1}},
        {"summary": {"backup_start": AT, "backup_end": AT, "files_new": 2**64}},
    ],
)
def test_hostile_members_are_refused(members: dict[str, object]):
    """A member that is missing, of another type or beyond its bits: nothing is guessed."""
    whole = dict(snapshot_members(BARE)) | members
    with pytest.raises(MalformedError):
        read_snapshot(whole)  # pyright: ignore[reportArgumentType] - the wrong types are the case


@pytest.mark.parametrize("members", [None, [], "text", 5, {}])
def test_what_is_no_snapshot(members: object):
    """Another kind of JSON is refused."""
    with pytest.raises(MalformedError):
        read_snapshot(members)  # pyright: ignore[reportArgumentType] - the wrong types are the case
