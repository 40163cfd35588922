import Diagnosis
import Trace
import Wire

/// What `trueline replay --json` prints.
struct ReplayDocument {
    var result: Replay.Result
    var rows: [Replay.Row]
    var log: TraceLog

    var text: String {
        let bytes = WireWriter.write { writer in
            writer.object { writer in
                writer.member("version", 1)
                writer.member("strength", "T1")
                writer.member("recordedInversions", result.recordedInversions)
                writer.member("replayedInversions", result.replayedInversions)
                writer.member("blocked", result.blocked)
                writer.arrayMember("rows") { writer in
                    for row in rows {
                        writer.object { writer in
                            writer.member("process", log.text(row.process))
                            writer.member("slot", log.text(row.slot))
                            writer.member("key", log.text(row.key))
                            writer.member("recorded", row.recorded)
                            writer.member("replayed", row.replayed)
                            writer.member("differs", row.differs)
                        }
                    }
                }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
