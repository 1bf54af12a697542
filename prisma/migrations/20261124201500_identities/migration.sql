-- Who signed in by OIDC. subject_hash = SHA-256(issuer NUL subject); names can be erased, and then the row says only that
-- there was somebody.
CREATE TABLE "identities" (
    "id" TEXT NOT NULL,
    "subject_hash" BYTEA,
    "name" TEXT,
    "email" TEXT,
    "joined" BOOLEAN NOT NULL DEFAULT false,
    "created" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "identities_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "identities_subject_hash_key" ON "identities"("subject_hash");
