"""Price lists with their dates, what sales pinned, and migrations from one version to another."""

import pickle
from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations
from typing import Any

import pytest

from licensing_core.checks import InvalidArgument, InvalidId, InvalidInstant, InvalidQuantity
from licensing_core.currencies import Currency
from licensing_core.money import CurrencyMismatch, Money
from licensing_core.pricing import (
    FlatPrice,
    Migration,
    MigrationPreview,
    MigrationRow,
    PackagePrice,
    PinnedPrice,
    PriceList,
    PriceMissing,
    PriceVersion,
    UnitPrice,
    migrate,
    preview_migration,
)

EUR, USD, JPY = map(Currency, ("EUR", "USD", "JPY"))
SPRING, SUMMER, AUTUMN, WINTER = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 6, 9, 12))
TICK = timedelta(microseconds=1)


def euros(text: str) -> Money:
    return Money.parse(f"{text} EUR")


def version(effective: datetime, *texts: str) -> PriceVersion:
    return PriceVersion(effective, tuple(UnitPrice(Money.parse(text)) for text in texts))


SEATS = PriceList(
    "seats",
    (
        version(SPRING, "10.00 EUR", "11.00 USD"),
        version(SUMMER, "12.00 EUR", "10.00 USD"),
        version(AUTUMN, "12.00 EUR", "13.00 USD", "2000 JPY"),
    ),
)
OTHER = PriceList("desks", (version(SPRING, "1.00 EUR"),))


def pinned(name: str, at: datetime, currency: Currency = EUR, quantity: int = 5) -> PinnedPrice:
    return SEATS.pin(name, quantity, at, currency)


@pytest.mark.parametrize(
    ("at", "effective"),
    [
        (SPRING, SPRING),
        (SUMMER - TICK, SPRING),
        (SUMMER, SUMMER),
        (AUTUMN - TICK, SUMMER),
        (AUTUMN, AUTUMN),
        (datetime(2100, 1, 1, tzinfo=UTC), AUTUMN),
        (datetime(2026, 6, 1, 1, 30, tzinfo=timezone(timedelta(hours=2))), SPRING),
        (datetime(2026, 6, 1, 2, 0, tzinfo=timezone(timedelta(hours=2))), SUMMER),
    ],
)
def test_a_version_holds_until_the_next_one_is_effective(at: datetime, effective: datetime) -> None:
    assert SEATS.version_at(at).effective == effective
    assert SEATS.price_at(at, EUR) == SEATS.version_at(at).prices[0]


def test_before_its_first_version_a_list_has_no_price() -> None:
    for ask in (SEATS.version_at, SEATS.price_at, lambda at: SEATS.pin("ana", 1, at)):
        with pytest.raises(PriceMissing) as caught:
            ask(SPRING - TICK)
        assert caught.value == PriceMissing(sold="seats", currency=None, offered=())
    assert str(caught.value) == "'seats' has no prices at that time; ask for a later one"


@pytest.mark.parametrize(
    ("at", "currency", "offered"),
    [(SPRING, None, ("EUR", "USD")), (SUMMER, JPY, ("EUR", "USD")), (AUTUMN, None, ("EUR", "USD", "JPY"))],
)
def test_a_currency_is_named_that_the_version_has(
    at: datetime, currency: Currency | None, offered: tuple[str, ...]
) -> None:
    for ask in (lambda: SEATS.price_at(at, currency), lambda: SEATS.pin("ana", 1, at, currency)):
        with pytest.raises(PriceMissing) as caught:
            ask()
        code = None if currency is None else currency.code
        assert caught.value == PriceMissing(sold="seats", currency=code, offered=offered)


def test_where_there_is_one_currency_it_need_not_be_named() -> None:
    assert OTHER.price_at(AUTUMN) == OTHER.price_at(AUTUMN, EUR) == UnitPrice(euros("1.00"))
    assert OTHER.pin("ana", 3, AUTUMN).price == UnitPrice(euros("1.00"))


@pytest.mark.parametrize("order", [order for order in permutations(range(3)) if order != (0, 1, 2)])
def test_versions_stand_in_the_order_of_their_dates(order: tuple[int, ...]) -> None:
    with pytest.raises(InvalidArgument) as caught:
        PriceList("seats", tuple(SEATS.versions[place] for place in order))
    assert caught.value.parameter == "versions"


@pytest.mark.parametrize("versions", [(), (SEATS.versions[0], SEATS.versions[0]), list(SEATS.versions), None])
def test_a_list_has_versions_of_different_dates(versions: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^versions must be "):
        PriceList("seats", versions)


@pytest.mark.parametrize("prices", [(), (UnitPrice(euros("1.00")), FlatPrice(euros("2.00"))), None, ("1.00 EUR",)])
def test_a_version_has_one_price_for_each_currency(prices: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^prices must be "):
        PriceVersion(SPRING, prices)


@pytest.mark.parametrize("at", [None, "2026-03-01", datetime(2026, 3, 1), SPRING.date()])  # noqa: DTZ001
def test_a_version_is_asked_for_by_an_instant(at: Any) -> None:
    for ask in (SEATS.version_at, SEATS.price_at, lambda at: SEATS.pin("ana", 1, at, EUR)):
        with pytest.raises(InvalidInstant, match=r"^at must be "):
            ask(at)


def test_a_sale_pins_price_version_and_quantity() -> None:
    assert SEATS.pin("ana", 5, AUTUMN - TICK, USD) == PinnedPrice(
        id="ana", price_list="seats", effective=SUMMER, price=UnitPrice(Money.parse("10.00 USD")), quantity=5
    )


def test_what_is_pinned_outlives_the_list() -> None:
    ana = pinned("ana", SPRING)
    assert ana.price.exact(ana.quantity) == 5000
    assert SEATS.price_at(WINTER, EUR).exact(5) == 6000
    assert pickle.loads(pickle.dumps(ana)) == ana


@pytest.mark.parametrize(
    ("name", "quantity", "error"), [("", 1, InvalidId), ("ana", 0, InvalidQuantity), ("ana", True, InvalidQuantity)]
)
def test_a_pin_is_of_an_id_and_a_quantity(name: str, quantity: int, error: type[InvalidArgument]) -> None:
    with pytest.raises(error):
        SEATS.pin(name, quantity, SPRING, EUR)


# Migrations.


def test_a_migration_moves_older_pins_to_the_version_of_its_start() -> None:
    plan = Migration(price_list=SEATS, starts=AUTUMN)
    ana = pinned("ana", SPRING)
    moved = migrate(plan, ana, at=AUTUMN)
    assert moved == pinned("ana", AUTUMN)
    assert (moved.id, moved.quantity, moved.price_list) == (ana.id, ana.quantity, ana.price_list)


@pytest.mark.parametrize("at", [SPRING, AUTUMN - TICK])
def test_nothing_moves_before_the_migration_starts(at: datetime) -> None:
    plan, ana = Migration(price_list=SEATS, starts=AUTUMN), pinned("ana", SPRING)
    assert migrate(plan, ana, at=at) is ana
    assert preview_migration(plan, [ana], at=at) == MigrationPreview(())


def test_a_migration_that_is_carried_out_late_leads_to_the_version_of_its_start() -> None:
    plan = Migration(price_list=SEATS, starts=SUMMER)
    assert migrate(plan, pinned("ana", SPRING, USD), at=WINTER) == pinned("ana", SUMMER, USD)
    between = Migration(price_list=SEATS, starts=SUMMER + timedelta(days=20))
    assert migrate(between, pinned("ana", SPRING, USD), at=WINTER) == pinned("ana", SUMMER, USD)


@pytest.mark.parametrize("since", [SUMMER, AUTUMN])
def test_what_was_pinned_from_the_target_or_later_stays(since: datetime) -> None:
    ana = pinned("ana", since, USD)
    assert migrate(Migration(price_list=SEATS, starts=SUMMER), ana, at=WINTER) is ana


def test_what_was_pinned_from_another_list_stays() -> None:
    desk = OTHER.pin("desk", 5, SPRING)
    plan = Migration(price_list=SEATS, starts=AUTUMN)
    assert not plan.moves(desk)
    assert migrate(plan, desk, at=AUTUMN) is desk


@pytest.mark.parametrize(
    ("pinned_before", "moved"),
    [
        (None, {"spring", "summer"}),
        (SPRING, set()),
        (SPRING + TICK, {"spring"}),
        (SUMMER, {"spring"}),
        (SUMMER + TICK, {"spring", "summer"}),
        (WINTER, {"spring", "summer"}),
    ],
)
def test_only_what_was_pinned_from_a_version_before_then_is_moved(
    pinned_before: datetime | None, moved: set[str]
) -> None:
    plan = Migration(price_list=SEATS, starts=AUTUMN, pinned_before=pinned_before)
    pins = [pinned("spring", SPRING), pinned("summer", SUMMER), pinned("autumn", AUTUMN)]
    assert {one.id for one in pins if plan.moves(one)} == moved
    assert {one.id for one in pins if migrate(plan, one, at=AUTUMN) is not one} == moved
    assert {row.id for row in preview_migration(plan, pins, at=AUTUMN).rows} == moved


def test_those_who_are_kept_stay_grandfathered() -> None:
    plan = Migration(price_list=SEATS, starts=AUTUMN, keep=frozenset({"ana", "nobody"}))
    ana, luis = pinned("ana", SPRING), pinned("luis", SPRING)
    assert migrate(plan, ana, at=AUTUMN) is ana
    assert migrate(plan, luis, at=AUTUMN).effective == AUTUMN
    assert [row.id for row in preview_migration(plan, [ana, luis], at=AUTUMN).rows] == ["luis"]


@pytest.mark.parametrize("currency", [EUR, USD])
@pytest.mark.parametrize("since", [SPRING, SUMMER, AUTUMN])
@pytest.mark.parametrize("starts", [SPRING, SUMMER, AUTUMN, WINTER])
def test_twice_is_once(currency: Currency, since: datetime, starts: datetime) -> None:
    plan, ana = Migration(price_list=SEATS, starts=starts), pinned("ana", since, currency)
    once = migrate(plan, ana, at=WINTER)
    assert migrate(plan, once, at=WINTER) is once
    assert preview_migration(plan, [once], at=WINTER).rows == ()


def test_a_migration_into_a_version_without_the_currency_is_refused() -> None:
    yen = PriceList("seats", (version(SPRING, "10.00 EUR"), version(AUTUMN, "2000 JPY")))
    plan, ana = Migration(price_list=yen, starts=AUTUMN), yen.pin("ana", 1, SPRING)
    for act in (lambda: migrate(plan, ana, at=AUTUMN), lambda: preview_migration(plan, [ana], at=AUTUMN)):
        with pytest.raises(PriceMissing) as caught:
            act()
        assert caught.value == PriceMissing(sold="seats", currency="EUR", offered=("JPY",))


MIXED = [
    pinned("mei", SPRING, USD, 3),
    pinned("ana", SPRING, EUR, 5),
    pinned("luis", SUMMER, USD, 10),
    pinned("zoe", SUMMER, EUR, 7),
    pinned("new", AUTUMN, EUR, 2),
]


def test_a_preview_says_who_pays_what_sorted_by_id() -> None:
    found = preview_migration(Migration(price_list=SEATS, starts=AUTUMN), MIXED, at=AUTUMN)
    rows = [(row.id, row.quantity, str(row.before), str(row.after), str(row.difference)) for row in found.rows]
    assert rows == [
        ("ana", 5, "50.00 EUR", "60.00 EUR", "10.00 EUR"),
        ("luis", 10, "100.00 USD", "130.00 USD", "30.00 USD"),
        ("mei", 3, "33.00 USD", "39.00 USD", "6.00 USD"),
        ("zoe", 7, "84.00 EUR", "84.00 EUR", "0.00 EUR"),
    ]
    assert [row.id for row in found.more] == ["ana", "luis", "mei"]
    assert found.less == ()


def test_totals_are_told_for_each_currency() -> None:
    found = preview_migration(Migration(price_list=SEATS, starts=AUTUMN), MIXED, at=AUTUMN)
    assert dict(found.totals) == {EUR: euros("10.00"), USD: Money.parse("36.00 USD")}
    assert dict(MigrationPreview(()).totals) == {}


def test_those_who_would_pay_less_are_told_apart() -> None:
    found = preview_migration(Migration(price_list=SEATS, starts=SUMMER), MIXED, at=AUTUMN)
    assert [(row.id, str(row.difference)) for row in found.less] == [("mei", "-3.00 USD")]
    assert [(row.id, str(row.difference)) for row in found.more] == [("ana", "10.00 EUR")]
    assert dict(found.totals) == {EUR: euros("10.00"), USD: Money.parse("-3.00 USD")}


@pytest.mark.parametrize("starts", [SPRING, SUMMER, AUTUMN, WINTER])
@pytest.mark.parametrize("at", [SPRING, SUMMER, AUTUMN, WINTER])
@pytest.mark.parametrize("keep", [frozenset[str](), frozenset({"ana"})])
def test_a_preview_is_what_the_migration_then_does(starts: datetime, at: datetime, keep: frozenset[str]) -> None:
    plan = Migration(price_list=SEATS, starts=starts, keep=keep)
    done = {one.id: migrate(plan, one, at=at) for one in MIXED}
    rows = {row.id: row for row in preview_migration(plan, iter(MIXED), at=at).rows}
    for one in MIXED:
        moved = done[one.id]
        assert (one.id in rows) is (moved != one)
        if row := rows.get(one.id):
            assert row.quantity == one.quantity == moved.quantity
            assert row.before.minor == one.price.exact(one.quantity)
            assert row.after.minor == moved.price.exact(moved.quantity)


def test_each_side_of_a_row_is_rounded_once_half_up() -> None:
    per = PriceList(
        "calls",
        (
            PriceVersion(SPRING, (UnitPrice(euros("0.01"), per=2),)),
            PriceVersion(AUTUMN, (PackagePrice(euros("0.05"), 3),)),
        ),
    )
    plan = Migration(price_list=per, starts=AUTUMN)
    found = preview_migration(plan, [per.pin("ana", 5, SPRING), per.pin("luis", 4, SPRING)], at=AUTUMN)
    assert [(row.before.minor, row.after.minor, row.difference.minor) for row in found.rows] == [(3, 10, 7), (2, 10, 8)]
    assert found.rows[0] == MigrationRow(id="ana", quantity=5, before=euros("0.03"), after=euros("0.10"))


@pytest.mark.parametrize(
    ("parameter", "arguments"),
    [
        ("migration", (None, MIXED[0], SPRING)),
        ("migration", (SEATS, MIXED[0], SPRING)),
        ("pinned", (Migration(price_list=SEATS, starts=SPRING), None, SPRING)),
        ("pinned", (Migration(price_list=SEATS, starts=SPRING), SEATS, SPRING)),
        ("at", (Migration(price_list=SEATS, starts=SPRING), MIXED[0], None)),
        ("at", (Migration(price_list=SEATS, starts=SPRING), MIXED[0], datetime(2026, 3, 1))),  # noqa: DTZ001
    ],
)
def test_each_argument_of_a_migration_is_of_its_kind(parameter: str, arguments: tuple[Any, Any, Any]) -> None:
    plan, one, at = arguments
    for act in (lambda: migrate(plan, one, at=at), lambda: preview_migration(plan, [one], at=at)):
        with pytest.raises(InvalidArgument) as caught:
            act()
        assert caught.value.parameter == parameter


def test_a_migration_leads_to_a_version_that_is_there() -> None:
    later = PriceList("later", (PriceVersion(SUMMER, (UnitPrice(Money(1, EUR)),)),))
    with pytest.raises(PriceMissing):
        Migration(price_list=later, starts=SPRING)


def test_a_row_of_a_migration_is_in_one_currency() -> None:
    with pytest.raises(CurrencyMismatch):
        MigrationRow(id="a", quantity=1, before=Money(1, EUR), after=Money(1, Currency("JPY")))
