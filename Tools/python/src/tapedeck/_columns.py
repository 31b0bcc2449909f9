"""The stream of `tapedeck export --format columns`: frames of column buffers in Arrow's memory layout.

Sources/Interchange/Interchange.docc/Columns.md describes it.
"""

import json
import struct

import pyarrow as pa

from ._errors import TapedeckError

MAGIC = b"TDCOLS01"
SCHEMA, BATCH, FOOTER = 1, 2, 3
_HEADER = struct.Struct("<8sQQQQQ16x")
_COLUMN = struct.Struct("<7Q")

TYPES = {
    "uint64": pa.uint64(),
    "int64": pa.int64(),
    "bool": pa.bool_(),
    "utf8": pa.utf8(),
    "binary": pa.binary(),
    "float64": pa.float64(),
    "timestamp[ns]": pa.timestamp("ns", tz="UTC"),
    "decimal128(38, 18)": pa.decimal128(38, 18),
}


def schema_of(columns):
    """The Arrow schema of a table as the schema frame describes it."""
    fields = [
        pa.field(c["name"], TYPES[c["type"]], c["nullable"], metadata={"unit": c["unit"]})
        for c in columns
    ]
    return pa.schema(fields)


class FrameReader:
    """Batches of one stream, in their order; `schemas` by table, and the footer when all is read."""

    def __init__(self, pipe):
        self._pipe = pipe
        kind, _, body, _, _ = self._frame()
        if kind != SCHEMA:
            raise TapedeckError("the stream of columns does not begin with its schema")
        described = json.loads(body.to_pybytes())
        if described["schema"] != "tapedeck.columns/1":
            raise TapedeckError(f"columns of the form {described['schema']}: newer than this package")
        self.tables = [t["name"] for t in described["tables"]]
        self.schemas = [schema_of(t["columns"]) for t in described["tables"]]
        self.footer = None

    def __iter__(self):
        """Pairs of table and batch; the batch's memory is the frame's own."""
        while True:
            kind, table, body, rows, columns = self._frame()
            if kind == FOOTER:
                self.footer = json.loads(body.to_pybytes())
                return
            if kind != BATCH or table >= len(self.schemas):
                raise TapedeckError("the stream of columns has a frame of an unknown kind")
            yield table, self._batch(self.schemas[table], body, rows, columns)

    def _batch(self, schema, body, rows, columns):
        if columns != len(schema):
            raise TapedeckError("a batch of columns that is not its schema's")
        arrays = []
        for index, field in enumerate(schema):
            nulls, v_at, v_size, o_at, o_size, d_at, d_size = _COLUMN.unpack_from(
                body, index * _COLUMN.size
            )
            buffers = [body.slice(v_at, v_size) if nulls else None]
            if o_size:
                buffers.append(body.slice(o_at, o_size))
            buffers.append(body.slice(d_at, d_size))
            arrays.append(pa.Array.from_buffers(field.type, rows, buffers, nulls))
        return pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _frame(self):
        header = bytearray(_HEADER.size)
        self._fill(memoryview(header))
        magic, kind, table, size, rows, columns = _HEADER.unpack(header)
        if magic != MAGIC:
            raise TapedeckError("what the program wrote is no stream of columns")
        body = pa.allocate_buffer(size)
        self._fill(memoryview(body))
        return kind, table, body, rows, columns

    def _fill(self, view):
        at = 0
        while at < len(view):
            count = self._pipe.readinto(view[at:])
            if not count:
                raise TapedeckError("the stream of columns ends before its footer")
            at += count
