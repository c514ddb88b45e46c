import CutisCore
import CutisStorage
import Foundation
import Testing

/// The audit trail, idempotency keys, tombstones, model events and settings.
@Suite struct OperationRepositoryTests {
    @Test(arguments: DatabaseBackend.all)
    func theTrailGrowsAtItsEnd(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            try await database.write { transaction throws in
                let audit = AuditRepository(transaction)
                #expect(try audit.head() == audit.lockHead())
                #expect(try audit.head().sequence == 0)
                #expect(try audit.head().hash == String(repeating: "0", count: 64))
                var records: [AuditRecord] = []
                for index in 1...5 {
                    let record = Samples.audit(after: try audit.lockHead(), subject: index == 3 ? "this" : "that")
                    try audit.append(record)
                    records.append(record)
                }
                #expect(try audit.head().hash == "hash-5")
                #expect(try audit.chain(after: 0, limit: 3) == Array(records[..<3]))
                #expect(try audit.chain(after: 3, limit: 3) == Array(records[3...]))
                #expect(try audit.find(sequence: 2, clinicID: nil) == records[1])
                #expect(try audit.find(sequence: 6, clinicID: nil) == nil)
                #expect(try audit.list(clinicID: nil, limit: 2) == [records[4], records[3]])
                #expect(try audit.list(clinicID: nil, limit: 2, before: 4) == [records[2], records[1]])
                #expect(try audit.list(clinicID: nil, subject: "this", limit: 9) == [records[2]])
            }
            // An entry that does not follow the last one is refused, and leaves the head as it is.
            let heads = [(5, "hash-4"), (4, "hash-5"), (6, "hash-5")]
            for (sequence, hash) in heads {
                let found = await code {
                    try await database.write { transaction throws in
                        let last = try AuditRepository(transaction).head()
                        var record = Samples.audit(after: last)
                        record.sequence = Int64(sequence) + 1
                        record.previousHash = hash
                        try AuditRepository(transaction).append(record)
                    }
                }
                #expect(found == .conflict)
            }
            let head = try await database.read { try AuditRepository($0).head() }
            #expect(head.sequence == 5)
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func writersOfTheTrailWaitForEachOther(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        try await database.write { transaction throws in
                            let audit = AuditRepository(transaction)
                            try audit.append(Samples.audit(after: audit.lockHead()))
                        }
                    }
                }
                try await group.waitForAll()
            }
            let chain = try await database.read { try AuditRepository($0).chain(after: 0, limit: 100) }
            #expect(chain.map(\.sequence) == Array(1...40))
            #expect(zip(chain, chain.dropFirst()).allSatisfy { $0.hash == $1.previousHash })
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func aKeyIsTakenOnce(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            let sample = try await SampleClinic("north", in: database)
            let other = Samples.user(nil, role: .admin)
            let first = IdempotencyRecord(
                userID: sample.user.id, key: "k", requestHash: "h1", status: nil, body: nil, createdAt: 1000)
            var otherUser = first
            otherUser.userID = other.id
            let (second, answer) = (otherUser, Data([0, 1, 255]))
            try await database.write { transaction throws in
                try UserRepository(transaction).insert(other)
                let requests = IdempotencyRepository(transaction)
                #expect(try requests.begin(first) == nil)
                #expect(try requests.begin(second) == nil)
                var again = first
                again.requestHash = "h2"
                #expect(try requests.begin(again) == first)
                #expect(try requests.finish(userID: first.userID, key: "k", status: 200, body: answer))
                #expect(try !requests.finish(userID: first.userID, key: "other", status: 200, body: answer))
                let known = try requests.begin(again)
                #expect(known?.status == 200)
                #expect(known?.body == answer)
                #expect(known?.requestHash == "h1")
                #expect(try requests.deleteUnfinished() == 1)
                #expect(try requests.find(userID: second.userID, key: "k") == nil)
                try requests.delete(userID: first.userID, key: "k")
                #expect(try requests.begin(again) == nil)
                #expect(try requests.delete(olderThan: 1000) == 0)
                #expect(try requests.delete(olderThan: 1001) == 1)
                #expect(try requests.begin(first) == nil)
                #expect(try requests.begin(second) == nil)
                #expect(try requests.delete(since: 1001, clinicID: nil) == 0)
                #expect(try requests.delete(since: 1000, clinicID: sample.clinic.id) == 1)
                #expect(try requests.find(userID: second.userID, key: "k") == second)
                #expect(try requests.delete(since: 1000, clinicID: nil) == 1)
            }
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func oneOfManyRequestsTakesTheKey(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            let sample = try await SampleClinic("north", in: database)
            let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<40 {
                    group.addTask {
                        let record = IdempotencyRecord(
                            userID: sample.user.id, key: "k", requestHash: "\(index)", status: nil, body: nil,
                            createdAt: 1000)
                        return try await database.write { try IdempotencyRepository($0).begin(record) } == nil
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(winners == 1)
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func tombstones(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            let records = (1...3).map {
                TombstoneRecord(kind: "analysis", id: Identifier.make(), reason: "retention", deletedAt: Int64($0))
            }
            try await database.write { transaction throws in
                let tombstones = TombstoneRepository(transaction)
                for record in records { try tombstones.insert(record) }
                var again = records[0]
                again.reason = "request"
                again.deletedAt = 99
                try tombstones.insert(again)
                #expect(try tombstones.list(limit: 10) == records.reversed())
                let cursor = PageCursor(createdAt: records[1].deletedAt, id: records[1].id)
                #expect(try tombstones.list(limit: 10, before: cursor) == [records[0]])
                #expect(try tombstones.contains(kind: "analysis", id: records[0].id))
                #expect(try !tombstones.contains(kind: "patient", id: records[0].id))
            }
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func modelEvents(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            let events = [("loaded", 1), ("activated", 2), ("loaded", 3), ("activated", 4)].map { event, time in
                ModelEventRecord(
                    id: Identifier.make(), modelID: "m", modelVersion: "\(time)", modelHash: "h", event: event,
                    userID: "system", createdAt: Int64(time))
            }
            try await database.write { transaction throws in
                let history = ModelEventRepository(transaction)
                for event in events { try history.insert(event) }
                #expect(try history.list(limit: 10) == events.reversed())
                #expect(try history.last(event: "activated", at: 3) == events[1])
                #expect(try history.last(event: "activated", at: 4) == events[3])
                #expect(try history.last(event: "activated", at: 1) == nil)
            }
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func settings(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            try await database.write { transaction throws in
                let settings = SettingRepository(transaction)
                #expect(try settings.find("colour") == nil)
                try settings.set("colour", to: "dark")
                try settings.set("colour", to: "light")
                try settings.set("size", to: "")
                #expect(try settings.find("colour") == "light")
                #expect(try settings.list() == ["colour": "light", "size": ""])
                try settings.delete("colour")
                #expect(try settings.list() == ["size": ""])
            }
        }
    }
}
