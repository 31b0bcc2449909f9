"""Changes pybit and ccxt when they are imported, so that a script that knows nothing of the proxy goes through it."""

import functools
import importlib.abc
import importlib.machinery
import sys

from . import connect
from ._errors import TapedeckError


def _pybit_http(module, rest, websocket):
    manager = module._V5HTTPManager
    original = manager.__post_init__

    @functools.wraps(original)
    def made(self):
        original(self)
        self.endpoint = rest

    manager.__post_init__ = made


def _pybit_websocket(module, rest, websocket):
    manager = module._WebSocketManager
    original = manager._connect

    @functools.wraps(original)
    def opened(self, url):
        original(self, connect._moved(url, websocket))

    manager._connect = opened


def _ccxt(module, rest, websocket):
    exchange = module.bybit
    original = exchange.__init__

    @functools.wraps(original)
    def made(self, *arguments, **options):
        original(self, *arguments, **options)
        if self.id == "bybit":
            connect.ccxt(self, rest, websocket)

    exchange.__init__ = made


_PATCHES = {
    "pybit._http_manager": _pybit_http,
    "pybit._websocket_stream": _pybit_websocket,
    "ccxt.bybit": _ccxt,
    "ccxt.async_support.bybit": _ccxt,
    "ccxt.pro.bybit": _ccxt,
}


def _apply(change, module):
    """A bot that went past the proxy would trade unrecorded: it does not start then."""
    try:
        change(module)
    except AttributeError as error:
        raise TapedeckError(
            f"{module.__name__} of this version is not known here ({error}): use tapedeck.connect, or set the URLs in the bot"
        ) from None


class _Loader(importlib.abc.Loader):
    """Another loader, and a change behind it."""

    def __init__(self, loader, change):
        self._loader = loader
        self._change = change

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        self._loader.exec_module(module)
        _apply(self._change, module)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, changes):
        self._changes = changes

    def find_spec(self, name, path, target=None):
        change = self._changes.get(name)
        if change is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, change)
        return spec


def install(rest=None, websocket=None):
    """From here on pybit and ccxt go through the proxy, whether they were imported before or will be."""
    rest, websocket = connect.urls(rest, websocket)
    changes = {
        name: functools.partial(patch, rest=rest, websocket=websocket) for name, patch in _PATCHES.items()
    }
    for name, change in changes.items():
        if name in sys.modules:
            _apply(change, sys.modules[name])
    sys.meta_path.insert(0, _Finder(changes))
