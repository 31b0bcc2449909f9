import Bybit
import Glibc
import Journal
import Market

/// What a bundle says of itself and of the recording that it was taken from: `tapedeck.bundle`, beside the records.
enum BundleNote {
    static let name = "tapedeck.bundle"

    /// - Parameter report: of the messages, as `probe` has it.
    static func json(
        _ recording: Recording,
        _ part: BundlePart,
        withPrivate: Bool,
        keys: Int,
        report: ProbeReport
    ) -> [UInt8] {
        let manifest = recording.manifest
        var writer = JSONWriter()
        writer.object { json in
            json.field("schema", "tapedeck.bundle/1")
            json.field("of", manifest.id)
            json.nested("sequence") {
                $0.field("first", part.first)
                $0.field("last", part.end)
            }
            json.field("started", part.started.description)
            json.field("ended", part.ended.description)
            json.field("records", Int64(clamping: part.records))
            json.field("private", withPrivate)
            json.field(
                "left_out",
                array: { rows in
                    for row in part.leftOut {
                        rows.object {
                            $0.field("stream", row.stream)
                            $0.field("records", Int64(clamping: row.records))
                        }
                    }
                }
            )
            json.field("keys_searched", keys)
            json.nested("manifest") {
                $0.field("state", manifest.state.rawValue)
                $0.field("runs", manifest.runs)
                $0.field("first", manifest.first)
                $0.field("last", manifest.last)
                $0.field("started", manifest.started.description)
                $0.field("ended", manifest.ended.description)
                $0.field(
                    "segments",
                    array: { rows in
                        for segment in manifest.segments {
                            rows.object {
                                $0.field("name", segment.name)
                                $0.field("first", segment.first)
                                $0.field("last", segment.last)
                                $0.field("chain", segment.chainLast.description)
                            }
                        }
                    }
                )
                $0.field(
                    "damage",
                    array: { rows in for error in recording.damage { rows.value("\(error.reason)") }
                    }
                )
            }
            json.nested("versions") {
                $0.field("program", Version.text)
                $0.field("system", system)
            }
            json.nested("report") { report.write(into: &$0) }
        }
        writer.newline()
        return writer.bytes
    }

    /// Kernel and machine, without the host's name.
    private static var system: String {
        var names = utsname()
        guard uname(&names) == 0 else { return "" }
        func text<Value>(_ value: Value) -> String {
            withUnsafeBytes(of: value) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
        }
        return "\(text(names.sysname)) \(text(names.release)) \(text(names.machine))"
    }
}
