import TapedeckClient

let base = CommandLine.arguments.dropFirst().first ?? "http://127.0.0.1:8443"
let signer = try Signer(key: "KEY", secret: "SECRET")
let key = Credentials(name: "main", environment: "loopback", signer: signer)
let client = try BybitClient(ClientConfiguration(.endpoint(base: base), credentials: key))
let bitcoin = try InstrumentID(.linear, named: "BTCUSDT")
let size = try Numeral(text: "0.01")
for try await event in try client.events(of: "orderbook.50.BTCUSDT", in: .linear) {
    guard case .book(let book) = event.content, let bid = book.bids.last?.price else { continue }
    print("book \(book.updateID), from \(book.bids[0].price) to \(book.asks[0].price)")
    let placed = try await client.place(.limit(.buy, bitcoin, size, at: bid))
    print("order \(placed)")
    let cancelled = try await client.cancel(placed.orderLinkID, of: bitcoin)
    print("cancel \(cancelled)")
    break
}
for coin in try await client.wallet().rows { print("wallet \(coin.walletBalance) \(coin.coin)") }
await client.close()
