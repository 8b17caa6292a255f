"""Answers already written, by publication and parameters; a publication never changes, so neither does an entry."""

import time
from collections import OrderedDict
from threading import Lock

from prometheus_client import Counter
from redis.asyncio import Redis
from redis.exceptions import RedisError

# a Redis on the same network answers in less than a millisecond; the lake takes a few
TIMEOUT_SECONDS = 0.05
# after a failure, ask the lake at once for this many seconds
PAUSE_SECONDS = 5.0
KEPT_SECONDS = 3600
PREFIX = "sales:"


class BodyCache:
    """The most recently requested answers, up to a number of entries and of bytes."""

    def __init__(self, max_entries: int = 512, max_bytes: int = 32 * 1024 * 1024) -> None:
        self._max_entries, self._max_bytes = max_entries, max_bytes
        self._bodies: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: str) -> bytes | None:
        with self._lock:
            if key in self._bodies:
                self._bodies.move_to_end(key)
            return self._bodies.get(key)

    def put(self, key: str, body: bytes) -> None:
        with self._lock:
            self._bytes += len(body) - len(self._bodies.pop(key, b""))
            self._bodies[key] = body
            while len(self._bodies) > self._max_entries or self._bytes > self._max_bytes:
                _, dropped = self._bodies.popitem(last=False)
                self._bytes -= len(dropped)


class SharedCache:
    """This process's answers, backed by those of every replica in Redis; without Redis each has only its own."""

    def __init__(self, url: str, errors: Counter) -> None:
        self._own = BodyCache()
        self._errors = errors
        self._redis = (
            Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS) if url else None
        )
        self._not_before = 0.0

    async def get(self, key: str) -> bytes | None:
        if (body := self._own.get(key)) is not None:
            return body
        if (found := await self._ask(key)) is not None:
            self._own.put(key, found)
        return found

    async def _ask(self, key: str) -> bytes | None:
        if not self._redis or time.monotonic() < self._not_before:
            return None
        try:
            found = await self._redis.get(PREFIX + key)
        except (RedisError, OSError):
            self._failed()
            return None
        return found if isinstance(found, bytes) else None

    async def put(self, key: str, body: bytes) -> None:
        self._own.put(key, body)
        if self._redis and time.monotonic() > self._not_before:
            try:
                await self._redis.set(PREFIX + key, body, ex=KEPT_SECONDS)
            except (RedisError, OSError):
                self._failed()

    def _failed(self) -> None:
        self._errors.inc()
        self._not_before = time.monotonic() + PAUSE_SECONDS
