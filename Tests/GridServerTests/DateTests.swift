import Foundation
import GridModel
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing

@testable import GridServer

@Suite("Date", .timeLimit(.minutes(60)))
struct DateTests {
    @Test(
        "Seconds since 1970 are written as HTTP writes dates",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (UInt64.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] as [(UInt64, String)])
    func form(second: UInt64, text: String) {
        #expect(AnswerStart.date(second: second) == text)
    }

    @Test("Pages, unchanged ones, event streams and refused heads carry the date, also when they are written as bytes")
    func raw() async throws {
        let server = TestServer()
        try await server.test(.live) { api in
            let grid = try await api.makeGrid()
            let port = try #require(api.client.port)
            let page = try await api.send(.get, grid.sheet + "/pages")
            let tag = try #require(page.headers[.eTag])
            for (target, field) in [
                (grid.sheet + "/pages", "A: b"), (grid.sheet + "/pages", "If-None-Match: \(tag)"),
                (grid.path + "/events", "A: b"),
                ("/health", "A: " + String(repeating: "b", count: 80_000)),
            ] {
                let connection = try await RawConnection(port: port)
                try await connection.get("/api/v1" + target, [field])
                let head = await connection.read { $0.contains("\r\n\r\n") }
                // The server's clock stands still.
                #expect(head.contains("\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"), "\(target) \(field.prefix(20)): \(head)")
                #expect(head.components(separatedBy: "\r\nDate: ").count == 2)
                try await connection.close()
            }
        }
    }
}
