"""What the refusals of accounts say, and where they come from."""

import pickle

import pytest

from licensing_core import accounts as lib
from licensing_core.errors import LicensingError, Mistake
from tests.builders import eur

REFUSALS: list[tuple[LicensingError, str, str]] = [
    (
        lib.UnknownCustomer(customer="acme"),
        "client.unknown",
        "there is no customer 'acme'; look at the list of customers, or add it",
    ),
    (
        lib.CustomerExists(customer="acme"),
        "client.exists",
        "there is a customer 'acme' already; choose another id",
    ),
    (
        lib.NotBlocked(customer="acme", cause="unpaid"),
        "block.none",
        "customer 'acme' is not blocked for 'unpaid'; look at the causes it is blocked for",
    ),
    (
        lib.UnknownSubscription(customer="acme", subscription="web"),
        "service.unknown",
        "customer 'acme' has no subscription 'web'; look at those it has",
    ),
    (
        lib.SubscriptionExists(customer="acme", subscription="web"),
        "service.exists",
        "customer 'acme' has, or had, a subscription 'web'; choose another id",
    ),
    (
        lib.UnknownBill(document="proforma:1"),
        "invoice.unknown",
        "there is no proforma or invoice 'proforma:1'; look at those of the customer",
    ),
    (
        lib.BillPaidAlready(document="proforma:1"),
        "invoice.paid",
        "'proforma:1' is paid already; there is nothing to pay",
    ),
    (
        lib.BillIsVoid(document="proforma:1"),
        "invoice.void",
        "'proforma:1' is void; what it asked for will not be delivered, so do not pay it",
    ),
    (
        lib.AmountDiffers(document="proforma:1", due=eur("30"), paid=eur("3")),
        "invoice.amount_differs",
        "3.00 EUR was paid for 'proforma:1', and 30.00 EUR is due; settle the difference first",
    ),
    (
        lib.BillsNotLoaded(ids=("proforma:1", "proforma:2")),
        "bills.not_loaded",
        "2 of the bills that this needs were not loaded; load them, then decide",
    ),
    (
        lib.PeopleNotLoaded(ids=("luis",)),
        "people.not_loaded",
        "1 of the people that this needs were not loaded; load them, then decide",
    ),
    (
        lib.InvalidEmail(parameter="email", expected="something, one @, something", got="str of 4 characters"),
        "email.invalid",
        "email must be something, one @, something, got str of 4 characters",
    ),
]


@pytest.mark.parametrize(("refusal", "code", "sentence"), REFUSALS, ids=lambda one: one if isinstance(one, str) else "")
def test_a_refusal_says_what_to_do_and_survives_a_pickle(refusal: LicensingError, code: str, sentence: str) -> None:
    assert (refusal.code, str(refusal)) == (code, sentence)
    assert pickle.loads(pickle.dumps(refusal)) == refusal


@pytest.mark.parametrize("refusal", [one for one, _, _ in REFUSALS], ids=lambda one: type(one).__name__)
def test_a_refusal_names_its_rule_unless_it_is_a_mistake_of_the_caller(refusal: LicensingError) -> None:
    assert bool(refusal.rule) is not isinstance(refusal, Mistake)
