import Glibc

enum Environment {
    static var metronome: String? { getenv("DESK_METRONOME").map { String(cString: $0) } }
}
