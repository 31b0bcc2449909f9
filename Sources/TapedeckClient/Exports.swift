// What stands in this module's signatures: words of the market, requests, destinations and keys. One import is enough.
@_exported public import Bybit
@_exported public import Gateway
@_exported public import Market
