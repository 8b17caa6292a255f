"""The base class of the errors whose messages are written for people."""


class SalesError(Exception):
    """Its message has one line for each fault: the rule, the value and the way out.

    A subclass exists only for an error that is caught somewhere.
    """

    @property
    def for_log(self) -> str:
        """With what only operators should see, where there is more."""
        return str(self)


def for_operators(error: Exception) -> str:
    """The error's message, in full if it is one of ours."""
    return error.for_log if isinstance(error, SalesError) else str(error)
