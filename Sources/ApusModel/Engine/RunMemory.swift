import ApusWire
import Glibc

/// The arrays that a run passes to the engine, allocated once per session.
final class RunMemory {
    typealias Names = UnsafeMutableBufferPointer<UnsafePointer<CChar>?>
    typealias Values = UnsafeMutableBufferPointer<OpaquePointer?>

    /// All inputs and outputs, by the engine's names; the strings are ours.
    let inputNames: Names
    let outputNames: Names
    /// The outputs that this run computes: names, and which output each of them is.
    let wantedNames: Names
    let wantedIndices: UnsafeMutableBufferPointer<Int>
    /// What the engine made for this run; nil between runs.
    let inputValues: Values
    let outputValues: Values
    /// One view per output, and what stands there between runs: no elements.
    let views: UnsafeMutableBufferPointer<TensorView>
    private let emptyViews: [TensorView]
    /// One shape on its way in or out.
    let dimensions: UnsafeMutableBufferPointer<Int64>
    let storage: [OutputStorage]
    /// Something of this run is in `storage`.
    var hasStored = false

    init(inputNames: [String], outputs: [(name: String, elementType: ElementType)]) {
        self.inputNames = Self.copy(inputNames)
        outputNames = Self.copy(outputs.map(\.name))
        wantedNames = Self.allocate(outputs.count, nil)
        wantedIndices = Self.allocate(outputs.count, 0)
        inputValues = Self.allocate(inputNames.count, nil)
        outputValues = Self.allocate(outputs.count, nil)
        emptyViews = outputs.map { output in
            TensorView(
                elementType: output.elementType, shape: Shape([0]),
                bytes: UnsafeRawBufferPointer(start: nil, count: 0))
        }
        views = .allocate(capacity: outputs.count)
        _ = views.initialize(from: emptyViews)
        dimensions = Self.allocate(Shape.rankLimit, 0)
        storage = outputs.map { _ in OutputStorage() }
    }

    deinit {
        for name in inputNames { free(UnsafeMutablePointer(mutating: name)) }
        for name in outputNames { free(UnsafeMutablePointer(mutating: name)) }
        inputNames.deallocate()
        outputNames.deallocate()
        wantedNames.deallocate()
        wantedIndices.deallocate()
        inputValues.deallocate()
        outputValues.deallocate()
        views.deallocate()
        dimensions.deallocate()
    }

    /// Takes back the view of an output that the run computed.
    func clearView(_ index: Int) { views[index] = emptyViews[index] }

    /// Sets the names of the wanted outputs.
    /// - Parameter wanted: one per output; empty means all of them.
    /// - Returns: how many are wanted.
    func select(_ wanted: UnsafeBufferPointer<Bool>) -> Int {
        precondition(wanted.isEmpty || wanted.count == outputNames.count, "one answer per output")
        var count = 0
        for index in 0..<outputNames.count where wanted.isEmpty || wanted[index] {
            wantedNames[count] = outputNames[index]
            wantedIndices[count] = index
            count += 1
        }
        return count
    }

    private static func copy(_ names: [String]) -> Names {
        let copies: Names = allocate(names.count, nil)
        for (index, name) in names.enumerated() { copies[index] = UnsafePointer(strdup(name)) }
        return copies
    }

    private static func allocate<T>(_ count: Int, _ value: T) -> UnsafeMutableBufferPointer<T> {
        let buffer = UnsafeMutableBufferPointer<T>.allocate(capacity: count)
        buffer.initialize(repeating: value)
        return buffer
    }
}
