/// A first-in first-out list threaded through the requests themselves: any of them can leave at once.
/// A request is in at most one such list. The table keeps them alive.
struct RequestQueue {
    private(set) unowned(unsafe) var first: ProxyRequest?
    private(set) unowned(unsafe) var last: ProxyRequest?
    private(set) var count = 0

    mutating func append(_ request: ProxyRequest) {
        request.previous = last
        request.next = nil
        if let last { last.next = request } else { first = request }
        last = request
        count += 1
    }

    /// Puts it before all others: it was here before.
    mutating func prepend(_ request: ProxyRequest) {
        request.previous = nil
        request.next = first
        if let first { first.previous = request } else { last = request }
        first = request
        count += 1
    }

    mutating func remove(_ request: ProxyRequest) {
        if let previous = request.previous { previous.next = request.next } else { first = request.next }
        if let next = request.next { next.previous = request.previous } else { last = request.previous }
        request.previous = nil
        request.next = nil
        count -= 1
    }

    mutating func popFirst() -> ProxyRequest? {
        guard let first else { return nil }
        remove(first)
        return first
    }
}

/// A model's requests by deadline, the earliest first.
struct DeadlineList {
    private(set) unowned(unsafe) var first: ProxyRequest?
    private unowned(unsafe) var last: ProxyRequest?

    /// Puts it behind those whose deadline is not later. All of a model have the same time, so but for those that come
    /// from another model the order of arrival is that of the deadlines.
    mutating func insert(_ request: ProxyRequest) {
        if let last, last.deadline > request.deadline { return insert(request, before: last) }
        request.earlier = last
        request.later = nil
        if let last { last.later = request } else { first = request }
        last = request
    }

    /// - Parameter later: one that it goes before, if not the first of these.
    @inline(never)
    private mutating func insert(_ request: ProxyRequest, before later: ProxyRequest) {
        var later = later
        while let next = later.earlier, next.deadline > request.deadline { later = next }
        request.earlier = later.earlier
        request.later = later
        if let earlier = later.earlier { earlier.later = request } else { first = request }
        later.earlier = request
    }

    mutating func remove(_ request: ProxyRequest) {
        if let earlier = request.earlier { earlier.later = request.later } else { first = request.later }
        if let later = request.later { later.earlier = request.earlier } else { last = request.earlier }
        request.earlier = nil
        request.later = nil
    }
}
