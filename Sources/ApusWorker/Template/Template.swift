import ApusModel
import ApusWire
import CProcess
import Glibc
import Logging

/// What a template does with each order.
struct Template {
    let supervisor: pid_t
    let log: Logger
    /// Reads the YAML beside a model.
    let yaml: YAMLParser
    /// Set by the order to load, which comes first.
    private var model: WorkerModel?

    init(supervisor: pid_t, yaml: @escaping YAMLParser, log: Logger) {
        self.supervisor = supervisor
        self.yaml = yaml
        self.log = log
    }

    mutating func obey(_ order: TemplateOrder, _ channel: borrowing ControlChannel) throws(SystemError) {
        switch order {
        case .load(let settings):
            try load(settings, channel)
        case .fork(let serial, let slot, let socketPath):
            do throws(ForkError) {
                let worker = try fork(WorkerSeat(serial: serial, slot: slot, socketPath: socketPath), channel)
                defer { close(worker.control) }
                try? channel.send(
                    TemplateReport.forked(serial: serial, processID: worker.processID), passing: worker.control)
            } catch {
                try channel.send(TemplateReport.forkFailed(serial: serial, sentence: error.description))
            }
        }
    }

    private mutating func load(
        _ settings: TemplateSettings, _ channel: borrowing ControlChannel
    ) throws(SystemError) {
        ProcessLife.setTitle("apus: template \(settings.name)@\(settings.version)")
        Priority.lower()
        defer { Priority.restore() }
        do throws(LoadFailure) {
            let loaded = try loadCopy(try copied(settings, channel))
            model = loaded.model
            try? channel.send(TemplateReport.loaded(loaded.description))
        } catch {
            let failure = error.naming(settings)
            try channel.send(
                TemplateReport.failed(
                    exitCode: failure.exitCode.rawValue, sentence: failure.sentence, mayPass: failure.mayPass))
            _exit(failure.exitCode.rawValue)
        }
    }
}

extension Template {
    /// - Throws: a failure that may pass when somebody deleted the copy meanwhile: nothing is known of the model then.
    private func loadCopy(
        _ settings: TemplateSettings
    ) throws(LoadFailure) -> (model: WorkerModel, description: ModelDescription) {
        do throws(LoadFailure) {
            return try ModelLoad.load(settings, yaml: yaml, log: log)
        } catch {
            var failure = error
            if !isWhole(settings) { failure.mayPass = true }
            throw failure
        }
    }
}

/// Who a worker is to be.
struct WorkerSeat {
    var serial: UInt32
    var slot: UInt32
    /// Where it listens.
    var socketPath: String
}

/// Why there is no new worker.
enum ForkError: Error, CustomStringConvertible {
    case notLoaded
    case threads(count: Int)
    case system(SystemError)

    var description: String {
        switch self {
        case .notLoaded: "a worker was asked for before a model was loaded"
        case .threads(let count): "the template has \(count) threads; it forks only while it has one"
        case .system(let error): "the worker could not be forked (\(error))"
        }
    }
}

// MARK: Fork

extension Template {
    /// - Returns: the worker, and the supervisor's end of its control socket, which the caller closes.
    private func fork(
        _ seat: WorkerSeat, _ channel: borrowing ControlChannel
    ) throws(ForkError) -> (processID: pid_t, control: Int32) {
        guard let model else { throw .notLoaded }
        do {
            let threadCount = try ProcessLife.threadCount()
            guard threadCount == 1 else { throw ForkError.threads(count: threadCount) }
            return try forkTwice(model, seat, channel)
        } catch let error as SystemError {
            throw .system(error)
        } catch let error as ForkError {
            throw error
        } catch {
            preconditionFailure("nothing else is thrown")
        }
    }

    /// Forks, and forks in the child, which ends: so the worker is an orphan, and the supervisor's child.
    private func forkTwice(
        _ model: WorkerModel, _ seat: WorkerSeat, _ channel: borrowing ControlChannel
    ) throws(SystemError) -> (processID: pid_t, control: Int32) {
        let (ours, theirs) = try Socket.pair()
        defer { close(theirs) }
        var pipe = try Pipe()
        let middle = apus_fork()
        if middle == 0 {
            // The worker is never seen under the template's name.
            ProcessLife.setTitle("apus: worker \(model.schema.name)@\(model.schema.version) #\(seat.slot)")
            let parent = getpid()
            let worker = apus_fork()
            if worker == 0 { start(model, seat, control: theirs, at: channel.socket.descriptor, parent) }
            var report = ControlWriter()
            report.write(worker)
            pipe.write(report.bytes)
            _exit(0)
        }
        let bytes = middle > 0 ? try pipe.readToEnd(nanoseconds: Limits.forkNanoseconds) : nil
        if middle > 0 { waitpid(middle, nil, 0) }
        var reader = ControlReader((bytes ?? [])[...])
        guard let worker: Int32 = try? reader.read(), worker > 0 else {
            close(ours)
            throw SystemError(call: "fork", code: EAGAIN)
        }
        return (worker, ours)
    }

    /// In the worker. It keeps standard error and its control socket, which takes the template's place.
    private func start(
        _ model: WorkerModel, _ seat: WorkerSeat, control: Int32, at place: Int32, _ middle: pid_t
    ) -> Never {
        dup2(control, place)
        _ = apus_close_from(place + 1)
        WorkerProcess.run(model, seat, control: place, supervisor: supervisor, middle: middle)
    }
}
