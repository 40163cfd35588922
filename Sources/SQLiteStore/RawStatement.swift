import GRDBSQLite
import GridStore

/// A prepared statement, bound and stepped with SQLite's own functions. Reset it after use; the pointer is GRDB's.
struct RawStatement {
    let pointer: OpaquePointer
    let connection: Connection

    /// True when there is a row.
    func step() throws(StoreError) -> Bool {
        switch sqlite3_step(pointer) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw connection.error(code)
        }
    }

    func reset() {
        sqlite3_reset(pointer)
        sqlite3_clear_bindings(pointer)
    }

    func bind(_ index: Int32, _ value: Int64) {
        sqlite3_bind_int64(pointer, index, value)
    }

    /// Binds bytes without copying them, for the length of `body`.
    func binding<T>(
        _ index: Int32, _ bytes: [UInt8], _ body: (RawStatement) throws(StoreError) -> T
    ) throws(StoreError) -> T {
        try mappingErrors {
            try bytes.withUnsafeBytes { buffer in
                if buffer.isEmpty {
                    sqlite3_bind_zeroblob(pointer, index, 0)  // an empty buffer has no address, which would be NULL
                } else {
                    sqlite3_bind_blob64(pointer, index, buffer.baseAddress, UInt64(buffer.count), nil)
                }
                return try body(self)
            }
        }
    }

    func binding<T>(
        _ index: Int32, text: String, _ body: (RawStatement) throws(StoreError) -> T
    ) throws(StoreError) -> T {
        var text = text
        return try mappingErrors {
            try text.withUTF8 { buffer in
                try buffer.withMemoryRebound(to: CChar.self) { characters in
                    if characters.isEmpty {
                        sqlite3_bind_text(pointer, index, "", 0, nil)
                    } else {
                        sqlite3_bind_text64(
                            pointer, index, characters.baseAddress, UInt64(characters.count), nil, UInt8(SQLITE_UTF8))
                    }
                    return try body(self)
                }
            }
        }
    }

    func integer(_ column: Int32) -> Int64 {
        sqlite3_column_int64(pointer, column)
    }

    /// Valid until the next step or reset.
    func blob(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(pointer, column)
        return UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(pointer, column)))
    }

    func text(_ column: Int32) -> String {
        String(decoding: blob(column), as: UTF8.self)
    }
}
