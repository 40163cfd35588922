import Glibc
import Trace
import TraceImport

/// The importer under test: TRUELINE_FUZZ is a format's name, or "any" for detection by content.
private let format: TraceFormat? = getenv("TRUELINE_FUZZ").flatMap { TraceFormat(rawValue: String(cString: $0)) }

private func check(_ holds: Bool, _ sentence: @autoclosure () -> String) {
    guard !holds else { return }
    print("the check failed: \(sentence())")
    fflush(nil)
    abort()
}

/// The same file cut into chunks, its lines read a few at a time: long files of lines are, and only files of a megabyte are long.
private func inPieces(_ chunks: [[UInt8]]) -> ImportedTrace {
    var reader = TraceImport(hint: format, pieceBytes: 150)
    for chunk in chunks { chunk.withUnsafeBytes { reader.read($0) } }
    return reader.finish()
}

/// libFuzzer's entry: the input is imported, whole and in pieces; what comes out must be a trace that our own reader reads without
/// rejection and our writer writes again byte by byte. Everything else is for the sanitizer to find.
@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let whole = TraceImport.read(bytes, hint: format)
    let middle = count / 2
    let pieces = inPieces([Array(bytes[..<middle]), Array(bytes[middle...])])
    let written = TraceWriter.bytes(of: whole.log)
    check(written == TraceWriter.bytes(of: pieces.log), "the size of the chunks and pieces changed the trace")
    check(whole.rejections == pieces.rejections, "the size of the chunks and pieces changed the rejections")
    let again = TraceReader.read(written)
    check(again.rejections.isEmpty, "our reader rejects what our writer wrote: \(again.rejections.kept)")
    check(TraceWriter.bytes(of: again.log) == written, "a trace that was read is not written as it was")
    for rejection in whole.rejections.kept {
        check(0...count ~= rejection.offset, "a place outside of the file: \(rejection)")
    }
    return 0
}

@_silgen_name("LLVMFuzzerRunDriver")
private func run(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The build calls a program's entry by the program's name, where libFuzzer would bring its own `main`.
@_cdecl("TraceFuzz_main")
public func entry(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    var (count, arguments) = (count, arguments)
    return run(&count, &arguments, test)
}
