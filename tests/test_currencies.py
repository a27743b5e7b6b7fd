"""Currencies: which codes there are, how many decimals each has, and that there is one object for each."""

import copy
import pickle

import pytest
from babel.numbers import get_currency_precision, list_currencies

from licensing_core.checks import InvalidArgument
from licensing_core.currencies import Currency, UnknownCurrency, known_currencies

WITHOUT_DECIMALS = [
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "ISK",
    "JPY",
    "KMF",
    "KRW",
    "PYG",
    "RWF",
    "UGX",
    "UYI",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
]
WITH_THREE = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]
WITH_FOUR = ["CLF", "UYW"]
NOT_AS_CLDR = ["AFN", "ALL", "IQD", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER"]
WITHDRAWN = """
    ADP AFA ANG ATS AZM BGL BGN BYR CSD CUC CYP DEM EEK ESP FIM FRF GHC HRK IEP ITL LTL LVL MGF MRO MTL
    MZM NLG PTE ROL RUR SDD SIT SKK SLL SRG STD TMM TRL USS VEB VEF YUM ZMK ZWD ZWL ZWN ZWR
"""


@pytest.mark.parametrize(
    ("digits", "codes"),
    [(0, WITHOUT_DECIMALS), (2, ["EUR", "USD", "MXN", "UYU", "CHE", "USN", "COU"]), (3, WITH_THREE), (4, WITH_FOUR)],
)
def test_a_currency_has_the_decimals_of_iso_4217(digits: int, codes: list[str]) -> None:
    assert {code: Currency(code).digits for code in codes} == dict.fromkeys(codes, digits)


def test_no_other_currency_in_force_has_other_than_two_decimals() -> None:
    odd = {c.code for c in known_currencies() if c.digits != 2}
    assert odd - set(WITHDRAWN.split()) == {*WITHOUT_DECIMALS, *WITH_THREE, *WITH_FOUR}


def test_cldr_differs_for_thirteen_currencies_in_force() -> None:
    in_force = [c for c in known_currencies() if c.code not in WITHDRAWN.split()]
    assert sorted(c.code for c in in_force if get_currency_precision(c.code) != c.digits) == NOT_AS_CLDR


def test_cldr_knows_every_currency() -> None:
    newer_than_the_oldest_cldr = {"XAD", "XCG", "ZWG"}  # and it never knew ZWN
    assert {c.code for c in known_currencies()} - list_currencies() <= {*newer_than_the_oldest_cldr, "ZWN"}


def test_each_code_stands_in_the_table_once() -> None:
    codes = [c.code for c in known_currencies()]
    assert len(codes) == len(set(codes)) == 165 + 47


@pytest.mark.parametrize("code", sorted(WITHDRAWN.split()))
def test_old_invoices_may_carry_a_withdrawn_currency(code: str) -> None:
    assert Currency(code).code == code


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("eur", "'eur'"),
        ("Eur", "'Eur'"),
        ("XAU", "'XAU'"),
        ("XDR", "'XDR'"),
        ("XTS", "'XTS'"),
        ("XXX", "'XXX'"),
        ("CNH", "'CNH'"),
        ("GRD", "'GRD'"),
        ("", "str of 0 characters"),
        ("EU", "str of 2 characters"),
        ("EU1", "str of 3 characters"),
        ("\u0415UR", "str of 3 characters"),
        ("EURO", "str of 4 characters"),
        (" EUR", "str of 4 characters"),
        ("EUR\n", "str of 4 characters"),
        ("E" * 1_000_000, "str of 1000000 characters"),
        (978, "978"),
        (True, "bool"),
        (None, "None"),
        (b"EUR", "bytes"),
        (["EUR"], "list"),
    ],
)
def test_anything_but_a_currency_is_refused(code: object, shown: str) -> None:
    with pytest.raises(UnknownCurrency) as refused:
        Currency(code)  # type: ignore[arg-type]
    expected = "an ISO 4217 code, in capitals"
    assert refused.value == UnknownCurrency(parameter="currency", expected=expected, got=shown)
    assert isinstance(refused.value, InvalidArgument)
    assert refused.value.code == "currency.unknown"


@pytest.mark.parametrize("currency", known_currencies(), ids=str)
def test_there_is_one_object_for_each_code(currency: Currency) -> None:
    again = [
        Currency(currency.code),
        Currency("".join(currency.code)),
        copy.copy(currency),
        copy.deepcopy(currency),
        *(pickle.loads(pickle.dumps(currency, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)),
    ]
    assert all(one is currency for one in again)


def test_a_currency_is_read_only() -> None:
    euro = Currency("EUR")
    with pytest.raises(AttributeError, match="read-only: digits"):
        euro.digits = 3
    with pytest.raises(AttributeError, match="read-only: code"):
        del euro.code
    with pytest.raises(AttributeError):
        euro.name = "euro"
    assert (euro.code, euro.digits) == ("EUR", 2)


def test_a_currency_shows_its_code() -> None:
    assert (repr(Currency("EUR")), str(Currency("EUR"))) == ("Currency('EUR')", "EUR")


def test_different_currencies_are_different() -> None:
    assert Currency("EUR") != Currency("USD")
    assert len({Currency("EUR"), Currency("USD"), Currency("EUR")}) == 2
