"""What goes wrong, and what is only worth a word."""


class TapedeckError(Exception):
    """A recording that cannot be read, with the reason and what to do."""


class TapedeckWarning(UserWarning):
    """Values that are null because they could not be read, or damage of the recording."""
