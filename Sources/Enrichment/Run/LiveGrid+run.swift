package import ChangePipeline
package import GridImage
package import GridModel

extension LiveGrid: RunGrid {
    package func snapshotForRun() -> any RunSnapshot { snapshot() }

    package func lastChanges(_ cells: [CellPlace]) async -> [ValueChange?] {
        await lastValueChanges(cells.map { (row: $0.row, column: $0.column) })
    }

    package func submitForRun(_ command: Command) async throws(SubmissionFailure) -> CommandOutcome {
        do throws(PipelineError) {
            return try await submit(command, isUrgent: true)
        } catch {
            switch error {
            case .refused(let refusal): throw .refused("\(refusal.reason)")
            case .overloaded: throw .overloaded
            case .full(let reason): throw .noRoom(reason)
            case .failed(let reason): throw .closed(reason)
            case .closed: throw .closed("the grid was closed")
            case .noSuchGrid(let grid): throw .closed("there is no grid \(grid)")
            case .behind, .notKept, .history: throw .overloaded
            }
        }
    }
}
