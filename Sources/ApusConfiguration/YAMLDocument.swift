import ApusModel
import ApusWire
import Yams

/// YAML as a plain value, for the files beside a model: `MLmodel`, `schema.yaml`. Nothing is run, no tag makes an
/// object, and aliases cannot grow a small text into a large document.
package enum YAMLDocument {
    /// A signature of some ten thousand columns has fewer, since MLflow writes it as one text.
    private static let nodeLimit = 100_000
    private static let depthLimit = 32

    /// - Throws: a sentence without the file's name, for a text that is no YAML or has more than 100 000 nodes.
    package static func read(_ text: String) throws(YAMLFault) -> JSONValue {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            let (line, problem) = error.explanation
            throw YAMLFault("line \(line) is no YAML: \(problem)")
        } catch {
            throw YAMLFault("it is no YAML: \(error)")
        }
        var budget = nodeLimit
        return try root.map { (root) throws(YAMLFault) in try value(root, depth: 0, &budget) } ?? .null
    }

    private static func value(_ node: Node, depth: Int, _ budget: inout Int) throws(YAMLFault) -> JSONValue {
        budget -= 1
        guard budget >= 0 else { throw YAMLFault("it has more than \(nodeLimit) values") }
        guard depth < depthLimit else { throw YAMLFault("it is deeper than \(depthLimit) levels") }
        switch node {
        case .scalar(let scalar): return scalar.style == .plain ? plain(scalar.string) : .string(scalar.string)
        case .alias: throw YAMLFault("it has an alias that stands for nothing")
        case .sequence(let list):
            var elements: [JSONValue] = []
            for element in list { elements.append(try value(element, depth: depth + 1, &budget)) }
            return .array(elements)
        case .mapping(let mapping):
            var members: [(name: String, value: JSONValue)] = []
            for (key, member) in mapping {
                guard let name = key.scalar?.string else { throw YAMLFault("it has a key that is no text") }
                members.append((name, try value(member, depth: depth + 1, &budget)))
            }
            return .object(members)
        }
    }

    /// A scalar without quotation marks, by YAML 1.2's core schema (§10.3.2): `yes` is a text there.
    private static func plain(_ text: String) -> JSONValue {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        case ".nan", ".NaN", ".NAN": return .number(.nan)
        case ".inf", ".Inf", ".INF", "+.inf": return .number(.infinity)
        case "-.inf", "-.Inf", "-.INF": return .number(-.infinity)
        case _: break
        }
        // Swift reads "inf" and hexadecimal fractions too, which are texts here.
        guard text.utf8.allSatisfy(isNumberByte) else { return .string(text) }
        if let integer = Int(text) { return .integer(integer) }
        return Double(text).map(JSONValue.number) ?? .string(text)
    }

    private static func isNumberByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        case _: false
        }
    }
}
