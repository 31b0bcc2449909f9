"""Tables written to Parquet files while others are still decoded."""

import collections
import concurrent.futures
import os

import pyarrow as pa
import pyarrow.parquet as parquet

#: A row group ends where it has so many rows, or so many bytes in memory.
_ROWS = 131_072
_BYTES = 32 << 20
#: Row groups of one table that wait for their writer.
_AHEAD = 1
#: Texts that hardly ever come twice: a dictionary of them is only more to write.
_UNIQUE = {"trade_id", "payload"}


def encodings(schema):
    """How columns are written: numbers that rise as differences, what repeats by a dictionary.

    Smallest and largest value stand in the file where a query can pass over a row group by them. Those of prices and
    quantities, a decimal at a time, take a quarter of all the work of writing a book, and say what every group says.
    """
    rising, repeating, bounded = {}, [], []
    for field in schema:
        if not pa.types.is_decimal(field.type) and not pa.types.is_floating(field.type):
            bounded.append(field.name)
        if pa.types.is_integer(field.type) or pa.types.is_timestamp(field.type):
            rising[field.name] = "DELTA_BINARY_PACKED"
        elif not pa.types.is_boolean(field.type) and field.name not in _UNIQUE:
            repeating.append(field.name)
    return {
        "compression": "zstd",
        "use_dictionary": repeating,
        "column_encoding": rising,
        "write_statistics": bounded,
    }


def write(path, table):
    """One table into one file."""
    parquet.write_table(table, path, row_group_size=_ROWS, **encodings(table.schema))


class Files:
    """`<table>.parquet` for each table in a folder; they have their names when all are whole.

    Each file has a thread that encodes and compresses, so that all cores work while the program decodes.
    """

    def __init__(self, folder, names, schemas):
        self._paths = [os.path.join(folder, name + ".parquet") for name in names]
        self._writers, self._threads = [], []
        self._waiting = [[] for _ in names]
        self._size = [[0, 0] for _ in names]
        self._begun = [collections.deque() for _ in names]
        try:
            for path, schema in zip(self._paths, schemas):
                self._writers.append(
                    parquet.ParquetWriter(path + ".unfinished", schema, **encodings(schema))
                )
                self._threads.append(concurrent.futures.ThreadPoolExecutor(1))
        except BaseException:
            self.discard()
            raise

    def add(self, table, batch):
        """Takes a batch; waits while too much of that table is not written yet."""
        self._waiting[table].append(batch)
        size = self._size[table]
        size[0] += batch.num_rows
        size[1] += batch.nbytes
        if size[0] >= _ROWS or size[1] >= _BYTES:
            self._begin(table)

    def _begin(self, table):
        batches, self._waiting[table] = self._waiting[table], []
        self._size[table] = [0, 0]
        begun = self._begun[table]
        while len(begun) > _AHEAD:
            begun.popleft().result()
        begun.append(self._threads[table].submit(self._write, table, batches))

    def _write(self, table, batches):
        group = pa.Table.from_batches(batches)
        self._writers[table].write_table(group, row_group_size=max(group.num_rows, 1))

    def finish(self):
        """Writes what waits, and gives the files their names."""
        for table, batches in enumerate(self._waiting):
            if batches:
                self._begin(table)
        for begun in self._begun:
            while begun:
                begun.popleft().result()
        for writer in self._writers:
            writer.close()
        for thread in self._threads:
            thread.shutdown()
        for path in self._paths:
            os.replace(path + ".unfinished", path)

    def discard(self):
        """Leaves no file behind that is not whole."""
        for thread in self._threads:
            thread.shutdown(cancel_futures=True)
        for writer in self._writers:
            try:
                writer.close()
            except (OSError, ValueError, pa.ArrowException):
                pass  # The file goes away all the same.
        for path in self._paths:
            if os.path.exists(path + ".unfinished"):
                os.remove(path + ".unfinished")
