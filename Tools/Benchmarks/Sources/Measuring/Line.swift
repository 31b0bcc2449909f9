/// What was measured, as one line of JSON.
public struct Line {
    private var fields: [String]

    public init(_ mode: String) { fields = ["\"mode\":\"\(mode)\""] }

    /// With time since `wall` and `cpu`.
    public init(_ mode: String, count: Int, wall: Int, cpu: Int) {
        let (cpu, wall) = (Clock.cpu - cpu, Clock.wall - wall)
        fields = [
            "\"mode\":\"\(mode)\"", "\"n\":\(count)", "\"wall\":\(Line.seconds(wall))",
            "\"cpu\":\(Line.seconds(cpu))",
        ]
    }

    public func adding(_ name: String, _ value: Int) -> Line {
        var line = self
        line.fields.append("\"\(name)\":\(value)")
        return line
    }

    /// A time in nanoseconds, as seconds.
    public func adding(_ name: String, seconds nanoseconds: Int) -> Line {
        var line = self
        line.fields.append("\"\(name)\":\(Line.seconds(nanoseconds))")
        return line
    }

    public var text: String { "{" + fields.joined(separator: ",") + "}" }

    private static func seconds(_ nanoseconds: Int) -> String {
        let micros = String(nanoseconds / 1_000 % 1_000_000)
        return "\(nanoseconds / 1_000_000_000)."
            + String(repeating: "0", count: 6 - micros.count) + micros
    }
}

/// What went wrong, in one sentence.
public struct BenchError: Error, CustomStringConvertible {
    public var description: String

    public init(_ description: String) { self.description = description }
}
