"""Changes of billed items that wait: for an instant, or for the end of the period.
In April 2026, of 30 days, one unit at 30.00 EUR a month is 1.00 EUR a day.
"""

from datetime import datetime
from typing import Any

import pytest
from attrs import evolve

from licensing_core.billing import (
    ItemBehind,
    ItemChange,
    NothingScheduled,
    ScheduledChange,
    When,
    advance_item,
    can_schedule_change,
    can_withdraw_change,
    next_due,
    schedule_change,
    withdraw_change,
)
from licensing_core.billing.items import MOST_SCHEDULED
from licensing_core.checks import MAX_QUANTITY, InvalidArgument, InvalidId, InvalidQuantity
from licensing_core.currencies import Currency
from licensing_core.decisions import Decision
from licensing_core.money import CurrencyMismatch
from licensing_core.serde import dumps
from tests.billing_world import (
    ACT,
    BY,
    EUR,
    YEN,
    YEN_OFF,
    all_due,
    amounts,
    at,
    charges,
    each,
    running,
    scheduled,
)
from tests.builders import agrees

# Changes that wait


def test_a_change_on_a_date_is_billed_as_of_it_however_late() -> None:
    state = scheduled(running(), at(4, 16), quantity=2)
    early, late = (all_due(state, now) for now in (at(4, 16), at(4, 29)))
    assert [dumps(one.quote) for one in early[1]] == [dumps(one.quote) for one in late[1]]
    assert amounts(late[1][0].quote) == (["15.00 EUR"], ["30.00 EUR"])
    assert (late[1][0].effective, late[1][0].at) == (at(4, 16), at(4, 29))
    assert early[0].item == late[0].item
    assert early[0].ledger == late[0].ledger


def test_periods_gone_by_are_billed_one_by_one_and_touch() -> None:
    state = running()
    _, found = all_due(state, at(8, 10))
    starts, ends = [one.period.start for one in found], [one.period.end for one in found]
    assert starts == [state.item.period.end, *ends[:-1]]
    assert [charges(one.quote) for one in found] == [["30.00 EUR"]] * 4
    assert [one.effective for one in found] == starts


def test_nothing_is_due_before_its_time() -> None:
    state = scheduled(running(), at(4, 16), quantity=2)
    assert next_due(state.item) == at(4, 16)
    assert advance_item(state, now=at(4, 15, 23), **ACT) == Decision(state)
    assert next_due(all_due(state, at(4, 16))[0].item) == at(5, 1, 0)


def test_changes_are_carried_out_by_their_instants_and_the_end_of_the_period_comes_last() -> None:
    state = scheduled(running(), When.END_OF_PERIOD, quantity=5)
    state = scheduled(state, at(4, 21), quantity=3)
    state = scheduled(state, at(4, 11), price=each("60.00 EUR"))
    state = scheduled(state, When.END_OF_PERIOD, price=each("10.00 EUR"))
    state, found = all_due(state, at(5, 20))
    assert [(one.effective, *amounts(one.quote)) for one in found] == [
        (at(4, 11), ["20.00 EUR"], ["40.00 EUR"]),
        (at(4, 21), ["20.00 EUR"], ["60.00 EUR"]),
        (at(5, 1, 0), [], ["50.00 EUR"]),
    ]
    assert state.item.scheduled == ()


def test_changes_of_one_instant_come_as_they_were_asked_and_are_billed_as_one() -> None:
    state = scheduled(running(), at(4, 16), quantity=9, price=each("60.00 EUR"))
    state = scheduled(state, at(4, 16), quantity=2)
    _, (event,) = all_due(state, at(4, 16))
    assert amounts(event.quote) == (["15.00 EUR"], ["60.00 EUR"])
    assert [one.change.quantity for one in event.done] == [9, 2]


@pytest.mark.parametrize("swapped", [False, True])
def test_a_change_at_the_very_end_of_the_period_composes_with_those_that_wait_for_it(swapped: bool) -> None:
    asked: list[tuple[datetime | When, int]] = [(When.END_OF_PERIOD, 4), (at(5, 1, 0), 2)]
    state = running()
    for effective, quantity in reversed(asked) if swapped else asked:
        state = scheduled(state, effective, quantity=quantity)
    _, (event,) = all_due(state, at(5, 1, 0))
    assert amounts(event.quote) == ([], ["120.00 EUR"] if swapped else ["60.00 EUR"])


def test_a_change_for_a_later_period_waits_through_this_one() -> None:
    state = scheduled(running(), at(5, 16), quantity=2)
    _, found = all_due(state, at(5, 31))
    # of May 31 days: 16 are left on the 16th
    assert [(one.effective, *amounts(one.quote)) for one in found] == [
        (at(5, 1, 0), [], ["30.00 EUR"]),
        (at(5, 16), ["15.48 EUR"], ["30.97 EUR"]),
    ]


def test_a_change_that_was_withdrawn_does_not_happen() -> None:
    state = scheduled(running(), at(4, 16), quantity=2)
    state = scheduled(state, When.END_OF_PERIOD, quantity=3)
    state = withdraw_change(state, "c1", by=BY, now=at(4, 3)).state
    left = ScheduledChange(id="c2", change=ItemChange(quantity=3), effective=When.END_OF_PERIOD)
    assert state.item.scheduled == (left,)
    _, found = all_due(state, at(5, 1, 0))
    assert [amounts(one.quote) for one in found] == [([], ["90.00 EUR"])]


def test_only_a_change_that_waits_is_withdrawn_and_only_once() -> None:
    state = scheduled(running(), at(4, 16), quantity=2)
    named: dict[str, Any] = {"by": BY, "now": at(4, 3)}
    verdict = agrees(can_withdraw_change, withdraw_change, state, "c2", **named)
    assert verdict.refusal == NothingScheduled(item="seats", change="c2")
    state = withdraw_change(state, "c1", **named).state
    verdict = agrees(can_withdraw_change, withdraw_change, state, "c1", **named)
    assert verdict.refusal == NothingScheduled(item="seats", change="c1")


@pytest.mark.parametrize("change_id", [0, "", None, True])
def test_a_change_is_withdrawn_by_an_id(change_id: Any) -> None:
    with pytest.raises(InvalidId):
        withdraw_change(scheduled(running(), at(4, 16), quantity=2), change_id, by=BY, now=at(4, 3))


def test_the_same_change_asked_again_under_its_id_waits_once() -> None:
    state = scheduled(running(), at(4, 16), quantity=2)
    again = schedule_change(state, ItemChange(quantity=2), at(4, 16), change_id="c1", by=BY, now=at(4, 3))
    assert again == Decision(state)


@pytest.mark.parametrize(
    ("quantity", "effective"), [(3, at(4, 16)), (2, at(4, 17)), (2, When.END_OF_PERIOD)], ids=["change", "day", "end"]
)
def test_another_change_under_the_id_of_one_that_waits_is_refused(quantity: int, effective: datetime | When) -> None:
    state = scheduled(running(), at(4, 16), quantity=2)
    with pytest.raises(InvalidArgument) as caught:
        scheduled(state, effective, name="c1", quantity=quantity)
    assert caught.value == InvalidArgument(
        parameter="change_id", expected="an id that no waiting change has", got="str of 2 characters"
    )


def test_the_id_of_a_change_that_was_withdrawn_or_carried_out_is_free_again() -> None:
    state = withdraw_change(scheduled(running(), at(4, 16), quantity=2), "c1", by=BY, now=at(4, 3)).state
    state, _ = all_due(scheduled(state, at(4, 10), name="c1", quantity=3), at(4, 10))
    state, _ = all_due(scheduled(state, at(4, 20), at(4, 11), name="c1", quantity=4), at(4, 20))
    assert (state.item.scheduled, state.item.terms.quantity) == ((), 4)


@pytest.mark.parametrize("effective", [at(4, 1), at(4, 2)], ids=["earlier", "now"])
def test_a_change_waits_for_a_later_instant(effective: datetime) -> None:
    with pytest.raises(InvalidArgument) as caught:
        scheduled(running(), effective, at(4, 2), quantity=2)
    assert (caught.value.parameter, caught.value.expected) == ("effective", "later than now")


def test_nothing_is_scheduled_for_an_item_that_is_behind() -> None:
    verdict = agrees(
        can_schedule_change,
        schedule_change,
        running(),
        ItemChange(price=YEN),
        When.END_OF_PERIOD,
        change_id="c1",
        by=BY,
        now=at(5, 10),
    )
    assert verdict.refusal == ItemBehind(item="seats", due=at(5, 1, 0))


@pytest.mark.parametrize("effective", [at(4, 1), When.END_OF_PERIOD], ids=["too early as well", "end of the period"])
def test_no_change_waits_that_could_not_be_carried_out(effective: datetime | When) -> None:
    named: dict[str, Any] = {"change_id": "c1", "by": BY, "now": at(4, 2)}
    for different in (ItemChange(price=YEN), ItemChange(discounts=(YEN_OFF,))):
        verdict = agrees(can_schedule_change, schedule_change, running(), different, effective, **named)
        assert verdict.refusal == CurrencyMismatch(expected=EUR, got=Currency("JPY"))
    with pytest.raises(InvalidQuantity):
        schedule_change(running(), ItemChange(quantity=MAX_QUANTITY + 1), effective, **named)


def test_a_change_of_nothing_does_not_wait() -> None:
    state = running()
    found = schedule_change(state, ItemChange(), When.END_OF_PERIOD, change_id="c1", by=BY, now=at(4, 2))
    assert found == Decision(state)


def test_so_many_changes_wait_and_no_more() -> None:
    state, two = running(), ItemChange(quantity=2)
    waiting = tuple(
        ScheduledChange(id=f"c{n}", change=two, effective=When.END_OF_PERIOD) for n in range(1, MOST_SCHEDULED + 1)
    )
    full = evolve(state, item=evolve(state.item, scheduled=waiting))
    with pytest.raises(InvalidArgument) as caught:
        scheduled(full, When.END_OF_PERIOD, quantity=2)
    expected = f"at most {MOST_SCHEDULED}"
    assert caught.value == InvalidArgument(parameter="scheduled", expected=expected, got=f"{MOST_SCHEDULED + 1}")


def test_equal_changes_that_wait_are_carried_out_and_gone_together() -> None:
    state = running()
    for _ in range(2):
        state = scheduled(state, When.END_OF_PERIOD, quantity=2)
    state, (event,) = all_due(state, at(5, 1, 0))
    assert (len(event.done), state.item.scheduled, state.item.terms.quantity) == (2, (), 2)
