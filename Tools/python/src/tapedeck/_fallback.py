"""The same tables without the program: pure Python on `mcap`, slowly.

Of a recording that is not sealed it has the whole chunks alone: what is in the tails needs the program.
"""

import collections
import fnmatch
import os
import re

import pyarrow as pa

from ._book import Books
from ._errors import TapedeckError
from ._positions import Position, nanoseconds
from ._tables import ARRIVAL_UNKNOWN, BEGINNINGS, RowReader, schema

_BATCH = 16_384

Message = collections.namedtuple("Message", "sequence time stream payload channel")


class Fallback:
    """Batches of the asked tables, and a footer, as the program's export has them."""

    def __init__(self, path, tables, streams, symbols, start, end, depth, every, floats):
        self._path = resolve(path)
        self._tables = tables
        self._streams = streams
        self._symbols = symbols
        self._start, self._end = start, end
        self._depth = depth
        self._every = nanoseconds(every) if every is not None else None
        if self._every == 0:
            raise TapedeckError(f"every={every} is no time")
        self.reader = self
        self.tables = tables
        self._arrival_known = arrival_known(self._path)
        self.schemas = [schema(t, depth, floats, self._arrival_known) for t in tables]
        self._floats = floats
        self.footer = None

    def close(self):
        """Nothing is held."""

    def __iter__(self):
        rows = {t: [] for t in self._tables}
        cells = RowReader(self._floats)
        books = Books(self._depth, self._every, cells)
        counts = collections.Counter({t: 0 for t in self._tables})
        records = 0
        known = {}
        start, end = self._bounds()
        last = 0
        for message in messages(self._path):
            last = message.time
            if start is not None and start.is_behind(message):
                continue
            if end is not None and end.is_before(message):
                break
            route = known.get(message.stream)
            if route is None:
                route = known[message.stream] = Route(message.stream, message.channel, self)
            if not route.wanted:
                continue
            records += 1
            if "records" in rows and route.passes:
                rows["records"].append(message[:4])
            if route.subject in ("trades", "tickers", "klines") and route.subject in rows:
                cells.read(route, message, rows[route.subject])
            elif route.subject in ("book", "link") and "book" in rows:
                books.read(route, message, rows["book"])
            for table, waiting in rows.items():
                if len(waiting) >= _BATCH:
                    counts[table] += len(waiting)
                    yield self._batch(table, waiting)
                    waiting.clear()
        if "book" in rows:
            books.finish(end.end(last) if end is not None else last, rows["book"])
        for table, waiting in rows.items():
            if waiting:
                counts[table] += len(waiting)
                yield self._batch(table, waiting)
        self.footer = {
            "records": records,
            "rows": dict(counts),
            "findings": dict(cells.findings),
            "first_findings": cells.first,
            "damage": [],
            "arrival_times_known": self._arrival_known,
        }

    def _bounds(self):
        """Start and end as tests of a message; relative ones need the recording's own times."""
        if self._start is None and self._end is None:
            return None, None
        words = [p for p in (self._start, self._end) if isinstance(p, str)]
        first = last = None
        if any(w.startswith(("start", "end")) for w in words):
            for message in messages(self._path):
                first = message.time if first is None else first
                last = message.time
        return Position.of(self._start, first, last), Position.of(self._end, first, last)

    def _batch(self, table, rows):
        index = self._tables.index(table)
        arrays = [
            pa.array(column, field.type) for column, field in zip(zip(*rows), self.schemas[index])
        ]
        return index, pa.RecordBatch.from_arrays(arrays, schema=self.schemas[index])


class Route:
    """What the records of one stream are to the tables."""

    def __init__(self, stream, channel, export):
        self.name, self.channel = stream, channel
        base, _, slot = stream.rpartition("@")
        if not base or not slot.isdigit() or int(slot) < 2:
            base, slot = stream, ""
        parts = base.split("/", 2)
        self.subject = "none"
        self.category = self.symbol = self.topic = ""
        self.depth = 0
        if parts[0] == "link" and len(parts) == 3 and parts[1] == "public":
            self.subject = "link"
            self.socket = f"public/{parts[2]}" + (f"@{slot}" if slot else "")
        elif parts[0] == "public" and len(parts) == 3 and parts[1] in BEGINNINGS and parts[2] != "-":
            self.category, self.topic = parts[1], parts[2]
            self.socket = f"public/{parts[1]}" + (f"@{slot}" if slot else "")
            words = self.topic.split(".", 2)
            self.symbol = words[-1]
            if words[0] == "orderbook" and len(words) == 3 and words[1].isdigit() and int(words[1]):
                self.subject = "book"
                self.depth = int(words[1])
            elif words[0] == "publicTrade" and len(words) == 2:
                self.subject = "trades"
            elif words[0] == "tickers" and len(words) == 2:
                self.subject = "tickers"
            elif words[0] == "kline" and len(words) == 3:
                self.subject = "klines"
        streams, symbols = export._streams, export._symbols
        self.passes = not streams or any(fnmatch.fnmatchcase(stream, g) for g in streams)
        if symbols:
            last = self.topic.split(".")[-1] if self.topic else None
            self.passes = self.passes and any(last and fnmatch.fnmatchcase(last, g) for g in symbols)
        tables = export._tables
        needed = "records" in tables or self.subject in tables
        if self.subject == "link":
            needed = needed or "book" in tables
            self.wanted = needed and ("records" not in tables or self.passes)
        else:
            self.wanted = needed and self.passes


def resolve(path):
    """The directory that a path means: itself, or `FOLDER/last`, `FOLDER/last~1`, the beginning of a name."""
    if os.path.isdir(path):
        return path
    folder, name = os.path.split(path.rstrip("/"))
    folder = folder or "recordings"
    names = []
    if os.path.isdir(folder):
        for entry in sorted(os.listdir(folder)):
            inside = os.path.join(folder, entry)
            if os.path.isdir(inside) and any(f.endswith(".mcap") for f in os.listdir(inside)):
                names.append(entry)
    match = re.fullmatch(r"last(?:~(\d+))?", name)
    if match:
        back = int(match[1] or 0)
        if back < len(names):
            return os.path.join(folder, names[-1 - back])
    else:
        found = [n for n in names if n.startswith(name)]
        if len(found) == 1:
            return os.path.join(folder, found[0])
    raise TapedeckError(f"there is no recording {path}")


def _segments(path):
    """The names of a recording's files, in their order."""
    try:
        import mcap  # noqa: F401
    except ImportError as error:
        raise TapedeckError(
            "reading without the tapedeck program needs mcap: pip install 'tapedeck-reader[fallback]'"
        ) from error
    segments = sorted(f for f in os.listdir(path) if re.fullmatch(r"\d{12,}\.mcap", f))
    if not segments:
        raise TapedeckError(f"{path} holds no recording")
    return segments


def arrival_known(path):
    """False where the times are the exchange's, by the label in the head of the last segment."""
    segments = _segments(path)
    from mcap.exceptions import McapError
    from mcap.records import Message, Metadata
    from mcap.stream_reader import StreamReader

    with open(os.path.join(path, segments[-1]), "rb") as file:
        try:
            for record in StreamReader(file).records:
                if isinstance(record, Metadata) and record.name == "tapedeck.segment":
                    return ARRIVAL_UNKNOWN not in record.metadata.get("label.imported", "").split("; ")
                if isinstance(record, Message):
                    break
        except McapError:
            pass  # Told when its records are read.
    return True


def messages(path):
    """The records of a recording's whole chunks, numbered, without commits."""
    segments = _segments(path)
    from mcap.exceptions import EndOfFile, McapError
    from mcap.records import Channel, Metadata
    from mcap.records import Message as Raw
    from mcap.stream_reader import StreamReader

    for index, name in enumerate(segments):
        behind = int(segments[index + 1][:-5]) if index + 1 < len(segments) else None
        channels = {}
        number = int(name[:-5])
        with open(os.path.join(path, name), "rb") as file:
            try:
                for record in StreamReader(file, validate_crcs=True).records:
                    if isinstance(record, Channel):
                        channels[record.id] = record.topic
                    elif isinstance(record, Metadata) and record.name == "tapedeck.segment":
                        number = int(record.metadata["first"])
                    elif isinstance(record, Raw):
                        stream = channels[record.channel_id]
                        if stream == "session/commit":
                            continue
                        if record.sequence != number & 0xFFFF_FFFF:
                            raise TapedeckError(f"{path}/{name}: record {number} is missing")
                        # What a torn segment has behind its end stands in the next one.
                        if behind is not None and number >= behind:
                            break
                        yield Message(number, record.log_time, stream, record.data, record.channel_id)
                        number += 1
            except EndOfFile:
                pass  # A segment that has no end yet.
            except McapError as error:
                raise TapedeckError(f"{path}/{name}: {error}") from error
