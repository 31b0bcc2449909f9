"""pybit, pointed at the exchange by the module strings and the attribute that it has for that."""

import threading

import pybit._v5_spread
import pybit._websocket_trading
import pybit.unified_trading

from exchange import KEY, SECRET


def point(exchange):
    pybit.unified_trading.PUBLIC_WSS = exchange.websocket + "/v5/public/{CHANNEL_TYPE}"
    pybit.unified_trading.PRIVATE_WSS = exchange.websocket + "/v5/private"
    pybit._websocket_trading.TRADE_WSS = exchange.websocket + "/v5/trade"
    pybit._v5_spread.PUBLIC_WSS = exchange.websocket + "/v5/public/spread"


def http(exchange, key=KEY, secret=SECRET, **options):
    session = pybit.unified_trading.HTTP(api_key=key, api_secret=secret, **options)
    session.endpoint = exchange.url
    if exchange.authority:
        # pybit sends prepared requests, for which requests does not look at the environment.
        session.client.verify = exchange.authority
    return session


def public(exchange, category, **options):
    point(exchange)
    return pybit.unified_trading.WebSocket(testnet=False, channel_type=category, **options)


def private(exchange, key=KEY, secret=SECRET, **options):
    point(exchange)
    return pybit.unified_trading.WebSocket(
        testnet=False, channel_type="private", api_key=key, api_secret=secret, private_auth_expire=10, **options
    )


def trading(exchange, key=KEY, secret=SECRET, **options):
    point(exchange)
    return pybit.unified_trading.WebSocketTrading(
        testnet=False, api_key=key, api_secret=secret, private_auth_expire=10, **options
    )


class Inbox:
    """Messages of callbacks, which come on pybit's own threads."""

    def __init__(self):
        self.messages = []
        self.lock = threading.Lock()

    def __call__(self, message):
        with self.lock:
            self.messages.append(message)

    def all(self):
        with self.lock:
            return list(self.messages)

    def rows(self):
        return [row for message in self.all() for row in message["data"]]
