import LoadtestCore

/// Replaces `--scenario FILE` by the options that stand in the file.
enum ScenarioWords {
    /// - Returns: the files' words first, so that the user's own win over them.
    static func expand(_ words: [String]) throws(UsageError) -> [String] {
        var own: [String] = []
        var fromFiles: [String] = []
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--scenario" {
                guard let file = rest.popFirst() else {
                    throw UsageError("--scenario has no file after it")
                }
                fromFiles += try Scenario.arguments(file: file, known: Measure.optionNames)
            } else if word.hasPrefix("--scenario=") {
                let file = String(word.dropFirst("--scenario=".count))
                fromFiles += try Scenario.arguments(file: file, known: Measure.optionNames)
            } else {
                own.append(word)
            }
        }
        return fromFiles + own
    }
}
