"""What the API takes and gives: conversions, and errors that say what to mend."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self

from ninja import Field, Schema
from pydantic import AwareDatetime, ConfigDict, StringConstraints, model_validator

from vocero.lib.money import BadMoney, Money
from vocero.tracking.models import Conversion

type Words = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Problem(Schema):
    """Why a request was refused, in words."""

    detail: str


class WrongField(Schema):
    """One field that cannot be used, and why."""

    field: str
    message: str


class WrongFields(Schema):
    """Every field that cannot be used."""

    detail: str
    fields: list[WrongField]


class NewConversion(Schema):
    """A purchase, lead or application that a click of a tracked link led to."""

    model_config = ConfigDict(extra="forbid")

    id: Words = Field(description="Your own id of it, such as an order number. Sent again, it is counted once.")
    kind: Conversion.Kind = Field(description="What it was.")
    click: str = Field(
        "", max_length=64, description="The word after `vclick=` in the address that the visitor arrived at."
    )
    value: Decimal | None = Field(
        None, ge=0, max_digits=16, decimal_places=3, description="Its worth in units of the currency, such as 49.90."
    )
    currency: str = Field("", max_length=3, description="ISO 4217, such as EUR. Needed with a value.")
    occurred_at: AwareDatetime | None = Field(None, description="When it happened, with offset. Now, if left out.")
    test: bool = Field(False, description="A test is shown to the program team and never counted.")

    @model_validator(mode="after")
    def _value_is_money(self) -> Self:
        self.money()
        return self

    def money(self) -> Money | None:
        """Give the value with its currency. Raises ValueError in words."""
        if self.value is None:
            if self.currency:
                raise ValueError("currency: there is no value")
            return None
        try:
            return Money.of(self.value, self.currency)
        except BadMoney as error:
            raise ValueError(f"value and currency: {error}") from None


class SiteConversion(NewConversion):
    """The same, from a web page; the script of the site sends it."""


class StoredConversion(Schema):
    """A conversion as it is counted."""

    id: str
    kind: str
    state: str = Field(description="`waiting` for its click, `credited`, `not_credited` or `test`.")
    reason: str = Field(description="Why it is not credited, as a word; blank when it is.")
    verified: bool = Field(description="false: reported by the public script of a site.")
    occurred_at: datetime
    duplicate: bool = Field(description="true: it was reported before, and is counted once.")

    @classmethod
    def of(cls, conversion: Conversion, *, duplicate: bool) -> Self:
        """Give a conversion as the API shows it: who is credited is nobody's business here."""
        return cls(
            id=conversion.external_id,
            kind=conversion.kind,
            state=conversion.state,
            reason=conversion.reason,
            verified=conversion.verified,
            occurred_at=conversion.at,
            duplicate=duplicate,
        )
