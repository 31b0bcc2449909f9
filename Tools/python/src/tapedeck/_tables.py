"""The tables' columns, and rows from the exchange's pushes: what the program does, in Python."""

import collections
import decimal
import json
import re

from ._columns import schema_of

BEGINNINGS = ("spot", "linear", "inverse", "option", "spread")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_WHOLE = re.compile(r"-?\d+", re.ASCII)
_LARGEST = 10**38
_EXACT = decimal.Context(prec=100)

_PRICE = "price: quote coin for one base coin"
_QUANTITY = "quantity: base coin; contracts of 1 USD on inverse"
_MS = "UTC ns, from the exchange's ms"


ARRIVAL_UNKNOWN = "arrival times are not known"


def schema(table, depth, floats, arrival_known=True):
    """A table's Arrow schema."""
    whose = "" if arrival_known else f"; the exchange's: {ARRIVAL_UNKNOWN}"
    number = "float64" if floats else "decimal128(38, 18)"

    def column(name, kind, unit, nullable=False):
        return {"name": name, "type": kind, "unit": unit, "nullable": nullable}

    def price(name):
        return column(name, number, _PRICE, True)

    def quantity(name):
        return column(name, number, _QUANTITY, True)

    def time(name, unit=_MS):
        return column(name, "timestamp[ns]", unit, True)

    def text(name, unit):
        return column(name, "utf8", unit, True)

    begin = [
        column("sequence", "uint64", "number of the record"),
        column("time", "timestamp[ns]", "UTC ns, when it was recorded" + whose),
    ]
    if table == "records":
        return schema_of(
            begin
            + [
                column("stream", "utf8", "name of the stream"),
                column("payload", "binary", "bytes as they came"),
            ]
        )
    if table == "book":
        begin = [
            column("sequence", "uint64", "number of the record that last changed the book"),
            column(
                "time",
                "timestamp[ns]",
                "UTC ns: of that record, or the multiple of `every` at which the book was so" + whose,
            ),
            column("updated_time", "timestamp[ns]", "UTC ns of that record" + whose),
        ]
    begin += [
        time("exchange_time", _MS + " (ts)"),
        column("stream", "utf8", "name of the stream"),
        column("category", "utf8", "spot, linear, inverse, option, spread"),
        text("symbol", "the exchange's name of the instrument"),
    ]
    if table == "trades":
        rest = [
            time("trade_time", _MS + " (T)"),
            text("side", "the taker's: Buy, Sell"),
            price("price"),
            quantity("quantity"),
            text("trade_id", "the exchange's id"),
            column("cross_sequence", "int64", "seq", True),
            column("block_trade", "bool", "BT", True),
            text("tick_direction", "L"),
        ]
    elif table == "tickers":
        rest = [
            column("snapshot", "bool", "all fields, or those that changed", True),
            column("cross_sequence", "int64", "cs", True),
            *map(price, ["last_price", "mark_price", "index_price", "bid_price"]),
            quantity("bid_quantity"),
            price("ask_price"),
            quantity("ask_quantity"),
            column("funding_rate", number, "share of the position's value", True),
            time("next_funding_time"),
            quantity("open_interest"),
            *map(price, ["high_24h", "low_24h", "previous_24h"]),
            column("change_24h", number, "share of previous_24h", True),
            quantity("volume_24h"),
            column("turnover_24h", number, "quote coin", True),
            text("tick_direction", "tickDirection"),
        ]
    elif table == "klines":
        rest = [
            text("interval", "minutes, or D, W, M"),
            time("start_time"),
            time("end_time"),
            *map(price, ["open", "high", "low", "close"]),
            quantity("volume"),
            column("turnover", number, "quote coin", True),
            column("confirmed", "bool", "the candle is closed", True),
            time("trade_time"),
        ]
    else:
        rest = [
            time("match_time", _MS + " (cts)"),
            column("stale", "bool", "something was missed: no level is known"),
            column("update_id", "int64", "u", True),
            column("cross_sequence", "int64", "seq", True),
        ]
        for side in ("bid", "ask"):
            for level in range(1, depth + 1):
                rest += [price(f"{side}_price_{level}"), quantity(f"{side}_quantity_{level}")]
    return schema_of(begin + rest)


class RowReader:
    """Rows of trades, tickers and candles; what cannot be read is null and counted."""

    def __init__(self, floats):
        self._floats = floats
        self.findings = collections.Counter()
        self.first = []
        self._message = None

    def find(self, message, field, reason):
        """Counts what could not be read."""
        self.findings[reason] += 1
        if len(self.first) < 100:
            self.first.append(
                {
                    "sequence": message.sequence,
                    "stream": message.stream,
                    "field": field,
                    "reason": reason,
                }
            )

    def read(self, route, message, rows):
        """Appends the rows of one push."""
        self._message = message
        try:
            root = json.loads(message.payload)
            data = root["data"]
        except (ValueError, KeyError, TypeError):
            return self.find(message, "", "json")
        if route.subject == "tickers":
            if not isinstance(data, dict):
                return self.find(message, "", "json")
            return rows.append(self._ticker(route, message, root, data))
        if not isinstance(data, list):
            return self.find(message, "", "json")
        make = self._trade if route.subject == "trades" else self._kline
        for row in data:
            if isinstance(row, dict):
                rows.append(make(route, message, root, row))
            else:
                self.find(message, "", "json")

    def _begin(self, route, message, root):
        return (message.sequence, message.time, self.time(root, "ts", True), route.name, route.category)

    def _trade(self, route, message, root, row):
        return self._begin(route, message, root) + (
            self.text(row, "s", True),
            self.time(row, "T", True),
            self.text(row, "S", True),
            self.number(row, "p", True),
            self.number(row, "v", True),
            self.text(row, "i", True),
            self.whole(row, "seq", False),
            self.flag(row, "BT", False),
            self.text(row, "L", False),
        )

    def _kline(self, route, message, root, row):
        return (
            *self._begin(route, message, root),
            route.symbol,
            self.text(row, "interval", True),
            self.time(row, "start", True),
            self.time(row, "end", True),
            *(self.number(row, k, True) for k in ("open", "high", "low", "close")),
            self.number(row, "volume", True),
            self.number(row, "turnover", True),
            self.flag(row, "confirm", True),
            self.time(row, "timestamp", False),
        )

    def _ticker(self, route, message, root, data):
        begin = self._begin(route, message, root) + (self.text(data, "symbol", True),)
        kind = root.get("type")
        if not isinstance(kind, str):
            self.find(message, "type", "missing")
            snapshot = None
        else:
            snapshot = kind == "snapshot"
        first = (
            "lastPrice markPrice indexPrice bid1Price bid1Size ask1Price ask1Size fundingRate".split()
        )
        behind = (
            "openInterest highPrice24h lowPrice24h prevPrice24h price24hPcnt volume24h turnover24h".split()
        )
        return (
            *begin,
            snapshot,
            self.whole(root, "cs", False),
            *[self.number(data, k, False) for k in first],
            self.time(data, "nextFundingTime", False),
            *[self.number(data, k, False) for k in behind],
            self.text(data, "tickDirection", False),
        )

    # Fields: the value, or None and a finding.

    def _value(self, row, key, required):
        value = row.get(key)
        if value is None and required:
            self.find(self._message, key, "missing")
        return value

    def number(self, row, key, required):
        """A decimal number in a JSON string."""
        value = self._value(row, key, required)
        if value is None:
            return None
        if not isinstance(value, str):
            return self.find(self._message, key, "type")
        if value == "" and not required:
            return None
        number = exact(value)
        if number is None:
            return self.find(self._message, key, "number")
        return float(number) if self._floats else number

    def whole(self, row, key, required):
        """A whole JSON number."""
        value = self._value(row, key, required)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return self.find(self._message, key, "type")
        if not isinstance(value, int) or not -(2**63) <= value < 2**63:
            return self.find(self._message, key, "number")
        return value

    def time(self, row, key, required):
        """Unix milliseconds, a number or its text, as nanoseconds."""
        value = self._value(row, key, required)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            return self.find(self._message, key, "type")
        if value == "" and not required:
            return None
        if isinstance(value, str) and _WHOLE.fullmatch(value):
            value = int(value)
        if not isinstance(value, int) or not -(2**63) <= value * 10**6 < 2**63:
            return self.find(self._message, key, "number")
        return value * 10**6

    def text(self, row, key, required):
        """A JSON string."""
        value = self._value(row, key, required)
        if value is None or isinstance(value, str):
            return value
        return self.find(self._message, key, "type")

    def flag(self, row, key, required):
        """true or false."""
        value = self._value(row, key, required)
        if value is None or isinstance(value, bool):
            return value
        return self.find(self._message, key, "type")


def exact(text):
    """The number as it stands, when decimal128(38, 18) holds it; None otherwise."""
    if not _NUMBER.fullmatch(text) or len(text) > 42:
        return None
    number = decimal.Decimal(text)
    units = number.scaleb(18, _EXACT)
    whole = int(units)
    if units != whole or abs(whole) >= _LARGEST:
        return None
    return number
