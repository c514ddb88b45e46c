/// Settings of the installation that outlive a restart, as texts by name.
public struct SettingRepository {
    private let transaction: any Transaction

    /// Works on a transaction.
    public init(_ transaction: any Transaction) {
        self.transaction = transaction
    }

    /// A setting's value.
    public func find(_ name: String) throws -> String? {
        try transaction.query("SELECT value FROM setting WHERE name = ?", [.text(name)]).first?.text("value")
    }

    /// Sets or replaces a value.
    public func set(_ name: String, to value: String) throws {
        try transaction.execute(
            "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [.text(name), .text(value)])
    }

    /// Removes a setting.
    public func delete(_ name: String) throws {
        try transaction.execute("DELETE FROM setting WHERE name = ?", [.text(name)])
    }

    /// All settings by name.
    public func list() throws -> [String: String] {
        let rows = try transaction.query("SELECT name, value FROM setting", [])
        return Dictionary(uniqueKeysWithValues: try rows.map { (try $0.text("name"), try $0.text("value")) })
    }
}
