/// What the user asked for cannot be done: one clear sentence, and exit code 2.
package struct UsageError: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ sentence: String) { description = sentence }
}
