"""Order books in Python, by the rules that the program has."""

import decimal
import json
import re

_LEVEL = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)


class _Book:
    def __init__(self, route):
        self.route = route
        self.bids, self.asks = {}, {}
        self.live = False
        self.due = False
        self.update = self.cross = 0
        self.sequence = self.time = 0
        self.ts = self.cts = 0


class Books:
    """All books of a recording, and their rows: one a push, or one at each multiple of `every`."""

    def __init__(self, depth, every, cells):
        self._depth, self._every, self._cells = depth, every, cells
        self._books = {}
        self._instant = None
        self._due = []

    def read(self, route, message, rows):
        """Applies one push or one word of a socket's end."""
        event = self._link(message) if route.subject == "link" else self._push(route, message)
        if event is None:
            return
        if self._every is not None:
            instant = -(-message.time // self._every) * self._every
            if self._instant is None or instant > self._instant:
                self._flush(rows)
                self._instant = instant
        if event == "lost":
            for book in self._books.values():
                if book.route.socket == route.socket:
                    self._lose(book, message, 0, 0, rows)
            return
        book = self._books.setdefault(route.name, _Book(route))
        if isinstance(event, str):
            self._cells.find(message, "", event)
            return self._lose(book, message, 0, 0, rows)
        reason = self._change(book, event)
        if reason is None:
            book.live = True
            self._mark(book, message, event["ts"], event["cts"])
            return self._emit(book, rows)
        self._cells.find(message, "", reason)
        if reason not in ("book_early", "book_old"):
            self._lose(book, message, event["ts"], event["cts"], rows)

    def finish(self, end, rows):
        """Rows that are due at or before the end."""
        if self._instant is not None and self._instant <= end:
            self._flush(rows)

    @staticmethod
    def _link(message):
        try:
            change = json.loads(message.payload)["change"]
        except (ValueError, KeyError, TypeError):
            return None
        return "lost" if change in ("disconnected", "shed") else None

    @staticmethod
    def _push(route, message):
        """The push as a dictionary, or the reason why it is none."""
        try:
            root = json.loads(message.payload)
            data = root["data"]
            kind, update = root["type"], data["u"]
            if kind not in ("snapshot", "delta") or data["s"] != route.symbol or not _whole(update):
                return "json"
        except (ValueError, KeyError, TypeError):
            return "json"
        others = [data.get("seq"), root.get("ts"), root.get("cts", 0)]
        if not all(map(_whole, others)):
            return "book_level"
        seq, ts, cts = others
        push = {"snapshot": kind == "snapshot" or update == 1, "u": update}
        push |= {"seq": seq, "ts": ts, "cts": cts}
        for name, side in (("bids", "b"), ("asks", "a")):
            levels = data.get(side)
            if not isinstance(levels, list):
                return "book_level"
            push[name] = [_level(pair) for pair in levels]
            if None in push[name]:
                return "book_level"
        return push

    @staticmethod
    def _change(book, push):
        if push["snapshot"]:
            book.bids, book.asks = {}, {}
        else:
            if not book.live:
                return "book_early"
            if push["u"] <= book.update:
                return "book_old"
            if push["u"] != book.update + 1:
                return "book_gap"
            if push["seq"] < book.cross and push["seq"] != 0:
                return "book_backwards"
        for side, levels in ((book.bids, push["bids"]), (book.asks, push["asks"])):
            for price, size in levels:
                if size:
                    side[price] = size
                else:
                    side.pop(price, None)
        book.update, book.cross = push["u"], push["seq"]
        for side, keep in ((book.bids, min), (book.asks, max)):
            while len(side) > book.route.depth:
                del side[keep(side)]
        if book.bids and book.asks and max(book.bids) >= min(book.asks):
            return "book_crossed"
        return None

    def _lose(self, book, message, ts, cts, rows):
        was_live, book.live = book.live, False
        book.bids, book.asks = {}, {}
        if was_live:
            self._mark(book, message, ts, cts)
            self._emit(book, rows)

    @staticmethod
    def _mark(book, message, ts, cts):
        book.sequence, book.time, book.ts, book.cts = message.sequence, message.time, ts, cts

    def _emit(self, book, rows):
        if self._every is None:
            rows.append(self._row(book, book.time))
        elif not book.due:
            book.due = True
            self._due.append(book)

    def _flush(self, rows):
        for book in sorted(self._due, key=lambda b: b.route.channel):
            book.due = False
            rows.append(self._row(book, self._instant))
        self._due.clear()

    def _row(self, book, time):
        route = book.route
        ts = book.ts * 10**6 if book.live and book.ts > 0 else None
        cts = book.cts * 10**6 if book.live and book.cts > 0 else None
        row = [book.sequence, time, book.time, ts, route.name, route.category, route.symbol, cts]
        row += [not book.live, book.update if book.live else None, book.cross if book.live else None]
        for side, best in ((book.bids, True), (book.asks, False)):
            levels = sorted(side.items(), reverse=best)[: self._depth]
            for price, size in levels:
                if self._cells._floats:
                    price, size = float(price), float(size)
                row += [price, size]
            row += [None, None] * (self._depth - len(levels))
        return tuple(row)


def _whole(value):
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def _level(pair):
    """Price and size, exact; None for what is no pair of numbers of at most 18 digits."""
    if not isinstance(pair, list) or len(pair) != 2:
        return None
    for text in pair:
        if not isinstance(text, str) or not _LEVEL.fullmatch(text):
            return None
        whole, _, fraction = text.lstrip("-").partition(".")
        if len((whole + fraction).lstrip("0")) > 18 or len(fraction) > 18:
            return None
    return decimal.Decimal(pair[0]), decimal.Decimal(pair[1])
