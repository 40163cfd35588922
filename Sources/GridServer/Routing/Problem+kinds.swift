import ChangePipeline
import GridImage
import GridModel
import GridStore
import Ordering
import Wire

extension Problem {
    static func notFound(_ kind: String, _ id: String) -> Problem {
        Problem(
            "not-found", "Not found", status: 404, detail: "there is no \(kind) \"\(id)\" here",
            errors: [.init([kind: .text(id)])])
    }

    static func malformed(parameter: String, _ reason: String) -> Problem {
        Problem(
            "malformed", "The request was not understood", status: 400, detail: "\(parameter): \(reason)",
            errors: [.init(["parameter": .text(parameter), "reason": .text(reason)])])
    }

    static func tooLarge(_ limit: String, most: Int, asked: Int, change: Int? = nil) -> Problem {
        var fault = Fault(["limit": .text(limit), "most": .number(most), "asked": .number(asked)])
        if let change { fault.members.append(.init(name: "change", value: .number(change))) }
        return Problem(
            "too-large", "Too large", status: 413, detail: "\(limit): at most \(most), this would be \(asked)", errors: [fault])
    }

    static func invalid(_ reason: String, change: Int? = nil) -> Problem {
        var fault = Fault(["reason": .text(reason)])
        if let change { fault.members.append(.init(name: "change", value: .number(change))) }
        return Problem("invalid", "That makes no sense here", status: 422, detail: reason, errors: [fault])
    }

    init(_ error: WireError) {
        var fault = Fault([error.position == nil ? "parameter" : "pointer": .text(error.path), "reason": .text(error.reason)])
        if let position = error.position { fault.members.append(.init(name: "byte", value: .number(position))) }
        self.init(
            "malformed", "The request was not understood", status: 400, detail: error.description, errors: [fault])
    }

    init(_ refusal: CommandRefusal) {
        let change = refusal.change
        switch refusal.reason {
        case .noSuchRow(let id): self = .missing("row", "\(id)", change)
        case .noSuchColumn(let id): self = .missing("column", "\(id)", change)
        case .noSuchSheet(let id): self = .missing("sheet", "\(id)", change)
        case .noSuchView(let id): self = .missing("view", "\(id)", change)
        case .cellChanged(let row, let column, let revision, let value):
            self.init(
                "cell-changed", "The cell changed meanwhile", status: 409,
                detail: "row \(row), column \(column) changed at revision \(revision); read it again and decide",
                errors: [
                    .init([
                        "change": .number(change), "row": .text("\(row)"), "column": .text("\(column)"),
                        "revision": .number(Int(clamping: revision.rawValue)), "value": .cell(value),
                    ])
                ])
        case .nameTaken(let name):
            self.init(
                "name-taken", "The name is taken", status: 409, detail: "\"\(name.prefix(200))\" is taken; choose another name",
                errors: [.init(["change": .number(change), "name": .text(name)])])
        case .nameInvalid(let name):
            self = .invalid(
                "\"\(name.prefix(200))\" is not a name: 1 to \(Limits.nameCharacters) characters, none a control character",
                change: change)
        case .limit(let limit, let most, let asked): self = .tooLarge(limit, most: most, asked: asked, change: change)
        case .invalid(let reason): self = .invalid(reason, change: change)
        }
    }

    private static func missing(_ kind: String, _ id: String, _ change: Int) -> Problem {
        var problem = Problem.notFound(kind, id)
        problem.errors[0].members.append(.init(name: "change", value: .number(change)))
        return problem
    }

    init(_ error: StoreError) {
        switch error.code {
        case .full: self.init("full", "The disk is full", status: 507, detail: error.message)
        case .notFound: self.init("not-found", "Not found", status: 404, detail: error.message)
        case .exists: self.init("name-taken", "It exists already", status: 409, detail: error.message)
        case .corrupt: self.init("damaged", "The grid is damaged", status: 500, detail: error.message)
        case .locked, .syncFailed, .outOfOrder, .other:
            self.init("failed", "The server failed", status: 500, detail: error.message)
        }
    }
}

extension Problem {
    init(_ error: PipelineError) {
        switch error {
        case .refused(let refusal): self.init(refusal)
        case .overloaded(let limit, let most):
            self.init(
                "overloaded", "Too much at once", status: 429, detail: "\(limit): at most \(most) at one time; try again",
                errors: [.init(["limit": .text(limit), "most": .number(most)])], retryAfter: 1)
        case .full(let reason):
            self.init(
                "full", "The disk is full", status: 507,
                detail: "nothing was changed: \(reason); make room and send the same intent again")
        case .failed(let reason):
            self.init("failed", "The server failed", status: 500, detail: "\(reason); send the same intent again later")
        case .behind(let asked, let at):
            self.init(
                "behind", "Not there yet", status: 503,
                detail: "the grid stands at revision \(at), asked was \(asked); nothing older is sent, try again",
                errors: [
                    .init(["asked": .number(Int(clamping: asked.rawValue)), "at": .number(Int(clamping: at.rawValue))])
                ], retryAfter: 1)
        case .closed:
            self.init(
                "closed", "The grid is closed", status: 503, detail: "the server is stopping or the grid was closed; try again",
                retryAfter: 1)
        case .noSuchGrid(let id): self = .notFound("grid", id.text)
        case .notKept(let oldest, let reason):
            let number = Int(clamping: oldest.rawValue)
            self.init(
                "not-kept", "No longer kept", status: 410, detail: "\(reason); the oldest that is kept is \(oldest)",
                errors: [.init(["oldest": .number(number)])], oldest: number)
        case .history(let error): self.init(error)
        }
    }

    private init(_ error: HistoryError) {
        switch error {
        case .noSuchSheet(let sheet): self = .notFound("sheet", "\(sheet)")
        case .inFuture, .tooFar: self = .invalid(error.words)
        case .notKept, .damaged, .unreadable: self.init("failed", "The server failed", status: 500, detail: error.words)
        }
    }
}
