-- min-program: 1
-- A program that does not know the column lists such a record as one more outage.
SET LOCAL lock_timeout = '2s';
ALTER TABLE alert_records ADD COLUMN same_as integer;   -- the episode whose record stands for this one: both were told of one outage
CREATE INDEX alert_records_same ON alert_records (target_id, same_as) WHERE same_as IS NOT NULL;
SET LOCAL lock_timeout = 0;
