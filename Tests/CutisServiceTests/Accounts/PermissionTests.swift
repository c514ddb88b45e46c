import CutisCore
import CutisService
import CutisStorage
import Testing

@Suite struct PermissionTests {
    /// The table once more, as docs/api.md has it: a change of the code shows here.
    private static let table: [Action: Set<Role>] = [
        .analysisCreate: [.clinician, .device, .admin],
        .analysisRead: [.clinician, .reviewer, .device, .admin],
        .analysisSign: [.clinician, .reviewer],
        .patientRead: [.clinician, .reviewer, .admin],
        .inferenceRun: [.clinician, .reviewer, .engineer, .device, .admin],
        .feedbackAdd: [.clinician, .reviewer, .admin],
        .feedbackRead: [.clinician, .reviewer, .admin],
        .feedbackExport: [.reviewer, .admin],
        .reviewRead: [.reviewer, .admin],
        .reviewResolve: [.reviewer],
        .auditRead: [.auditor, .admin],
        .accountsRead: [.auditor, .admin],
        .accountsManage: [.admin],
        .modelsRead: Set(Role.allCases),
        .modelsManage: [.engineer, .admin],
        .metricsRead: [.engineer, .auditor, .admin],
        .dataDelete: [.admin],
    ]

    @Test(arguments: Action.allCases) func eachActionHasItsRoles(_ action: Action) {
        for role in Role.allCases {
            #expect(Permissions.allows(role, action) == Self.table[action]?.contains(role), "\(role) \(action)")
        }
    }

    @Test func aClinicianWithoutAClinicMayDoNothing() {
        let nobody = Principal(userID: "u", name: "n", role: .clinician, clinicID: nil)
        #expect(throws: CutisError.self) { try nobody.require(.analysisRead) }
        let somebody = Principal(userID: "u", name: "n", role: .clinician, clinicID: "c")
        #expect(throws: Never.self) { try somebody.require(.analysisRead) }
    }

    @Test func administratorsOfAClinicStayWithinIt() async throws {
        let clinic = try await Clinic()
        let accounts = clinic.accounts
        let admin = clinic.user(.admin, "south")
        let stranger = clinic.user(.clinician).userID
        let key = try await accounts.createKey(userID: stranger, by: clinic.admin)
        #expect(await code { try await accounts.createClinic(name: "east", title: "E", by: admin) } == .forbidden)
        #expect(
            await code { try await accounts.createUser(name: "x", role: .admin, clinic: nil, by: admin) } == .forbidden)
        #expect(
            await code { try await accounts.createUser(name: "x", role: .clinician, clinic: "north", by: admin) }
                == .notFound)
        #expect(await code { try await accounts.createKey(userID: stranger, by: admin) } == .notFound)
        #expect(await code { try await accounts.createKey(userID: clinic.admin.userID, by: admin) } == .notFound)
        #expect(await code { try await accounts.keys(userID: stranger, by: admin) } == .notFound)
        #expect(await code { try await accounts.revokeKey(key.record.id, by: admin) } == .notFound)
        #expect(await code { try await accounts.setDisabled(true, user: stranger, by: admin) } == .notFound)
        #expect(try await accounts.clinics(by: admin).map(\.name) == ["south"])
        #expect(try await accounts.users(by: admin).allSatisfy { $0.clinicID == admin.clinicID })
        #expect(try await accounts.keys(by: admin).isEmpty)
        #expect(try await accounts.keys(by: clinic.admin).allSatisfy { $0.hash.isEmpty })
        let own = try await accounts.createUser(name: "own", role: .device, clinic: "south", by: admin)
        #expect(own.clinicID == admin.clinicID)
    }

    @Test func othersManageNoAccounts() async throws {
        let clinic = try await Clinic()
        let accounts = clinic.accounts
        for role in Role.allCases where role != .admin {
            let user = clinic.user(role)
            #expect(await code { try await accounts.createClinic(name: "e", title: "E", by: user) } == .forbidden)
            #expect(
                await code { try await accounts.createUser(name: "x", role: .device, clinic: "north", by: user) }
                    == .forbidden)
            #expect(await code { try await accounts.createKey(userID: user.userID, by: user) } == .forbidden)
            #expect(await code { try await accounts.revokeKey(user.userID, by: user) } == .forbidden)
            #expect(await code { try await accounts.setDisabled(true, user: "x", by: user) } == .forbidden)
            let seen: ErrorCode? = role == .auditor ? nil : .forbidden
            #expect(await code { try await accounts.users(by: user) } == seen)
            #expect(await code { try await accounts.keys(by: user) } == seen)
            #expect(await code { try await accounts.clinics(by: user) } == seen)
        }
    }

    @Test(arguments: ["", "North", "a b", "ä", String(repeating: "a", count: 64), "a/b"])
    func clinicsHavePlainNames(_ name: String) async throws {
        let clinic = try await Clinic()
        #expect(
            await code { try await clinic.accounts.createClinic(name: name, title: "T", by: clinic.admin) }
                == .requestInvalid)
        #expect(
            await code { try await clinic.accounts.createClinic(name: "north", title: "T", by: clinic.admin) }
                == .conflict)
    }
}
