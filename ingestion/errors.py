"""The one kind of error that is for people."""


class SalesError(Exception):
    """Its message is one line: the rule, the value, the way out.  A subclass exists where somebody catches it."""

    @property
    def for_log(self) -> str:
        """With what only operators should see, where there is more."""
        return str(self)
