import Enrichment
import GridModel

// What a failure means: the specification's table, and its waits.
extension RunWatch {
    private enum Recovery { case again, correct, plainly, failCell, reject, pause, end }

    private static func recovery(_ failure: ModelFailure) -> Recovery {
        switch failure.kind {
        case .rateLimited, .serverFailed, .timedOut, .unreachable, .lost, .cut: .again
        case .empty, .wrongType, .notAChoice, .schemaViolated: .correct
        case .schemaRefused: .plainly
        case .tooLong, .garbage, .filtered, .stopped: .failCell
        case .rejected: .reject
        case .refused: .pause
        case .unsupported: .end
        }
    }

    /// A call that the run waits for brought nothing.
    func failed(_ index: Int, _ failure: ModelFailure, at now: UInt64) {
        let place = places[index]
        let task = place.id.task
        let wasAsked = place.stage != .turn
        if failure.kind == .lost {
            // Nobody knows what it cost: what was set aside for it goes on counting.
            places[index].isLost = wasAsked
        } else if wasAsked {
            places[index].usage = failure.usage
            costs[place.id] = failure.usage
        }
        switch Self.recovery(failure) {
        case .again:
            places[index].expected = .again
            retry(index, failure, at: now)
            if !wasAsked, places[index].expected == .again { places[index].expected = nil }
        case .correct:
            (passing, rejections, sameRejections) = (0, 0, 0)
            if let wrong = failure.wrong { tasks[task].wrong.removeAll { $0.values != wrong.values } }
            guard wasAsked, let wrong = failure.wrong, tasks[task].wrong.count < limits.corrections else {
                tasks[task].wrong = []
                if wasAsked { failedQuestions.insert(place.values) }
                return places[index].expected = .failed
            }
            tasks[task].wrong.append(Wrong(values: wrong.values, text: wrong.text))
            places[index].expected = .again
        case .plainly where !tasks[task].wasPlain:
            tasks[task].wasPlain = true
            places[index].expected = .again
        case .plainly, .failCell:
            (passing, rejections, sameRejections) = (0, 0, 0)
            fail(index)
        case .reject: reject(index, failure)
        case .pause:
            tasks[task].failures += 1
            places[index].expected = .again
            if isRunning { pause = .decision }
        case .end:
            places[index].expected = .again
            end()
        }
    }

    private func fail(_ index: Int) {
        tasks[places[index].id.task].wrong = []
        places[index].expected = .failed
    }

    private func retry(_ index: Int, _ failure: ModelFailure, at now: UInt64) {
        let place = places[index]
        let task = place.id.task
        troubled = now
        passing += 1
        tasks[task].failures += 1
        if (failure.retryAfter ?? .zero) > limits.longestHonoredWait || passing >= limits.outage {
            if isRunning { pause = .decision }
            return
        }
        let wait = failure.retryAfter.map { Self.milliseconds($0) } ?? leastWait(tasks[task].failures)
        tasks[task].notBefore = now + wait
        if failure.kind == .rateLimited { narrow(place, until: now + wait) }
        if passing >= concurrency { quietUntil = max(quietUntil, now + leastWait(passing / concurrency)) }
        tasks[task].tries += 1
        if tasks[task].failures >= limits.attempts { fail(index) }
    }

    private func narrow(_ place: Place, until time: UInt64) {
        answersSinceWidening = 0
        guard place.epoch == epoch else { return }
        epoch += 1
        if window == 1 { quietUntil = max(quietUntil, time) }
        window = max(1, window / 2)
    }

    /// Of a wait that is doubled each time a half to the whole is taken.
    private func leastWait(_ attempts: Int) -> UInt64 {
        let doubled = Self.milliseconds(limits.firstWait) << UInt64(min(max(attempts - 1, 0), 16))
        return min(doubled, Self.milliseconds(limits.longestWait)) / 2
    }

    private func reject(_ index: Int, _ failure: ModelFailure) {
        passing = 0
        rejections += 1
        sameRejections = failure.message == lastRejection ? sameRejections + 1 : 1
        lastRejection = failure.message
        if sameRejections >= limits.sameRejections {
            tasks[places[index].id.task].failures += 1
            places[index].expected = .again
            if isRunning { pause = .decision }
            return
        }
        fail(index)
        if rejections >= limits.rejections, answered == 0 { end() }
    }
}
