"""Document numbers: a series without gaps."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing_core.billing import DocumentNumber, IssuedOutOfOrder, OtherSeries, Restart, Series
from licensing_core.checks import InvalidArgument, InvalidQuantity
from tests.billing_world import number

INVOICES = Series("F-")
BY_YEAR = Series("F-", restart=Restart.YEARLY)
NEW_YEAR = date(2026, 1, 1)


def numbers(series: Series, *days: date) -> list[DocumentNumber]:
    """One number after the other, from the very first."""
    found: list[DocumentNumber] = []
    for day in days:
        found.append(series.following(found[-1] if found else None, day))
    return found


def test_the_first_number_is_one_and_dated() -> None:
    assert INVOICES.following(None, NEW_YEAR) == DocumentNumber(series="F-", number=1, issued_on=NEW_YEAR)


def test_a_series_goes_on_over_the_year() -> None:
    found = numbers(INVOICES, date(2025, 12, 31), date(2025, 12, 31), NEW_YEAR)
    assert list(map(str, found)) == ["F-000001", "F-000002", "F-000003"]


def test_a_series_by_year_begins_again_with_each() -> None:
    found = numbers(BY_YEAR, date(2025, 12, 30), date(2025, 12, 31), NEW_YEAR, NEW_YEAR, date(2028, 6, 1))
    wanted = ["F-2025-000001", "F-2025-000002", "F-2026-000001", "F-2026-000002", "F-2028-000001"]
    assert list(map(str, found)) == wanted


@pytest.mark.parametrize(("digits", "wanted"), [(1, "R/999"), (3, "R/999"), (12, "R/000000000999")])
def test_a_number_is_filled_with_zeros_and_never_cut(digits: int, wanted: str) -> None:
    assert str(DocumentNumber(series="R/", number=999, digits=digits, issued_on=NEW_YEAR)) == wanted
    assert str(Series("R/", digits=digits).following(number(998, NEW_YEAR, "R/"), NEW_YEAR)) == wanted


def test_no_number_is_dated_before_the_one_before() -> None:
    with pytest.raises(IssuedOutOfOrder) as caught:
        INVOICES.following(number(7, NEW_YEAR), date(2025, 12, 31))
    assert caught.value == IssuedOutOfOrder(number="F-000007", last_on=NEW_YEAR, on=date(2025, 12, 31))


@pytest.mark.parametrize(
    ("series", "last", "shown"),
    [
        (INVOICES, number(7, NEW_YEAR, "G-"), "G-000007"),
        (INVOICES, DocumentNumber(series="F-", year=2026, number=7, issued_on=NEW_YEAR), "F-2026-000007"),
        (BY_YEAR, number(7, NEW_YEAR), "F-000007"),
    ],
    ids=["another prefix", "with a year", "without a year"],
)
def test_a_number_of_another_series_is_refused(series: Series, last: DocumentNumber, shown: str) -> None:
    refusal = OtherSeries(number=shown, series="F-")
    with pytest.raises(OtherSeries) as caught:
        series.following(last, NEW_YEAR)
    assert caught.value == refusal
    with pytest.raises(OtherSeries) as caught:
        series.missing([last])
    assert caught.value == refusal


def test_what_is_missing_is_named_year_by_year() -> None:
    days = (date(2025, 12, 30), date(2025, 12, 31), date(2025, 12, 31), NEW_YEAR, NEW_YEAR)
    found = numbers(BY_YEAR, *days)
    assert BY_YEAR.missing(reversed(found[1:4:2] + found[4:])) == ("F-2025-000001",)
    assert BY_YEAR.missing([found[2], found[4]]) == ("F-2025-000001", "F-2025-000002", "F-2026-000001")
    assert BY_YEAR.missing([]) == BY_YEAR.missing(found) == ()


@given(
    steps=st.lists(st.integers(0, 200), min_size=1, max_size=12),
    restart=st.sampled_from(Restart),
    digits=st.integers(1, 12),
)
def test_numbers_made_one_by_one_leave_nothing_out_and_differ(steps: list[int], restart: Restart, digits: int) -> None:
    days = [NEW_YEAR + timedelta(sum(steps[: place + 1])) for place in range(len(steps))]
    series = Series("F-", restart=restart, digits=digits)
    found = numbers(series, *days)
    assert series.missing(found) == ()
    assert len(set(map(str, found))) == len(found)
    for lost in {one for one in found[:-1] if (one.year, one.number + 1) in {(two.year, two.number) for two in found}}:
        assert series.missing([one for one in found if one != lost]) == (str(lost),)


@pytest.mark.parametrize("prefix", ["", "-F", "F G", "ñ", "F" * 21, 7, None])
def test_a_prefix_is_short_and_plain(prefix: Any) -> None:
    with pytest.raises(InvalidArgument, match="prefix must be 1 to 20 ASCII letters, digits"):
        Series(prefix)


@pytest.mark.parametrize("given_", [{"number": 0}, {"number": True}, {"digits": 0}, {"digits": 13}, {"year": 1}])
def test_a_number_counts_from_one(given_: dict[str, Any]) -> None:
    with pytest.raises(InvalidQuantity):
        DocumentNumber(**{"series": "F-", "number": 1, "issued_on": NEW_YEAR, **given_})
