"""The one kind of error that is for people."""


class SalesError(Exception):
    """Its message is one line: the rule, the value, the way out.  A subclass exists where somebody catches it."""
