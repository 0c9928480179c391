"""Money as whole minor units with an ISO 4217 currency, rates as whole millionths; Decimal in Python, never float."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Self

MILLION = 1_000_000
# The largest number of minor units a 64-bit column holds with room to add up.
MAX_MINOR = 10**16

# ISO 4217, active currencies (list one), funds and precious metals left out.
CURRENCIES = frozenset(
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP "
    "CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF "
    "IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD "
    "MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB "
    "RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD "
    "UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG".split()
)
_NO_DECIMALS = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split())
_THREE_DECIMALS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())


class BadMoney(ValueError):
    """The amount or the currency cannot be money."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units (cents) of one currency; amounts of different currencies do not add."""

    minor: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Self:
        """Make money from an amount in major units. Raises BadMoney for an unknown currency or too many decimals."""
        unit = _unit(currency)
        try:
            minor = Decimal(amount) / unit
            whole = minor.to_integral_value()
        except InvalidOperation as error:
            raise BadMoney("not an amount") from error
        if whole != minor:
            raise BadMoney(f"{currency} has {decimals(currency)} decimals")
        if abs(whole) > MAX_MINOR:
            raise BadMoney("the amount is too large")
        return cls(int(whole), currency)

    @property
    def amount(self) -> Decimal:
        """The amount in major units, with the currency's own number of decimals."""
        return Decimal(self.minor) * _unit(self.currency)

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise BadMoney("amounts of different currencies are shown apart, never added")
        return Money(self.minor + other.minor, self.currency)

    def times(self, factor: int | Decimal) -> "Money":
        """Multiply, rounded half to even to a whole minor unit."""
        product = Decimal(self.minor) * factor
        return Money(int(product.to_integral_value(ROUND_HALF_EVEN)), self.currency)

    def converted(self, rate: int, currency: str) -> "Money":
        """Give the value in another currency; `rate` is millionths of a major unit of it for one of ours."""
        major = self.amount * rate / MILLION
        minor = (major / _unit(currency)).to_integral_value(ROUND_HALF_EVEN)
        return Money(int(minor), currency)


def decimals(currency: str) -> int:
    """Give how many decimals a currency has (ISO 4217). Raises BadMoney for an unknown one."""
    if currency not in CURRENCIES:
        raise BadMoney(f"unknown currency {currency[:3]!r}")
    return 0 if currency in _NO_DECIMALS else 3 if currency in _THREE_DECIMALS else 2


def to_millionths(rate: Decimal | str | int) -> int:
    """Give a rate as whole millionths, rounded half to even. Raises BadMoney when it is no finite number."""
    try:
        return int((Decimal(rate) * MILLION).to_integral_value(ROUND_HALF_EVEN))
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise BadMoney("not a rate") from error


def from_millionths(rate: int) -> Decimal:
    """Give whole millionths as the rate they stand for."""
    return Decimal(rate) / MILLION


def _unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-decimals(currency))
