"""Places in a recording as the command line writes them."""

import datetime
import re

from ._errors import TapedeckError
from ._words import position

_UNITS = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}


def nanoseconds(text):
    """A duration such as 250ms, 30s, 5m, 2h, 7d."""
    match = re.fullmatch(r"(\d+)(ms|s|m|h|d)", text)
    if not match:
        raise TapedeckError(f"{text} is not a duration: write 250ms, 30s, 5m, 2h or 7d")
    return int(match[1]) * _UNITS[match[2]]


class Position:
    """A record's number, or a time in nanoseconds."""

    def __init__(self, sequence=None, time=None):
        self.sequence, self.time = sequence, time

    @staticmethod
    def of(value, first, last):
        """The position that a number, a time or a text means."""
        if value is None:
            return None
        text = position(value)
        if text.isdigit():
            return Position(sequence=int(text))
        if text.startswith("@"):
            return Position(time=int(text[1:]) * 10**6)
        if text in ("start", "end"):
            return Position(time=first if text == "start" else last)
        if text.startswith("start+"):
            return Position(time=first + nanoseconds(text[6:]))
        if text.startswith("end-"):
            return Position(time=last - nanoseconds(text[4:]))
        match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", text)
        if not match:
            raise TapedeckError(f"{text} is not a position")
        zone = "+00:00" if match[3] == "Z" else match[3]
        whole = int(datetime.datetime.fromisoformat(match[1] + zone).timestamp())
        return Position(time=whole * 10**9 + int((match[2] or "").ljust(9, "0")))

    def is_behind(self, message):
        """Whether a message comes before this place."""
        if self.sequence is not None:
            return message.sequence < self.sequence
        return message.time < self.time

    def is_before(self, message):
        """Whether a message comes after this place."""
        if self.sequence is not None:
            return message.sequence > self.sequence
        return message.time > self.time

    def end(self, last):
        """Up to when the recording is known, when it was read up to here."""
        return last if self.time is None else min(self.time, last)
