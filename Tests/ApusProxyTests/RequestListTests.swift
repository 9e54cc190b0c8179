import Testing

@testable import ApusProxy

@Suite("Lists of requests")
struct RequestListTests {
    @Test("a queue does what an array does, whatever is done with it", arguments: 1...4)
    func queue(seed: UInt64) {
        var random = FixedRandom(seed: seed)
        var queue = RequestQueue()
        var model: [ProxyRequest] = []
        var idle = (0..<12).map { _ in ProxyRequest() }
        for step in 0..<4000 {
            switch Int.random(in: 0..<5, using: &random) {
            case 0, 1:
                guard let request = idle.popLast() else { continue }
                queue.append(request)
                model.append(request)
            case 2:
                guard let request = idle.popLast() else { continue }
                queue.prepend(request)
                model.insert(request, at: 0)
            case 3:
                guard let index = model.indices.randomElement(using: &random) else { continue }
                queue.remove(model[index])
                idle.append(model.remove(at: index))
            default:
                let first = queue.popFirst()
                #expect(first === model.first, "step \(step)")
                if first != nil { idle.append(model.removeFirst()) }
            }
            #expect(queue.count == model.count, "step \(step)")
            #expect(isSame(queue, model), "step \(step)")
        }
    }

    @Test("a list by deadline is what a sorted array is, whatever is done with it", arguments: 1...4)
    func deadlines(seed: UInt64) {
        var random = FixedRandom(seed: seed)
        var list = DeadlineList()
        var model: [ProxyRequest] = []
        var idle = (0..<12).map { _ in ProxyRequest() }
        for step in 0..<4000 {
            if Bool.random(using: &random), let request = idle.popLast() {
                request.deadline = .random(in: 0..<9, using: &random)
                list.insert(request)
                // Behind those of the same deadline.
                model.insert(request, at: model.firstIndex { $0.deadline > request.deadline } ?? model.endIndex)
            } else if let index = model.indices.randomElement(using: &random) {
                list.remove(model[index])
                idle.append(model.remove(at: index))
            }
            #expect(isSame(list, model), "step \(step)")
        }
    }

    @Test("a request may be in a queue and in a list by deadline at once")
    func both() {
        var queue = RequestQueue()
        var list = DeadlineList()
        let requests = (0..<3).map { _ in ProxyRequest() }
        for request in requests {
            queue.append(request)
            list.insert(request)
        }
        queue.remove(requests[0])
        list.remove(requests[1])
        #expect(isSame(queue, Array(requests[1...])))
        #expect(list.first === requests[0] && list.first?.later === requests[2])
    }

    /// The same requests in the same order, from both ends.
    private func isSame(_ list: DeadlineList, _ model: [ProxyRequest]) -> Bool {
        var found: [ProxyRequest] = []
        var next = list.first
        while let request = next {
            guard request.earlier === found.last else { return false }
            found.append(request)
            next = request.later
        }
        return found.elementsEqual(model, by: ===)
    }

    /// The same requests in the same order, from both ends.
    private func isSame(_ queue: RequestQueue, _ model: [ProxyRequest]) -> Bool {
        var found: [ProxyRequest] = []
        var next = queue.first
        while let request = next {
            guard request.previous === found.last else { return false }
            found.append(request)
            next = request.next
        }
        return found.elementsEqual(model, by: ===)
    }
}
