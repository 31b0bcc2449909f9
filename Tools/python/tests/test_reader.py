"""The package against the real program: recordings of its demo, and of pushes made here."""

import datetime
import decimal
import json
import os
import re
import time
import unittest
import unittest.mock
import warnings

import pyarrow as pa
import pyarrow.parquet as parquet

import tapedeck
from tapedeck import _columns
from program import PROGRAM, Base, run


class DemoTests(Base):
    """A session with every public stream, sealed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.path = os.path.join(cls.folder, "recordings", "demo")
        run("demo", "--seconds", "3", "--out", cls.path)

    def test_every_table_is_the_same_with_and_without_the_program(self):
        asked = {
            "records": lambda r: r.records(),
            "some records": lambda r: r.records(stream=["private/*", "desk/command"]),
            "trades": lambda r: r.trades(),
            "floats": lambda r: r.trades(symbol="BTC*", floats=True),
            "range": lambda r: r.trades(start=200, end="end-500ms"),
            "tickers": lambda r: r.tickers(),
            "klines": lambda r: r.klines(),
            "book": lambda r: r.book(),
            "book by time": lambda r: r.book("ETHUSDT", depth=5, every="100ms"),
            "deep floats": lambda r: r.book("BTCUSDT", depth=60, every="1s", floats=True),
        }
        for name, ask in asked.items():
            with self.subTest(name):
                table, findings = self.same(self.path, ask)
                self.assertGreater(table.num_rows, 0)
                self.assertEqual(findings, {})

    def test_records_are_those_that_cat_prints(self):
        lines = run("cat", self.path, "--json").stdout.splitlines()
        records = list(tapedeck.open(self.path).records())
        self.assertEqual(len(lines), len(records))
        for line, record in zip(map(json.loads, lines), records):
            self.assertEqual(line["sequence"], record.sequence)
            self.assertEqual(line["stream"], record.stream)
            self.assertEqual(line["payload"].encode(), record.payload)

    def test_last_and_the_beginning_of_a_name_are_found(self):
        folder = os.path.dirname(self.path)
        count = tapedeck.open(self.path).trades().to_arrow().num_rows
        for name in ("last", "dem"):
            for program in (None, False):
                r = tapedeck.open(os.path.join(folder, name), program=program)
                self.assertEqual(r.trades().to_arrow().num_rows, count)

    def test_prices_are_exact_and_columns_have_units(self):
        table = tapedeck.open(self.path).trades("BTCUSDT").to_arrow()
        field = table.schema.field("price")
        self.assertEqual(field.type, pa.decimal128(38, 18))
        self.assertEqual(field.metadata[b"unit"], b"price: quote coin for one base coin")
        self.assertEqual(table.schema.field("time").type, pa.timestamp("ns", tz="UTC"))
        row = next(r for r in tapedeck.open(self.path).records(stream="*/publicTrade.BTCUSDT"))
        first = json.loads(row.payload)["data"][0]
        self.assertEqual(table["price"][0].as_py(), decimal.Decimal(first["p"]))
        self.assertEqual(table["quantity"][0].as_py(), decimal.Decimal(first["v"]))

    def test_every_column_of_every_table_has_its_unit(self):
        r = tapedeck.open(self.path)
        for rows in (r.records(), r.trades(), r.book(depth=2), r.tickers(), r.klines()):
            for field in rows.to_arrow().schema:
                self.assertTrue(field.metadata[b"unit"], field.name)
                if pa.types.is_timestamp(field.type):
                    self.assertEqual(field.type, pa.timestamp("ns", tz="UTC"))
                    self.assertTrue(field.metadata[b"unit"].startswith(b"UTC ns"))

    def test_a_start_is_a_number_a_time_or_the_command_line_s_words(self):
        import pandas

        r = tapedeck.open(self.path)
        trades = r.trades(symbol="BTCUSDT").to_arrow()
        middle = trades.num_rows // 2
        instant = trades["time"].cast(pa.int64())[middle].as_py()
        # A datetime has microseconds: the first of them behind that record's.
        moment = datetime.datetime.fromtimestamp(instant // 10**9, datetime.timezone.utc)
        moment += datetime.timedelta(microseconds=instant % 10**9 // 1000 + 1)
        after = sum(t >= instant // 1000 * 1000 + 1000 for t in trades["time"].cast(pa.int64()).to_pylist())
        from_here = sum(t >= instant for t in trades["time"].cast(pa.int64()).to_pylist())
        sequence = trades["sequence"][middle].as_py()
        for start, count in (
            (moment, after),
            (pandas.Timestamp(instant, tz="UTC"), from_here),
            (sequence, sum(n >= sequence for n in trades["sequence"].to_pylist())),
            ("start+0s", trades.num_rows),
        ):
            for program in (None, False):
                with self.subTest(start=start, program=program):
                    rows = tapedeck.open(self.path, program=program).trades(symbol="BTCUSDT", start=start)
                    self.assertEqual(rows.to_arrow().num_rows, count)
        with self.assertRaisesRegex(ValueError, "time zone"):
            r.trades(start=datetime.datetime(2026, 1, 13)).to_arrow()

    def test_columns_lie_in_the_memory_that_the_pipe_was_read_into(self):
        frames = []
        plain = _columns.FrameReader._frame

        def noted(reader):
            frame = plain(reader)
            frames.append(frame[2])
            return frame

        r = tapedeck.open(self.path)
        for name, rows in {
            "trades": r.trades(),
            "floats": r.trades(floats=True),
            "book": r.book(depth=3),
            "tickers": r.tickers(),
            "records": r.records(),
        }.items():
            with self.subTest(name), unittest.mock.patch.object(_columns.FrameReader, "_frame", noted):
                frames.clear()
                table = rows.to_arrow()
                places = [(f.address, f.address + f.size) for f in frames]
                buffers = [
                    b for c in table.columns for chunk in c.chunks for b in chunk.buffers() if b is not None
                ]
                self.assertGreater(len(buffers), len(table.columns))
                self.assertGreater(sum(b.size for b in buffers), 1_000)
                for buffer in buffers:
                    end = buffer.address + buffer.size
                    self.assertTrue(any(low <= buffer.address and end <= high for low, high in places))

    def test_pandas_polars_and_duckdb_see_the_same_numbers(self):
        import duckdb
        import polars

        rows = tapedeck.open(self.path).trades()
        trades = rows.to_arrow()
        total = sum(trades["quantity"].to_pylist(), decimal.Decimal(0))
        self.assertGreater(total, 0)
        pandas_frame = rows.to_pandas()
        self.assertEqual(sum(pandas_frame["quantity"], decimal.Decimal(0)), total)
        self.assertEqual(str(pandas_frame["time"].dt.tz), "UTC")
        polars_frame = rows.to_polars()
        self.assertEqual(polars_frame["quantity"].dtype, polars.Decimal(38, 18))
        self.assertEqual(polars_frame["quantity"].sum(), total)
        found = duckdb.sql("select sum(quantity), count(*), typeof(any_value(price)) from trades").fetchall()
        self.assertEqual(found, [(total, trades.num_rows, "DECIMAL(38,18)")])
        floats = tapedeck.open(self.path).trades(floats=True).to_pandas()
        self.assertEqual(floats["quantity"].tolist(), [float(q) for q in trades["quantity"].to_pylist()])

    def test_parquet_files_hold_the_tables(self):
        import duckdb
        import pandas
        import polars

        r = tapedeck.open(self.path)
        out = os.path.join(self.folder, "out")
        counts = r.to_parquet(out, depth=3)
        self.assertEqual(sorted(os.listdir(out)), [f"{t}.parquet" for t in sorted(counts)])
        with self.assertRaisesRegex(tapedeck.TapedeckError, "exists already"):
            r.to_parquet(out, tables=["trades", "book"])
        with self.assertRaisesRegex(tapedeck.TapedeckError, "overwrite=True"):
            r.trades().to_parquet(os.path.join(out, "trades.parquet"))
        self.assertEqual(r.to_parquet(out, depth=3, overwrite=True), counts)
        for name, ask in {
            "trades": r.trades(),
            "book": r.book(depth=3, every="100ms"),
            "tickers": r.tickers(),
            "klines": r.klines(),
        }.items():
            table = parquet.read_table(os.path.join(out, name + ".parquet"))
            self.assertTrue(table.equals(ask.to_arrow()), name)
            self.assertEqual(table.num_rows, counts[name])
            self.assertEqual(table.schema.field("symbol").metadata[b"unit"], b"the exchange's name of the instrument")
        trades = parquet.read_table(os.path.join(out, "trades.parquet"))
        path = os.path.join(out, "trades.parquet")
        for name in ("quantity", "sequence"):
            total = sum(map(decimal.Decimal, trades[name].to_pylist()))
            self.assertEqual(decimal.Decimal(str(polars.read_parquet(path)[name].sum())), total)
            self.assertEqual(sum(map(decimal.Decimal, pandas.read_parquet(path)[name])), total)
            found = duckdb.sql(f"select sum({name}) from '{path}'").fetchall()
            self.assertEqual(found, [(total,)])
        path = os.path.join(out, "book.parquet")
        found = duckdb.sql(f"select count(*) from '{path}' where bid_price_1 >= ask_price_1").fetchall()
        self.assertEqual(found, [(0,)])

    def test_a_stream_that_ends_early_is_an_error_and_leaves_no_file(self):
        cut = os.path.join(self.folder, "cut")
        with open(cut, "w") as file:
            file.write(f'#!/bin/sh\n"{PROGRAM}" "$@" | head -c 5000\n')
        os.chmod(cut, 0o700)
        r = tapedeck.open(self.path, program=cut)
        with self.assertRaisesRegex(tapedeck.TapedeckError, "ends before its footer"):
            r.trades().to_arrow()
        out = os.path.join(self.folder, "cut-out")
        with self.assertRaisesRegex(tapedeck.TapedeckError, "ends before its footer"):
            r.to_parquet(out)
        self.assertEqual(os.listdir(out), [])

    def test_errors_are_told_in_the_program_s_words(self):
        with self.assertRaisesRegex(tapedeck.TapedeckError, "no recording is called"):
            tapedeck.open(os.path.join(self.folder, "none")).trades().to_arrow()
        with self.assertRaisesRegex(tapedeck.TapedeckError, "is not a duration"):
            tapedeck.open(self.path).book(every="soon").to_arrow()


class FindingTests(Base):
    """Pushes that cannot be read, or not wholly."""

    def record(self, name, pushes):
        lines = []
        start = 1_767_225_600
        for index, (stream, payload) in enumerate(pushes):
            if not isinstance(payload, str):
                payload = json.dumps(payload)
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(start + index // 10))
            lines.append(
                json.dumps(
                    {
                        "schema": "tapedeck.export/1",
                        "sequence": index + 1,
                        "time": f"{stamp}.{index % 10}00000000Z",
                        "stream": stream,
                        "payload": payload,
                    }
                )
            )
        file = os.path.join(self.folder, name + ".jsonl")
        with open(file, "w") as out:
            out.write("\n".join(lines) + "\n")
        path = os.path.join(self.folder, name)
        run("import", file, "--format", "jsonl", "-o", path)
        return path

    @staticmethod
    def trade(**fields):
        row = {"T": 1767225600001, "s": "BTCUSDT", "S": "Buy", "v": "0.5", "p": "90000.10"}
        row |= {"L": "PlusTick", "i": "x", "BT": False, "seq": 7}
        row |= fields
        row = {k: v for k, v in row.items() if v != "-absent"}
        push = {"topic": "publicTrade.BTCUSDT", "type": "snapshot", "ts": 1767225600002, "data": [row]}
        return ("public/linear/publicTrade.BTCUSDT", push)

    def test_a_number_that_cannot_be_read_is_null_and_counted_never_wrong(self):
        bad = ["", "1e5", "nan", "-", "1.", ".5", " 1", "1 ", "1,5", "0x1", "+1", "٣", "1" * 21, "0." + "1" * 19]
        good = {
            "0": "0",
            "-1.50": "-1.5",
            "00012.5": "12.5",
            "0.000000000000000001": "0.000000000000000001",
            "99999999999999999999.123456789012345678": "99999999999999999999.123456789012345678",
            "123456789012345678.5": "123456789012345678.5",
        }
        pushes = [self.trade(p=text) for text in [*bad, *good]]
        pushes += [self.trade(p=1.5), self.trade(p=None), self.trade(p="-absent"), self.trade(T="soon")]
        pushes += [self.trade(T=2**62), self.trade(seq="7"), self.trade(BT="no"), self.trade(S=1)]
        pushes += [("public/linear/publicTrade.BTCUSDT", text) for text in ("{", "[]", '{"data":1}', '{"data":[1]}')]
        path = self.record("numbers", pushes)
        table, findings = self.same(path, lambda r: r.trades())
        prices = table["price"].to_pylist()
        self.assertEqual(prices[: len(bad)], [None] * len(bad))
        self.assertEqual(
            prices[len(bad) : len(bad) + len(good)], [decimal.Decimal(t) for t in good.values()]
        )
        self.assertEqual(prices[len(bad) + len(good) :][:3], [None] * 3)
        self.assertEqual(table.num_rows, len(bad) + len(good) + 8)
        self.assertEqual(findings, {"json": 4, "missing": 2, "number": len(bad) + 2, "type": 4})
        floats, _ = self.same(path, lambda r: r.trades(floats=True))
        self.assertEqual(floats["price"].to_pylist(), [None if p is None else float(p) for p in prices])
        with self.assertWarnsRegex(tapedeck.TapedeckWarning, "4 json.*record"):
            tapedeck.open(path).trades().to_arrow()

    def test_times_of_public_history_are_said_to_be_the_exchange_s(self):
        file = os.path.join(self.folder, "history.csv")
        with open(file, "w") as out:
            out.write(
                "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional\n"
                "1733011200.6915,XRPUSDT,Buy,12,1.9532,ZeroPlusTick,6a9b5c1e-3a52-5d2c-8a1e-0b8f3d7c1a01,2.3e+09,12,23.4\n"
            )
        history = os.path.join(self.folder, "history")
        run("import", file, "--format", "bybit", "--category", "linear", "-o", history)
        known = self.record("known", [self.trade()])
        for path, words in ((history, b"; the exchange's: arrival times are not known"), (known, b"")):
            for ask, columns in (
                (lambda r: r.trades(), ["time"]),
                (lambda r: r.book(depth=1), ["time", "updated_time"]),
                (lambda r: r.records(), ["time"]),
            ):
                table, _ = self.same(path, ask)
                for name in columns:
                    unit = table.schema.field(name).metadata[b"unit"]
                    self.assertEqual(b"arrival times" in unit, bool(words), (path, unit))
                    self.assertTrue(unit.endswith(words))
        for program in (None, False):
            with self.assertWarnsRegex(tapedeck.TapedeckWarning, "no latency can be told"):
                self.assertEqual(tapedeck.open(history, program=program).trades().to_arrow().num_rows, 1)
            with warnings.catch_warnings():
                warnings.simplefilter("error", tapedeck.TapedeckWarning)
                self.assertEqual(tapedeck.open(known, program=program).trades().to_arrow().num_rows, 1)

    @staticmethod
    def book(u, bids=(), asks=(), kind="delta", stream="public/linear/orderbook.50.BTCUSDT", **more):
        data = {"s": "BTCUSDT", "b": list(map(list, bids)), "a": list(map(list, asks)), "u": u, "seq": u}
        push = {"topic": "orderbook.50.BTCUSDT", "type": kind, "ts": 1767225600000 + u, "data": data}
        return (stream, push | {"cts": 1767225600000 + u} | more)

    def test_a_book_of_which_something_was_missed_is_stale_until_its_snapshot(self):
        full = dict(bids=[("10", "1"), ("9.5", "2")], asks=[("11", "3"), ("12", "4")], kind="snapshot")
        book = self.book
        lost = ("link/public/linear", {"change": "disconnected", "socket": "public/linear", "reason": "", "count": 0})
        shed = ("link/public/linear", {"change": "shed", "socket": "public/linear", "reason": "", "count": 2})
        ready = ("link/public/linear", {"change": "ready", "socket": "public/linear", "reason": "", "count": 0})
        path = self.record(
            "books",
            [
                book(4, bids=[("10", "9")]),  # early
                book(5, **full),
                book(6, bids=[("10", "0"), ("9.75", "0.125")], asks=[("11.001", "7")]),
                book(6, bids=[("8", "1")]),  # old
                book(8, bids=[("8", "1")]),  # gap
                book(9, bids=[("8", "1")]),  # early
                book(10, **full),
                ready,
                lost,
                book(11, bids=[("8", "1")]),  # early
                book(12, **full),
                shed,
                book(13, **full),
                book(14, asks=[("9.9", "1")]),  # crossed
                book(15, **full),
                book(16, bids=[("8", "x")]),  # a level that is none
                book(17, **full),
                ("public/linear/orderbook.50.BTCUSDT", "{"),
                book(18, **full),
                book(1, bids=[("5", "1")], asks=[("6", "1")]),  # a restart: a snapshot whatever it says
                book(2, asks=[("6.5", "2")]),
                book(19, stream="public/spot/orderbook.50.BTCUSDT", **full),
                lost,
                book(20, stream="public/spot/orderbook.50.BTCUSDT", bids=[("1", "1")]),
            ],
        )
        table, findings = self.same(path, lambda r: r.book(depth=2))
        self.assertEqual(
            findings,
            {"json": 1, "book_early": 3, "book_old": 1, "book_gap": 1, "book_crossed": 1, "book_level": 1},
        )
        rows = table.to_pylist()
        stale = [r for r in rows if r["stale"]]
        self.assertEqual(len(stale), 7)
        self.assertTrue(all(r["bid_price_1"] is None and r["update_id"] is None for r in stale))
        self.assertEqual(
            [str(rows[1][f"bid_{k}_{n}"].normalize()) for n in (1, 2) for k in ("price", "quantity")],
            ["9.75", "0.125", "9.5", "2"],
        )
        self.assertEqual(str(rows[1]["ask_price_1"].normalize()), "11")
        self.assertEqual(rows[-1]["category"], "spot")
        self.assertFalse(rows[-1]["stale"], "a lost linear socket is nothing to a spot book")
        for every in ("100ms", "300ms", "1s"):
            with self.subTest(every):
                sampled, _ = self.same(path, lambda r: r.book(depth=2, every=every))
                self.assertGreater(sampled.num_rows, 0)
                step = {"100ms": 10**8, "300ms": 3 * 10**8, "1s": 10**9}[every]
                times = sampled["time"].cast(pa.int64()).to_pylist()
                self.assertTrue(all(t % step == 0 for t in times))
                self.assertEqual(times, sorted(times))
                for row in sampled.to_pylist():
                    # The state of the last push at or before the instant.
                    before = [r for r in rows if r["stream"] == row["stream"] and r["time"] <= row["time"]]
                    self.assertEqual(before[-1]["sequence"], row["sequence"])
                    self.assertEqual(before[-1]["bid_price_1"], row["bid_price_1"])


if __name__ == "__main__":
    unittest.main()
