"""A helper, not a test module, whose assert must hold even under `python -O` (see test_hostile.py)."""


def insist(claim: bool) -> None:
    assert claim
