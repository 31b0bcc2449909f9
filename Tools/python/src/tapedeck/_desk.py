"""The tables of `derived/desk.sqlite`: orders, executions, positions, round trips, P&L, as Arrow."""

import decimal
import json
import os
import re
import sqlite3
import subprocess

import pyarrow as pa

from ._errors import TapedeckError

#: Text columns that hold exact numbers.
_NUMBERS = set(
    """price quantity average_price leaves_quantity filled_quantity filled_value filled_fee value exchange_fee
    exchange_fee_rate exchange_realised closed_quantity order_price order_quantity mark_price realised own_realised fee
    fees funding turnover size entry_value entry_price unrealised position_value current_realised cumulative_realised
    leverage wallet_balance equity locked amount balance cash_flow change entry_quantity exit_quantity exit_value
    exit_price entry_fees exit_fees net worst best""".split()
)
_FLAGS = {"closed", "reduce_only", "late", "is_maker", "opening", "other_fees", "allowed", "holds"}
_COLUMN = re.compile(r"^ *(\w+) (TEXT|INTEGER)( NOT NULL)?[^-]*?(?:-- *(.*))?$", re.MULTILINE)
_ROWS = 65_536
#: The writer's transactions last 0.1 s at most.
_PATIENCE = 10.0


def find(program, words, path):
    """The file of a recording, brought up to its end where there is a program."""
    if program is None:
        file = os.path.join(path, "derived", "desk.sqlite")
        if not os.path.exists(file):
            raise TapedeckError(
                f"{file} does not exist, and without the tapedeck program it cannot be made."
                " `tapedeck pnl` makes it."
            )
        return file
    done = subprocess.run(
        [program, "sql", words[0], "PRAGMA database_list", *words[1:], "--json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise TapedeckError(done.stderr.strip() or f"tapedeck sql ended with {done.returncode}")
    return json.loads(done.stdout.splitlines()[0])["row"]["file"]


def connect(file):
    """A connection that only reads; it holds its lock for one query at a time."""
    connection = sqlite3.connect(f"file:{_quoted(file)}?mode=ro", uri=True, timeout=_PATIENCE)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _quoted(file):
    return "".join(f"%{b:02x}" if chr(b) in "?#%" else chr(b) for b in os.fsencode(os.path.abspath(file)))


def names(file):
    """The tables, sorted."""
    connection = connect(file)
    try:
        rows = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'meta' ORDER BY name"
        )
        return [name for (name,) in rows]
    finally:
        connection.close()


class Table:
    """One table, read in batches; stands in for the program's export."""

    def __init__(self, file, name, floats):
        self._floats = floats
        self._connection = connect(file)
        try:
            row = self._connection.execute(
                "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)
            ).fetchone()
            if row is None:
                raise TapedeckError(f"{file} has no table {name}: it has {', '.join(names(file))}")
            self._name = name
            self.schemas = [self._schema(row[0])]
        except BaseException:
            self._connection.close()
            raise
        self.reader = self
        self.footer = {"findings": {}, "damage": []}

    def _schema(self, definition):
        fields = []
        for name, kind, required, unit in _COLUMN.findall(definition):
            metadata = {"unit": unit.strip()} if unit.strip() else None
            fields.append(pa.field(name, self._type(name, kind), not required, metadata=metadata))
        return pa.schema(fields)

    def _type(self, name, kind):
        if kind == "TEXT":
            if name in _NUMBERS:
                return pa.float64() if self._floats else pa.decimal128(38, 18)
            return pa.utf8()
        if name == "time" or name.endswith("_time"):
            return pa.timestamp("ns", tz="UTC")
        if name.endswith("_ms"):
            return pa.timestamp("ms", tz="UTC")
        if name in _FLAGS:
            return pa.bool_()
        return pa.int64()

    def __iter__(self):
        schema = self.schemas[0]
        columns = ", ".join(f'"{field.name}"' for field in schema)
        try:
            # All of it at once, so that the lock is given back before the rows are looked at.
            rows = self._connection.execute(f'SELECT {columns} FROM "{self._name}"').fetchall()
        finally:
            self._connection.close()
        for start in range(0, max(len(rows), 1), _ROWS):
            part = rows[start : start + _ROWS]
            arrays = [
                pa.array([self._value(row[place], field.type) for row in part], field.type)
                for place, field in enumerate(schema)
            ]
            yield 0, pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _value(self, value, kind):
        if value is None:
            return None
        if pa.types.is_decimal(kind):
            return decimal.Decimal(value)
        if pa.types.is_floating(kind):
            return float(value)
        if pa.types.is_boolean(kind):
            return value != 0
        return value

    def close(self):
        self._connection.close()
