package import GridModel

/// Reads a piece from its JSON. Every name is known or refused, so that a misspelt step cannot pass for a harmless one.
package enum MuseumReader {
    package static func piece(_ json: [UInt8]) throws(JSONScanner.Failure) -> MuseumPiece {
        var scanner = JSONScanner(json)
        var piece = MuseumPiece()
        try scanner.object { (name, scanner) throws(JSONScanner.Failure) in
            switch name {
            case "name": piece.name = try scanner.string()
            case "title": piece.title = try scanner.string()
            case "source": piece.source = try source(&scanner)
            case "anomaly": piece.anomaly = try scanner.string()
            case "invariant": piece.invariant = try scanner.string()
            case "breaks": piece.breaks = try known(&scanner)
            case "story": piece.story = try scanner.string()
            case "rule": piece.rule = try scanner.string()
            case "cells": piece.cells = try cells(&scanner)
            case "views": piece.views = try list(&scanner) { (scanner) throws(JSONScanner.Failure) in try view(&scanner) }
            case "cold": piece.isCold = try scanner.boolean()
            case "pageSize": piece.pageSize = try scanner.integer()
            case "defects": piece.defects = Set(try known(&scanner) as [MuseumDefect])
            case "steps": piece.steps = try list(&scanner) { (scanner) throws(JSONScanner.Failure) in try step(&scanner) }
            default: throw scanner.failure("a piece has no member \"\(name)\"")
            }
        }
        try scanner.end()
        if piece.views.isEmpty {
            let places = piece.cells.map { MuseumPiece.View.Place(name: $0.name, cell: $0.name) }
            piece.views = [MuseumPiece.View(name: "all", places: places)]
        }
        return piece
    }

    private static func source(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) -> MuseumPiece.Source {
        var source = MuseumPiece.Source(project: "", number: nil, link: "", read: "")
        try scanner.object { (name, scanner) throws(JSONScanner.Failure) in
            switch name {
            case "project": source.project = try scanner.string()
            case "number": source.number = try scanner.integer()
            case "link": source.link = try scanner.string()
            case "read": source.read = try scanner.string()
            default: throw scanner.failure("a source has no member \"\(name)\"")
            }
        }
        return source
    }

    private static func view(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) -> MuseumPiece.View {
        var view = MuseumPiece.View(name: "", places: [])
        try scanner.object { (name, scanner) throws(JSONScanner.Failure) in
            switch name {
            case "name": view.name = try scanner.string()
            case "cells":
                view.places = try list(&scanner) { (scanner) throws(JSONScanner.Failure) in
                    let cell = try scanner.string()
                    return MuseumPiece.View.Place(name: cell, cell: cell)
                }
            case "places":
                try scanner.object { (place, scanner) throws(JSONScanner.Failure) in
                    view.places.append(MuseumPiece.View.Place(name: place, cell: try scanner.string()))
                }
            case "sum": view.sum = try scanner.string()
            case "of": view.terms = try list(&scanner) { (scanner) throws(JSONScanner.Failure) in try scanner.string() }
            case "inParts": view.inParts = try scanner.boolean()
            default: throw scanner.failure("a view has no member \"\(name)\"")
            }
        }
        return view
    }

    private static func cells(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) -> [MuseumPiece.Cell] {
        var cells: [MuseumPiece.Cell] = []
        try scanner.object { (name, scanner) throws(JSONScanner.Failure) in
            let isGone = try scanner.takeNull()
            cells.append(MuseumPiece.Cell(name: name, value: isGone ? nil : try scanner.string()))
        }
        return cells
    }

    private static func list<Element>(
        _ scanner: inout JSONScanner, _ element: (inout JSONScanner) throws(JSONScanner.Failure) -> Element
    ) throws(JSONScanner.Failure) -> [Element] {
        var elements: [Element] = []
        try scanner.array { (scanner) throws(JSONScanner.Failure) in elements.append(try element(&scanner)) }
        return elements
    }

    private static func known<Name: RawRepresentable<String>>(
        _ scanner: inout JSONScanner
    ) throws(JSONScanner.Failure) -> [Name] {
        try list(&scanner) { (scanner) throws(JSONScanner.Failure) in
            let text = try scanner.string()
            guard let name = Name(rawValue: text) else { throw scanner.failure("there is no \"\(text)\"") }
            return name
        }
    }
}

// MARK: - Steps

extension MuseumReader {
    /// The members that steps have, as far as they were there.
    private struct Members {
        var kind = ""
        var name = ""
        var view = ""
        var cell: String?
        var value: String?
        var cells: [MuseumPiece.Cell] = []
        var reads: [String] = []
        var message: MuseumStep.Message?
        var number: Int64 = 0
        var edit = MuseumStep.Edit(cell: "")
    }

    private static func step(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) -> MuseumStep {
        var members = Members()
        try scanner.object { (name, scanner) throws(JSONScanner.Failure) in try member(name, &scanner, &members) }
        guard let step = step(members) else { throw scanner.failure("\"\(members.kind)\" is no step, or lacks a member") }
        return step
    }

    private static func member(
        _ name: String, _ scanner: inout JSONScanner, _ members: inout Members
    ) throws(JSONScanner.Failure) {
        switch name {
        case "do": members.kind = try scanner.string()
        case "as": members.name = try scanner.string()
        case "view": members.view = try scanner.string()
        case "cell": members.cell = try scanner.string()
        case "value": members.value = try scanner.takeNull() ? nil : scanner.string()
        case "cells": members.cells = try cells(&scanner)
        case "reads": members.reads = try list(&scanner) { (scanner) throws(JSONScanner.Failure) in try scanner.string() }
        case "what":
            let text = try scanner.string()
            members.message = MuseumStep.Message(rawValue: text)
            guard members.message != nil else { throw scanner.failure("\"\(text)\" is nothing that travels") }
        case "revision", "milliseconds": members.number = try scanner.integer()
        case "add": members.edit.add = try scanner.integer()
        case "waits": members.edit.waits = try scanner.boolean()
        case "asSaved": members.edit.asSaved = try scanner.boolean()
        case "refused": members.edit.isRefused = try scanner.boolean()
        default: throw scanner.failure("a step has no member \"\(name)\"")
        }
    }

    private static func step(_ members: Members) -> MuseumStep? {
        switch members.kind {
        case "open": .open(view: members.view)
        case "refresh": .refresh
        case "edit":
            members.cell.map { cell in
                var edit = members.edit
                edit.cell = cell
                edit.value = members.value
                return .edit(edit)
            }
        case "type": members.cell.flatMap { cell in members.value.map { .type(place: cell, value: $0) } }
        case "leave": .leave
        case "come back": .comeBack
        case "commit": .commit(members.cells)
        case "begin": .begin(members.name, members.cells)
        case "finish": .finish(members.name)
        case "ask": members.cell.map { .ask(members.name, cell: $0, reads: members.reads) }
        case "answer": members.value.map { .answer(members.name, value: $0) }
        case "flush": .flush
        case "crash": .crash
        case "hold": members.message.map { .hold($0, name: members.name, cell: members.cell) }
        case "deliver": .deliver(members.name)
        case "duplicate": .duplicate(members.name)
        case "lose": .lose(members.name)
        case "swallow": .swallow(members.name)
        case "stale": .stale(revision: members.number)
        case "disconnect": .disconnect
        case "connect": .connect
        case "ready": .ready
        case "wait": .wait(milliseconds: members.number)
        default: nil
        }
    }
}
