import ChangePipeline
import GridImage
import GridModel
import GridStore
import Ordering
import Synchronization
import TestKit
import Testing

@Suite("The grids of a host")
struct GridHostTests {
    private let stage = PipelineStage()
    private let catalog = CountingCatalog()

    private func host() -> GridHost {
        GridHost(catalog: catalog, environment: stage.environment(writer: InlineWriter()))
    }

    private func id(_ text: String) throws -> GridID { try #require(GridID(text)) }

    @Test("are made with a name, listed, opened again, and deleted")
    func lifeCycle() async throws {
        let host = host()
        _ = try await host.create(id("b"), name: "Bees")
        let made = try await host.create(id("a"), name: "Ants")
        #expect(made.snapshot().name == "Ants")
        #expect(try await host.grids().map(\.name) == ["Ants", "Bees"])
        await #expect(throws: PipelineError.self) { try await host.create(id("a"), name: "Again") }
        let renaming = Command(intent: IntentID(high: 1, low: 1), cause: .person, changes: [.renameGrid(name: "Wasps")])
        _ = try await made.submit(renaming)
        await host.close()

        let next = self.host()
        let listed = try await next.grids()
        #expect(listed.map(\.name) == ["Wasps", "Bees"])
        #expect(listed.map(\.isOpen) == [false, false])
        #expect(try await next.grid(id("a")).snapshot().name == "Wasps")
        try await next.delete(id("a"))
        #expect(try await next.grids().map(\.id.text) == ["b"])
        await #expect(throws: PipelineError.noSuchGrid(try id("a"))) { try await next.grid(id("a")) }
        await #expect(throws: PipelineError.noSuchGrid(try id("a"))) { try await next.delete(id("a")) }
    }

    @Test("a grid with a bad name is not left behind")
    func badName() async throws {
        let host = host()
        await #expect(throws: PipelineError.self) { try await host.create(id("a"), name: "") }
        #expect(try await host.grids().isEmpty)
        _ = try await host.create(id("a"), name: "good")
    }

    @Test("opening a grid forgets the rows of an import that broke off")
    func abandonedImport() async throws {
        let host = host()
        let made = try await host.create(id("a"), name: "A")
        let sheet = try #require(made.snapshot().sheets.first?.id)
        let stage = Command(
            intent: IntentID(high: 1, low: 1), cause: Cause(kind: .importer),
            changes: [.stageRows(sheet: sheet, rows: RowsBlock(emptyRows: 3))])
        _ = try await made.submit(stage)
        #expect(made.snapshot().stagedRows(of: sheet).map(\.count) == [3])
        await host.close()

        let opened = try await self.host().grid(id("a")).snapshot()
        #expect(opened.stagedRows(of: sheet).isEmpty)
        #expect(opened.rowCount(of: sheet) == 0)
    }

    @Test("many callers open a grid once")
    func openedOnce() async throws {
        let host = host()
        await (try host.create(id("a"), name: "A")).close()
        await host.close()
        let next = self.host()
        let before = catalog.opened
        let wanted = try id("a")
        let grids = try await withThrowingTaskGroup(of: ObjectIdentifier.self) { group in
            for _ in 0..<50 { group.addTask { ObjectIdentifier(try await next.grid(wanted)) } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(grids.count == 1)
        #expect(catalog.opened == before + 1)
    }

    @Test("idle grids are closed, others and those with listeners are not, and a closed one opens again")
    func idle() async throws {
        let host = host()
        let quiet = try await host.create(id("quiet"), name: "Q")
        let watched = try await host.create(id("watched"), name: "W")
        let subscription = try watched.signals()
        stage.time.advance(by: .seconds(60))
        _ = try await host.create(id("new"), name: "N")
        #expect(await host.closeIdle(after: .seconds(60)) == [quiet.id])
        #expect(throws: PipelineError.closed) { try quiet.signals() }
        #expect(try await host.grids().map(\.isOpen) == [true, false, true])
        #expect(try await host.grid(id("quiet")).snapshot().name == "Q")
        #expect(subscription.start == Revision(1))
    }

    @Test("S8: an idle grid that something else needs stays open")
    func needed() async throws {
        let host = host()
        let quiet = try await host.create(id("quiet"), name: "Q")
        stage.time.advance(by: .seconds(60))
        #expect(await host.closeIdle(after: .seconds(60), unless: { $0 == quiet.id }).isEmpty)
        #expect(await host.closeIdle(after: .seconds(60)) == [quiet.id])
    }

    @Test("S1: a grid is closed before it is deleted: nobody writes into a file that is gone")
    func deletedWhileOpen() async throws {
        let host = host()
        let made = try await host.create(id("a"), name: "A")
        try await host.delete(id("a"))
        #expect(throws: PipelineError.closed) { try made.signals() }
    }

    @Test("a closed host opens nothing")
    func closed() async throws {
        let host = host()
        _ = try await host.create(id("a"), name: "A")
        await host.close()
        await #expect(throws: PipelineError.closed) { try await host.grid(id("a")) }
    }
}

/// A catalog in memory that counts how often a grid was opened.
final class CountingCatalog: GridCatalog {
    private let wrapped = MemoryGridCatalog()
    private let count = Mutex(0)

    var opened: Int { count.withLock { $0 } }
    var durability: String { wrapped.durability }
    func grids() throws(StoreError) -> [(id: GridID, damage: String?)] { try wrapped.grids() }
    func create(_ id: GridID) throws(StoreError) -> any GridStore { try wrapped.create(id) }
    func open(_ id: GridID) throws(StoreError) -> any GridStore {
        count.withLock { $0 += 1 }
        return try wrapped.open(id)
    }
    func delete(_ id: GridID) throws(StoreError) { try wrapped.delete(id) }
    func close() {}
}
