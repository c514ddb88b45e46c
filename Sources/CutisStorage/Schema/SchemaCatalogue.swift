/// The statements with which each database describes itself; both give the same columns.
struct SchemaCatalogue {
    /// `table_name`, `column_name`, `type`, `is_required`, `key_place` (from 1; 0 outside the primary key).
    let columns: String
    /// `table_name`, `name`, `column_name`, `target_table`, `target_column`; a key's columns stand in order.
    let foreignKeys: String
    /// `table_name`, `name`, `is_unique`, `is_constraint`, `column_name`, without primary keys.
    let indexes: String
    /// `table_name`, `name` of what refuses single rows.
    let triggers: String

    init(_ dialect: SQLDialect) {
        switch dialect {
        case .sqlite:
            columns = """
                SELECT m.name AS table_name, c.name AS column_name, c.type AS type, c."notnull" AS is_required,
                    c.pk AS key_place
                FROM sqlite_master m JOIN pragma_table_info(m.name) c
                WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid
                """
            foreignKeys = """
                SELECT m.name AS table_name, CAST(f.id AS TEXT) AS name, f."from" AS column_name,
                    f."table" AS target_table, f."to" AS target_column
                FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f
                WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq
                """
            indexes = """
                SELECT m.name AS table_name, l.name AS name, l."unique" AS is_unique,
                    CASE l.origin WHEN 'u' THEN 1 ELSE 0 END AS is_constraint, i.name AS column_name
                FROM sqlite_master m JOIN pragma_index_list(m.name) l JOIN pragma_index_info(l.name) i
                WHERE m.type = 'table' AND l.origin <> 'pk' ORDER BY m.name, l.name, i.seqno
                """
            triggers = "SELECT tbl_name AS table_name, name FROM sqlite_master WHERE type = 'trigger'"
        case .postgresql:
            columns = """
                SELECT CAST(t.relname AS TEXT) AS table_name, CAST(a.attname AS TEXT) AS column_name,
                    format_type(a.atttypid, a.atttypmod) AS type,
                    CAST(CASE WHEN a.attnotnull THEN 1 ELSE 0 END AS BIGINT) AS is_required,
                    CAST(COALESCE((
                        SELECT k.place FROM pg_index i CROSS JOIN LATERAL unnest(CAST(i.indkey AS int2[]))
                            WITH ORDINALITY AS k (attnum, place)
                        WHERE i.indrelid = t.oid AND i.indisprimary AND k.attnum = a.attnum
                    ), 0) AS BIGINT) AS key_place
                FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid
                WHERE t.relkind = 'r' AND t.relnamespace = CAST(CAST(current_schema() AS TEXT) AS regnamespace)
                    AND a.attnum > 0 AND NOT a.attisdropped
                ORDER BY 1, a.attnum
                """
            foreignKeys = """
                SELECT CAST(t.relname AS TEXT) AS table_name, CAST(c.conname AS TEXT) AS name,
                    CAST(a.attname AS TEXT) AS column_name, CAST(u.relname AS TEXT) AS target_table,
                    CAST(b.attname AS TEXT) AS target_column
                FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class u ON u.oid = c.confrelid
                    CROSS JOIN LATERAL unnest(c.conkey, c.confkey) WITH ORDINALITY AS k (mine, theirs, place)
                    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.mine
                    JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.theirs
                WHERE c.contype = 'f' AND t.relnamespace = CAST(CAST(current_schema() AS TEXT) AS regnamespace)
                ORDER BY 1, 2, k.place
                """
            indexes = """
                SELECT CAST(t.relname AS TEXT) AS table_name, CAST(n.relname AS TEXT) AS name,
                    CAST(CASE WHEN i.indisunique THEN 1 ELSE 0 END AS BIGINT) AS is_unique,
                    CAST(CASE WHEN EXISTS (
                        SELECT 1 FROM pg_constraint c WHERE c.conindid = n.oid AND c.contype = 'u'
                    ) THEN 1 ELSE 0 END AS BIGINT) AS is_constraint, CAST(a.attname AS TEXT) AS column_name
                FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class n ON n.oid = i.indexrelid
                    CROSS JOIN LATERAL unnest(CAST(i.indkey AS int2[])) WITH ORDINALITY AS k (attnum, place)
                    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
                WHERE NOT i.indisprimary AND i.indisvalid
                    AND t.relnamespace = CAST(CAST(current_schema() AS TEXT) AS regnamespace)
                ORDER BY 1, 2, k.place
                """
            triggers = """
                SELECT CAST(t.relname AS TEXT) AS table_name, CAST(g.tgname AS TEXT) AS name
                FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid
                WHERE NOT g.tgisinternal AND g.tgtype & 1 = 1 AND g.tgenabled <> 'D'
                    AND t.relnamespace = CAST(CAST(current_schema() AS TEXT) AS regnamespace)
                """
        }
    }
}
