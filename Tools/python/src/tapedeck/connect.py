"""Leads pybit and ccxt through `tapedeck proxy`: only URLs change, the bot signs as before.

The addresses are those of $TAPEDECK_REST_URL and $TAPEDECK_WS_URL (`tapedeck proxy --env` prints them), else the
proxy's own default.

>>> bybit = tapedeck.connect.pybit()
>>> http = bybit.HTTP(api_key=..., api_secret=...)
>>> exchange = tapedeck.connect.ccxt(ccxt.bybit({"apiKey": ..., "secret": ...}))
"""

import os
import types
import urllib.parse

from ._errors import TapedeckError

_REST, _WEBSOCKET = "http://127.0.0.1:8446", "ws://127.0.0.1:8446"


def urls(rest=None, websocket=None):
    """The proxy's addresses for REST and for WebSockets, without a slash at the end."""
    rest = rest or os.environ.get("TAPEDECK_REST_URL") or _REST
    websocket = websocket or os.environ.get("TAPEDECK_WS_URL")
    if not websocket:
        # Both are at one port.
        websocket = "ws" + rest[4:] if rest.startswith("http") else _WEBSOCKET
    for url, schemes in ((rest, ("http", "https")), (websocket, ("ws", "wss"))):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in schemes or not parts.netloc or parts.path not in ("", "/"):
            raise TapedeckError(f"{url} is not the proxy's address: write it as {schemes[0]}://HOST:PORT")
    _spare([urllib.parse.urlsplit(url).hostname for url in (rest, websocket)])
    return rest.rstrip("/"), websocket.rstrip("/")


def _spare(hosts):
    """Keeps these hosts from the HTTP proxy that the environment names, if any.

    What the bot signs goes to tapedeck in the clear: through a proxy meant for the internet, somebody else would read
    the key.
    """
    names = [name for name in os.environ if name.lower() in ("http_proxy", "https_proxy", "all_proxy")]
    if not any(os.environ[name] for name in names):
        return
    for name in ("no_proxy", "NO_PROXY"):
        # Where one of the two is missing, libraries read the other.
        listed = os.environ.get(name) or os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
        words = [word.strip() for word in listed.split(",") if word.strip()]
        os.environ[name] = ",".join(words + [host for host in dict.fromkeys(hosts) if host not in words])


def _moved(url, websocket):
    """The same path at the proxy; pybit's addresses are templates with braces in the host."""
    path = url.split("/", 3)
    return websocket + "/" + (path[3] if len(path) > 3 else "")


def pybit(rest=None, websocket=None):
    """pybit's classes, led through the proxy; pybit itself stays as it is.

    The namespace has HTTP, WebSocket, WebSocketTrading and WebsocketSpreadTrading, with pybit's own arguments.
    """
    from pybit import unified_trading

    rest, websocket = urls(rest, websocket)

    class Moved:
        def _connect(self, url):
            super()._connect(_moved(url, websocket))

    class HTTP(unified_trading.HTTP):
        def __post_init__(self):
            super().__post_init__()
            self.endpoint = rest

    classes = {"HTTP": HTTP}
    for name in ("WebSocket", "WebSocketTrading", "WebsocketSpreadTrading"):
        # Older versions have fewer of them.
        if hasattr(unified_trading, name):
            classes[name] = type(name, (Moved, getattr(unified_trading, name)), {"__module__": __name__})
    return types.SimpleNamespace(**classes)


def ccxt(exchange, rest=None, websocket=None):
    """Leads one exchange object of ccxt (plain, async_support or pro) through the proxy, and gives it back."""
    rest, websocket = urls(rest, websocket)
    if getattr(exchange, "id", "") != "bybit":
        raise TapedeckError(f"{getattr(exchange, 'id', exchange)!s} is not ccxt's bybit")

    def moved(value):
        if isinstance(value, dict):
            return {key: moved(item) for key, item in value.items()}
        if not isinstance(value, str):
            return value
        return _moved(value, websocket) if value.startswith("ws") else rest

    # The tables of sandbox and demo too: switching to them must not lead past the proxy.
    for table in ("api", "test", "demotrading"):
        if table in exchange.urls:
            exchange.urls[table] = moved(exchange.urls[table])
    return exchange
