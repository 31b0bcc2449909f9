"""Arguments of the tables as words of the command line."""

import datetime


def many(value):
    """None, one pattern or several as a list."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def position(value):
    """A place in a recording: a record's number, a time with its zone, or the command line's own text."""
    if isinstance(value, bool):
        raise TypeError("a position is a number, a time or a text")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return value
    since_epoch = getattr(value, "value", None)  # pandas.Timestamp, in nanoseconds
    if not isinstance(since_epoch, int):
        if not isinstance(value, datetime.datetime):
            raise TypeError("a position is a number, a time or a text")
        if value.tzinfo is None:
            raise ValueError("a time needs a time zone: datetime(…, tzinfo=timezone.utc)")
        since = value - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        since_epoch = (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000
    seconds, rest = divmod(since_epoch, 10**9)
    day = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return day.strftime("%Y-%m-%dT%H:%M:%S") + f".{rest:09d}Z"
