import Bybit
import Market

/// What befalls which message.
extension World {
    enum Fate {
        case none
        case dropped
        /// Milliseconds.
        case late(Int)
        case cut
    }

    /// What befalls a request on its three legs.
    struct Fates {
        var way = Fate.none
        var taken = Fate.none
        var answer = Fate.none
        var isServerError = false
        /// The connection ends while the request is in the exchange's hands.
        var isCutWhileTaken = false

        init() {}

        init(_ leg: Scenario.Leg, _ fate: Fate) {
            switch leg {
            case .way: way = fate
            case .taken: taken = fate
            case .answer: answer = fate
            }
        }
    }

    private var fate: Fate {
        hasStruck = true
        return switch scenario.fault {
        case .accepts: .none
        case .drops: .dropped
        case .delays: .late(scenario.delay)
        case .cuts: .cut
        }
    }

    /// Of a request that leaves now: the first of its kind is the scenario's.
    func fates(of request: RESTRequest) -> Fates {
        if isFaultless { return Fates() }
        left[request.endpoint, default: 0] += 1
        let isFirst = left[request.endpoint] == 1
        if request.endpoint == .createOrder { countCreate(request) }
        let isQuestion =
            request.endpoint == .openOrders || request.endpoint == .orderHistory
        if scenario.point == .lookUp, isQuestion, request.query.contains("orderLinkId=") {
            guard questions < scenario.questions else { return Fates() }
            questions += 1
            return Fates(scenario.questionLeg, fate)
        }
        if let cause = scenario.cause, isFirst, World.endpoint(cause.request) == request.endpoint {
            guard scenario.hiddenFor > 0 else { return Fates(cause.leg, .dropped) }
            var fates = Fates(.taken, .late(scenario.hiddenFor))
            fates.isCutWhileTaken = true
            return fates
        }
        guard let kind = scenario.point.request, let leg = scenario.point.leg, isFirst,
            World.endpoint(kind) == request.endpoint
        else { return Fates() }
        var fates = Fates(leg, fate)
        fates.isServerError = scenario.isServerError
        return fates
    }

    /// Of a frame with that topic that the exchange pushes now.
    func fate(ofPush topic: String) -> Fate {
        if isFaultless { return .none }
        pushes[topic, default: 0] += 1
        let isMeant =
            (topic == "order" && scenario.point == .orderPush)
            || (topic == "execution" && scenario.point == .executionPush)
        if topic == "order", scenario.hiddenFor > 0 { return .dropped }
        guard isMeant, let count = pushes[topic] else { return .none }
        if let push = scenario.push, push != count - 1 { return .none }
        // Cutting again at every push would never let the session in again.
        if scenario.fault == .cuts, hasStruck { return .none }
        return fate
    }

    private static func endpoint(_ request: Scenario.Request) -> Endpoint {
        switch request {
        case .create: .createOrder
        case .amend: .amendOrder
        case .cancel: .cancelOrder
        }
    }

    private func countCreate(_ request: RESTRequest) {
        let text = String(decoding: request.body, as: UTF8.self)
        guard let start = text.firstRange(of: #""orderLinkId":""#),
            let end = text[start.upperBound...].firstIndex(of: "\"")
        else { return }
        creates[String(text[start.upperBound..<end]), default: 0] += 1
    }
}
