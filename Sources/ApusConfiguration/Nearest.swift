/// The word of `words` that `word` was probably meant to be: it differs by few typing mistakes.
/// Nil when none is near.
package func nearest(to word: String, among words: [String]) -> String? {
    let limit = max(1, word.utf8.count / 3)
    let ranked = words.map { (word: $0, mistakes: mistakes(from: word, to: $0)) }
    return ranked.min { $0.mistakes < $1.mistakes }.flatMap { $0.mistakes <= limit ? $0.word : nil }
}

/// How many letters must be put in, left out, changed, or swapped with their neighbour
/// (Damerau 1964, in the restricted form that edits no letter twice).
private func mistakes(from: String, to: String) -> Int {
    let from = Array(from.utf8), to = Array(to.utf8)
    var beforeLast = [Int](), last = Array(0...to.count)
    for i in from.indices {
        var row = [i + 1]
        for j in to.indices {
            let change = last[j] + (from[i] == to[j] ? 0 : 1)
            row.append(min(change, last[j + 1] + 1, row[j] + 1))
            if i > 0, j > 0, from[i] == to[j - 1], from[i - 1] == to[j] {
                row[j + 1] = min(row[j + 1], beforeLast[j - 1] + 1)
            }
        }
        (beforeLast, last) = (last, row)
    }
    return last[to.count]
}
