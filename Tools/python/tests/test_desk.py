"""The account's tables as Arrow and Parquet, against SQLite's own answers."""

import decimal
import json
import os
import sqlite3
import unittest

import pyarrow as pa
import pyarrow.parquet as parquet

import tapedeck
from program import Base, run


class DeskTests(Base):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.path = os.path.join(cls.folder, "recordings", "demo")
        run("demo", "--seconds", "4", "--out", cls.path)

    def test_every_table_is_what_the_file_holds(self):
        r = tapedeck.open(self.path)
        names = r.desk_tables()
        self.assertIn("round_trips", names)
        file = sqlite3.connect(os.path.join(self.path, "derived", "desk.sqlite"))
        self.addCleanup(file.close)
        for name in names:
            with self.subTest(name):
                table = r.desk(name).to_arrow()
                table.validate(full=True)
                count = file.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
                self.assertEqual(table.num_rows, count)
                columns = [row[1] for row in file.execute(f"PRAGMA table_info({name})")]
                self.assertEqual(table.schema.names, columns)

    def test_numbers_are_exact_and_say_their_unit(self):
        table = tapedeck.open(self.path).desk("executions").to_arrow()
        self.assertGreater(table.num_rows, 0)
        price = table.schema.field("price")
        self.assertEqual(price.type, pa.decimal128(38, 18))
        self.assertEqual(price.metadata[b"unit"], b"quote coin; the mark price of a funding row")
        self.assertEqual(table.schema.field("time").type, pa.timestamp("ns", tz="UTC"))
        lines = run("sql", self.path, "SELECT price FROM executions", "--json").stdout.splitlines()
        texts = [decimal.Decimal(json.loads(line)["row"]["price"]) for line in lines]
        self.assertEqual(texts, table["price"].to_pylist())

    def test_round_trips_sum_up_to_the_ledger(self):
        r = tapedeck.open(self.path)
        trips = r.desk("round_trips").to_arrow().to_pylist()
        ours = sum(t["realised"] for t in trips if t["method"] == "flat" and t["strategy"] == "")
        theirs = sum(row["realised"] for row in r.desk("pnl").to_arrow().to_pylist())
        self.assertEqual(ours, theirs)

    def test_parquet_has_the_same_rows_and_replaces_nothing_unasked(self):
        r = tapedeck.open(self.path)
        folder = os.path.join(self.folder, "desk")
        counts = r.desk_to_parquet(folder, tables=["orders", "round_trips"])
        self.assertEqual(sorted(os.listdir(folder)), ["orders.parquet", "round_trips.parquet"])
        for name, count in counts.items():
            table = parquet.read_table(os.path.join(folder, name + ".parquet"))
            self.assertEqual(table.num_rows, count)
            self.assertTrue(table.equals(r.desk(name).to_arrow()))
        with self.assertRaises(tapedeck.TapedeckError):
            r.desk_to_parquet(folder, tables=["orders"])

    def test_without_the_program_the_file_is_read_as_it_stands(self):
        one = tapedeck.open(self.path).desk("orders").to_arrow()
        other = tapedeck.open(self.path, program=False).desk("orders").to_arrow()
        self.assertTrue(one.equals(other))
        with self.assertRaisesRegex(tapedeck.TapedeckError, "no table"):
            tapedeck.open(self.path, program=False).desk("nothing").to_arrow()


if __name__ == "__main__":
    unittest.main()
