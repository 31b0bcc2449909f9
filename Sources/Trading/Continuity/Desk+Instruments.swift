import Market

extension Desk {
    mutating func instrumentsReply(_ event: Event) {
        for instrument in event.instruments {
            do {
                try markets.learn(instrument)
            } catch let error as NumberError {
                number(instrument.id.description, error)
            } catch {
                find(.number, instrument.id.description, note: "\(error)")
            }
        }
        let reply = event.reply
        if reply.isSuccess { nextPage(reply) } else { refused(reply, "instruments") }
    }
}
