# pybit on the exchange in a box: tapedeck serve --synthetic --plain --port 8443 --account KEY:SECRET
from pybit import unified_trading as bybit

http = bybit.HTTP(api_key="KEY", api_secret="SECRET")
http.endpoint = "http://127.0.0.1:8443"
bid = float(http.get_orderbook(category="linear", symbol="BTCUSDT", limit=1)["result"]["b"][0][0])
http.place_order(category="linear", symbol="BTCUSDT", side="Buy", orderType="Limit", qty="0.01", price=f"{bid - 100:.1f}")
http.place_order(category="linear", symbol="BTCUSDT", side="Buy", orderType="Market", qty="0.01")
for order in http.get_open_orders(category="linear", symbol="BTCUSDT")["result"]["list"]:
    print("open", order["side"], order["qty"], "at", order["price"])
for position in http.get_positions(category="linear", symbol="BTCUSDT")["result"]["list"]:
    print("position", position["side"], position["size"], "at", position["avgPrice"])
