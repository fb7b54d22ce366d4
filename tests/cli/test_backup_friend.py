"""May a friend's keeper, with a certificate of its own making, be a place of a house?"""

from pathlib import Path

import receiver_yard
from terminal import Shop


def test_the_house_keeps_the_certificate_with_what_opens_the_place(
    own_shop: Shop, tmp_path: Path
) -> None:
    """Told once: later neither its file nor the password's is there, and all still works."""
    yard = receiver_yard.yard(tmp_path)
    ann = yard.client("ann")
    secrets, cert = tmp_path / "secrets.toml", tmp_path / "friend.pem"
    secrets.write_text(f'password = "{ann.password}"\n', encoding="utf-8")
    cert.write_bytes(yard.cert.read_bytes())
    with yard.served():
        url = f"rest:https://ann@127.0.0.1:{yard.port}/ann/"
        given = ("--secrets-file", str(secrets), "--ca-file", str(cert))
        unknown = own_shop.kept("backup", "add", "friend", url, *given[:2])
        assert (unknown.code, "prove" in unknown.err) == (1, True)
        added = own_shop.kept("backup", "add", "friend", url, *given)
        assert added.code == 0, added.err
        secrets.unlink()
        cert.unlink()
        for words in (("run", "friend"), ("drill", "friend"), ("list",), ("check",)):
            done = own_shop.kept("backup", *words)
            assert done.code == 0, (words, done.err)
    assert own_shop.kept("verify").code == 0
    assert b"BEGIN CERTIFICATE" not in (own_shop.folder / "data.db").read_bytes()


def test_what_is_no_certificate_or_would_not_be_kept_is_refused(
    own_shop: Shop, tmp_path: Path
) -> None:
    """A private key alone, a file that is not there, a limit that nothing would keep to."""
    receiver_yard.write_certificate(tmp_path)
    url = "rest:https://ann@127.0.0.1:9/ann/"
    for more, said in (
        (("--ca-file", str(tmp_path / "key.pem")), "must hold certificates"),
        (("--ca-file", str(tmp_path / "none.pem")), "cannot be read"),
        (("--limit-upload", "9"), "plan"),
    ):
        done = own_shop.kept("backup", "add", "friend", url, *more)
        assert (done.code, said in done.err) == (1, True), done.err
