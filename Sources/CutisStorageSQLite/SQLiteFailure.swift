import CutisCore
import GRDB

/// What SQLite's result codes mean to people.
enum SQLiteFailure {
    /// The error for people; anything that is not SQLite's passes as it is.
    static func translated(_ error: any Error, path: String) -> any Error {
        if error is CancellationError {
            return CutisError(.cancelled, "Reading the database was cancelled.", remedy: "Send the request again.")
        }
        guard let failure = error as? DatabaseError else { return error }
        return self.error(failure, path: path)
    }

    private static func error(_ failure: DatabaseError, path: String) -> CutisError {
        let reason = failure.message ?? failure.resultCode.description
        switch failure.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return corrupt(path, reason)
        case .SQLITE_FULL:
            return noSpace(path, reason)
        case .SQLITE_IOERR where spaceCodes.contains(failure.extendedResultCode):
            return noSpace(path, reason)
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return CutisError(
                .storageUnavailable, "The database \(path) is locked by another process (\(reason)).",
                remedy: "Stop the other process that writes to it (another `cutis serve`, a backup tool); try again.")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN, .SQLITE_AUTH:
            return CutisError(
                .storageUnavailable, "The database \(path) cannot be opened or written (\(reason)).",
                remedy: "Check that the file and its folder belong to the user that runs Cutis and are writable.")
        case .SQLITE_IOERR, .SQLITE_PROTOCOL, .SQLITE_NOLFS:
            return CutisError(
                .storageUnavailable, "The disk of the database \(path) fails (\(reason)).",
                remedy: "Check the disk and the system's log; restore a backup with `cutis restore` if it is damaged.")
        case .SQLITE_NOMEM:
            return CutisError(
                .outOfMemory, "The memory for the database \(path) is used up.",
                remedy: "Give the service more memory.")
        case .SQLITE_CONSTRAINT where conflicts.contains(failure.extendedResultCode):
            return CutisError(
                .conflict, "What is stored already rules this out (\(reason)).",
                remedy: "Read the current state and decide again.")
        case .SQLITE_INTERRUPT, .SQLITE_ABORT:
            return CutisError(
                .cancelled, "Work on the database was cancelled (\(reason)).", remedy: "Send the request again.")
        case .SQLITE_ERROR where reason.hasPrefix("no such"):
            return CutisError(
                .schemaMismatch, "The database \(path) lacks a part of this version's schema (\(reason)).",
                remedy: "Start `cutis serve`, which migrates it, or restore a backup of this version.")
        default:
            return CutisError(
                .internalFailure, "The database refused a statement (\(failure.extendedResultCode): \(reason)).",
                remedy: "Report it with the steps that led to it; nothing of the transaction was kept.")
        }
    }

    static func corrupt(_ path: String, _ reason: String) -> CutisError {
        CutisError(
            .storageCorrupt, "The database \(path) is damaged (\(reason)).",
            remedy: "Stop the service, keep a copy of the file, check the disk, and restore the newest backup with "
                + "`cutis restore`.")
    }

    private static func noSpace(_ path: String, _ reason: String) -> CutisError {
        CutisError(
            .noSpaceLeft, "No space left for the database \(path) (\(reason)).",
            remedy: "Free some space on its disk; what was acknowledged before is safe, this was not kept.")
    }

    /// A limit on the size of files and quotas show as failures of writing or growing a file.
    private static let spaceCodes: [ResultCode] = [.SQLITE_IOERR_WRITE, .SQLITE_IOERR_SHMSIZE, .SQLITE_IOERR_TRUNCATE]

    private static let conflicts: [ResultCode] = [
        .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_ROWID,
        .SQLITE_CONSTRAINT_FOREIGNKEY, .SQLITE_CONSTRAINT_TRIGGER,
    ]
}
