/**
 * The tables of an agent's journal. One file a node and agent; only that agent writes it. Everything here is either what
 * was taken in (requests, answers, the bus offset) or what is to be told (facts), so a lost power supply loses neither.
 */
export const journalSchema = `
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS offsets (
  topic TEXT NOT NULL, partition INTEGER NOT NULL, next TEXT NOT NULL,
  PRIMARY KEY (topic, partition)
) STRICT;
CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, expires TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS requests (
  id TEXT PRIMARY KEY,
  subject TEXT NOT NULL,
  type TEXT NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'begun', 'ended', 'dropped')),
  step TEXT NOT NULL DEFAULT '',
  attempt INTEGER NOT NULL DEFAULT 0,
  attempt_dir TEXT,
  capture_pid INTEGER,
  capture_ticks TEXT,
  notes TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX IF NOT EXISTS requests_open ON requests (state) WHERE state IN ('waiting', 'begun');
CREATE INDEX IF NOT EXISTS requests_subject ON requests (subject);
CREATE TABLE IF NOT EXISTS answers (
  id TEXT PRIMARY KEY, subject TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS answers_subject ON answers (subject);
CREATE TABLE IF NOT EXISTS facts (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  once TEXT UNIQUE,
  body TEXT NOT NULL,
  sent INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS facts_unsent ON facts (seq) WHERE sent = 0;
CREATE TABLE IF NOT EXISTS containers (
  id TEXT NOT NULL, root TEXT NOT NULL, run TEXT NOT NULL, status TEXT NOT NULL,
  PRIMARY KEY (root, id)
) STRICT;
CREATE TABLE IF NOT EXISTS owed_resumes (
  root TEXT NOT NULL, id TEXT NOT NULL, run TEXT NOT NULL,
  PRIMARY KEY (root, id, run)
) STRICT;
`;
