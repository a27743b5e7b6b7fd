"""What accounts are made of: cards, people, bills, and what is not taken for one."""

import pickle
from typing import Any

import pytest
from attrs import evolve

from licensing_core import accounts as lib
from licensing_core.accounts import (
    Bill,
    Bills,
    BillsNotLoaded,
    BillStatus,
    Block,
    Card,
    CustomerAccount,
    InvalidEmail,
    People,
    PeopleNotLoaded,
    Person,
)
from licensing_core.accounts.values import MOST_BLOCKS, MOST_PERMISSIONS, MOST_SUBSCRIPTIONS, terms_at
from licensing_core.billing import ItemChange, When
from licensing_core.checks import FrozenMap, InvalidArgument, InvalidInstant, TooManyItems
from licensing_core.currencies import Currency
from licensing_core.money import Money
from licensing_core.subscriptions import Subscription, SubscriptionState, schedule_change
from tests.account_world import (
    ANA,
    MADRID,
    MAY,
    P1,
    P2,
    acme,
    bill,
    billed,
    change,
    credit,
    decide,
    in_part,
    on,
    order,
    ordered,
    pay,
    running,
    terms,
    web,
)
from tests.builders import NAIVE, eur

EUR, JPY = Currency("EUR"), Currency("JPY")

# Cards


@pytest.mark.parametrize(
    "good", ["it@acme.example", "a@b", "Ana.Pérez+x@correo.español", "o'hara@x", "用户@例子.公司", f"{'a' * 64}@b"]
)
def test_an_address_is_something_one_at_and_something_and_is_kept_as_it_was_written(good: str) -> None:
    assert Card(name="Acme", email=good).email == good


@pytest.mark.parametrize(
    "bad",
    [
        *("", "acme", "@", "a@", "@b", "a@b@c", "a b@c", "a@b c", "a@b\n", "\ta@b", "a\x00@b", "a@b\x7f", "a@b\x85"),
        *("a\u00a0b@c", "a@b\u2028", "a\ud800@b", "a\u202e@b", "a\u200b@b", "a\ufeff@b", f"{'a' * 65}@b"),
        *(f"a@{'b' * 190}", None, 1, b"a@b"),
    ],
)
def test_what_is_no_address_is_refused_and_not_shown(bad: Any) -> None:
    with pytest.raises(InvalidEmail) as refused:
        Card(name="Acme", email=bad)
    got = f"str of {len(bad)} characters" if isinstance(bad, str) else {None: "None", 1: "1"}.get(bad, "bytes")
    assert refused.value == InvalidEmail(parameter="email", expected="something, one @, something", got=got)


def test_a_card_shows_neither_name_nor_address() -> None:
    assert repr(Card(name="Acme", email="it@acme.example")) == "Card()"


# Blocks and people


def test_a_block_holds_until_its_end() -> None:
    assert Block(since=MAY).holds(on(12, 31))
    until = Block(since=MAY, until=on(5, 6))
    assert [until.holds(on(5, 6, hour)) for hour in (9, 10)] == [True, False]
    with pytest.raises(InvalidInstant):
        until.holds(NAIVE)


def test_a_person_has_at_most_100_permissions() -> None:
    names = frozenset(f"p{number}" for number in range(MOST_PERMISSIONS))
    assert Person(permissions=names).permissions == names
    with pytest.raises(TooManyItems) as refused:
        Person(permissions=names | {"more"})
    assert refused.value == TooManyItems(parameter="permissions", given=101, most=100)


# Bills


def test_a_bill_owes_what_its_lines_do_and_before_a_first_payment_its_total() -> None:
    first = ordered(asked=terms(quantity=2)).account.bills[P1]
    assert (first.id, first.currency, first.lines, str(first.outstanding)) == (P1, EUR, (), "60.00 EUR")
    part = bill(credit(running(), "12.50"), now=on(5, 20)).state.account.bills[P2]
    assert (str(part.document.total), str(part.outstanding), part.open) == ("30.00 EUR", "17.50 EUR", True)


@pytest.mark.parametrize("status", [BillStatus.PAID, BillStatus.VOID])
def test_nothing_is_outstanding_of_what_is_paid_or_void(status: BillStatus) -> None:
    one = evolve(billed().account.bills[P2], status=status)
    assert (one.outstanding, one.open) == (Money.zero(EUR), False)


def test_bills_are_kept_under_the_ids_of_their_documents() -> None:
    one = billed().account.bills[P1]
    assert dict(Bills({P1: one})) == {P1: one}
    with pytest.raises(InvalidArgument) as refused:
        Bills({P2: one})
    assert refused.value == InvalidArgument(
        parameter="entries", expected="each under its own id", got="one under another"
    )


@pytest.mark.parametrize(("kind", "bad"), [(Bills, Person()), (Bills, None), (People, {}), (People, "ana")])
def test_entries_are_bills_and_people(kind: Any, bad: Any) -> None:
    with pytest.raises(InvalidArgument) as refused:
        kind({"x": bad})
    assert refused.value.parameter == "entries"


def test_what_was_not_looked_up_is_not_told_and_what_was_in_vain_is_nothing() -> None:
    whole = billed().account
    part = in_part(lib.add_person(whole, "luis", by=ANA, now=MAY).state, [P2, "none"], ["mei"])
    assert (part.bills.get("none"), part.people.get("mei")) == (None, None)
    for entries, name, error in ((part.bills, P1, BillsNotLoaded), (part.people, "luis", PeopleNotLoaded)):
        with pytest.raises(error) as refused:
            entries[name]
        assert refused.value == error(ids=(name,))


def test_a_new_bill_is_known_where_only_some_were_looked_up() -> None:
    whole = billed().account.bills
    part = Bills({P1: whole[P1]}, loaded={P1})
    again = part.with_changes({P1: whole[P1]})
    assert again.loaded is part.loaded
    more = part.with_changes({P2: whole[P2]})
    assert (dict(more), more.loaded) == (dict(whole), frozenset({P1, P2}))
    assert whole.with_changes({P2: whole[P2]}).loaded is None


# Accounts


def test_an_account_has_at_most_1_000_subscriptions_and_100_blocks() -> None:
    one = web(running())
    many = {f"s{number}": evolve(one, id=f"s{number}") for number in range(MOST_SUBSCRIPTIONS)}
    assert len(CustomerAccount(id="acme", zone=MADRID, subscriptions=many).subscriptions) == 1000
    with pytest.raises(TooManyItems) as refused:
        CustomerAccount(id="acme", zone=MADRID, subscriptions={**many, "web": one})
    assert refused.value == TooManyItems(parameter="subscriptions", given=1001, most=1000)
    with pytest.raises(TooManyItems) as refused:
        CustomerAccount(
            id="acme", zone=MADRID, blocks={f"c{number}": Block(since=MAY) for number in range(MOST_BLOCKS + 1)}
        )
    assert refused.value == TooManyItems(parameter="blocks", given=101, most=100)


@pytest.mark.parametrize(
    "bad",
    [
        {"subscriptions": {"other": web(running())}},
        {"subscriptions": {"web": None}},
        {"subscriptions": [web(running())]},
        {"balances": {"EUR": Money.parse("1 JPY")}},
        {"balances": {"EUR": eur("-0.01")}},
        {"bills": {}},
        {"people": {}},
        {"users": -1},
        {"zone": "Mars"},
        {"trial_ends": NAIVE},
    ],
)
def test_an_account_is_not_made_of_what_does_not_have_its_form(bad: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument) as refused:
        evolve(acme(), **bad)
    assert refused.value.parameter == next(iter(bad))


def test_subscriptions_that_were_checked_are_taken_over_as_they_are() -> None:
    account = running().account
    assert evolve(account, plan="small").subscriptions is account.subscriptions
    assert evolve(account, subscriptions=FrozenMap({**account.subscriptions})) == account


def test_an_account_survives_a_pickle() -> None:
    account = billed().account
    assert pickle.loads(pickle.dumps(account)) == account


def test_balances_are_kept_apart_by_currency() -> None:
    books = credit(running(), "5.00")
    books = lib.open_credit(books, Money.parse("700 JPY"), by=ANA, now=MAY).state
    found = books.account
    assert [str(found.balance(one)) for one in (EUR, JPY, Currency("USD"))] == ["5.00 EUR", "700 JPY", "0.00 USD"]


def test_what_is_due_is_what_is_unpaid_by_day_and_number() -> None:
    books = order(order(billed(), "app", now=on(5, 20)).state, "crm", now=on(5, 20)).state
    assert [one.id for one in books.account.due] == ["proforma:3", "proforma:4", P2]
    assert [one.id for one in pay(books, "proforma:3", now=on(5, 20)).state.account.due] == ["proforma:4", P2]


def test_what_is_due_is_not_told_before_the_bills_were_looked_up() -> None:
    account = billed().account
    with pytest.raises(BillsNotLoaded) as refused:
        _ = in_part(account, [P1]).due
    assert refused.value == BillsNotLoaded(ids=(P2,))
    assert in_part(account, [P2]).due == account.due
    assert in_part(running().account).due == ()


def test_a_ledger_has_the_lines_of_the_documents_that_are_named() -> None:
    account = credit(billed(), "33.00").account
    ledger = account.ledger(EUR, (P2, "none"))
    assert (ledger.id, [*ledger.lines], str(ledger.balance)) == ("EUR", ["web:2"], "3.00 EUR")
    assert account.ledger(JPY, ()).balance == Money.zero(JPY)
    with pytest.raises(BillsNotLoaded):
        in_part(account, [P1]).ledger(EUR, [P2])


def test_terms_are_those_of_the_turn_that_is_running() -> None:
    assert terms_at(web(ordered()), MAY) == terms()
    more, now = ItemChange(quantity=5), on(5, 10)
    waiting = decide(
        running(),
        lambda state, _: schedule_change(state, more, When.END_OF_PERIOD, change_id="c", by=ANA, now=now),
        now=now,
    ).state
    ahead = web(bill(waiting, now=on(5, 25)).state)
    assert [terms_at(ahead, at).quantity for at in (on(1, 1), on(5, 25), on(6, 4))] == [1, 1, 5]
    changed = web(change(running(), 3, now=on(5, 10)).state)
    assert [terms_at(changed, at).quantity for at in (on(5, 9), on(5, 10))] == [1, 3]


def test_every_unpaid_document_is_named_by_its_subscription() -> None:
    assert lib.open_documents(acme()) == frozenset()
    assert lib.open_documents(ordered().account) == {P1}
    assert lib.open_documents(billed().account) == {P1, P2}
    with pytest.raises(InvalidArgument) as refused:
        lib.open_documents(None)  # type: ignore[arg-type]
    assert refused.value.parameter == "account"


def test_a_subscription_is_found_by_its_id() -> None:
    found: Subscription = lib.subscription_of(running().account, "web")
    assert found.state is SubscriptionState.ACTIVE
    with pytest.raises(lib.UnknownSubscription) as refused:
        lib.subscription_of(running().account, "app")
    assert refused.value == lib.UnknownSubscription(customer="acme", subscription="app")


def test_statuses_are_words() -> None:
    assert [one.value for one in BillStatus] == ["unpaid", "paid", "void"]
    assert isinstance(Bill, type)
