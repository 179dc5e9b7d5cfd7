"""The currencies of the world (ISO 4217), and amounts in and out of their smallest units.

Plain Python, so that what reads other systems can use it without Django.
"""

from decimal import ROUND_HALF_UP, Decimal

# How many digits of a currency follow the point. Source: ISO 4217, list one ("minor unit").
_TWO = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
    "GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD "
    "MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP "
    "PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS "
    "TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG"
)
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
EXPONENTS: dict[str, int] = {
    **dict.fromkeys(_TWO.split(), 2),
    **dict.fromkeys(_NONE.split(), 0),
    **dict.fromkeys(_THREE.split(), 3),
}


class UnknownCurrency(ValueError):
    """The code is not an ISO 4217 currency that Nova knows."""


def exponent(currency: str) -> int:
    """Digits after the point of `currency`. Raises UnknownCurrency."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(f"“{currency}” is not a currency code Nova knows.") from None


def from_minor(value: int, currency: str) -> Decimal:
    """An amount from a count of the smallest unit: 1050 is 10.50 in EUR and 1050 in JPY."""
    return Decimal(value).scaleb(-exponent(currency))


def to_minor(amount: Decimal, currency: str) -> int:
    """The inverse of `from_minor`; parts of the smallest unit are rounded half up."""
    return int(amount.scaleb(exponent(currency)).to_integral_value(ROUND_HALF_UP))
