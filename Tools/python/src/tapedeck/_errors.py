"""What goes wrong, and what is only worth a word."""

import os


class TapedeckError(Exception):
    """A recording that cannot be read, with the reason and what to do."""


class TapedeckWarning(UserWarning):
    """Values that are null because they could not be read, or damage of the recording."""


def refuse(*paths):
    """Nothing that is there is written over unasked."""
    for path in paths:
        if os.path.exists(path):
            raise TapedeckError(f"{path} exists already. Name another, or give overwrite=True.")
