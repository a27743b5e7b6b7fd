"""What is loaded in part is written with what was looked up, and read only when both go together."""

import pytest

from licensing_core.credits import Entries, Entry, Grant, Orders
from licensing_core.limits import Places, PlaceTally
from licensing_core.serde import InvalidDocument, dumps, loads
from tests.specimens import NOON

SOME = Places({"w1": {"team": PlaceTally(used=2, turn=1)}}, loaded={"w1", "w2"})
TEXT = '{"entries":{"w1":{"team":{"turn":1,"used":2}}},"loaded":["w1","w2"]}'


def test_what_was_looked_up_stands_beside_the_entries() -> None:
    assert dumps(SOME) == TEXT
    assert loads(TEXT, Places) == SOME
    assert loads(dumps(Places()), Places) == Places()


def test_grants_and_orders_are_read_as_they_were_written() -> None:
    entry = Entry(grant=Grant(id="g1", amount=5, effective=NOON), balance=5, granted=5)
    for whole in (Entries({"g1": entry}), Orders(loaded={"o1"})):
        assert loads(dumps(whole), type(whole)) == whole


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        (TEXT, "[]", ("$", "type.wrong")),
        (',"loaded":["w1","w2"]', "", ("$", "type.wrong")),
        ('["w1","w2"]', '["w2"]', ("$", "usage.not_loaded")),
        ('["w1","w2"]', '["a b"]', ("$.loaded[0]", "id.invalid")),
        ('"w1":{', '"a b":{', ("$.entries.*", "id.invalid")),
        ('{"team":{"turn":1,"used":2}}', "[]", ("$.entries.w1", "type.wrong")),
        ('"used":2', '"used":-2', ("$.entries.w1.team.used", "quantity.invalid")),
        ('"team":', '"t m":', ("$", "id.invalid")),
    ],
)
def test_what_does_not_go_together_is_refused(before: str, after: str, fault: tuple[str, str]) -> None:
    with pytest.raises(InvalidDocument) as refused:
        loads(TEXT.replace(before, after), Places)
    assert refused.value.faults == (fault,)
