import CutisCore
import CutisStorage
import Testing

/// Clinics, users, keys and sessions.
@Suite struct AccountRepositoryTests {
    @Test(arguments: DatabaseBackend.all)
    func clinics(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            let (north, south) = (Samples.clinic("north", at: 1), Samples.clinic("south", at: 2))
            try await database.write { transaction throws in
                try ClinicRepository(transaction).insert(north)
                try ClinicRepository(transaction).insert(south)
            }
            try await database.read { transaction throws in
                let clinics = ClinicRepository(transaction)
                #expect(try clinics.find(north.id, clinicID: nil) == north)
                #expect(try clinics.find(name: "south", clinicID: nil) == south)
                #expect(try clinics.find(name: "east", clinicID: nil) == nil)
                #expect(try clinics.list(clinicID: nil, limit: 10) == [south, north])
            }
            let sameName = Samples.clinic("north")
            await expect(.conflict) { try await database.write { try ClinicRepository($0).insert(sameName) } }
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func users(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            let isEmpty = try await database.read { try UserRepository($0).isEmpty() }
            #expect(isEmpty)
            let clinic = Samples.clinic("north")
            let users = Role.allCases.map { Samples.user(clinic.id, role: $0) } + [Samples.user(nil, role: .admin)]
            try await database.write { transaction throws in
                try ClinicRepository(transaction).insert(clinic)
                for user in users { try UserRepository(transaction).insert(user) }
            }
            let isFilled = try await database.read { try !UserRepository($0).isEmpty() }
            #expect(isFilled)
            for user in users {
                let found = try await database.read { try UserRepository($0).find(user.id, clinicID: nil) }
                #expect(found == user)
            }
            let listed = try await database.read { try UserRepository($0).list(clinicID: nil, limit: 100) }
            #expect(Set(listed) == Set(users))
            let disabled = try await database.write { transaction throws in
                let repository = UserRepository(transaction)
                #expect(try repository.setDisabled(users[0].id, clinicID: clinic.id, at: 77))
                #expect(try !repository.setDisabled("nobody", clinicID: nil, at: 77))
                return try repository.find(users[0].id, clinicID: nil)
            }
            #expect(disabled?.disabledAt == 77)
            _ = try await database.write { try UserRepository($0).setDisabled(users[0].id, clinicID: nil, at: nil) }
            let enabled = try await database.read { try UserRepository($0).find(users[0].id, clinicID: nil) }
            #expect(enabled == users[0])
            let stranger = Samples.user("no-such-clinic")
            await expect(.conflict) { try await database.write { try UserRepository($0).insert(stranger) } }
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func keys(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            let sample = try await SampleClinic("north", in: database)
            let second = Samples.key(sample.user.id, at: 2000)
            try await database.write { try APIKeyRepository($0).insert(second) }
            try await database.read { transaction throws in
                let keys = APIKeyRepository(transaction)
                #expect(try keys.authenticate(hash: second.hash) == second)
                #expect(try keys.authenticate(hash: "other") == nil)
                #expect(try keys.find(second.id, clinicID: nil) == second)
                #expect(try keys.list(clinicID: nil, limit: 10) == [second, sample.key])
                #expect(try keys.list(clinicID: nil, userID: sample.user.id, limit: 1) == [second])
                #expect(try keys.list(clinicID: nil, userID: "nobody", limit: 10) == [])
            }
            let revoked = try await database.write { transaction throws in
                let keys = APIKeyRepository(transaction)
                try keys.touch(second.id, at: 3000)
                #expect(try keys.revoke(second.id, clinicID: sample.clinic.id, at: 4000))
                #expect(try keys.revoke(second.id, clinicID: nil, at: 5000))
                #expect(try !keys.revoke("nothing", clinicID: nil, at: 5000))
                return try keys.find(second.id, clinicID: nil)
            }
            #expect(revoked?.lastUsedAt == 3000)
            #expect(revoked?.revokedAt == 4000)
            var sameHash = Samples.key(sample.user.id)
            sameHash.hash = second.hash
            let clash = sameHash
            await expect(.conflict) { try await database.write { try APIKeyRepository($0).insert(clash) } }
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func sessions(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            let sample = try await SampleClinic("north", in: database)
            let sessions = (1...5).map { Samples.session(sample.key, expires: Int64($0) * 1000) }
            try await database.write { transaction throws in
                let repository = SessionRepository(transaction)
                for session in sessions { try repository.insert(session) }
                #expect(try repository.authenticate(hash: sessions[1].hash, at: 1999) == sessions[1])
                #expect(try repository.authenticate(hash: sessions[1].hash, at: 2000) == nil)
                #expect(try repository.authenticate(hash: "other", at: 0) == nil)
                #expect(try repository.deleteExpired(at: 2000) == 2)
                try repository.delete(hash: sessions[2].hash)
                #expect(try repository.authenticate(hash: sessions[2].hash, at: 0) == nil)
                #expect(try repository.authenticate(hash: sessions[3].hash, at: 0) == sessions[3])
                try repository.delete(userID: "nobody")
                try repository.delete(keyID: "nothing")
                #expect(try repository.authenticate(hash: sessions[3].hash, at: 0) == sessions[3])
                try repository.delete(userID: sample.user.id)
                #expect(try repository.authenticate(hash: sessions[3].hash, at: 0) == nil)
                try repository.insert(sessions[4])
                try repository.delete(keyID: sample.key.id)
                #expect(try repository.authenticate(hash: sessions[4].hash, at: 0) == nil)
            }
        }
    }
}
