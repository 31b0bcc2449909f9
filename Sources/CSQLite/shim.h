#pragma once
#include <sqlite3.h>

// sqlite3_db_config is variadic, which Swift cannot call: refuses SQL that could corrupt the file.
static inline int tapedeck_sqlite_defensive(sqlite3 *database) {
    return sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
}

// Likewise: SQLite counts no memory, which costs a lock and a look-up at each allocation; before its first use.
static inline int tapedeck_sqlite_count_no_memory(void) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

// A function pointer made of an integer: the bound bytes are copied before the call returns.
static inline int tapedeck_sqlite_bind_text(
    sqlite3_stmt *statement, int index, const unsigned char *text, int count
) {
    return sqlite3_bind_text(statement, index, (const char *)text, count, SQLITE_TRANSIENT);
}

static inline int tapedeck_sqlite_bind_blob(
    sqlite3_stmt *statement, int index, const void *bytes, int count
) {
    return sqlite3_bind_blob(statement, index, bytes, count, SQLITE_TRANSIENT);
}
