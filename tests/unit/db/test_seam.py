"""Does a `Pending` keep its value to itself until the database opens it?"""

from kept.db.seam import Pending, release


def test_a_pending_shows_nothing():
    """Neither its text nor its attributes hand the value out."""
    pending = Pending("a secret")
    assert "secret" not in f"{pending!r} {pending}"
    assert not hasattr(pending, "value")
    assert not hasattr(pending, "__dict__")


def test_verbs_of_one_transaction_follow_each_other():
    """`then` runs the next verb on the withheld value, `map` withholds another shape."""
    assert release(Pending(3).then(lambda n: Pending(n + 1)).map(str)) == "4"
