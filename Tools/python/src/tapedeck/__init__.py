"""Recordings of Tapedeck as Arrow tables, and bots led through its proxy.

>>> import tapedeck
>>> r = tapedeck.open("recordings/last")
>>> r.trades(symbol="BTCUSDT").to_pandas()
"""

from ._errors import TapedeckError, TapedeckWarning

__all__ = ["Recording", "Rows", "TapedeckError", "TapedeckWarning", "connect", "open"]
__version__ = "0.1.0"


def __getattr__(name):
    # Reading needs pyarrow, which a bot that only goes through the proxy need not have.
    if name in ("Recording", "Rows", "open"):
        from . import _recording

        return getattr(_recording, name)
    if name == "connect":
        import importlib

        return importlib.import_module(".connect", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
