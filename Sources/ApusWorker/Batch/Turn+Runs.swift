import ApusModel
import ApusWire

/// What an answer says of the run that it comes from.
struct RunFacts {
    var rowCount: Int
    var beganAt: UInt64
    var computeNanoseconds: UInt64 = 0
    /// No answer of the run has been written yet.
    var isFirst = true
}

/// Runs.
extension Turn {
    /// Runs everything that was collected, answers it, and sends each run's answers as it ends.
    /// - Parameter look: called between runs, now and then: finds out who has gone meanwhile.
    func run(look: () -> Void) {
        guard !requests.isEmpty else {
            flushDirty()
            return end()  // what was refused may have taken memory too
        }
        if hasPriorities { orderByPriority() }
        plan()
        lookedAt = mark
        for index in planner.runs.indices {
            lookNowAndThen(look)
            perform(planner.runs[index], look)
            flushDirty()
        }
        end()
    }

    private func lookNowAndThen(_ look: () -> Void) {
        guard mark &- lookedAt >= Limits.lookNanoseconds, !borrowsBodies else { return }
        look()
        lookedAt = mark
    }

    private func plan() {
        items.removeAll(keepingCapacity: true)
        var key = 0
        for (index, request) in requests.enumerated() {
            if index > 0 && !hasSameRows(request, requests[index - 1]) { key += 1 }
            let rowCount = request.inference.rowCount
            let isAlone = !isBatchable || rowCount == 0 || request.frame.flags.isAlone
            items.append(RunPlanner.Item(rowCount: rowCount, key: key, isAlone: isAlone))
        }
        planner.plan(items)
    }

    /// The shapes are the same beyond dimension 0.
    private func hasSameRows(_ left: PendingRequest, _ right: PendingRequest) -> Bool {
        for index in left.inference.inputShapes.indices {
            let one = left.inference.inputShapes[index]
            let other = right.inference.inputShapes[index]
            guard one.rank == other.rank else { return false }
            for dimension in 1..<max(one.rank, 1) where one[dimension] != other[dimension] { return false }
        }
        return true
    }

    private func perform(_ run: Range<Int>, _ look: () -> Void) {
        members.removeAll(keepingCapacity: true)
        var rowCount = 0
        for request in requests[run] {
            if let error = request.refusal(at: mark) {
                answer(request, error, run: nil)
            } else {
                members.append(request)
                rowCount += request.inference.rowCount
            }
        }
        if members.count > 1, runTogether(rowCount) { return }
        for index in members.indices {
            // Of several, those before it have run meanwhile.
            if index > 0, let error = members[index].interruption(at: mark) {
                answer(members[index], error, run: nil)
            } else {
                runSingly(index, look)
            }
        }
    }

    /// Runs all members at once.
    /// - Returns: false when nothing was answered, and each has to run by itself.
    private func runTogether(_ rowCount: Int) -> Bool {
        inputs.select(members[...], rowCount: rowCount)
        wantOutputs(of: members[...])
        var facts = RunFacts(rowCount: rowCount, beganAt: mark)
        do throws(InferenceError) {
            let hasRows = try runSession { outputs in
                endRun(&facts)
                guard haveRows(outputs, rowCount) else { return false }
                var row = 0
                for request in members {
                    let end = row + request.inference.rowCount
                    answer(request, outputs, rows: row..<end, run: &facts)
                    row = end
                }
                return true
            }
            if hasRows { learn(facts) } else { stopBatching(rowCount) }
            return hasRows
        } catch {
            endRun(&facts)
            return false
        }
    }

    private func runSingly(_ member: Int, _ look: () -> Void) {
        let request = members[member]
        let rowCount = request.inference.rowCount
        let mayCut = isBatchable && !request.frame.flags.isAlone
        if mayCut, rowCount > planner.rowLimit, runInPieces(request, look) { return }
        inputs.select(members[member...member], rowCount: nil)
        wantOutputs(of: members[member...member])
        var facts = RunFacts(rowCount: rowCount, beganAt: mark)
        do throws(InferenceError) {
            try runSession { outputs in
                endRun(&facts)
                answer(request, outputs, rows: nil, run: &facts)
            }
            learn(facts)
        } catch {
            endRun(&facts)
            answer(request, fault(of: request, error), run: facts)
        }
    }

    /// A model that cannot run on nothing is asked wrongly; it does not fail.
    private func fault(of request: PendingRequest, _ error: InferenceError) -> InferenceError {
        guard let index = request.inference.inputShapes.firstIndex(where: { $0.elementCount == 0 }) else { return error }
        return .shapeMismatch(
            input: model.schema.inputs[index].name, model: model.schema.name,
            found: "\(request.inference.inputShapes[index])", wanted: "elements in every input")
    }

    /// Runs a request of more rows than a run may have in several, and answers from all of them; or says, between two of
    /// them, why nobody waits for the others any more.
    /// - Returns: false when it was not answered and has to run whole.
    private func runInPieces(_ request: PendingRequest, _ look: () -> Void) -> Bool {
        let rowCount = request.inference.rowCount
        joined.begin(model.schema.outputs)
        defer { joined.release() }
        wanted.replaceSubrange(wanted.indices, with: request.inference.wantedOutputs)
        var facts = RunFacts(rowCount: rowCount, beganAt: mark)
        var first = 0
        while first < rowCount {
            let rows = first..<min(first + planner.rowLimit, rowCount)
            first = rows.upperBound
            inputs.select(request, rows: rows)
            var piece = RunFacts(rowCount: rows.count, beganAt: mark)
            let hasRows = try? runSession { joined.append($0, wanted: wanted, rowCount: rows.count) }
            endRun(&piece)
            guard hasRows == true else {
                if hasRows == false { stopBatching(rows.count) }
                return false
            }
            learn(piece)
            lookNowAndThen(look)
            if first < rowCount, let error = request.interruption(at: mark) {
                answer(request, error, run: nil)
                return true
            }
        }
        facts.computeNanoseconds = mark &- facts.beganAt
        joined.withViews { answer(request, $0, rows: nil, run: &facts) }
        return true
    }

    private func runSession<R>(
        _ body: (UnsafeBufferPointer<TensorView>) throws(InferenceError) -> R
    ) throws(InferenceError) -> R {
        let tensors = UnsafeBufferPointer(inputs.views)
        return try wanted.withUnsafeBufferPointer { wanted throws(InferenceError) in
            try model.session.run(tensors, wanted: wanted, body)
        }
    }

    private func endRun(_ facts: inout RunFacts) {
        mark = MonotonicClock.now()
        facts.computeNanoseconds = mark &- facts.beganAt
    }

    private func wantOutputs(of members: ArraySlice<PendingRequest>) {
        for index in wanted.indices { wanted[index] = false }
        for request in members {
            for index in wanted.indices where request.inference.wantedOutputs[index] { wanted[index] = true }
        }
    }

    private func haveRows(_ outputs: UnsafeBufferPointer<TensorView>, _ rowCount: Int) -> Bool {
        for index in outputs.indices where wanted[index] {
            guard outputs[index].shape.rank > 0, outputs[index].shape[0] == rowCount else { return false }
        }
        return true
    }

    /// The self-test was wrong about this model: what is left of the turn, and all later ones, run alone.
    private func stopBatching(_ rowCount: Int) {
        isBatchable = false
        model.log.error("a run gave other rows than it got; requests run alone now", metadata: ["rows": "\(rowCount)"])
    }
}
