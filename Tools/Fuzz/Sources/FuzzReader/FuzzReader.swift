/// What libFuzzer calls with each input: see ``FuzzInput``.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzReader(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    _ = FuzzInput.read(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
