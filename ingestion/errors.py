"""The base class of the errors whose messages are written for people."""


class SalesError(Exception):
    """Its message has one line for each fault: the rule, the value and the way out.

    A subclass exists only for an error that is caught somewhere.
    """

    @property
    def for_log(self) -> str:
        """With what only operators should see, where there is more."""
        return str(self)
