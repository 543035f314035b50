-- Open results lie by time first: a commit is of one moment and many targets, and keyed by target each of its rows lay on a page of its own,
-- so that a thousand results a second wrote four megabytes of log a second.
CREATE TABLE results_by_time (
    slot        INTEGER NOT NULL,              -- checked_at / 5 s
    target_id   INTEGER NOT NULL,
    checked_at  INTEGER NOT NULL,
    flags       INTEGER NOT NULL,              -- outcome: bits 0-1, stage + 1: bits 2-5, trigger: bits 6-7, warned: bit 8
    latency_us  INTEGER NOT NULL,
    origin      INTEGER NOT NULL,
    message     TEXT NOT NULL,
    details     TEXT,                          -- JSON: warnings and notes, null without
    metrics     BLOB,
    PRIMARY KEY (slot, target_id, checked_at)
) WITHOUT ROWID;
INSERT INTO results_by_time
    SELECT checked_at / 5000000, target_id, checked_at, flags, latency_us, origin, message, details, metrics FROM probe_results;
DROP TABLE probe_results;
ALTER TABLE results_by_time RENAME TO probe_results;
