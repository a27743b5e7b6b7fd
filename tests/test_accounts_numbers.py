"""The numbers of a tenant's documents: one series for each kind, without gaps, whoever the customer is (LAT-2)."""

from datetime import date
from typing import Any

import pytest
from attrs import evolve

from licensing_core import accounts as lib
from licensing_core.accounts import Books, DocumentSeries, Numbers, NumbersOpened, NumbersTaken, document_id
from licensing_core.billing import DocumentKind, Restart, Series
from licensing_core.checks import InvalidArgument, InvalidId
from tests.account_world import (
    ANA,
    C1,
    MAY,
    P1,
    P2,
    P3,
    acme,
    bill,
    books,
    cancel,
    on,
    order,
    ordered,
    pay,
    running,
    shown,
    terms,
)

KEPT = DocumentSeries(invoices=None)
YEARLY = DocumentSeries(
    proformas=Series("P-", restart=Restart.YEARLY),
    invoices=Series("F-", restart=Restart.YEARLY),
    credit_notes=Series("C-", restart=Restart.YEARLY),
)
DAY = date(2026, 5, 4)
PROFORMA, INVOICE, NOTE = DocumentKind


def numbers(series: DocumentSeries = lib.PLAIN_SERIES) -> Numbers:
    return Numbers(id="documents", series=series)


def taken(found: Numbers, *days: date, kind: DocumentKind = PROFORMA) -> list[str]:
    """The numbers of so many documents of one kind, and the days that they are dated."""
    given = []
    for day in days:
        found, number = found.next(kind, on=day)
        given.append(f"{number} {number.issued_on:%d/%m}")
    return given


def test_each_kind_has_numbers_of_its_own_from_1_on() -> None:
    found = numbers()
    for kind, wanted in ((PROFORMA, "P-000001"), (INVOICE, "F-000001"), (NOTE, "C-000001"), (PROFORMA, "P-000002")):
        found, number = found.next(kind, on=DAY)
        assert str(number) == wanted
    assert {kind: str(one) for kind, one in found.last.items()} == {
        "proforma": "P-000002",
        "invoice": "F-000001",
        "credit_note": "C-000001",
    }


def test_no_document_is_dated_before_the_one_with_the_number_before() -> None:
    days = (date(2026, 5, 4), date(2026, 5, 3), date(2026, 5, 5), date(2026, 1, 1))
    assert taken(numbers(), *days) == ["P-000001 04/05", "P-000002 04/05", "P-000003 05/05", "P-000004 05/05"]


def test_a_series_that_restarts_each_year_begins_again_with_1() -> None:
    days = (date(2026, 12, 31), date(2027, 1, 1), date(2026, 12, 31))
    assert taken(numbers(YEARLY), *days) == ["P-2026-000001 31/12", "P-2027-000001 01/01", "P-2027-000002 01/01"]


def test_an_invoice_keeps_number_and_date_of_its_proforma_where_invoices_have_no_series() -> None:
    found, proforma = numbers(KEPT).next(PROFORMA, on=DAY)
    assert found.invoice(proforma, on=date(2026, 6, 1)) == (found, proforma)
    with pytest.raises(InvalidArgument) as refused:
        found.next(INVOICE, on=DAY)
    assert refused.value == InvalidArgument(
        parameter="kind", expected="one that has a series of its own", got="invoice"
    )


def test_numbers_kept_are_dated_in_order_whatever_is_paid_first() -> None:
    found = order(order(books(series=KEPT)).state, "app", now=on(5, 9)).state
    found = pay(pay(found, P2, now=on(5, 10)).state, P1, now=on(6, 1)).state
    dates = [found.account.bills[name].document.number.issued_on for name in (P1, P2)]
    assert dates == [date(2026, 5, 4), date(2026, 5, 9)]
    assert shown(found) == {
        P1: ("P-000001", "30.00 EUR", "paid"),
        P2: ("P-000002", "30.00 EUR", "paid"),
    }


def test_invoices_with_a_series_of_their_own_are_numbered_and_dated_as_they_are_paid() -> None:
    found = order(ordered(), "app", now=on(5, 9)).state
    found = pay(pay(found, P2, now=on(5, 10)).state, P1, now=on(6, 1)).state
    assert shown(found) == {
        P1: ("F-000002", "30.00 EUR", "paid"),
        P2: ("F-000001", "30.00 EUR", "paid"),
    }
    assert found.account.bills[P1].document.due_on == date(2026, 6, 1)
    assert found.account.bills[P1].due == DAY


def test_a_void_proforma_leaves_no_gap_among_invoices() -> None:
    found = cancel(order(ordered(), "app").state, name="web", now=MAY).state
    assert shown(pay(found, P2).state)[P2][0] == "F-000001"


def test_the_next_number_is_taken_with_the_document_and_by_no_refusal() -> None:
    found = ordered()
    decision = order(found, "app", terms("5.00"))
    assert decision.events[-1] == NumbersTaken(numbers="documents", last=decision.state.numbers.last, by="ana", at=MAY)
    assert bill(running(), now=on(5, 5)).state.numbers == running().numbers
    with pytest.raises(lib.SubscriptionExists):
        order(found)
    assert str(found.numbers.last["proforma"]) == "P-000001"


def test_customers_of_other_zones_share_the_numbers_and_are_billed_all_the_same() -> None:
    early, late = acme(zone="Pacific/Auckland"), evolve(acme(zone="America/Los_Angeles"), id="west")
    first = order(books(early), asked=terms(zone="Pacific/Auckland"), now=on(5, 4, 20)).state
    second = order(Books(late, first.numbers), asked=terms(zone="America/Los_Angeles"), now=on(5, 4, 21)).state
    one, other = first.account.bills[P1], second.account.bills[P2]
    assert (one.document.number.issued_on, one.due) == (date(2026, 5, 5), date(2026, 5, 5))
    assert (other.document.number.issued_on, other.document.due_on) == (date(2026, 5, 5), date(2026, 5, 5))
    assert other.due == DAY
    assert str(pay(second, P2, now=on(5, 4, 21)).state.account.bills[P2].document.number) == "F-000001"


def test_credit_notes_are_numbered_apart() -> None:
    found = cancel(running(), credit=True, now=on(5, 10)).state
    assert shown(found)[C1][0] == "C-000001"
    assert found.account.bills[C1].document.corrects == P1


def test_ids_of_documents_tell_kind_year_and_number() -> None:
    number = Series("F/", restart=Restart.YEARLY).following(None, DAY)
    assert document_id(NOTE, number) == "credit_note:2026:1"
    found = order(order(order(books(series=YEARLY)).state, "app", now=on(12, 31, 22)).state, "crm", now=on(12, 31, 23))
    assert [*found.state.account.bills] == ["proforma:2026:1", "proforma:2026:2", "proforma:2027:1"]
    assert P3 not in found.state.account.bills


@pytest.mark.parametrize("bad", [{"kind": "proforma"}, {"kind": None}, {"on": MAY}, {"on": "today"}])
def test_a_number_is_not_taken_with_a_bad_argument(bad: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument) as refused:
        numbers().next(**{"kind": PROFORMA, "on": DAY, **bad})
    assert refused.value.parameter == next(iter(bad))


def test_numbering_begins_with_the_series_that_are_wanted() -> None:
    decision = lib.open_numbers("documents", KEPT, by=ANA, now=MAY)
    assert decision.events == (NumbersOpened(numbers="documents", series=KEPT, by="ana", at=MAY),)
    assert decision.state == numbers(KEPT)


@pytest.mark.parametrize(
    ("bad", "error"),
    [({"numbers_id": ""}, InvalidId), ({"series": "P-"}, InvalidArgument), ({"by": None}, InvalidArgument)],
)
def test_numbering_does_not_begin_with_a_bad_argument(bad: dict[str, Any], error: type[Any]) -> None:
    with pytest.raises(error) as refused:
        lib.open_numbers(**{"numbers_id": "documents", "by": ANA, "now": MAY, **bad})
    assert refused.value.parameter == next(iter(bad))


@pytest.mark.parametrize(
    "bad", [{"proformas": Series("F-")}, {"credit_notes": Series("F-")}, {"proformas": Series("C-"), "invoices": None}]
)
def test_no_two_series_share_a_prefix(bad: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument) as refused:
        DocumentSeries(**bad)
    assert refused.value == InvalidArgument(parameter="series", expected="each with another prefix", got="one twice")
