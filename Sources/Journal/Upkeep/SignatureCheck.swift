import Market

/// What a recording's signature says, held against the recording.
enum SignatureCheck {
    /// - Parameter key: whose signature is asked for; `nil` takes the one that the signature names.
    /// - Returns: everything that does not hold; empty for an unsigned recording where no key is asked for.
    static func findings(_ recording: Recording, key: PublicKey?) -> [JournalError] {
        let place = recording.path + "/" + (recording.manifest.segments.last?.name ?? "")
        func finding(_ text: String, _ sequence: SequenceNumber? = nil) -> JournalError {
            JournalError(.damaged(text), file: place, sequence: sequence)
        }
        guard let signature = recording.manifest.signature else {
            return key == nil ? [] : [finding("the recording is not signed")]
        }
        var findings: [JournalError] = []
        if let key, key != signature.key {
            findings.append(finding("signed by key \(signature.key), not by the one given"))
        }
        guard signature.isGenuine, let statement = Statement(signature.statement) else {
            return findings + [finding("the signature is not that of key \(signature.key)")]
        }
        let said = Statement(recording.manifest)
        if statement.id != said.id || statement.last != said.last {
            findings.append(
                finding("the signature is that of another recording, `\(statement.id)`")
            )
        }
        // Pruning takes whole segments off the front: what is left must be the end of what was signed.
        for (signed, there) in zip(statement.segments.reversed(), said.segments.reversed())
        where signed != there {
            findings.append(
                finding("the segment is not the one that was signed", there.first)
            )
        }
        if said.segments.count > statement.segments.count {
            findings.append(finding("there are segments that were not signed"))
        }
        return findings
    }
}
