-- What auditors ask by. Everything here is derived from the events and built anew by `stasis ledger rebuild`.

-- One row an event: the words it is found by. Text compares bytewise, whatever the database's locale.
CREATE TABLE "event_facets" (
    "ledger" TEXT COLLATE "C" NOT NULL,
    "position" BIGINT NOT NULL,
    "occurred" TIMESTAMPTZ(6) NOT NULL,
    "recorded" TIMESTAMPTZ(6) NOT NULL,
    "terms" TEXT[] COLLATE "C" NOT NULL,

    CONSTRAINT "event_facets_pkey" PRIMARY KEY ("ledger","position")
);
CREATE INDEX "event_facets_terms_idx" ON "event_facets" USING GIN ("terms");
-- Each read looks through what waits to be merged into the index, so little may wait.
ALTER INDEX "event_facets_terms_idx" SET (gin_pending_list_limit = 256);
-- A tenth of a grown ledger is too much to wait for: keep what the planner knows, and the index's waiting list, fresh.
ALTER TABLE "event_facets" SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- The times that 4096 positions in a row span: a time range becomes a few ranges of positions.
CREATE TABLE "event_spans" (
    "ledger" TEXT COLLATE "C" NOT NULL,
    "bucket" BIGINT NOT NULL,
    "occurred_min" TIMESTAMPTZ(6) NOT NULL,
    "occurred_max" TIMESTAMPTZ(6) NOT NULL,
    "recorded_min" TIMESTAMPTZ(6) NOT NULL,
    "recorded_max" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "event_spans_pkey" PRIMARY KEY ("ledger","bucket")
);

-- What a container was from an instant on, as far as was known from a position on. Of two rows for one instant the one
-- known later counts; nothing is ever changed, so every past answer can be given again.
CREATE TABLE "container_history" (
    "ledger" TEXT COLLATE "C" NOT NULL,
    "container" TEXT COLLATE "C" NOT NULL,
    "valid_from" TIMESTAMPTZ(6) NOT NULL,
    "from_position" BIGINT NOT NULL,
    "status" TEXT NOT NULL,
    "generation" INTEGER NOT NULL,
    "run" TEXT,

    CONSTRAINT "container_history_pkey" PRIMARY KEY ("ledger","container","valid_from","from_position") INCLUDE ("status")
);

-- When a checkpoint could be restored from: since it was ready, until it expired or was deleted.
CREATE TABLE "checkpoint_history" (
    "ledger" TEXT COLLATE "C" NOT NULL,
    "checkpoint" TEXT COLLATE "C" NOT NULL,
    "container" TEXT COLLATE "C" NOT NULL,
    "captured_at" TIMESTAMPTZ(6) NOT NULL,
    "valid_from" TIMESTAMPTZ(6) NOT NULL,
    "from_position" BIGINT NOT NULL,
    "valid_to" TIMESTAMPTZ(6),
    "to_position" BIGINT,
    "bytes" BIGINT,
    "runtime" TEXT,

    CONSTRAINT "checkpoint_history_pkey" PRIMARY KEY ("ledger","checkpoint")
);
CREATE INDEX "checkpoint_history_newest_idx" ON "checkpoint_history"("ledger","container","captured_at");
