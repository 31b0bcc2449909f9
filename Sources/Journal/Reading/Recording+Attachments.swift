/// Texts beside the records that are no part of the format itself.
extension Recording {
    /// Something that was put beside the records; see ``Bundler/Note``.
    public struct Attachment: Hashable, Sendable {
        public var name: String
        public var mediaType: String
        /// How long it is.
        public var bytes: UInt64
        let position: Int
        let offset: UInt64
    }

    /// All of them, in the order of the files.
    ///
    /// A file without a whole end names none; nor does one that does not read, which whoever reads its records is told of.
    public func attachments() -> [Attachment] {
        layout.names.indices.flatMap { position -> [Attachment] in
            guard let summary = (try? segment(position))?.summary else { return [] }
            return summary.attachments.filter { !Recording.ownAttachments.contains($0.name) }.map {
                Attachment(
                    name: $0.name,
                    mediaType: $0.mediaType,
                    bytes: $0.dataSize,
                    position: position,
                    offset: $0.offset
                )
            }
        }
    }

    /// What it holds.
    ///
    /// - Throws: `damaged` where it fails its checksum or is no longer there.
    public func contents(of attachment: Attachment) throws(JournalError) -> [UInt8] {
        try segment(attachment.position).attachment(attachment.name, at: attachment.offset).data
    }

    private func segment(_ position: Int) throws(JournalError) -> SegmentFile {
        try SegmentFile(
            layout.names[position],
            in: layout.directory,
            presumes: layout.isOurs
        )
    }

    private static let ownAttachments = [
        SegmentHead.streamsName, SegmentHead.checkpointName, SegmentIndex.name,
    ]
}
