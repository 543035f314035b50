-- min-program: 1
-- A program that does not know the column raises the shard's version and leaves it as it is: whoever finds no target that bears a version compares the whole shard.
SET LOCAL lock_timeout = '2s';
ALTER TABLE probe_targets ADD COLUMN edited bigint NOT NULL DEFAULT 0;   -- which version its last edit gave its shard
CREATE INDEX probe_targets_edited ON probe_targets (shard, edited);
SET LOCAL lock_timeout = 0;
