import ChangePipeline
import GridModel
import HTTPTypes
import Wire

/// Where pages say what they show, and are told whether that is what was committed.
struct AttestationRoutes {
    let services: ServerServices

    var routes: [Route] {
        [
            Route(
                method: .post, path: "/api/v1/grids/{grid}/attestations", operation: "attestScreen",
                summary: "Compares what a page shows, by a hash, with what was committed; changes nothing",
                body: .init(
                    types: ["application/json"], schema: .named("ScreenAttestation"),
                    example:
                        #"{"sheet":"s1","revision":1,"first":0,"rows":"r1-r3","columns":"c1-c2","hash":"0123456789abcdef"}"#),
                answers: [
                    .init(
                        status: 200, summary: "Whether they are the same",
                        payload: .init(types: ["application/json"], schema: .named("AttestationReply")),
                        headers: ["Trueline-Revision"])
                ], problems: [404, 413, 415], isRoutine: true, handle: attest)
        ]
    }

    @Sendable private func attest(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let screen = try ScreenAttestation(wire: try await scope.json(atMost: ScreenAttestation.byteLimit))
        let grid = try await services.grid(scope)
        let next = services.configuration.attestationInterval.map {
            max($0, services.metrics.subscribers.current / AttestationDesk.screensInSecond)
        }
        let verdict = try await services.attestations.check(screen, of: grid, scope.logger)
        return .json(revision: grid.position.revision) { writer in
            writer.object { writer in
                writer.member("result", verdict.name)
                if case .unknown(let reason) = verdict { writer.member("reason", reason.rawValue) }
                if let next { writer.member("next", next) }
            }
        }
    }
}
