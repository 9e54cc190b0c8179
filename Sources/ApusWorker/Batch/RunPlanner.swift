import ApusWire

/// Decides which requests share a run. Knows rows and shapes, nothing else.
///
/// Requests keep their order. Neighbours share a run while they have the same shapes beyond dimension 0 and
/// their rows together stay within the limit; a request of more rows than that is cut into runs of its own.
struct RunPlanner {
    /// One request as it waits.
    struct Item: Equatable {
        var rowCount: Int
        /// Requests may share a run when their keys are the same.
        var key: Int
        /// Runs by itself, whole.
        var isAlone: Bool
    }

    /// A part of a request, or all of it, in one run.
    struct Piece: Equatable {
        /// Index of the item.
        var item: Int
        var firstRow: Int
        var rowCount: Int
    }

    let rowLimit: Int
    /// The pieces of all runs, in order.
    private(set) var pieces: [Piece] = []
    /// One range of `pieces` for each run.
    private(set) var runs: [Range<Int>] = []

    /// - Parameter rowLimit: the most rows of one run, at least 1.
    init(rowLimit: Int) {
        precondition(rowLimit >= 1, "a run has a row")
        self.rowLimit = rowLimit
    }

    /// Replaces `pieces` and `runs`. Allocates nothing once warm.
    mutating func plan(_ items: [Item]) {
        pieces.removeAll(keepingCapacity: true)
        runs.removeAll(keepingCapacity: true)
        var open: (firstPiece: Int, rowCount: Int, key: Int)?
        for (index, item) in items.enumerated() {
            let joins = !item.isAlone && item.rowCount <= rowLimit
            if let run = open, joins, run.key == item.key, run.rowCount + item.rowCount <= rowLimit {
                open = (run.firstPiece, run.rowCount + item.rowCount, run.key)
                pieces.append(Piece(item: index, firstRow: 0, rowCount: item.rowCount))
                continue
            }
            if let run = open { runs.append(run.firstPiece..<pieces.count) }
            open = joins ? (pieces.count, item.rowCount, item.key) : nil
            if joins || item.isAlone {
                pieces.append(Piece(item: index, firstRow: 0, rowCount: item.rowCount))
                if !joins { runs.append(pieces.count - 1..<pieces.count) }
            } else {
                split(index, rowCount: item.rowCount)
            }
        }
        if let run = open { runs.append(run.firstPiece..<pieces.count) }
    }

    private mutating func split(_ index: Int, rowCount: Int) {
        for firstRow in stride(from: 0, to: rowCount, by: rowLimit) {
            let count = min(rowLimit, rowCount - firstRow)
            pieces.append(Piece(item: index, firstRow: firstRow, rowCount: count))
            runs.append(pieces.count - 1..<pieces.count)
        }
    }
}
