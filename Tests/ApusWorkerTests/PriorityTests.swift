import Foundation
import Testing

@testable import ApusWorker

@Suite("Priority")
struct PriorityTests {
    private let process = __priority_which_t(PRIO_PROCESS.rawValue)

    @Test("is lowered only where it can be restored, and is restored")
    func thereAndBack() {
        let own = getpriority(process, 0)
        let isLowered = Priority.lower()
        #expect(getpriority(process, 0) == (isLowered ? min(19, own + Priority.difference) : own))
        Priority.restore()
        #expect(getpriority(process, 0) == own)
    }
}
