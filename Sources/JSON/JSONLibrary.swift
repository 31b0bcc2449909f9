internal import CSimdjson

extension JSONParser {
    /// The version of simdjson that reads, such as `3.0.1`.
    public static var libraryVersion: String { String(cString: tdj_library_version()) }
}
