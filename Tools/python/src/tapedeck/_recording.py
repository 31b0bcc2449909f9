"""A recording and its tables."""

import collections
import os
import warnings

import pyarrow as pa

from . import _program
from ._errors import TapedeckWarning, refuse
from ._words import many, position


def open(path="recordings/last", *, program=None):
    """Opens a recording: its directory, or `FOLDER/last`, `FOLDER/last~1`, `FOLDER/<beginning of a name>`.

    `program` names the `tapedeck` program; None looks for it ($TAPEDECK, PATH), False reads without it.
    """
    path = os.fspath(path)
    if program is None:
        program = _program.find()
        if program is None:
            warnings.warn(
                "there is no tapedeck program on the PATH or in $TAPEDECK: reading in pure Python, slowly",
                TapedeckWarning,
                stacklevel=2,
            )
    return Recording(path, program or None)


class Recording:
    """One recording, read anew by each table that is asked for."""

    def __init__(self, path, program):
        self.path = path
        self._program = program
        if os.path.isdir(path):
            self._words = [os.path.join(path, "")]
        else:
            folder, name = os.path.split(path.rstrip("/"))
            self._words = [name, "--archive", folder or "recordings"]

    def __repr__(self):
        return f"tapedeck.open({self.path!r})"

    def records(self, stream=None, symbol=None, start=None, end=None):
        """The records as they came: sequence, time, stream, payload."""
        return self._rows("records", stream, symbol, start, end)

    def trades(self, symbol=None, start=None, end=None, stream=None, floats=False):
        """Public trades, one row each."""
        return self._rows("trades", stream, symbol, start, end, floats=floats)

    def book(
        self, symbol=None, depth=10, every=None, start=None, end=None, stream=None, floats=False
    ):
        """The best `depth` levels of each order book: at each push, or at each multiple of `every`, such as "100ms"."""
        return self._rows(
            "book", stream, symbol, start, end, depth=depth, every=every, floats=floats
        )

    def tickers(self, symbol=None, start=None, end=None, stream=None, floats=False):
        """Ticker pushes, one row each; what a push does not have is null."""
        return self._rows("tickers", stream, symbol, start, end, floats=floats)

    def klines(self, symbol=None, start=None, end=None, stream=None, floats=False):
        """Candles, one row for each of a push."""
        return self._rows("klines", stream, symbol, start, end, floats=floats)

    def desk_tables(self):
        """The names of the account's tables: orders, executions, positions, round_trips, pnl, ..."""
        from . import _desk

        return _desk.names(self._desk_file())

    def desk(self, table, floats=False):
        """One of the account's tables, whole; the recording's end is in it. Numbers are exact decimals."""
        from . import _desk

        return Rows(lambda: _desk.Table(self._desk_file(), table, floats), self.path)

    def desk_to_parquet(self, folder, tables=None, floats=False, overwrite=False):
        """Writes `<table>.parquet` for each of the account's tables into the folder; gives rows by table."""
        from . import _desk, _parquet

        file = self._desk_file()
        tables = list(tables) if tables is not None else _desk.names(file)
        paths = [os.path.join(folder, name + ".parquet") for name in tables]
        if not overwrite:
            refuse(*paths)
        os.makedirs(folder, exist_ok=True)
        counts = {}
        for name, path in zip(tables, paths):
            table = Rows(lambda: _desk.Table(file, name, floats), self.path).to_arrow()
            _parquet.write(path + ".unfinished", table)
            os.replace(path + ".unfinished", path)
            counts[name] = table.num_rows
        return counts

    def _desk_file(self):
        from . import _desk

        return _desk.find(self._program, self._words, self.path)

    def to_parquet(
        self,
        folder,
        tables=("trades", "book", "tickers", "klines"),
        symbol=None,
        depth=10,
        every="100ms",
        start=None,
        end=None,
        stream=None,
        floats=False,
        overwrite=False,
    ):
        """Writes `<table>.parquet` for each of the tables into the folder, in one pass; gives rows by table.

        Files that are there are replaced only with `overwrite=True`.
        """
        tables = list(tables)
        if not overwrite:
            refuse(*(os.path.join(folder, name + ".parquet") for name in tables))
        os.makedirs(folder, exist_ok=True)
        export = self._export(
            tables, stream, symbol, start, end, depth=depth, every=every, floats=floats
        )
        counts = collections.Counter({name: 0 for name in tables})
        try:
            # Only now: the program works while this is imported.
            from . import _parquet

            files = _parquet.Files(folder, tables, export.reader.schemas)
            try:
                for table, batch in export:
                    files.add(table, batch)
                    counts[tables[table]] += batch.num_rows
                files.finish()
            except BaseException:
                files.discard()
                raise
        finally:
            export.close()
        tell(export.reader.footer, self.path)
        return dict(counts)

    def _rows(self, table, stream, symbol, start, end, **more):
        return Rows(lambda: self._export([table], stream, symbol, start, end, **more), self.path)

    def _export(
        self, tables, stream, symbol, start, end, depth=10, every=None, floats=False
    ):
        if depth < 1:
            raise ValueError("depth is 1 or more")
        if self._program is None:
            from ._fallback import Fallback

            return Fallback(self.path, tables, many(stream), many(symbol), start, end, depth, every, floats)
        words = [*self._words, "--format", "columns", "--depth", str(depth)]
        for name in tables:
            words += ["--table", name]
        for option, values in (("--stream", many(stream)), ("--symbol", many(symbol))):
            for value in values:
                words += [option, value]
        for option, value in (("--from", start), ("--to", end)):
            if value is not None:
                words += [option, position(value)]
        if every is not None:
            words += ["--every", every]
        if floats:
            words.append("--floats")
        return _program.Export(self._program, words)


class Rows:
    """A table that is read when it is asked for, and anew each time."""

    def __init__(self, start, place):
        self._start = start
        self._place = place
        #: After reading: what could not be read, by reason.
        self.findings = {}

    def batches(self):
        """Arrow batches, one after another, as they are decoded."""
        export = self._start()
        self.schema = export.reader.schemas[0]
        for _, batch in export:
            yield batch
        self.findings = export.reader.footer["findings"]
        tell(export.reader.footer, self._place)

    def to_arrow(self):
        """A `pyarrow.Table`; DuckDB queries it where it stands."""
        batches = list(self.batches())
        return pa.Table.from_batches(batches, self.schema)

    def to_pandas(self, **options):
        """A `pandas.DataFrame`; decimals are `decimal.Decimal` unless floats were asked for."""
        return self.to_arrow().to_pandas(**options)

    def to_polars(self):
        """A `polars.DataFrame`."""
        import polars

        return polars.from_arrow(self.to_arrow())

    def to_parquet(self, path, overwrite=False):
        """One Parquet file; one that is there is replaced only with `overwrite=True`."""
        if not overwrite:
            refuse(path)
        from . import _parquet

        _parquet.write(path, self.to_arrow())

    def __iter__(self):
        """Rows as named tuples; times are nanoseconds."""
        row = None
        for batch in self.batches():
            if row is None:
                row = collections.namedtuple("Row", batch.schema.names)
            columns = [
                (c.cast(pa.int64()) if pa.types.is_timestamp(c.type) else c).to_pylist()
                for c in batch.columns
            ]
            yield from map(row._make, zip(*columns))


def tell(footer, place):
    """Says in a warning what the tables do not have."""
    if footer["findings"]:
        first = footer["first_findings"][0]
        found = ", ".join(f"{count} {reason}" for reason, count in footer["findings"].items())
        warnings.warn(
            f"{place}: {found}; the first is {first['reason']} {first['field']} of record"
            f" {first['sequence']} ({first['stream']})",
            TapedeckWarning,
            stacklevel=3,
        )
    if not footer.get("arrival_times_known", True):
        warnings.warn(
            f"{place} was imported, and arrival times are not known: its times are the exchange's, and no latency can be"
            " told from them",
            TapedeckWarning,
            stacklevel=3,
        )
    if footer["damage"]:
        warnings.warn(
            f"{place} is damaged, and records are missing: {footer['damage'][0]}",
            TapedeckWarning,
            stacklevel=3,
        )
