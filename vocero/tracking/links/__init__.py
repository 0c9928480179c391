"""Answers tracked links without Django: a core (parse, look up, record, encode) and two fronts, RSGI and WSGI."""
