"""The virtual clock of `tapedeck test-bot`: time stands where the recording stands, and sleeps end when it gets there.

The file that $TAPEDECK_CLOCK names is mapped by the server and by the bot; its words are described in the server's
ClientClock. Replaced are `time`, `datetime.now`, waits of `threading` and `queue` with a time-out, and the event loops
of asyncio that use a selector. Time-outs of sockets stay real.
"""

import _thread
import datetime
import mmap
import os
import queue
import selectors
import threading
import time
from asyncio import selector_events

from ._errors import TapedeckError

_TIME, _USED, _GONE = 1, 2, 3
_FIRST, _WIDTH, _PLACES = 8, 8, 256
_THREAD, _SLEEP, _UNTIL, _OVER = range(4)
_sleep, _monotonic = time.sleep, time.monotonic_ns


class _Place:
    """A thread's place in the file; free again when the thread is gone."""

    def __init__(self, words, base):
        self.words, self.base = words, base

    def __del__(self):
        try:
            self.words[self.base + _UNTIL] = 0
            self.words[self.base + _THREAD] = 0
        except (ValueError, TypeError):
            pass


class Clock:
    def __init__(self, path):
        try:
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                self._map = mmap.mmap(file, 0)
            finally:
                os.close(file)
        except (OSError, ValueError) as error:
            raise TapedeckError(f"the clock {path} cannot be opened: {error}") from None
        if len(self._map) != 8 * (_FIRST + _WIDTH * _PLACES) or self._map[:8] != b"TDCLOCK1":
            raise TapedeckError(f"{path} is no clock of tapedeck test-bot")
        self._words = memoryview(self._map).cast("q")
        self._local = threading.local()
        self._lock = _thread.allocate_lock()
        self._gone = None
        self._words[_USED] = 1
        os.register_at_fork(after_in_child=self._forked)

    def _forked(self):
        self._local = threading.local()
        self._lock = _thread.allocate_lock()

    def nanoseconds(self):
        now = self._words[_TIME]
        if not self._words[_GONE]:
            return now
        if self._gone is None:
            self._gone = _monotonic()
        return now + _monotonic() - self._gone

    def _base(self):
        place = getattr(self._local, "place", None)
        if place is None:
            with self._lock:
                for number in range(_PLACES):
                    base = _FIRST + _WIDTH * number
                    if self._words[base + _THREAD] == 0:
                        self._words[base + _UNTIL] = 0
                        self._words[base + _THREAD] = _thread.get_native_id()
                        break
                else:
                    raise TapedeckError(f"more than {_PLACES} threads wait at once")
            place = self._local.place = _Place(self._words, base)
        return place.base

    def wait(self, seconds, ready=None):
        """Until the moment has come, or until `ready`, which may wait that long, gives something true."""
        words, base = self._words, self._base()
        until = self.nanoseconds() + max(1, int(seconds * 1_000_000_000))
        number = words[base + _SLEEP] + 1
        words[base + _SLEEP] = number
        words[base + _UNTIL] = until
        try:
            while words[base + _OVER] != number:
                if words[_GONE] and self.nanoseconds() >= until:
                    break
                if ready is None:
                    _sleep(0.0001)
                else:
                    result = ready(0.0005)
                    if result:
                        return result
            return ready(0) if ready else None
        finally:
            words[base + _UNTIL] = 0


class _Selector:
    """A selector of asyncio whose time-outs are of the virtual clock."""

    def __init__(self, selector, clock):
        self._selector, self._clock = selector, clock

    def __getattr__(self, name):
        return getattr(self._selector, name)

    def select(self, timeout=None):
        if timeout is None or timeout <= 0:
            return self._selector.select(timeout)
        return self._clock.wait(timeout, self._selector.select) or []


def _replace_time(clock):
    def sleep(seconds):
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        if seconds == 0:
            return _sleep(0)
        clock.wait(seconds)

    def seconds():
        return clock.nanoseconds() / 1_000_000_000

    def broken_down(original):
        return lambda at=None: original(seconds() if at is None else at)

    for name in ("time", "monotonic", "perf_counter"):
        setattr(time, name, seconds)
        setattr(time, name + "_ns", clock.nanoseconds)
    time.sleep = sleep
    for name in ("gmtime", "localtime", "ctime"):
        setattr(time, name, broken_down(getattr(time, name)))
    # They took theirs when they were imported.
    threading._time = queue.time = seconds
    return seconds


def _replace_datetime(seconds):
    real = datetime.datetime

    class Kind(type(real)):
        def __instancecheck__(cls, value):
            return isinstance(value, real)

        def __subclasscheck__(cls, kind):
            return issubclass(kind, real)

    class Virtual(real, metaclass=Kind):
        @classmethod
        def now(cls, tz=None):
            return real.fromtimestamp(seconds(), tz)

        @classmethod
        def today(cls):
            return real.fromtimestamp(seconds())

        @classmethod
        def utcnow(cls):
            return real.fromtimestamp(seconds(), datetime.timezone.utc).replace(tzinfo=None)

    Virtual.__name__ = Virtual.__qualname__ = "datetime"
    Virtual.__module__ = "datetime"
    datetime.datetime = Virtual


def _replace_waits(clock):
    plain_wait, plain_join = threading.Condition.wait, threading.Thread.join

    def wait(self, timeout=None):
        if timeout is None or timeout <= 0:
            return plain_wait(self, timeout)
        if not self._is_owned():
            raise RuntimeError("cannot wait on un-acquired lock")
        waiter = _thread.allocate_lock()
        waiter.acquire()
        self._waiters.append(waiter)
        saved = self._release_save()
        got = False
        try:
            got = bool(clock.wait(timeout, lambda real: waiter.acquire(real > 0, real if real > 0 else -1)))
            return got
        finally:
            self._acquire_restore(saved)
            if not got:
                try:
                    self._waiters.remove(waiter)
                except ValueError:
                    pass

    def join(self, timeout=None):
        if timeout is None or timeout <= 0:
            return plain_join(self, timeout)

        def ended(real):
            plain_join(self, real)
            return not self.is_alive()

        clock.wait(timeout, ended)

    threading.Condition.wait = wait
    threading.Thread.join = join


def _replace_selectors(clock):
    plain = selector_events.BaseSelectorEventLoop.__init__

    def made(self, selector=None):
        plain(self, _Selector(selector or selectors.DefaultSelector(), clock))

    selector_events.BaseSelectorEventLoop.__init__ = made


def install(path):
    """From here on this process lives in the time of the file."""
    clock = Clock(path)
    seconds = _replace_time(clock)
    _replace_datetime(seconds)
    _replace_waits(clock)
    _replace_selectors(clock)
    return clock
