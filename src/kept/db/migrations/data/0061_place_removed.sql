-- A place taken off the list: its runs and drills still name it. Microseconds; null while listed.
alter table backup_place add column removed_at bigint
