"""Building blocks without models and without words of the field: clock, money, periods, ids, tokens, crypto, text, HTTP."""
