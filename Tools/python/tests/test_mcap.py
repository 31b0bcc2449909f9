"""Recordings as `mcap` of PyPI reads them: sealed in several segments, compacted, being written, killed."""

import collections
import json
import os
import shutil
import signal
import subprocess
import time
import unittest

from mcap.exceptions import EndOfFile
from mcap.reader import make_reader
from mcap.records import Channel, Chunk, Message, MessageIndex
from mcap.stream_reader import StreamReader, breakup_chunk

import tapedeck
from program import PROGRAM, Base, run

TOPICS = "orderbook.50.*USDT,linear:publicTrade.*USDT,linear:tickers.*USDT"
COMMIT = "session/commit"


def segments(path):
    """The segments' files, in their order."""
    return [os.path.join(path, f) for f in sorted(os.listdir(path)) if f.endswith(".mcap")]


def whole_chunks(path):
    """How many Chunk records a file has to their end: by opcodes and lengths alone."""
    with open(path, "rb") as file:
        data = file.read()
    at, count = 8, 0
    while at + 9 <= len(data):
        end = at + 9 + int.from_bytes(data[at + 1 : at + 9], "little")
        if end > len(data):
            break
        count += data[at] == 6
        at = end
    return count


def messages(path):
    """What `mcap` yields of a file, commits left out: topic, number, time, payload; and whether it has an end."""
    topics, found = {}, []
    with open(path, "rb") as file:
        try:
            for record in StreamReader(file, validate_crcs=True).records:
                if isinstance(record, Channel):
                    topics[record.id] = record.topic
                elif isinstance(record, Message) and topics[record.channel_id] != COMMIT:
                    found.append((topics[record.channel_id], record.sequence, record.log_time, record.data))
        except EndOfFile:
            return found, False
    return found, True


class Served(Base):
    """Recordings of the built-in exchange, which runs twenty times as fast as the clock."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        exchange = subprocess.Popen(
            [PROGRAM, "serve", "--synthetic", "--plain", "--pace", "x20", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=cls.folder,
            text=True,
        )
        cls.addClassCleanup(exchange.stdout.close)
        cls.addClassCleanup(exchange.wait)
        cls.addClassCleanup(exchange.terminate)
        cls.endpoint = json.loads(exchange.stdout.readline())["endpoint"]

    def recorder(self, path, *more):
        """The arguments of a recorder of this exchange."""
        return [PROGRAM, "record", "--endpoint", self.endpoint, "--public", "linear:" + TOPICS, "--out", path, *more]


class SealedTests(Served):
    """Several segments, sealed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.path = os.path.join(cls.folder, "sealed")
        settings = ["--set", "journal.segment_bytes=65536", "--for", "6s"]
        subprocess.run(cls.recorder(cls, cls.path, *settings), check=True, capture_output=True, timeout=120)
        cls.records = [
            (r.stream, r.sequence, r.time, r.payload) for r in tapedeck.open(cls.path).records()
        ]

    def check(self, path):
        self.assertGreater(len(segments(path)), 2)
        read = []
        for segment in segments(path):
            found, has_end = messages(segment)
            self.assertTrue(has_end)
            with open(segment, "rb") as file:
                reader = make_reader(file, validate_crcs=True)
                statistics = reader.get_summary().statistics
                indexed = [
                    (c.topic, m.sequence, m.log_time, m.data)
                    for _, c, m in reader.iter_messages(log_time_order=False)
                ]
            self.assertEqual(statistics.message_count, len(indexed))
            self.assertEqual(statistics.chunk_count, whole_chunks(segment))
            self.assertEqual([m for m in indexed if m[0] != COMMIT], found)
            read += found
        self.assertEqual(read, self.records)

    def test_every_sealed_segment_is_read_with_its_checksums(self):
        self.check(self.path)

    def test_every_compacted_segment_is_read_with_its_checksums(self):
        copy = os.path.join(self.folder, "compacted")
        shutil.copytree(self.path, copy)
        run("compact", copy)
        # A short last segment may grow by a few bytes.
        before, after = (
            sum(map(os.path.getsize, segments(path))) for path in (self.path, copy)
        )
        self.assertLess(after, before)
        self.check(copy)

    def test_a_changed_byte_in_a_chunk_is_found(self):
        copy = os.path.join(self.folder, "changed.mcap")
        shutil.copy(segments(self.path)[0], copy)
        with open(copy, "r+b") as file:
            file.seek(os.path.getsize(copy) // 2)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 1]))
        with self.assertRaises(Exception):
            messages(copy)

    def test_an_indexed_export_has_a_message_index_that_holds(self):
        path = os.path.join(self.folder, "indexed.mcap")
        run("export", self.path, "--with-private", "--format", "mcap", "--indexed", "-o", path)
        wanted = [(stream, moment, payload) for stream, _, moment, payload in self.records]
        with open(path, "rb") as file:
            reader = make_reader(file, validate_crcs=True)
            summary = reader.get_summary()
            read = [
                (c.topic, m.log_time, m.data)
                for _, c, m in reader.iter_messages(log_time_order=False)
            ]
        self.assertEqual(read, wanted)
        self.assertEqual(summary.statistics.message_count, len(wanted))
        with open(path, "rb") as file:
            whole = file.read()
        indexed = 0
        with open(path, "rb") as file:
            for record in StreamReader(file, validate_crcs=True, emit_chunks=True).records:
                if isinstance(record, Chunk):
                    inside = breakup_chunk(record, validate_crc=True)
                    times = collections.defaultdict(list)
                    for item in inside:
                        if isinstance(item, Message):
                            times[item.channel_id].append(item.log_time)
                elif isinstance(record, MessageIndex):
                    self.assertEqual([t for t, _ in record.records], times[record.channel_id])
                    indexed += len(record.records)
        self.assertEqual(indexed, len(wanted))
        for chunk in summary.chunk_indexes:
            for channel, offset in chunk.message_index_offsets.items():
                self.assertEqual(whole[offset], 7)
                self.assertEqual(int.from_bytes(whole[offset + 9 : offset + 11], "little"), channel)


class UnsealedTests(Served):
    """A recording that is being written, and one whose recorder was killed."""

    def check(self, segment):
        """Every whole chunk is yielded, and nothing else; the records without a hole."""
        with open(segment, "rb") as file:
            chunks = []
            try:
                for record in StreamReader(file, validate_crcs=True, emit_chunks=True).records:
                    if isinstance(record, Chunk):
                        chunks.append(breakup_chunk(record, validate_crc=True))
            except EndOfFile:
                pass
        self.assertEqual(len(chunks), whole_chunks(segment))
        found, has_end = messages(segment)
        self.assertFalse(has_end)
        inside = sum(isinstance(record, Message) for chunk in chunks for record in chunk)
        # Each chunk ends with its commit.
        self.assertEqual(len(found) + len(chunks), inside)
        self.assertEqual([number for _, number, _, _ in found], list(range(1, len(found) + 1)))
        return found, len(chunks)

    def test_whole_chunks_are_read_by_mcap_and_the_tails_by_the_program(self):
        path = os.path.join(self.folder, "unsealed")
        recorder = subprocess.Popen(
            self.recorder(path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.addCleanup(recorder.wait)
        self.addCleanup(recorder.kill)
        segment = os.path.join(path, "000000000001.mcap")
        copy = os.path.join(self.folder, "copy.mcap")
        chunks = 0
        for _ in range(600):
            time.sleep(0.1)
            if not os.path.exists(segment):
                continue
            # As it is at this moment: in the middle of a chunk, it may be.
            shutil.copyfile(segment, copy)
            chunks = whole_chunks(copy)
            if chunks > 3:
                break
        self.assertGreater(chunks, 3, "the recorder closed no chunks in a minute")
        while_open, _ = self.check(copy)
        recorder.send_signal(signal.SIGKILL)
        recorder.wait()
        killed, _ = self.check(segment)
        self.assertEqual(killed[: len(while_open)], while_open)
        all_of_it = tapedeck.open(path).records().to_arrow()
        by_chunks = tapedeck.open(path, program=False).records().to_arrow()
        self.assertEqual(by_chunks.num_rows, len(killed))
        self.assertGreaterEqual(all_of_it.num_rows, len(killed))
        self.assertTrue(all_of_it.slice(0, len(killed)).equals(by_chunks))
        # A torn chunk at the end, as a power cut leaves it.
        size = os.path.getsize(segment)
        for cut in (1, 9, 100, 5_000):
            shutil.copyfile(segment, copy)
            os.truncate(copy, size - cut)
            cut_off, _ = self.check(copy)
            self.assertEqual(cut_off, killed[: len(cut_off)])
            self.assertLess(len(cut_off), len(killed))


if __name__ == "__main__":
    unittest.main()
