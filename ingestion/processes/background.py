"""Work that a process does in a thread of its own, until it is stopped."""

from collections.abc import Callable
from threading import Event, Thread


class Background:
    """One thread; `work` returns soon after `stopped` is set, and must not raise."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        self.stopped = Event()
        self._name, self._work = name, work
        self._thread: Thread | None = None

    def start(self) -> None:
        """Start the thread, unless it is already running."""
        if self._thread is None or not self._thread.is_alive():
            self.stopped.clear()
            self._thread = Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self.stopped.set()
