import Market
import NIOHTTP1

/// The envelope of every REST answer.
///
/// - Source: `{"retCode":0,"retMsg":"OK","result":{…},"retExtInfo":{},"time":1767225600123}`.
enum Envelope {
    /// - Parameter result: the JSON object of the result.
    static func success(_ result: [UInt8], milliseconds: Int64, message: String = "OK") -> [UInt8] {
        write(code: 0, message: message, result: result, milliseconds: milliseconds)
    }

    static func failure(_ code: Int, _ message: String, milliseconds: Int64) -> [UInt8] {
        write(code: code, message: message, result: Array("{}".utf8), milliseconds: milliseconds)
    }

    private static func write(
        code: Int,
        message: String,
        result: [UInt8],
        milliseconds: Int64
    ) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.field("retCode", code)
            json.field("retMsg", message)
            json.key("result")
            json.raw(result)
            json.field("retExtInfo", object: { _ in })
            json.field("time", milliseconds)
        }
        return json.bytes
    }
}

extension HTTPReply {
    /// A path that the server does not have.
    static func unknownPath(milliseconds: Int64) -> HTTPReply {
        HTTPReply(
            status: .notFound,
            body: Envelope.failure(10_017, "Route not found.", milliseconds: milliseconds)
        )
    }

    /// `GET /v5/market/time`.
    static func time(_ now: Timestamp) -> HTTPReply {
        var json = JSONWriter()
        json.object { json in
            json.field("timeSecond", String(now.nanoseconds / 1_000_000_000))
            json.field("timeNano", String(now.nanoseconds))
        }
        return HTTPReply(body: Envelope.success(json.bytes, milliseconds: now.milliseconds))
    }
}
