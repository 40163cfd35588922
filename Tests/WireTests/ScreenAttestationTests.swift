import Foundation
import GridModel
import Ordering
import Testing

@testable import Wire

@Suite("Screen attestation")
struct ScreenAttestationTests {
    /// The vectors that Tests/Web/attestation.test.mjs reads too.
    static let vectors = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Fixtures/attestation/vectors.json")

    struct Vector {
        var name = ""
        var rows: [(row: RowID, cells: [(ColumnID, CellValue)])] = []
        var hash = ""

        init(_ reader: inout WireReader) throws(WireError) {
            try reader.object { (member, reader) throws(WireError) in
                switch member {
                case "name": name = try reader.string()
                case "rows": rows = try reader.list { (reader) throws(WireError) in try Self.row(&reader) }
                case "hash": hash = try reader.string()
                default: throw reader.unknownMember()
                }
            }
        }

        private static func row(_ reader: inout WireReader) throws(WireError) -> (RowID, [(ColumnID, CellValue)]) {
            var row = RowID(0)
            var cells: [(ColumnID, CellValue)] = []
            try reader.object { (member, reader) throws(WireError) in
                guard member == "cells" else { return row = try reader.identifier(RowID.self) }
                try reader.object { (name, reader) throws(WireError) in
                    // The vectors hold each cell's JSON as a text.
                    let json = Array(try reader.string().utf8)
                    let value = try WireReader.read(json) { (reader) throws(WireError) in try reader.cellValue() }
                    guard let column = ColumnID(text: name), let value else { throw reader.failure("not a cell") }
                    cells.append((column, value))
                }
            }
            return (row, cells)
        }
    }

    @Test("The hash is the page's: every vector, from values and from the bytes as they are stored, cells in any order")
    func vectors() throws {
        let bytes = [UInt8](try Data(contentsOf: Self.vectors))
        let vectors = try WireReader.read(bytes) { (reader) throws(WireError) in
            try reader.list { (reader) throws(WireError) in try Vector(&reader) }
        }
        #expect(vectors.count == 16)
        var seen: [String: String] = [:]
        for vector in vectors {
            var values = ScreenHash()
            var stored = ScreenHash()
            for (row, cells) in vector.rows {
                for (column, value) in cells { values.cell(column, value) }
                for (column, value) in cells.reversed() {
                    Array(value.json.utf8).withUnsafeBytes { stored.cell(column, json: $0) }
                }
                values.row(row)
                stored.row(row)
            }
            #expect(PageTag(values.value).description == vector.hash, "\(vector.name)")
            #expect(stored.value == values.value, "\(vector.name)")
            let before = seen.updateValue(vector.name, forKey: vector.hash)
            // A number and the text of its digits look the same.
            #expect(before == nil || vector.name == "a text of a number looks the same", "\(vector.name)")
        }
    }

    @Test("An attestation is read as a page writes it: runs of ids in the order painted")
    func reads() throws {
        let wire =
            #"{"sheet":"s1","revision":7,"first":120,"rows":"r121-r123,r9,r4294967295","columns":"c1-c2,c9","hash":"00000000000000ff"}"#
        let screen = try ScreenAttestation(wire: Array(wire.utf8))
        #expect(
            screen
                == ScreenAttestation(
                    sheet: SheetID(1), revision: Revision(7), first: 120,
                    rows: [RowID(121), RowID(122), RowID(123), RowID(9), RowID(.max)],
                    columns: [ColumnID(1), ColumnID(2), ColumnID(9)], hash: 255))
        let view = try ScreenAttestation(wire: Array(wire.replacing(#""first""#, with: #""view":"v2","first""#).utf8))
        #expect(view.view == .saved(ViewID(2)))
    }

    @Test(
        "What is none is refused with its place, and no list of ids grows beyond a screen",
        arguments: [
            (#""rows":"r1-r401""#, "/rows", "at most 400"), (#""rows":"r0-r4294967295""#, "/rows", "at most 400"),
            (#""rows":"r9-r1""#, "/rows", "r9-r1"), (#""rows":"r1,r1""#, "/rows", "twice"), (#""rows":"c1""#, "/rows", "c1"),
            (#""rows":"""#, "/rows", "expected ids"), (#""columns":"c1-c300""#, "/columns", "at most 256"),
            (#""hash":"xyz""#, "/hash", "sixteen"), (#""revision":-1"#, "/revision", "whole number"),
            (#""first":99999999999"#, "/first", "whole number"), (#""value":1"#, "/value", "not a known member"),
        ])
    func refuses(member: String, pointer: String, reason: String) throws {
        var members = [
            "sheet": #""s1""#, "revision": "7", "first": "0", "rows": #""r1""#, "columns": #""c1""#,
            "hash": #""0000000000000000""#,
        ]
        let parts = member.split(separator: ":", maxSplits: 1)
        members[String(parts[0].dropFirst().dropLast())] = String(parts[1])
        let wire = "{" + members.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
        let error = #expect(throws: WireError.self) { try ScreenAttestation(wire: Array(wire.utf8)) }
        #expect(error?.path == pointer && error?.reason.contains(reason) == true, "\(error.map { "\($0)" } ?? "")")
    }

    @Test("A member that is missing is named", arguments: ["sheet", "revision", "rows", "columns", "hash"])
    func missing(name: String) throws {
        let members = [
            "sheet": #""s1""#, "revision": "7", "rows": #""r1""#, "columns": #""c1""#, "hash": #""0000000000000000""#,
        ].filter { $0.key != name }
        let wire = "{" + members.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
        let error = #expect(throws: WireError.self) { try ScreenAttestation(wire: Array(wire.utf8)) }
        #expect(error?.reason.contains("\"\(name)\" is missing") == true)
    }
}
