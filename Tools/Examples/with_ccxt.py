# ccxt on the exchange in a box: tapedeck serve --synthetic --plain --port 8443 --account KEY:SECRET
import ccxt

exchange = ccxt.bybit({"apiKey": "KEY", "secret": "SECRET"})
exchange.urls["api"] = {name: "http://127.0.0.1:8443" for name in exchange.urls["api"]}
bid = exchange.fetch_ticker("BTC/USDT:USDT")["bid"]
exchange.create_order("BTC/USDT:USDT", "limit", "buy", 0.01, bid - 100)
exchange.create_order("BTC/USDT:USDT", "market", "buy", 0.01)
for order in exchange.fetch_open_orders("BTC/USDT:USDT"):
    print("open", order["side"], order["amount"], "at", order["price"])
for position in exchange.fetch_positions(["BTC/USDT:USDT"]):
    print("position", position["side"], position["contracts"], "at", position["entryPrice"])
