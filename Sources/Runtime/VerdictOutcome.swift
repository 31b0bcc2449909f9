import JSON
import Market

/// What a verdict decided, without the figures that it looked at: they may change while the outcome does not.
struct VerdictOutcome: Equatable {
    var isAllowed: Bool
    /// Of a rejected one; an allowed one shows in the command that follows.
    var intent: String
    /// Names of the limits that did not hold, in the order they were looked at.
    var rejecting: [String]

    /// `nil` when the payload is not a verdict.
    init?(_ payload: [UInt8], _ parser: JSONParser) {
        do throws(JSONError) {
            self = try parser.parse(payload) { root throws(JSONError) in
                var rejecting: [String] = []
                for check in try root.required("checks").elements where check["holds"]?.bool != true
                {
                    rejecting.append(try check.string("limit"))
                }
                return VerdictOutcome(
                    isAllowed: rejecting.isEmpty,
                    intent: rejecting.isEmpty ? "" : try root.string("intent"),
                    rejecting: rejecting
                )
            }
        } catch {
            return nil
        }
    }

    private init(isAllowed: Bool, intent: String, rejecting: [String]) {
        self.isAllowed = isAllowed
        self.intent = intent
        self.rejecting = rejecting
    }
}
