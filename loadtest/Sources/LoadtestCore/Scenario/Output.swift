extension Report {
    /// Writes the files that were asked for, and the table. `-` as the JSON file is standard output, then
    /// without the table.
    package func write(_ options: Options) throws(UsageError) {
        if let file = options.histogramFile, let run = entries.first?.measurement {
            try TextFile.write(HistogramLog.text(run), to: file)
        }
        if let file = options.csvFile { try TextFile.write(csv(), to: file) }
        if let file = options.htmlFile { try TextFile.write(html(), to: file) }
        let text = json().pretty() + "\n"
        if options.jsonFile == "-" {
            TextFile.put(text, on: 1)
            return
        }
        if let file = options.jsonFile { try TextFile.write(text, to: file) }
        TextFile.put(table(), on: 1)
    }
}
