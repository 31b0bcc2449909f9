"""What all tests have: the program, and a folder that goes away."""

import os
import shutil
import subprocess
import tempfile
import unittest
import warnings

import tapedeck

PROGRAM = os.environ["TAPEDECK"]


def run(*words, status=0):
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=300)
    if done.returncode != status:
        raise AssertionError(f"{words}: {done.returncode}: {done.stderr}")
    return done


class Base(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="tapedeck-python-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def same(self, path, ask):
        """The table as the program decodes it, which must be what pure Python makes of the recording."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", tapedeck.TapedeckWarning)
            one, other = ask(tapedeck.open(path)), ask(tapedeck.open(path, program=False))
            fast, slow = one.to_arrow(), other.to_arrow()
        self.assertTrue(fast.schema.equals(slow.schema, check_metadata=True))
        self.assertEqual(fast.num_rows, slow.num_rows)
        if not fast.equals(slow):
            for index, (a, b) in enumerate(zip(fast.to_pylist(), slow.to_pylist())):
                self.assertEqual(a, b, f"row {index}")
        self.assertEqual(one.findings, other.findings)
        fast.validate(full=True)
        return fast, one.findings
