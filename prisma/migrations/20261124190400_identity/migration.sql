-- One-time tokens by which nodes enrol. Only the SHA-256 of a token is kept; used_by is the id of the key it enrolled.
CREATE TABLE "enrolment_tokens" (
    "id" TEXT NOT NULL,
    "node" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "created" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires" TIMESTAMPTZ(3) NOT NULL,
    "used_by" TEXT,

    CONSTRAINT "enrolment_tokens_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "enrolment_tokens_hash_key" ON "enrolment_tokens"("hash");
