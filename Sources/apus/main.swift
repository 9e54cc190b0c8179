/// `apus COMMAND …`, or one of the server's own processes, which the supervisor starts with the same program.
/// Those come first: they must be up before a reader of command lines would be.
ChildProcess.runIfAsked()
Apus.run()
