import Synchronization
import Testing

@testable import GridClient

@Suite("Inbox", .timeLimit(.minutes(60)))
struct InboxTests {
    @Test("S8: beyond the limit a sender waits until there is room, and nothing is lost or out of order") func bounded() async {
        let inbox = Inbox<Int>(limit: 4)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 1...1_000 {
                    await inbox.send(number)
                    #expect(inbox.count <= 4)
                }
            }
            var taken: [Int] = []
            while taken.count < 1_000, let next = await inbox.next() { taken.append(next) }
            #expect(taken == Array(1...1_000))
        }
    }

    @Test("What may not wait takes the place of what it supersedes") func supersedes() async {
        let inbox = Inbox<Int>(limit: 2)
        for number in [1, 12, 3, 14, 16] { inbox.post(number) { $0 > 10 && number > 10 } }
        #expect(inbox.count == 3)
        #expect(await [inbox.next(), inbox.next(), inbox.next()] == [1, 3, 16])
    }

    @Test("At the end nobody waits: neither the reader nor those who bring something") func end() async {
        let inbox = Inbox<Int>(limit: 1)
        await withTaskGroup(of: Int?.self) { group in
            inbox.post(1)
            group.addTask {
                await inbox.send(2)
                return 2
            }
            inbox.finish()
            #expect(await group.next() == 2)
            #expect(await inbox.next() == nil)
        }
        let waiting = Inbox<Int>(limit: 1)
        let reader = Task { await waiting.next() }
        reader.cancel()
        #expect(await reader.value == nil)
    }
}
