-- Times are microseconds since 1970 UTC, latencies microseconds. Ids are never used again (AUTOINCREMENT). Truths are 0 or 1.

-- Who has run on this store. A row is never renewed once it is dead.
CREATE TABLE silos (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL,
    address     TEXT NOT NULL,
    zone        TEXT NOT NULL,
    started_at  INTEGER NOT NULL,
    beat        INTEGER NOT NULL DEFAULT 0,
    stopping    INTEGER NOT NULL DEFAULT 0,
    dead        INTEGER NOT NULL DEFAULT 0
);

-- The right to write: every claim raises the epoch, every edit of a target raises its shard's version.
CREATE TABLE shards (
    shard       INTEGER PRIMARY KEY,
    owner       INTEGER NOT NULL DEFAULT 0,
    epoch       INTEGER NOT NULL DEFAULT 0,
    version     INTEGER NOT NULL DEFAULT 0,
    wanted_by   INTEGER
);
WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 255)
INSERT INTO shards (shard) SELECT n FROM numbers;

CREATE TABLE notify_channels (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    revision          INTEGER NOT NULL,
    name              TEXT NOT NULL,
    type              TEXT NOT NULL,
    webhook_url       TEXT NOT NULL,           -- as it may be shown
    webhook_secret    BLOB NOT NULL,           -- the whole URL, encrypted
    enabled           INTEGER NOT NULL,
    is_default        INTEGER NOT NULL,
    mention_all       INTEGER NOT NULL,
    mentioned_mobiles TEXT NOT NULL,           -- JSON array
    template_firing   TEXT,
    template_resolved TEXT,
    language          TEXT,
    project_id        INTEGER,
    managed_by        TEXT,
    external_id       TEXT,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    created_by        TEXT NOT NULL,
    updated_by        TEXT NOT NULL
);

CREATE TABLE probe_targets (
    id                     INTEGER PRIMARY KEY AUTOINCREMENT,
    shard                  INTEGER NOT NULL,
    revision               INTEGER NOT NULL,
    name                   TEXT NOT NULL,
    name_folded            TEXT NOT NULL,      -- for searching and sorting in any case
    type                   TEXT NOT NULL,
    config                 TEXT NOT NULL,      -- JSON, secrets masked
    config_secret          BLOB,               -- the whole config, encrypted; null where nothing is masked
    endpoint               TEXT NOT NULL,
    interval_seconds       INTEGER NOT NULL,
    timeout_seconds        INTEGER NOT NULL,
    failure_threshold      INTEGER NOT NULL,
    recovery_threshold     INTEGER NOT NULL,
    retry_interval_seconds INTEGER,
    notify_degraded        INTEGER NOT NULL,
    enabled                INTEGER NOT NULL,
    group_name             TEXT,
    labels                 TEXT NOT NULL,      -- JSON object
    external_id            TEXT,
    location               TEXT NOT NULL,
    project_id             INTEGER,
    managed_by             TEXT,
    created_at             INTEGER NOT NULL,
    updated_at             INTEGER NOT NULL,
    created_by             TEXT NOT NULL,
    updated_by             TEXT NOT NULL,
    deleted_at             INTEGER             -- a tombstone: its owner has yet to resolve what is open
);
CREATE UNIQUE INDEX probe_targets_external ON probe_targets (external_id) WHERE external_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX probe_targets_name ON probe_targets (name_folded, id) WHERE deleted_at IS NULL;

CREATE TABLE target_channels (
    target_id   INTEGER NOT NULL REFERENCES probe_targets (id) ON DELETE CASCADE,
    channel_id  INTEGER NOT NULL REFERENCES notify_channels (id),
    position    INTEGER NOT NULL,
    PRIMARY KEY (target_id, channel_id)
) WITHOUT ROWID;
CREATE INDEX target_channels_channel ON target_channels (channel_id);

-- What is remembered of a target's health; version is for compare-and-set.
CREATE TABLE target_states (
    target_id    INTEGER NOT NULL,
    location     TEXT NOT NULL,
    version      INTEGER NOT NULL,
    state        TEXT NOT NULL,                -- JSON with a format version
    status       TEXT NOT NULL,
    status_since INTEGER NOT NULL,
    memory       BLOB,
    PRIMARY KEY (target_id, location)
) WITHOUT ROWID;

CREATE TABLE alert_records (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    target_id       INTEGER NOT NULL,          -- outlives the target
    episode         INTEGER NOT NULL,
    target_name     TEXT NOT NULL,
    target_type     TEXT NOT NULL,
    endpoint        TEXT NOT NULL,
    group_name      TEXT,
    severity        TEXT NOT NULL,
    message         TEXT NOT NULL,
    started_at      INTEGER NOT NULL,
    fired_at        INTEGER NOT NULL,
    resolved_at     INTEGER,
    resolved_reason TEXT,
    into_degraded   INTEGER NOT NULL,
    failure_count   INTEGER NOT NULL,
    told_as         INTEGER,
    UNIQUE (target_id, episode)
);
CREATE INDEX alert_records_fired ON alert_records (fired_at, id);
CREATE INDEX alert_records_open ON alert_records (fired_at, id) WHERE resolved_at IS NULL;
CREATE INDEX alert_records_target ON alert_records (target_id, fired_at, id);

CREATE TABLE deliveries (
    target_id   INTEGER NOT NULL,
    episode     INTEGER NOT NULL,
    kind        INTEGER NOT NULL,              -- 0 firing, 1 resolved
    channel_id  INTEGER NOT NULL,
    status      TEXT NOT NULL,
    reason      TEXT,
    attempts    INTEGER NOT NULL,
    last_error  TEXT,
    message_id  TEXT,
    created_at  INTEGER NOT NULL,
    sent_at     INTEGER,
    PRIMARY KEY (target_id, episode, kind, channel_id)
) WITHOUT ROWID;
CREATE INDEX deliveries_open ON deliveries (created_at) WHERE status IN ('pending', 'sending');

-- The last POSTs of each robot (the HMAC of its URL): what its budget is counted from.
CREATE TABLE sends (
    message_id  TEXT PRIMARY KEY,
    robot       TEXT NOT NULL,
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER
) WITHOUT ROWID;
CREATE INDEX sends_started ON sends (started_at);

-- Results of the last minutes, one row each. Once their ten minutes are over they move, packed, into result_blocks.
CREATE TABLE probe_results (
    target_id   INTEGER NOT NULL,
    checked_at  INTEGER NOT NULL,
    flags       INTEGER NOT NULL,              -- outcome: bits 0-1, stage + 1: bits 2-5, trigger: bits 6-7, warned: bit 8
    latency_us  INTEGER NOT NULL,
    origin      INTEGER NOT NULL,
    message     TEXT NOT NULL,
    details     TEXT,                          -- JSON: warnings and notes, null without
    metrics     BLOB,
    PRIMARY KEY (target_id, checked_at)
) WITHOUT ROWID;

-- id = target_id * 4194304 + (start of the ten minutes / 600 s): the blocks of a target lie together, in time order, without a second index.
CREATE TABLE result_blocks (
    id          INTEGER PRIMARY KEY,
    data        BLOB NOT NULL
);

-- Which silo and zone made a result.
CREATE TABLE origins (
    id          INTEGER PRIMARY KEY,
    silo        TEXT NOT NULL,
    zone        TEXT NOT NULL,
    UNIQUE (silo, zone)
);

-- What is left of an hour (hours since 1970) when its results are gone; counts only what has moved into blocks.
CREATE TABLE rollups (
    target_id   INTEGER NOT NULL,
    hour        INTEGER NOT NULL,
    checks      INTEGER NOT NULL,
    failures    INTEGER NOT NULL,
    warnings    INTEGER NOT NULL,
    timed       INTEGER NOT NULL,
    sum_us      INTEGER NOT NULL,
    max_us      INTEGER NOT NULL,
    sketch      BLOB NOT NULL,
    observed    BLOB NOT NULL,
    PRIMARY KEY (target_id, hour)
) WITHOUT ROWID;

CREATE TABLE tokens (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT NOT NULL,
    role         TEXT NOT NULL,
    hash         TEXT NOT NULL UNIQUE,
    expires_at   INTEGER,
    created_at   INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    last_used_at INTEGER
);

CREATE TABLE idempotency_keys (
    token       TEXT NOT NULL,
    key         TEXT NOT NULL,
    body_hash   TEXT NOT NULL,
    kind        TEXT NOT NULL,
    made        INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (token, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_keys_at ON idempotency_keys (at);

-- One row that is rewritten to see whether the store takes writes.
CREATE TABLE write_trials (
    id          INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL
);

-- What is made once with the store and stays: sealed by the key ring.
CREATE TABLE installation (
    name   TEXT PRIMARY KEY,
    value  BLOB NOT NULL
) WITHOUT ROWID;
