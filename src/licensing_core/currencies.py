"""The currencies of ISO 4217 and the decimals that each has.

A code is taken when ISO 4217 gives it minor units: the national currencies and the fund codes in force, and
those withdrawn since 2000, which old invoices still carry. Metals, test codes and units of account without
minor units (XAU, XTS, XXX, XDR, ...) are nothing to pay in, and are refused.

The decimals are those of ISO 4217. CLDR, from which Babel prints, has others for 13 of the codes in force.

>>> Currency("IQD").digits, Currency("JPY").digits, Currency("CLF").digits
(3, 0, 4)
"""

from typing import Any, ClassVar, Final, NoReturn, final

from attrs import frozen

from licensing_core.checks import InvalidArgument, shown

# ISO 4217 list one (codes in force), by minor units, as of January 2026: with XAD and XCG, without BGN.
_IN_FORCE: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
        CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
        GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL
        MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR
        PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP
        TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
# ISO 4217 list three (codes withdrawn), those that ended in 2000 or later. BEF, BYB, GRD, LUF and TPE are left
# out: public tables disagree on their decimals, and a refusal is better than an amount wrong by a factor of 100.
_WITHDRAWN: Final = {
    0: "ADP BYR ESP ITL MGF PTE TRL",
    2: """
        AFA ANG ATS AZM BGL BGN CSD CUC CYP DEM EEK FIM FRF GHC HRK IEP LTL LVL MRO MTL MZM NLG ROL RUR
        SDD SIT SKK SLL SRG STD TMM USS VEB VEF YUM ZMK ZWD ZWL ZWN ZWR
    """,
}


@frozen(kw_only=True)
class UnknownCurrency(InvalidArgument):
    """A code is none of the ISO 4217 currencies with minor units; they are written in three capitals."""

    code: ClassVar[str] = "currency.unknown"


@final
class Currency:
    """A currency of ISO 4217. There is one object for each code, so that `is` compares currencies.

    >>> Currency("EUR"), Currency("EUR") is Currency("EUR"), Currency("EUR").digits
    (Currency('EUR'), True, 2)

    Raises:
        UnknownCurrency: *code* is no currency, or not in capitals.
    """

    __slots__ = ("__weakref__", "code", "digits")
    code: str
    """Three capital letters."""
    digits: int
    """Decimals of an amount, 0, 2, 3 or 4: one unit is 10 ** digits minor units."""

    def __new__(cls, code: str) -> "Currency":
        known = _KNOWN.get(code) if type(code) is str else None
        if known is None:
            raise UnknownCurrency(parameter="currency", expected="an ISO 4217 code, in capitals", got=_code_shown(code))
        return known

    def __setattr__(self, name: str, _value: object) -> NoReturn:
        raise AttributeError(f"a currency is read-only: {name}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a currency is read-only: {name}")

    def __reduce__(self) -> tuple[Any, ...]:
        return (Currency, (self.code,))

    def __repr__(self) -> str:
        return f"Currency({self.code!r})"

    def __str__(self) -> str:
        return self.code


def _code_shown(code: object) -> str:
    """*code* itself when it has the form of one, which tells no secret."""
    if type(code) is str and len(code) == 3 and code.isascii() and code.isalpha():
        return repr(code)
    return shown(code)


def _made(code: str, digits: int) -> Currency:
    currency = object.__new__(Currency)
    object.__setattr__(currency, "code", code)
    object.__setattr__(currency, "digits", digits)
    return currency


_KNOWN: Final = {
    code: _made(code, digits)
    for table in (_IN_FORCE, _WITHDRAWN)
    for digits, codes in table.items()
    for code in codes.split()
}


def known_currencies() -> tuple[Currency, ...]:
    """Every currency, those in force first."""
    return tuple(_KNOWN.values())
