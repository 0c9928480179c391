"""The product's own application with cards and topics drawn anew for each reader: what kept cards are compared with."""

from vocero.config.wsgi import application
from vocero.web.advocate import cards

cards.FRAGMENTS.most = cards.BARS.most = 0

__all__ = ["application"]
