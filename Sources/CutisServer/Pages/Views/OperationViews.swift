/// What engineers watch.
struct EngineerView {
    /// One figure.
    struct Tile {
        let name: String
        let value: String
        let unit: String
        let note: String?
        /// `bad` where it calls for somebody.
        let style: String
    }

    /// One model that is loaded.
    struct Model {
        let id: String
        let version: String
        let task: String
        let state: String
        let style: String
        let answered: String
        let memory: String
        let hash: String
    }

    let since: String
    let tiles: [Tile]
    let charts: [ChartView]
    let models: [Model]
}

/// Users, keys and clinics.
struct AdminView {
    /// A key that was just made, shown once.
    struct NewKeyView {
        let title: String
        let text: String
    }

    /// A key of a user.
    struct Key {
        let id: String
        let prefix: String
        let used: String
        let revoked: Bool
        let mayRevoke: Bool
        let revokeLabel: String
    }

    /// A user with the keys.
    struct User {
        let id: String
        let name: String
        let role: String
        let clinic: String
        let disabled: Bool
        let keys: [Key]
        let keyLabel: String
        let disableLabel: String
        let mayAddKey: Bool
        let mayDisable: Bool
    }

    /// A clinic.
    struct Clinic {
        let name: String
        let title: String
        let time: TimeText
    }

    let newKey: NewKeyView?
    let users: [User]
    let roles: [Choice]
    let clinics: [Choice]
    let clinicRows: [Clinic]
    /// Whether this reader may change anything.
    let mayManage: Bool
    /// Whether this reader may add clinics.
    let mayAddClinic: Bool
}

/// The audit trail.
struct AuditView {
    /// What a verification found.
    struct Result {
        let text: String
        let detail: String
        /// `bad` where the chain is broken.
        let style: String
    }

    /// One entry.
    struct Entry {
        let number: String
        let time: TimeText
        let actor: String
        let action: String
        let subject: String
        let outcome: String
    }

    let result: Result?
    let entries: [Entry]
    /// Whether this reader may see the whole trail.
    let mayVerify: Bool
}

/// The codes of problems.
struct ErrorCodesView {
    let entries: [ErrorCodeView]
}

/// One code.
struct ErrorCodeView {
    let code: String
    let status: Int
    let text: String
}
