import ApusWire

extension Session {
    /// Runs the model once on an example, if it leaves something about its outputs open that a schema has
    /// to say: the classes of a sequence of maps, or the number of dimensions. (The engine tells an
    /// output of unknown rank as one of rank 0, so a scalar output is looked at, too.)
    func learnOutputs() throws(EngineError) {
        guard let open = outputs.firstIndex(where: { $0.shape.isEmpty || $0.shape == [nil, nil] }),
            outputs.contains(where: \.shape.isEmpty) || mapOutputs.contains(true)
        else { return }
        let example = ExampleInput(inputs, rowCount: 1)
        do {
            let ranks = try run(example) { outputs in outputs.map(\.shape.rank) }
            for (index, rank) in ranks.enumerated() where outputs[index].shape.isEmpty {
                setRank(rank, of: index)
            }
        } catch {
            throw .rankUnknown(path: path, role: .output, name: outputs[open].name)
        }
    }

    private func setRank(_ rank: Int, of index: Int) {
        var shape = [Int?](repeating: nil, count: rank)
        if let labels = outputs[index].labels, rank > 0 { shape[rank - 1] = labels.count }
        outputs[index].shape = shape
    }
}
