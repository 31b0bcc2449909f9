"""The `tapedeck` program: where it is, and one run of its export."""

import fcntl
import os
import shutil
import subprocess
import tempfile

from ._columns import FrameReader
from ._errors import TapedeckError

_F_SETPIPE_SZ = 1031


def find():
    """The program of $TAPEDECK, else of the PATH; None where there is none."""
    given = os.environ.get("TAPEDECK")
    if given:
        if not shutil.which(given):
            raise TapedeckError(f"$TAPEDECK names {given}, which is no program")
        return given
    return shutil.which("tapedeck")


class Export:
    """One run of `tapedeck export --format columns`, read to its end by whoever iterates."""

    def __init__(self, program, arguments):
        # Words for people go to a file: nobody has to read them for the program to go on.
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [program, "export", "--with-private", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=0,
        )
        try:
            fcntl.fcntl(self._process.stdout, _F_SETPIPE_SZ, 1 << 20)
        except OSError:
            pass  # A smaller pipe is only slower.
        try:
            self.reader = FrameReader(self._process.stdout)
        except TapedeckError as error:
            raise self._failure(error) from None

    def __iter__(self):
        try:
            yield from self.reader
        except TapedeckError as error:
            raise self._failure(error) from None
        finally:
            self.close()

    def close(self):
        """Ends the program when it still runs."""
        self._process.stdout.close()
        if self._process.poll() is None and self.reader.footer is None:
            self._process.terminate()
        self._process.wait()
        self._errors.close()

    def _failure(self, error):
        self._process.stdout.close()
        status = self._process.wait()
        self._errors.seek(0)
        words = self._errors.read().decode(errors="replace").strip()
        self._errors.close()
        return TapedeckError(words or f"{error} (status {status})")
