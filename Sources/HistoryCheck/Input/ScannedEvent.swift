/// The words that a history's events use.
enum HistoryWord {
    static let process = HistoryValue.keyword("process")
    static let type = HistoryValue.keyword("type")
    static let function = HistoryValue.keyword("f")
    static let value = HistoryValue.keyword("value")
    static let key = HistoryValue.keyword("key")
    static let error = HistoryValue.keyword("error")
    static let invoke = HistoryValue.keyword("invoke")
    static let ok = HistoryValue.keyword("ok")
    static let fail = HistoryValue.keyword("fail")
    static let info = HistoryValue.keyword("info")
    static let read = HistoryValue.keyword("read")
    static let write = HistoryValue.keyword("write")
    static let cas = HistoryValue.keyword("cas")
    static let get = HistoryValue.keyword("get")
    static let put = HistoryValue.keyword("put")
    static let append = HistoryValue.keyword("append")
    static let transaction = HistoryValue.keyword("txn")
    static let readStep = HistoryValue.keyword("r")
    static let writeStep = HistoryValue.keyword("w")
}

/// An event as it was scanned, before it is understood. `value` is a place on the scanner's tape.
struct ScannedEvent {
    var line: Int
    var process: EDNForm?
    var type: HistoryValue?
    var function: HistoryValue?
    var key: HistoryValue?
    /// `nil` when there is none, which means the same as EDN's nil.
    var value: Int?
    var hasError = false
    var start: InputPlace
    var typePlace: InputPlace
    var functionPlace: InputPlace
    var valuePlace: InputPlace

    init(at place: InputPlace) {
        line = place.line
        start = place
        typePlace = place
        functionPlace = place
        valuePlace = place
    }
}
