"""Settings of the test tools."""

from hypothesis import settings

# the same examples every time, and no verdict by the clock: a red test is a fault, not luck
settings.register_profile("here", derandomize=True, deadline=None)
settings.load_profile("here")
