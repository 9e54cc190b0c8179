import Foundation

/// Whether two answers say the same: all texts and integers equal, floats within 1e-5, since the engine adds up a
/// lone row in another order than several.
func areSame(_ left: TestLink.Answer, _ right: TestLink.Answer) throws -> Bool {
    func object(_ body: [UInt8]) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(body), options: .fragmentsAllowed)
    }
    return areSame(try object(left.body), try object(right.body))
}

func areSame(_ left: [TestLink.Answer], _ right: [TestLink.Answer]) throws -> Bool {
    try left.count == right.count && !left.isEmpty && zip(left, right).allSatisfy { try areSame($0, $1) }
}

private func areSame(_ left: Any, _ right: Any) -> Bool {
    switch (left, right) {
    case (let left as [String: Any], let right as [String: Any]):
        left.keys.sorted() == right.keys.sorted() && left.allSatisfy { areSame($1, right[$0] ?? "") }
    case (let left as [Any], let right as [Any]):
        left.count == right.count && zip(left, right).allSatisfy { areSame($0, $1) }
    case (let left as NSNumber, let right as NSNumber):
        abs(left.doubleValue - right.doubleValue) <= 1e-5
    case (let left as String, let right as String): left == right
    default: left is NSNull && right is NSNull
    }
}
