import CutisCore

/// One dataset of an HDF5 file.
struct HDF5Dataset {
    let shape: [Int]
    let elementType: ElementType?
    /// Why the dataset cannot be read, where `elementType` is nil.
    let unsupported: String
    /// The numbers; empty where they cannot be read.
    let data: ByteRegion
}

/// All groups and datasets of an HDF5 file.
///
/// Cutis reads HDF5 with this bounded reader and not with libhdf5: the library (1.10.8, as Debian 12 has it) crashes
/// on 6 of 1,000 randomly damaged Keras files and hangs on 2, and weights come from strangers. It reads what Keras and
/// h5py write by default: superblock 0 or 1, version 1 object headers, symbol-table groups, contiguous or compact
/// datasets. Everything else (chunks and compression, links to other places or files, the structures of
/// `libver="latest"`) is named and refused. Source: the HDF5 File Format Specification, version 1.1.
struct HDF5Contents {
    private(set) var datasets: [String: HDF5Dataset] = [:]
    /// Text attributes by the path of their group or dataset; the root's path is empty.
    private(set) var attributes: [String: [String: String]] = [:]
    private var cursor: HDF5Cursor
    private var visited: Set<Int> = []

    init(_ file: ByteRegion) throws(FormatFault) {
        cursor = HDF5Cursor(file)
        try readObject(at: try HDF5Superblock(cursor).root, path: "", depth: 0)
    }

    private mutating func readObject(at address: Int, path: String, depth: Int) throws(FormatFault) {
        guard depth <= 32, path.utf8.count <= 4096 else { throw FormatFault("its groups are nested too deeply") }
        try cursor.spend(1 + path.utf8.count / 8)
        let header = try HDF5ObjectHeader(&cursor, at: address)
        guard header.first(.externalFiles) == nil else {
            throw FormatFault("\(quoted(path)) keeps its numbers in other files", code: .checkpointUnsafe)
        }
        guard header.first(.link) == nil, header.first(.linkInfo) == nil else { throw HDF5Superblock.newer }
        try readAttributes(header, path: path)
        if let table = header.first(.symbolTable) {
            guard visited.insert(address).inserted else {
                throw FormatFault("the group \(quoted(path)) is linked from two places", code: .checkpointUnsupported)
            }
            for member in try HDF5Group.members(table, &cursor) {
                let inner = path.isEmpty ? member.name : "\(path)/\(member.name)"
                try readObject(at: member.address, path: inner, depth: depth + 1)
            }
        } else if let layout = header.first(.layout) {
            datasets[path] = try dataset(header, layout, path: path)
        }
    }

    private mutating func readAttributes(_ header: HDF5ObjectHeader, path: String) throws(FormatFault) {
        for message in header.messages where message.kind == .attribute {
            let attribute = try HDF5Attribute(message.data, &cursor)
            if let text = attribute.text { attributes[path, default: [:]][attribute.name] = text }
        }
    }

    private func dataset(
        _ header: HDF5ObjectHeader, _ layout: ByteRegion, path: String
    ) throws(FormatFault) -> HDF5Dataset {
        guard let typeMessage = header.first(.datatype), let spaceMessage = header.first(.dataspace) else {
            throw FormatFault("the dataset \(quoted(path)) has no type or no shape")
        }
        let nothing = try cursor.slice(at: 0, count: 0)
        func refused(_ shape: [Int], _ reason: String) -> HDF5Dataset {
            HDF5Dataset(shape: shape, elementType: nil, unsupported: reason, data: nothing)
        }
        guard let shape = try HDF5Dataspace(spaceMessage).shape else { return refused([], "it has no elements") }
        guard header.first(.filters) == nil else { return refused(shape, "it is compressed") }
        let elementType: ElementType
        switch try HDF5Type(typeMessage) {
        case .element(let type): elementType = type
        case .twoBytes where attributes[path]?["dtype"] == "bfloat16": elementType = .bfloat16
        case .other(let name): return refused(shape, "its element type is not supported (\(name))")
        case .twoBytes, .fixedText, .variableText: return refused(shape, "it does not hold numbers")
        }
        guard let count = TensorDescription.elementCount(shape) else {
            throw FormatFault("the dataset \(quoted(path)) has an impossible shape")
        }
        let byteCount = count * elementType.byteWidth
        switch try HDF5Layout(layout, cursor) {
        case .bytes(let data):
            guard let data = data.slice(at: 0, count: byteCount) else {
                throw FormatFault(
                    "the dataset \(quoted(path)) of shape \(shape) needs \(byteCount) bytes and has \(data.count)")
            }
            return HDF5Dataset(shape: shape, elementType: elementType, unsupported: "", data: data)
        case .neverWritten where byteCount == 0:
            return HDF5Dataset(shape: shape, elementType: elementType, unsupported: "", data: nothing)
        case .neverWritten: return refused(shape, "its numbers were never written")
        case .other(let name): return refused(shape, "its storage is \(name)")
        }
    }
}
