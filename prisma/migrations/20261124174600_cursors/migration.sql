-- CreateTable
CREATE TABLE IF NOT EXISTS "cursors" (
    "name" TEXT NOT NULL,
    "ledger" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "fencing" BIGINT NOT NULL,

    CONSTRAINT "cursors_pkey" PRIMARY KEY ("name","ledger")
);
