import Diagnosis

extension RuleTests {
    static let versionExamples: [Example] = [
        Example(
            rule: .lostUpdate, name: "based on an older version than the committed one", event: "c", severity: .durable,
            trace: """
                process process=db role=store
                commit process=db key=k version=1 intent=a
                commit process=db key=k version=2 base=1 intent=b
                commit process=db key=k version=3 base=1 intent=c id=c
                """),
        Example(
            rule: .lostUpdate, name: "based on the committed one", event: "",
            trace: """
                commit process=db key=k version=1 intent=a
                commit process=db key=k version=2 base=1 intent=b
                """),
        Example(
            rule: .lostUpdate, name: "a merge", event: "",
            trace: """
                commit process=db key=k version=2 intent=a
                commit process=db key=k version=3 base=1 intent=b merge=true
                """),
        Example(
            rule: .dirtyDisplay, name: "shown before its commit could be known", event: "f", severity: .visible,
            trace: """
                process process=db role=store
                emit process=db slot=feed position=1 version=1
                signal process=tab slot=feed position=1 version=1
                render process=tab frame=1 shows={"k":1} id=f
                commit process=db key=k version=1
                """),
        Example(
            rule: .dirtyDisplay, name: "given up", event: "f",
            trace: """
                commit process=db key=k version=1
                abort process=db key=k version=2
                emit process=db slot=feed position=1 version=1
                signal process=tab slot=feed position=1 version=1
                render process=tab frame=1 shows={"k":2} id=f
                """),
        Example(
            rule: .dirtyDisplay, name: "committed, told, shown", event: "",
            trace: """
                process process=db role=store
                commit process=db key=k version=1
                emit process=db slot=feed position=1 version=1
                signal process=tab slot=feed position=1 version=1
                render process=tab frame=1 shows={"k":1}
                """),
        Example(
            rule: .dirtyDisplay, name: "marked as unsaved", event: "",
            trace: """
                emit process=db slot=feed position=1 version=1
                signal process=tab slot=feed position=1 version=1
                render process=tab frame=1 shows={"k":1} marked=["k"]
                commit process=db key=k version=1
                """),
        Example(
            rule: .dirtyDisplay, name: "the file mixes its processes: the commit stands later, and was known", event: "",
            trace: """
                signal process=tab slot=feed position=1 version=1
                render process=tab frame=1 shows={"k":1}
                commit process=db key=k version=1
                emit process=db slot=feed position=1 version=1
                """),
        Example(
            rule: .nonMonotonicRead, name: "an older version after a newer", event: "f2", severity: .visible,
            trace: """
                render frame=1 shows={"k":2}
                render frame=2 shows={"k":1} id=f2
                """),
        Example(
            rule: .nonMonotonicRead, name: "another view may be behind", event: "",
            trace: """
                render frame=1 view=list shows={"k":2}
                render frame=2 view=detail shows={"k":1}
                """),
        Example(
            rule: .readYourWrites, name: "a frame below the person's own write", event: "f",
            trace: """
                ack key=k version=5
                render frame=1 shows={"k":4} id=f
                """),
        Example(
            rule: .readYourWrites,
            name: "a frame below it that shows the key as unsaved: the own change stands beside the value",
            event: "",
            trace: """
                ack key=k version=5
                render frame=1 shows={"k":4} marked=["k"]
                """),
        Example(
            rule: .readYourWrites, name: "a read that began after the acknowledgement", event: "a",
            trace: """
                ack key=k version=5
                start request=r key=k
                arrive request=r version=4 id=a
                """),
        Example(
            rule: .readYourWrites, name: "a read that began before", event: "",
            trace: """
                start request=r key=k
                ack key=k version=5
                arrive request=r version=4
                """),
        Example(
            rule: .serverInversion, name: "the later click is committed first", event: "c1", severity: .durable,
            trace: """
                intent intent=i1 slot=s
                intent intent=i2 slot=s
                commit process=db key=k version=1 intent=i2
                commit process=db key=k version=2 intent=i1 id=c1
                """),
        Example(
            rule: .serverInversion, name: "in the order asked", event: "",
            trace: """
                intent intent=i1 slot=s
                intent intent=i2 slot=s
                commit process=db key=k version=1 intent=i1
                commit process=db key=k version=2 intent=i2
                """),
        Example(
            rule: .tornSnapshot, name: "one key's old version beside a later one of another", event: "f", severity: .visible,
            trace: """
                commit process=db key=a version=1
                commit process=db key=b version=2
                commit process=db key=a version=3
                commit process=db key=b version=4
                render frame=1 shows={"a":1,"b":4} id=f
                """),
        Example(
            rule: .tornSnapshot, name: "both held at revision 2", event: "",
            trace: """
                commit process=db key=a version=1
                commit process=db key=b version=2
                commit process=db key=a version=3
                render frame=1 shows={"a":1,"b":2}
                """),
        Example(
            rule: .tornSnapshot, name: "one transaction", event: "",
            trace: """
                commit process=db key=a version=1 intent=i
                commit process=db key=b version=1 intent=i
                commit process=db key=a version=2 intent=j
                commit process=db key=b version=2 intent=j
                render frame=1 shows={"a":2,"b":2}
                """),
        Example(
            rule: .tornSnapshot, name: "counters of their own", event: "",
            trace: """
                commit process=db key=a version=7
                commit process=db key=b version=1
                commit process=db key=a version=8
                render frame=1 shows={"a":8,"b":1}
                """),
        Example(
            rule: .doubleSubmit, name: "one click, two orders", event: "c2", severity: .durable,
            trace: """
                intent intent=i1 slot=s
                commit process=db key=k version=1 intent=i1
                commit process=db key=k version=2 intent=i1 id=c2
                """),
        Example(
            rule: .doubleSubmit, name: "one click, two keys", event: "",
            trace: """
                intent intent=i1 slot=s
                commit process=db key=a version=1 intent=i1
                commit process=db key=b version=1 intent=i1
                """),
    ]

    static let streamExamples: [Example] = [
        Example(
            rule: .signalBeforeData, name: "told of 5, read 4", event: "a",
            trace: """
                signal key=k version=5 slot=feed position=1
                start request=r key=k
                arrive request=r version=4 id=a
                """),
        Example(
            rule: .signalBeforeData, name: "the read began before the signal", event: "",
            trace: """
                start request=r key=k
                signal key=k version=5 slot=feed position=1
                arrive request=r version=4
                """),
        Example(
            rule: .streamGap, name: "a position is skipped", event: "s3",
            trace: """
                signal slot=feed position=1
                signal slot=feed position=3 id=s3
                """),
        Example(
            rule: .streamGap, name: "a position comes back", event: "s1",
            trace: """
                signal slot=feed position=2
                signal slot=feed position=1 id=s1
                """),
        Example(
            rule: .streamGap, name: "merged signals may skip, and two streams are two", event: "",
            trace: """
                signal slot=feed position=1
                signal slot=other position=7
                signal slot=feed position=9 merge=true
                """),
    ]
}
