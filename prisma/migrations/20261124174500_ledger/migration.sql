-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "events" (
    "ledger" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "stream" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "event_id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "occurred" TIMESTAMPTZ(6) NOT NULL,
    "recorded" TIMESTAMPTZ(6) NOT NULL,
    "auth_id" TEXT NOT NULL,
    "correlation_id" TEXT NOT NULL,
    "data" JSONB NOT NULL,
    "leaf" BYTEA NOT NULL,
    "leaf_hash" BYTEA NOT NULL,

    CONSTRAINT "events_pkey" PRIMARY KEY ("ledger","position")
);

-- CreateTable
CREATE TABLE "event_texts" (
    "event_id" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "salt" TEXT NOT NULL,

    CONSTRAINT "event_texts_pkey" PRIMARY KEY ("event_id")
);

-- CreateTable
CREATE TABLE "ledger_heads" (
    "ledger" TEXT NOT NULL,
    "position" BIGINT NOT NULL,

    CONSTRAINT "ledger_heads_pkey" PRIMARY KEY ("ledger")
);

-- CreateTable
CREATE TABLE "tree_heads" (
    "ledger" TEXT NOT NULL,
    "size" BIGINT NOT NULL,
    "root" BYTEA NOT NULL,
    "frontier" BYTEA NOT NULL,
    "note" TEXT NOT NULL,
    "created" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tree_heads_pkey" PRIMARY KEY ("ledger","size")
);

-- CreateTable
CREATE TABLE "checkpoints" (
    "ledger" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "node" TEXT NOT NULL,
    "container" TEXT NOT NULL,
    "phase" TEXT NOT NULL,
    "open" BOOLEAN NOT NULL,
    "deadline" TIMESTAMPTZ(3),
    "created" BIGINT NOT NULL,
    "position" BIGINT NOT NULL,
    "body" JSON NOT NULL,

    CONSTRAINT "checkpoints_pkey" PRIMARY KEY ("ledger","id")
);

-- CreateTable
CREATE TABLE "restores" (
    "ledger" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "checkpoint" TEXT NOT NULL,
    "node" TEXT NOT NULL,
    "container" TEXT NOT NULL,
    "phase" TEXT NOT NULL,
    "open" BOOLEAN NOT NULL,
    "deadline" TIMESTAMPTZ(3),
    "created" BIGINT NOT NULL,
    "position" BIGINT NOT NULL,
    "body" JSON NOT NULL,

    CONSTRAINT "restores_pkey" PRIMARY KEY ("ledger","id")
);

-- CreateTable
CREATE TABLE "containers" (
    "ledger" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "node" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "open" BOOLEAN NOT NULL,
    "deadline" TIMESTAMPTZ(3),
    "created" BIGINT NOT NULL,
    "position" BIGINT NOT NULL,
    "body" JSON NOT NULL,

    CONSTRAINT "containers_pkey" PRIMARY KEY ("ledger","id")
);

-- CreateTable
CREATE TABLE "nodes" (
    "ledger" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "created" BIGINT NOT NULL,
    "position" BIGINT NOT NULL,
    "body" JSON NOT NULL,

    CONSTRAINT "nodes_pkey" PRIMARY KEY ("ledger","id")
);

-- CreateTable
CREATE TABLE "tokens" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "created" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires" TIMESTAMPTZ(3),
    "revoked" TIMESTAMPTZ(3),

    CONSTRAINT "tokens_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "token_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "request_digest" TEXT NOT NULL,
    "status" INTEGER,
    "body" JSONB,
    "created" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("token_id","key")
);

-- CreateTable
CREATE TABLE "leases" (
    "name" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "fencing" BIGINT NOT NULL,
    "expires" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "leases_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE UNIQUE INDEX "events_event_id_key" ON "events"("event_id");

-- CreateIndex
CREATE UNIQUE INDEX "events_ledger_stream_version_key" ON "events"("ledger", "stream", "version");

-- CreateIndex
CREATE INDEX "checkpoints_ledger_created_idx" ON "checkpoints"("ledger", "created");

-- CreateIndex
CREATE INDEX "checkpoints_ledger_container_created_idx" ON "checkpoints"("ledger", "container", "created");

-- CreateIndex
CREATE INDEX "checkpoints_ledger_node_created_idx" ON "checkpoints"("ledger", "node", "created");

-- CreateIndex
CREATE INDEX "checkpoints_open_deadline_idx" ON "checkpoints"("open", "deadline");

-- CreateIndex
CREATE INDEX "restores_ledger_created_idx" ON "restores"("ledger", "created");

-- CreateIndex
CREATE INDEX "restores_ledger_checkpoint_created_idx" ON "restores"("ledger", "checkpoint", "created");

-- CreateIndex
CREATE INDEX "restores_ledger_container_created_idx" ON "restores"("ledger", "container", "created");

-- CreateIndex
CREATE INDEX "restores_ledger_node_created_idx" ON "restores"("ledger", "node", "created");

-- CreateIndex
CREATE INDEX "restores_open_deadline_idx" ON "restores"("open", "deadline");

-- CreateIndex
CREATE INDEX "containers_ledger_created_idx" ON "containers"("ledger", "created");

-- CreateIndex
CREATE INDEX "containers_ledger_name_idx" ON "containers"("ledger", "name");

-- CreateIndex
CREATE INDEX "containers_ledger_node_created_idx" ON "containers"("ledger", "node", "created");

-- CreateIndex
CREATE INDEX "containers_open_deadline_idx" ON "containers"("open", "deadline");

-- CreateIndex
CREATE INDEX "nodes_ledger_created_idx" ON "nodes"("ledger", "created");

-- CreateIndex
CREATE UNIQUE INDEX "tokens_hash_key" ON "tokens"("hash");

-- CreateIndex
CREATE INDEX "idempotency_keys_created_idx" ON "idempotency_keys"("created");



-- The ledger is append-only: nobody rewrites history by a statement, not even by one that meets no row.
CREATE FUNCTION "refuse_ledger_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is append-only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = '42501';
END $$;

CREATE TRIGGER "events_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "events"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_ledger_change"();

ALTER TABLE "events"
  ADD CONSTRAINT "events_position_from_one" CHECK ("position" >= 1),
  ADD CONSTRAINT "events_version_from_one" CHECK ("version" >= 1);

-- A row of these is rewritten with each event of its life: room on its page keeps the new version beside the old one, and
-- the indexes untouched.
ALTER TABLE "checkpoints" SET (fillfactor = 50);
ALTER TABLE "restores" SET (fillfactor = 50);
ALTER TABLE "containers" SET (fillfactor = 50);
ALTER TABLE "nodes" SET (fillfactor = 50);
