import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix
import Synchronization

/// Serves the page's files from one directory, from memory once they were read.
final class StaticFiles: Sendable {
    /// A file as it is served.
    private struct Entry {
        var size: Int
        var modified: Date
        var tag: String
        var bytes: ByteBuffer
        var compressed: ByteBuffer?
    }

    private let root: String
    private let servesControl: Bool
    private let cache = Mutex<[String: Entry]>([:])
    /// A page's files are few and small; more than this is not a page.
    private static let fileLimit = 64 << 20
    private static let entryLimit = 2_000

    init(directory: String, servesControl: Bool) {
        root = URL(filePath: directory).resolvingSymlinksInPath().path
        self.servesControl = servesControl
    }

    /// The answer for a path; `nil` when there is no such file.
    func respond(_ request: HTTPRequest, path: Substring) async throws -> Reply? {
        guard let relative = Self.relativePath(path), servesControl || !Self.isControl(relative) else { return nil }
        let found = try await NIOThreadPool.singleton.runIfActive { [self] in try entry(relative) }
        guard let (name, entry) = found else { return nil }
        var fields = HTTPFields()
        fields[.eTag] = entry.tag
        fields[.cacheControl] = "no-cache"
        fields[.vary] = "Accept-Encoding"
        if request.headerFields[.ifNoneMatch].map({ ETag.matches($0, entry.tag) }) == true {
            return Reply(.notModified, fields: fields)
        }
        fields[.contentType] = Self.mediaType(of: name)
        var body = entry.bytes
        if let compressed = entry.compressed, GzipEncoder.isAccepted(request.headerFields[.acceptEncoding]) {
            fields[.contentEncoding] = "gzip"
            body = compressed
        }
        return Reply(fields: fields, body: .buffer(body))
    }

    private static func isControl(_ path: String) -> Bool {
        path == "control" || path.hasPrefix("control/")
    }

    /// The path below the root, or `nil` for one that could lead out of it or to a hidden file.
    static func relativePath(_ path: Substring) -> String? {
        guard path.hasPrefix("/"), let decoded = path.removingPercentEncoding, decoded.utf8.count <= 1_024 else { return nil }
        guard !decoded.contains("\\"), !decoded.utf8.contains(0) else { return nil }
        let parts = decoded.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if part.isEmpty, index == parts.count - 1 { continue }
            guard !part.isEmpty, !part.hasPrefix(".") else { return nil }
        }
        return decoded.hasSuffix("/") ? decoded.dropFirst() + "index.html" : String(decoded.dropFirst())
    }

    /// Reads a file, or takes it from memory while it has not changed on disk.
    private func entry(_ relative: String) throws -> (String, Entry)? {
        let manager = FileManager.default
        let path = URL(filePath: root + "/" + relative).resolvingSymlinksInPath().path
        guard path.hasPrefix(root + "/"),
            let attributes = try? manager.attributesOfItem(atPath: path),
            attributes[.type] as? FileAttributeType == .typeRegular,
            let size = attributes[.size] as? Int, size <= Self.fileLimit,
            let modified = attributes[.modificationDate] as? Date
        else { return nil }
        if let known = cache.withLock({ $0[path] }), known.size == size, known.modified == modified { return (path, known) }
        guard let data = manager.contents(atPath: path) else { return nil }
        let bytes = [UInt8](data)
        var compressed: ByteBuffer?
        if bytes.count > 1_024, Self.isCompressible(path), let smaller = GzipEncoder.compress(bytes, level: 6),
            smaller.count < bytes.count
        {
            compressed = ByteBuffer(bytes: smaller)
        }
        let entry = Entry(
            size: size, modified: modified, tag: ETag.of(bytes), bytes: ByteBuffer(bytes: bytes), compressed: compressed)
        cache.withLock { cache in
            if cache.count >= Self.entryLimit { cache = [:] }
            cache[path] = entry
        }
        return (path, entry)
    }

    private static func fileExtension(_ path: String) -> String {
        path.split(separator: "/").last?.split(separator: ".").last.map { $0.lowercased() } ?? ""
    }

    private static func isCompressible(_ path: String) -> Bool {
        !["png", "jpg", "jpeg", "webp", "woff2", "gz", "ico"].contains(fileExtension(path))
    }

    static func mediaType(of path: String) -> String {
        switch fileExtension(path) {
        case "html": "text/html; charset=utf-8"
        case "js", "mjs": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "json", "map": "application/json"
        case "wasm": "application/wasm"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "jpg", "jpeg": "image/jpeg"
        case "webp": "image/webp"
        case "ico": "image/x-icon"
        case "woff2": "font/woff2"
        case "webmanifest": "application/manifest+json"
        case "txt", "md": "text/plain; charset=utf-8"
        case "csv": "text/csv; charset=utf-8"
        default: "application/octet-stream"
        }
    }
}

/// Entity tags (RFC 9110, section 8.8.3).
enum ETag {
    /// A strong tag of the content: FNV-1a, 64 bits. It names versions of our own files and guards against nothing else.
    static func of(_ bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return "\"\(String(hash, radix: 16))-\(bytes.count)\""
    }

    /// True when an `If-None-Match` field names the tag.
    static func matches(_ field: String, _ tag: String) -> Bool {
        if field == tag || field == "*" { return true }
        guard field.utf8.count > tag.utf8.count else { return false }
        return field.split(separator: ",").contains { part in
            let trimmed = part.drop { $0 == " " }.prefix { $0 != " " }
            return trimmed == tag || trimmed.hasPrefix("W/") && trimmed.dropFirst(2) == tag
        }
    }
}
