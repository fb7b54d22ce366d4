"""Does a check without any key find damage, and can others check what was signed?"""

import os
import re
import time
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kept.backup.keeping.statement import Statement, read, seed_from
from kept.base.errors import MalformedError, TamperedError
from kept.ledger.notes import Checkpoint, KeyKind, Signer, VerifierKey, sign_checkpoint
from receiver_yard import Login, Yard, named, yard

PARTS = 40


@pytest.fixture
def filled(tmp_path) -> tuple[Yard, Login]:
    """A keeper with forty parts of Ann's, an index and a snapshot."""
    made = yard(tmp_path)
    ann = made.client("ann", "1", "--costs", "5 euros a month")
    with made.served("--daily", "0"), made.http(ann) as http:
        assert http.post("/ann/?create=true").status_code == 200
        for number in range(PARTS):
            part = b"%d" % number * 1000
            assert http.post(f"/ann/data/{named(part)}", content=part).status_code == 200
        for kind in ("index", "snapshots"):
            assert http.post(f"/ann/{kind}/{named(b'i')}", content=b"i").status_code == 200
        assert http.post("/ann/config", content=b"c").status_code == 200
    return made, ann


def spoil(made: Yard) -> str:
    """Flip one bit of one byte of one part; its name."""
    path = sorted((made.dir / "repos/ann/data").glob("*/*"))[17]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)
    return path.name


def test_a_flipped_bit_is_found_and_shown(filled) -> None:
    """By the check, with exit code 1, and on the page by name in both languages."""
    made, ann = filled
    assert made.kept("check", "ann", "--all")["bad"] == 0
    name = spoil(made)
    found = made.kept("check", "ann", "--all", code=1)
    assert (found["bad"], found["bad_files"]) == (1, [f"data/{name}"])
    with made.served(), made.http(ann) as http:
        page = http.get("/ann/").text
        assert "1 file is damaged." in page
        assert name in page
        assert "All that we read was as you sent it" not in page
        assert "Повреждён 1 файл." in http.get("/ann/?lang=ru").text
    assert [one["bad"] for one in made.kept("client", "list")] == [1]


def test_a_part_taken_away_shows_in_the_inventory(filled) -> None:
    """Deletion is no damage, but the root over the files is another one."""
    made, _ = filled
    before = made.kept("check", "ann", "--all")
    next((made.dir / "repos/ann/data").glob("*/*")).unlink()
    after = made.kept("check", "ann", "--all")
    assert (before["parts"], after["parts"]) == (PARTS, PARTS - 1)
    assert before["inventory"] != after["inventory"]


def test_the_daily_check_runs_by_itself(filled) -> None:
    """A server that starts checks whoever was not checked for a day, and shows it."""
    made, ann = filled
    with made.served("--daily", "5"), made.http(ann) as http:
        end = time.monotonic() + 20
        while "Not checked yet" in (page := http.get("/ann/").text):
            assert time.monotonic() < end
            time.sleep(0.05)
        assert "We read 5 parts of 40 from end to end." in page
        assert "You have only our word for that." in page
        assert "5 euros a month" in page


def a_checkpoint() -> bytes:
    """A signed note of some ledger."""
    signer = Signer.from_seed("log.example/a", KeyKind.LOG, b"\x07" * 32)
    return sign_checkpoint(Checkpoint("log.example/a", 412, b"\x01" * 32), signer).encode()


def drawn_by_hand(seed: bytes, names: list[str], picks: int) -> set[str]:
    """The documented draw, written anew: a shuffle from the front with numbers from SHA-256."""
    places, counter, taken = sorted(names), 0, set[str]()
    for step in range(picks):
        left = len(places) - step
        while True:
            block = sha256(seed + counter.to_bytes(8, "big")).digest()
            number, counter = int.from_bytes(block[:8], "big"), counter + 1
            if number < 2**64 // left * left:
                break
        other = step + number % left
        places[step], places[other] = places[other], places[step]
        taken.add(places[step])
    return taken


def root_by_hand(lines: list[bytes]) -> bytes:
    """RFC 6962's tree over lines."""
    if len(lines) == 1:
        return sha256(b"\x00" + lines[0]).digest()
    cut = 1
    while cut * 2 < len(lines):
        cut *= 2
    return sha256(b"\x01" + root_by_hand(lines[:cut]) + root_by_hand(lines[cut:])).digest()


def test_a_stranger_recomputes_the_sample(filled, tmp_path) -> None:
    """From the signed result, the checkpoint and the files' names and sizes alone.

    A damaged part is found exactly when the draw by hand picks it.
    """
    made, ann = filled
    checkpoint = tmp_path / "checkpoint"
    checkpoint.write_bytes(a_checkpoint())
    bad = spoil(made)
    files = {path: content for path, content in made.files(ann).items() if "locks" not in path}
    lines = [
        f"{path[:5]}{path[8:]} {len(content)}\n".encode()
        if path.startswith("data/")
        else f"{path} {len(content)}\n".encode()
        for path, content in files.items()
    ]
    root = root_by_hand(sorted(lines))
    seed = sha256(b"kept possession v1\n" + checkpoint.read_bytes() + root).digest()
    names = [path[8:] for path in files if path.startswith("data/")]
    for picks in (5, 20, 39):
        hit = bad in drawn_by_hand(seed, names, picks)
        found = made.kept(
            "check", "ann", "--sample", str(picks), "--seed-from", str(checkpoint), code=int(hit)
        )
        assert (found["read"], found["bad"]) == (picks, int(hit))
    assert found["inventory"] == root.hex()
    with made.served(), made.http(ann) as http:
        note = http.get(re.findall(r'href="(/ann/results/[^"]+\.note)"', http.get("/ann/").text)[0])
        assert f"seed: {seed.hex()}\n" in note.text
        key = http.get("/ann/results/key").text.strip()
        shown = http.get(str(note.url.path).replace(".note", ".checkpoint"))
        assert shown.content == checkpoint.read_bytes()
        assert "the log of log.example/a" in http.get("/ann/").text
    check_by_hand(note.content, key)


def check_by_hand(note: bytes, key: str) -> None:
    """The signature of a C2SP note, with nothing of ours."""
    name, _, public = key.split("+", 2)
    text, line = note.decode().rsplit("\n\n", 1)
    _, signer, value = line.strip().split(" ")
    raw = b64decode(public)
    digest = sha256(f"{name}\n".encode() + raw).digest()
    assert (signer, raw[0], b64decode(value)[:4]) == (name, 1, digest[:4])
    ours = Ed25519PublicKey.from_public_bytes(raw[1:])
    ours.verify(b64decode(value)[4:], f"{text}\n".encode())
    with pytest.raises(InvalidSignature):
        ours.verify(b64decode(value)[4:], f"{text}\n".replace("bad: ", "bad: 1").encode())


def test_a_result_of_another_key_is_not_believed(filled) -> None:
    """A good result that somebody else signed does not reach the page."""
    made, ann = filled
    spoil(made)
    made.kept("check", "ann", "--all", code=1)
    note = next((made.dir / "results/ann").glob("*.note"))
    text = Statement.parse(note.read_text(encoding="utf-8").rpartition("\n\n")[0] + "\n").text
    forged = re.sub(r"bad: 1\nbad-file: .*\n", "bad: 0\n", text)
    other = Signer.from_seed("kept-receiver", KeyKind.LOG, os.urandom(32))
    line = str(other.sign(forged))
    (note.parent / "20990101T000000Z.note").write_text(f"{forged}\n{line}\n", encoding="utf-8")
    with made.served(), made.http(ann) as http:
        assert "1 file is damaged." in http.get("/ann/").text


@pytest.mark.parametrize(
    "content",
    [b"", b"log.example/a\n1\nAAAA\n", b"not a note\n\n", b"x" * 200_000],
)
def test_what_is_no_checkpoint_seeds_nothing(filled, tmp_path, content: bytes) -> None:
    """The check is refused; nothing is signed."""
    made, _ = filled
    (tmp_path / "checkpoint").write_bytes(content)
    made.kept("check", "ann", "--seed-from", str(tmp_path / "checkpoint"), code=1)
    assert list((made.dir / "results").rglob("*.note")) == []


def test_a_checkpoint_comes_over_tls_alone(filled) -> None:
    """Whoever could change it on the way would choose the parts."""
    made, _ = filled
    said = made.kept_plainly("check", "ann", "--seed-from", "http://ledger.example/checkpoint")
    assert "https" in said


def test_statements_have_one_form() -> None:
    """Every line missing, doubled, moved or spelled otherwise is refused."""
    seed = seed_from(a_checkpoint(), b"\x02" * 32)
    key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    text = (
        f"kept possession v1\nclient: ann\nat: 2026-11-21T10:00:00Z\ninventory: {'ab' * 32}\n"
        "parts: 4\npart-bytes: 9\nsnapshots: 1\nothers: 2\n"
        f"seed-from: {seed.source}\nseed: {seed.value.hex()}\n"
        f"parts-asked: 4\nbytes-read: 9\nbad: 1\nbad-file: data/{'cd' * 32}\n"
    )
    assert Statement.parse(text).text == text
    lines = text.splitlines(keepends=True)
    spoiled = [
        *("".join(lines[:at] + lines[at + 1 :]) for at in range(len(lines))),
        *("".join([*lines[: at + 1], *lines[at:]]) for at in range(len(lines))),
        text.replace("parts: 4", "parts: 04"),
        text.replace("parts: 4", "parts: +4"),
        text.replace("Z\n", "+00:00\n"),
        text.replace("bad: 1", "bad: 0"),
        text.replace("bad-file: data", "bad-file: locks"),
        text + "more: 1\n",
        text.replace("\n", "\r\n"),
    ]
    for one in spoiled:
        with pytest.raises(MalformedError):
            Statement.parse(one)
    signer = Signer.from_seed("kept-receiver", KeyKind.LOG, b"\x09" * 32)
    note = f"{text}\n{signer.sign(text)}\n".encode()
    assert read(note, signer.key).bad_count == 1
    with pytest.raises(TamperedError):
        read(note, VerifierKey("kept-receiver", KeyKind.LOG, key))


def test_the_page_of_the_format_can_be_checked_by_hand() -> None:
    """The example in the document is signed by the key beside it, and is a statement."""
    page = (Path(__file__).parents[3] / "docs" / "backup-receiver.md").read_text(encoding="utf-8")
    note, key = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    check_by_hand(note.encode(), key.strip())
    found = read(note.encode(), VerifierKey.parse(key.strip()))
    assert (found.client, found.bad_count, found.asked) == ("tea-shop", 1, 59)
