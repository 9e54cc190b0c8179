/// Decides which requests share a run. Knows rows and keys, nothing else.
///
/// Requests keep their order. Neighbours share a run while their keys are the same and their rows together
/// stay within the limit. A request of more rows than that is by itself, and whoever runs it cuts it.
struct RunPlanner {
    /// One request as it waits.
    struct Item: Equatable {
        var rowCount: Int
        /// Neighbours may share a run when their keys are the same.
        var key: Int
        /// Runs by itself.
        var isAlone: Bool
    }

    /// The most rows of one run, at least 1.
    var rowLimit: Int
    /// The items of each run, by their indices.
    private(set) var runs: [Range<Int>] = []

    /// - Parameter rowLimit: the most rows of one run, at least 1.
    init(rowLimit: Int) {
        precondition(rowLimit >= 1, "a run has a row")
        self.rowLimit = rowLimit
    }

    /// Replaces `runs`. Allocates nothing once warm.
    mutating func plan(_ items: [Item]) {
        runs.removeAll(keepingCapacity: true)
        var first = 0
        var rowCount = 0
        for index in items.indices {
            let joins = index > first && canJoin(items[index], after: items[index - 1], rowCount)
            if index > first && !joins {
                runs.append(first..<index)
                first = index
                rowCount = 0
            }
            // Within the limit, or the rows of the first one alone: no sum overflows.
            rowCount += items[index].rowCount
        }
        if first < items.count { runs.append(first..<items.count) }
    }

    private func canJoin(_ item: Item, after previous: Item, _ rowCount: Int) -> Bool {
        !item.isAlone && !previous.isAlone && item.key == previous.key
            && item.rowCount <= rowLimit - rowCount
    }
}
