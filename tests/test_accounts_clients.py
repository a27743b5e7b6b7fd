"""Customers: added, on trial, on a plan, blocked, with people, and what they may use (PLZ-3 to PLZ-13, LAT-4)."""

from datetime import timedelta
from functools import reduce
from typing import Any

import pytest
from attrs import evolve

from licensing_core import accounts as lib
from licensing_core.accounts import (
    PLAIN_SETTINGS,
    AccountSettings,
    Block,
    BlockLifted,
    CustomerAccount,
    CustomerAdded,
    CustomerBlocked,
    CustomerStatus,
    NotBlocked,
    PeopleNotLoaded,
    Person,
    PersonAdded,
    PersonRemoved,
    PlanAssigned,
    SettingsChanged,
    UnknownSubscription,
)
from licensing_core.accounts.values import MOST_BLOCKS
from licensing_core.billing import ItemChange, When
from licensing_core.checks import InvalidArgument, InvalidId, InvalidInstant
from licensing_core.decisions import Decision
from licensing_core.entitlements import ClientBlocked
from licensing_core.periods import UnknownZone
from licensing_core.subscriptions import EndOf, NotInForce, SubscriptionState, schedule_change
from tests.account_world import (
    ANA,
    MADRID,
    MAY,
    SMALL,
    TRIED,
    acme,
    bill,
    books,
    cancel,
    decide,
    in_part,
    on,
    order,
    ordered,
    pay,
    running,
    terms,
)
from tests.builders import NAIVE

DONE: dict[str, Any] = {"by": ANA, "now": MAY}
ENDS = on(5, 18)
"""Fourteen days of Madrid after 4 May at noon."""


def blocked(*causes: str, account: CustomerAccount | None = None) -> CustomerAccount:
    return reduce(lambda one, cause: lib.block(one, cause, **DONE).state, causes, account or acme())


# Added


def test_a_customer_is_added_without_users_blocks_or_credit() -> None:
    decision = lib.add_customer("acme", SMALL, zone=MADRID, **DONE)
    event = CustomerAdded(
        account="acme", zone=MADRID, plan="small", trial_ends=None, settings=PLAIN_SETTINGS, by="ana", at=MAY
    )
    assert decision.events == (event,)
    assert decision.state == CustomerAccount(id="acme", zone=MADRID, plan="small")
    assert lib.status(decision.state, MAY) is CustomerStatus.ACTIVE


def test_a_customer_may_be_on_no_plan() -> None:
    account = acme()
    assert (account.plan, account.trial_ends, lib.status(account, MAY)) == (None, None, CustomerStatus.ACTIVE)


def test_a_plan_with_trial_days_begins_with_a_trial_that_ends_by_the_clock_of_the_zone() -> None:
    account = acme(TRIED, now=on(10, 20, 8))
    assert account.trial_ends == on(11, 3, 9)
    assert lib.status(account, on(11, 3, 8)) is CustomerStatus.TRIAL
    assert lib.status(account, on(11, 3, 9)) is CustomerStatus.TRIAL_ENDED


@pytest.mark.parametrize(
    ("bad", "error", "parameter"),
    [
        ({"customer_id": "a b"}, InvalidId, "customer_id"),
        ({"plan": "small"}, InvalidArgument, "plan"),
        ({"zone": "Mars"}, UnknownZone, "zone"),
        ({"settings": None}, InvalidArgument, "settings"),
        ({"now": NAIVE}, InvalidInstant, "now"),
    ],
)
def test_a_customer_is_not_added_with_a_bad_argument(bad: dict[str, Any], error: type[Any], parameter: str) -> None:
    given: dict[str, Any] = {"customer_id": "acme", "plan": TRIED, "zone": MADRID, **DONE, **bad}
    with pytest.raises(error) as refused:
        lib.add_customer(**given)
    assert refused.value.parameter == parameter
    with pytest.raises(error):
        lib.can_add_customer(**given)


def test_who_is_no_actor_adds_nobody() -> None:
    nobody: Any = "ana"
    with pytest.raises(InvalidArgument) as refused:
        lib.add_customer("acme", None, zone=MADRID, by=nobody, now=MAY)
    assert refused.value.parameter == "by"


# On a plan


def test_another_plan_ends_the_trial() -> None:
    decision = lib.assign_plan(acme(TRIED), SMALL, **DONE)
    assert decision.events == (PlanAssigned(account="acme", plan="small", by="ana", at=MAY),)
    assert (decision.state.plan, decision.state.trial_ends) == ("small", None)


def test_the_same_plan_ends_the_trial_too_and_without_one_does_nothing() -> None:
    account = lib.assign_plan(acme(TRIED), TRIED, **DONE).state
    assert (account.plan, account.trial_ends) == ("tried", None)
    assert lib.assign_plan(account, TRIED, **DONE) == Decision(account)


@pytest.mark.parametrize("bad", [{"plan": "small"}, {"now": NAIVE}, {"account": None}])
def test_a_plan_is_not_assigned_with_a_bad_argument(bad: dict[str, Any]) -> None:
    given: dict[str, Any] = {"account": acme(SMALL), "plan": SMALL, **DONE, **bad}
    with pytest.raises(InvalidArgument) as refused:
        lib.assign_plan(**given)
    assert refused.value.parameter == next(iter(bad))


# On trial


def test_a_trial_is_over_for_a_customer_who_pays_for_the_plan() -> None:
    tried = order(books(acme(TRIED)), asked=terms(item="tried")).state
    assert lib.trial_until(tried.account, now=MAY) == ENDS
    paid = pay(tried).state.account
    assert paid.trial_ends == ENDS
    for now in (MAY, on(5, 30)):
        assert (lib.trial_until(paid, now=now), lib.status(paid, now)) == (None, CustomerStatus.ACTIVE)
    assert lib.status(paid, on(6, 30)) is CustomerStatus.ACTIVE


def test_who_has_paid_is_on_trial_no_more_when_the_subscription_has_ended() -> None:
    paid = pay(order(books(acme(TRIED)), asked=terms(item="tried")).state).state
    ended = cancel(paid, now=on(5, 6)).state.account
    for now in (on(5, 7), on(5, 20)):
        assert lib.status(ended, now) is CustomerStatus.ACTIVE
        assert not lib.plan_in_force(ended, now=now)


def test_an_order_that_was_taken_back_and_one_that_is_tried_in_vain_end_no_trial() -> None:
    waiting = order(books(acme(TRIED)), asked=terms(item="tried")).state
    tried = order(books(acme(TRIED)), asked=terms(item="tried"), trial_ends=on(5, 8), converts=False).state
    for found in (cancel(waiting, now=on(5, 6)).state.account, tried.account):
        assert lib.status(found, on(5, 9)) is CustomerStatus.TRIAL
        assert lib.plan_in_force(found, now=on(5, 9))
        assert lib.status(found, on(5, 20)) is CustomerStatus.TRIAL_ENDED
        assert not lib.plan_in_force(found, now=on(5, 20))


def test_a_subscription_to_something_else_ends_no_trial() -> None:
    paid = pay(order(books(acme(TRIED)), asked=terms(item="domain")).state).state.account
    assert lib.status(paid, on(5, 20)) is CustomerStatus.TRIAL_ENDED


# Blocked


def test_blocks_stack_and_each_is_lifted_alone() -> None:
    account = blocked("unpaid", "abuse")
    assert (account.causes(MAY), lib.status(account, MAY)) == (frozenset({"unpaid", "abuse"}), CustomerStatus.BLOCKED)
    decision = lib.unblock(account, "abuse", **DONE)
    assert decision.events == (BlockLifted(account="acme", cause="abuse", by="ana", at=MAY),)
    assert decision.state == blocked("unpaid")


def test_the_same_block_twice_is_one_block() -> None:
    decision = lib.block(acme(), "unpaid", **DONE)
    assert decision.events == (CustomerBlocked(account="acme", cause="unpaid", until=None, by="ana", at=MAY),)
    later = on(5, 5)
    assert lib.block(decision.state, "unpaid", by=ANA, now=later) == Decision(decision.state)


def test_another_end_moves_a_block_which_was_since_when_it_was() -> None:
    account = lib.block(blocked("unpaid"), "unpaid", until=on(5, 9), by=ANA, now=on(5, 5)).state
    assert account.blocks == {"unpaid": Block(since=MAY, until=on(5, 9))}
    assert account.causes(on(5, 9) - timedelta(seconds=1)) == {"unpaid"}
    assert account.causes(on(5, 9)) == frozenset()


def test_a_block_ends_by_itself_and_may_be_set_again() -> None:
    account = lib.block(acme(), "unpaid", until=on(5, 6), **DONE).state
    with pytest.raises(NotBlocked):
        lib.unblock(account, "unpaid", by=ANA, now=on(5, 6))
    again = lib.block(account, "unpaid", until=on(5, 8), by=ANA, now=on(5, 7)).state
    assert again.blocks == {"unpaid": Block(since=on(5, 7), until=on(5, 8))}


def test_blocks_that_have_ended_are_forgotten_with_the_next_one() -> None:
    account = acme()
    for number in range(MOST_BLOCKS):
        account = lib.block(account, f"c{number}", until=on(5, 6), **DONE).state
    with pytest.raises(InvalidArgument) as refused:
        lib.block(account, "more", **DONE)
    assert refused.value == InvalidArgument(
        parameter="cause", expected="one of at most 100 for which it is blocked", got="one more"
    )
    assert lib.block(account, "c7", **DONE).state.causes(on(5, 7)) == {"c7"}
    assert lib.block(account, "more", by=ANA, now=on(5, 6)).state.blocks.keys() == {"more"}


def test_only_a_cause_for_which_it_is_blocked_is_lifted() -> None:
    with pytest.raises(NotBlocked) as refused:
        lib.unblock(blocked("unpaid"), "abuse", **DONE)
    assert refused.value == NotBlocked(customer="acme", cause="abuse")
    assert lib.can_unblock(acme(), "abuse", **DONE).code == "block.none"
    assert lib.can_block(acme(), "abuse", **DONE)


@pytest.mark.parametrize("command", [lib.block, lib.unblock])
@pytest.mark.parametrize("bad", [{"cause": ""}, {"now": NAIVE}, {"account": 1}])
def test_a_block_is_not_set_or_lifted_with_a_bad_argument(command: Any, bad: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument) as refused:
        command(**{"account": acme(), "cause": "unpaid", **DONE, **bad})
    assert refused.value.parameter == next(iter(bad))


@pytest.mark.parametrize("until", [MAY, MAY - timedelta(days=1), NAIVE, "tomorrow"])
def test_a_block_does_not_end_before_it_begins(until: Any) -> None:
    with pytest.raises(InvalidArgument) as refused:
        lib.block(acme(), "unpaid", until=until, **DONE)
    assert refused.value.parameter == "until"


# People


def test_users_are_counted_and_contacts_are_not() -> None:
    decision = lib.add_person(acme(), "luis", frozenset({"pay"}), **DONE)
    luis = Person(permissions=frozenset({"pay"}))
    assert decision.events == (PersonAdded(account="acme", user="luis", person=luis, by="ana", at=MAY),)
    account = lib.add_person(decision.state, "mei", contact=True, **DONE).state
    assert (dict(account.people), account.users) == ({"luis": luis, "mei": Person(contact=True)}, 1)


def test_a_contact_becomes_a_user_and_back_and_counts_only_then() -> None:
    account, counts = acme(), []
    for contact in (True, False, False, True):
        account = lib.add_person(account, "mei", contact=contact, **DONE).state
        counts.append(account.users)
    assert counts == [0, 1, 1, 0]
    assert lib.remove_person(account, "mei", **DONE).state.users == 0


def test_who_is_added_again_has_other_permissions_and_the_same_again_is_nothing() -> None:
    account = lib.add_person(acme(), "luis", frozenset({"pay", "see"}), **DONE).state
    fewer = lib.add_person(account, "luis", frozenset({"see"}), **DONE).state
    assert (fewer.people["luis"].permissions, fewer.users) == (frozenset({"see"}), 1)
    assert lib.add_person(fewer, "luis", frozenset({"see"}), **DONE) == Decision(fewer)


def test_who_is_removed_counts_no_more_and_who_is_nobody_is_removed_without_a_trace() -> None:
    account = lib.add_person(acme(), "luis", **DONE).state
    decision = lib.remove_person(account, "luis", **DONE)
    assert decision.events == (PersonRemoved(account="acme", user="luis", by="ana", at=MAY),)
    assert decision.state == acme()
    assert lib.remove_person(account, "mei", **DONE) == Decision(account)


def test_people_are_not_changed_while_the_customer_is_blocked() -> None:
    account = blocked("unpaid", "abuse")
    for ask in (lib.can_add_person, lib.can_remove_person):
        assert ask(account, "luis", **DONE).refusal == ClientBlocked(causes=("abuse", "unpaid"))


def test_of_people_who_were_not_looked_up_nothing_is_decided() -> None:
    whole = lib.add_person(lib.add_person(acme(), "luis", **DONE).state, "mei", **DONE).state
    part = in_part(whole, people=["luis", "noor"])
    for command in (lib.add_person, lib.remove_person):
        with pytest.raises(PeopleNotLoaded) as refused:
            command(part, "mei", **DONE)
        assert refused.value == PeopleNotLoaded(ids=("mei",))
    assert lib.add_person(part, "noor", **DONE).state.users == 3
    assert lib.remove_person(part, "luis", **DONE).state.users == 1


def test_a_block_is_seen_before_people_who_were_not_looked_up() -> None:
    with pytest.raises(ClientBlocked):
        lib.add_person(in_part(blocked("unpaid")), "luis", **DONE)


@pytest.mark.parametrize("command", [lib.add_person, lib.remove_person])
@pytest.mark.parametrize("bad", [{"user": "l u"}, {"now": NAIVE}, {"account": None}])
def test_people_are_not_changed_with_a_bad_argument(command: Any, bad: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument) as refused:
        command(**{"account": acme(), "user": "luis", **DONE, **bad})
    assert refused.value.parameter == next(iter(bad))


@pytest.mark.parametrize("bad", [["pay"], "pay", frozenset({"p y"}), {"pay": True}])
def test_permissions_are_a_frozenset_of_ids(bad: Any) -> None:
    with pytest.raises(InvalidArgument) as refused:
        lib.add_person(acme(), "luis", bad, **DONE)
    assert refused.value.parameter == "permissions"


# Settings


def test_other_settings_hold_at_once_and_the_same_again_are_nothing() -> None:
    wanted = AccountSettings(administrator="luis", automatic_debit=True)
    decision = lib.configure(acme(), wanted, **DONE)
    assert decision.events == (SettingsChanged(account="acme", settings=wanted, by="ana", at=MAY),)
    assert decision.state.settings == wanted
    assert lib.configure(decision.state, wanted, **DONE) == Decision(decision.state)
    assert lib.can_configure(acme(), wanted, **DONE)


@pytest.mark.parametrize("bad", [{"settings": {}}, {"now": NAIVE}, {"account": None}])
def test_settings_are_not_changed_by_a_bad_argument(bad: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument) as refused:
        lib.configure(**{"account": acme(), "settings": PLAIN_SETTINGS, **DONE, **bad})
    assert refused.value.parameter == next(iter(bad))


# What may be used


def test_what_is_subscribed_to_is_used_while_it_gives_access() -> None:
    assert lib.can_use(ordered().account, "web", now=MAY).refusal == NotInForce(subscription="web", state="pending")
    assert lib.can_use(running().account, "web", now=MAY)
    ended = cancel(running(), now=on(5, 6)).state.account
    assert lib.can_use(ended, "web", now=on(5, 6)).refusal == NotInForce(subscription="web", state="cancelled")


def test_what_nobody_subscribed_to_is_unknown_before_all_else() -> None:
    account = blocked("unpaid")
    assert lib.can_use(account, "web", now=MAY).refusal == UnknownSubscription(customer="acme", subscription="web")


def test_a_blocked_customer_uses_nothing_and_is_told_of_the_block_first() -> None:
    for account in (running().account, ordered().account):
        refusal = lib.can_use(blocked("unpaid", account=account), "web", now=MAY).refusal
        assert refusal == ClientBlocked(causes=("unpaid",))
    until = lib.block(running().account, "unpaid", until=on(5, 6), **DONE).state
    assert not lib.can_use(until, "web", now=on(5, 5))
    assert lib.can_use(until, "web", now=on(5, 6))


def test_what_is_paid_for_is_used_after_the_trial_of_the_plan() -> None:
    paid = pay(order(books(acme(TRIED)), asked=terms(item="domain")).state).state.account
    assert lib.status(paid, on(5, 20)) is CustomerStatus.TRIAL_ENDED
    assert lib.can_use(paid, "web", now=on(5, 20))


@pytest.mark.parametrize("bad", [{"subscription_id": "w b"}, {"now": NAIVE}, {"account": None}])
def test_whether_it_may_be_used_is_not_asked_with_a_bad_argument(bad: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument) as refused:
        lib.can_use(**{"account": acme(), "subscription_id": "web", "now": MAY, **bad})
    assert refused.value.parameter == next(iter(bad))


def test_pools_are_in_force_while_a_subscription_that_pays_for_them_gives_access() -> None:
    found = order(running(), "app", pools=frozenset({"p1", "p2"})).state
    assert lib.pools_in_force(found.account, now=MAY) == {"p1": False, "p2": False}
    found = pay(order(found, "crm", pools=frozenset({"p2", "p3"})).state, "proforma:3").state
    assert lib.pools_in_force(found.account, now=MAY) == {"p1": False, "p2": True, "p3": True}
    assert lib.pools_in_force(blocked("unpaid", account=found.account), now=MAY) == {
        "p1": False,
        "p2": False,
        "p3": False,
    }
    assert lib.pools_in_force(running().account, now=MAY) == {}
    with pytest.raises(InvalidInstant):
        lib.pools_in_force(acme(), now=NAIVE)


def test_a_plan_is_in_force_that_nobody_subscribed_to_or_that_is_tried() -> None:
    assert lib.plan_in_force(acme(), now=MAY)
    assert lib.plan_in_force(acme(SMALL), now=MAY)
    assert lib.plan_in_force(running(asked=terms(item="other")).account, now=MAY)
    waiting = order(books(acme(TRIED)), asked=terms(item="tried")).state.account
    assert lib.plan_in_force(waiting, now=on(5, 10))
    assert not lib.plan_in_force(waiting, now=on(5, 20))


def test_a_plan_that_was_subscribed_to_is_in_force_while_one_subscription_gives_access() -> None:
    waiting = order(books(acme(SMALL)), asked=terms(item="small")).state
    assert not lib.plan_in_force(waiting.account, now=MAY)
    paid = pay(waiting).state
    assert lib.plan_in_force(paid.account, now=MAY)
    both = order(paid, "again", terms(item="small")).state
    assert lib.plan_in_force(both.account, now=MAY)
    assert not lib.plan_in_force(cancel(both, EndOf.NOW, now=on(5, 6)).state.account, now=on(5, 6))


def test_the_plan_that_is_subscribed_to_is_that_of_the_running_period_whatever_was_billed_ahead() -> None:
    larger, now = ItemChange(item="large"), on(5, 10)
    paid = pay(order(books(acme(SMALL)), asked=terms(item="small")).state).state
    waiting = decide(
        paid,
        lambda state, _: schedule_change(state, larger, When.END_OF_PERIOD, change_id="c", by=ANA, now=now),
        now=now,
    ).state
    account = bill(waiting, now=on(5, 21)).state.account
    web = account.subscriptions["web"]
    assert [turn.item.terms.item for turn in web.turns] == ["small", "large"]
    suspended = evolve(account, subscriptions={"web": evolve(web, state=SubscriptionState.SUSPENDED)})
    large = evolve(suspended, plan="large")
    assert [lib.plan_in_force(suspended, now=on(month, 4, 12)) for month in (5, 6)] == [False, True]
    assert [lib.plan_in_force(large, now=on(month, 4, 12)) for month in (5, 6)] == [True, False]
