import ApusModel
import ApusWire
import Logging

/// Compares a version with the one that it is to follow (DESIGN §4, "Reload gate"), before anything is run.
enum SchemaGate {
    /// - Throws: when clients of the serving version could not go on with this one, and that is not allowed. The
    ///   sentence names every input, column and output that they would miss.
    static func check(
        _ session: Session, _ joined: JoinedSchema, _ settings: TemplateSettings, log: Logger
    ) throws(LoadFailure) {
        guard !settings.servingSchema.isEmpty else { return }
        let new = ModelSchema(
            name: settings.name, version: settings.version, inputs: session.inputs, outputs: session.outputs,
            isBatchable: false, maxBatchRowCount: 1, features: joined.features, parameters: joined.parameters)
        let old: ModelSchema
        do throws(ControlError) {
            old = try ModelSchema(
                encoded: settings.servingSchema, name: settings.name, version: settings.servingVersion)
        } catch {
            log.warning("the serving version's schema cannot be read; this one's is not compared with it",
                metadata: ["reason": "\(error)"])
            return
        }
        let difference = SchemaDifference(from: old, to: new)
        for change in difference.changes where change.isCompatible || settings.allowsSchemaChange {
            log.notice("the schema changes", metadata: ["change": "\(change.text)"])
        }
        guard !difference.isCompatible, !settings.allowsSchemaChange else { return }
        throw LoadFailure(
            exitCode: .modelCannotLoad,
            sentence: "clients of the serving version \(old.version) could not go on with version \(new.version): "
                + "\(difference.sentence); to serve it all the same, reload with --allow-schema-change")
    }
}
