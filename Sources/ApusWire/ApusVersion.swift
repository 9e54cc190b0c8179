/// Which Apus this is.
package enum ApusVersion {
    package static let text = "0.1.0"
}
