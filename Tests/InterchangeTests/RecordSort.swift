import Market

/// Of which ``StreamKind`` a record is, without what its name says besides.
///
/// A kind that is added does not compile here, and then has no record in ``Tape/everyKind()`` until it is given one.
enum RecordSort: CaseIterable {
    case publicTopic, publicOther, privateTopic, privateOther, trade, rest, sent, link
    case command, verdict, finding, state, timer, operatorRequest
    case sessionStart, sessionChannel, sessionTick, sessionClock, sessionEnd, sessionFigures
    case unknown

    /// `nil` for a commit, which has no number and which no reader gives.
    init?(_ kind: StreamKind) {
        switch kind {
        case .publicTopic: self = .publicTopic
        case .publicOther: self = .publicOther
        case .privateTopic: self = .privateTopic
        case .privateOther: self = .privateOther
        case .trade: self = .trade
        case .rest: self = .rest
        case .sent: self = .sent
        case .link: self = .link
        case .command: self = .command
        case .verdict: self = .verdict
        case .finding: self = .finding
        case .state: self = .state
        case .timer: self = .timer
        case .operatorRequest: self = .operatorRequest
        case .sessionStart: self = .sessionStart
        case .sessionChannel: self = .sessionChannel
        case .sessionTick: self = .sessionTick
        case .sessionClock: self = .sessionClock
        case .sessionEnd: self = .sessionEnd
        case .sessionFigures: self = .sessionFigures
        case .sessionCommit: return nil
        case .unknown: self = .unknown
        }
    }
}

extension Tape {
    /// What a session writes of its own, beside what fixtures have from the wire.
    static let ownKinds: [(stream: String, payload: [UInt8])] = [
        (
            "desk/command",
            bytes(
                #"{"strategy":"maker","cause":103,"ordinal":0,"action":"place","category":"linear","symbol":"BTCUSDT","#
                    + #""order_link_id":"td27e21ux2bsdt8-2v-0","side":"Buy","type":"Limit","#
                    + #""time_in_force":"PostOnly","quantity":"0.010","price":"89999.7","reduce_only":false}"#
            )
        ),
        (
            "desk/verdict",
            bytes(
                #"{"strategy":"maker","cause":628,"ordinal":2,"category":"linear","symbol":"BTCUSDT","#
                    + #""intent":"cancel td27e21ux2bsdt8-2v-2","allowed":true,"checks":[]}"#
            )
        ),
        (
            "desk/finding",
            bytes(
                #"{"kind":"order-unknown","cause":1487,"subject":"td27e21ux2bsdt8-ta-0","expected":"","#
                    + #""seen":"Filled","note":"settled: the exchange has the order"}"#
            )
        ),
        (
            "desk/state",
            bytes(
                #"{"cause":1500,"rolling_hash":"9f86d081884c7d65","components":[{"name":"books","version":1,"#
                    + #""hash":"2feaa0c55ad015a3"}]}"#
            )
        ),
        ("session/figures", bytes(#"{"figures":[{"name":"tapedeck_records","value":"1500"}]}"#)),
        (
            "sent/public/linear",
            bytes(#"{"req_id":"r2","op":"subscribe","args":["orderbook.1.BTCUSDT"]}"#)
        ),
        (
            "sent/private/main",
            bytes(#"{"op":"auth","req_id":"r1","expires":1796088713170,"key":"14ced927"}"#)
        ),
        ("sent/trade/main", bytes(#"{"reqId":"td-1","op":"order.create","args":[{}]}"#)),
        // What a version to come may record.
        ("desk/of-a-later-version", bytes(#"{"a":1}"#)),
    ]
}
