"""Recordings of Tapedeck as Arrow tables.

>>> import tapedeck
>>> r = tapedeck.open("recordings/last")
>>> r.trades(symbol="BTCUSDT").to_pandas()
"""

from ._errors import TapedeckError, TapedeckWarning
from ._recording import Recording, Rows, open

__all__ = ["Recording", "Rows", "TapedeckError", "TapedeckWarning", "open"]
__version__ = "0.1.0"
