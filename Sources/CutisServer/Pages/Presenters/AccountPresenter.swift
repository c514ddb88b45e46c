import CutisService
import CutisStorage

/// Users and keys as the administrators' page shows them.
struct AccountPresenter {
    let principal: Principal
    let messages: MessageCatalogue

    func user(_ record: UserRecord, keys: [APIKeyRecord], clinics: [ClinicRecord]) -> AdminView.User {
        let clinic = record.clinicID.map { id in clinics.first { $0.id == id }?.title ?? id }
        let isOwn = record.id == principal.userID
        return AdminView.User(
            id: record.id, name: record.name, role: messages.choice("roles", record.role.rawValue),
            clinic: clinic ?? messages.text("admin.no_clinic"), disabled: record.disabledAt != nil,
            keys: keys.map { key($0, of: record) },
            keyLabel: messages.text("admin.new_key_label", ["name": record.name]),
            disableLabel: messages.text("admin.disable_label", ["name": record.name]),
            mayAddKey: principal.may(.accountsManage) && record.disabledAt == nil,
            mayDisable: principal.may(.accountsManage) && record.disabledAt == nil && !isOwn)
    }

    private func key(_ record: APIKeyRecord, of user: UserRecord) -> AdminView.Key {
        let used = record.lastUsedAt.map { messages.text("admin.used", ["date": TimeText($0).date]) }
        return AdminView.Key(
            id: record.id, prefix: record.prefix, used: used ?? messages.text("admin.never_used"),
            revoked: record.revokedAt != nil,
            // The key of this very session: revoking it would lock its owner out.
            mayRevoke: principal.may(.accountsManage) && record.revokedAt == nil && record.id != principal.keyID,
            revokeLabel: messages.text("admin.revoke_label", ["prefix": record.prefix, "name": user.name]))
    }
}
