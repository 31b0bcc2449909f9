import Glibc
import Journal

enum Child { static func run(_ arguments: [String]) -> Never { exit(0) } }
