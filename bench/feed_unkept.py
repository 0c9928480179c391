"""The product's own application with every card drawn for its reader: what kept cards are compared with."""

from vocero.config.wsgi import application
from vocero.web.advocate import cards

cards.FRAGMENTS.most = 0

__all__ = ["application"]
