-- CreateTable
CREATE TABLE "tree_head_cosignatures" (
    "ledger" TEXT NOT NULL,
    "size" BIGINT NOT NULL,
    "witness" TEXT NOT NULL,
    "line" TEXT NOT NULL,
    "created" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tree_head_cosignatures_pkey" PRIMARY KEY ("ledger","size","witness")
);
