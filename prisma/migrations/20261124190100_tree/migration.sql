-- The tree above blocks of 256 leaves, a row for each complete subtree: what a proof and the next tree head start from.
CREATE TABLE "subtree_hashes" (
    "ledger" TEXT NOT NULL,
    "height" SMALLINT NOT NULL,
    "index" BIGINT NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "subtree_hashes_pkey" PRIMARY KEY ("ledger","height","index")
);

-- The subtree rows say the same.
ALTER TABLE "tree_heads" DROP COLUMN "frontier";

-- Heads and subtree hashes are a part of the ledger: they are added to, and nothing else.
CREATE TRIGGER "tree_heads_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "tree_heads"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_ledger_change"();
CREATE TRIGGER "subtree_hashes_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "subtree_hashes"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_ledger_change"();

-- The api's role: it adds to the ledger and cannot change or remove what is there; all other tables are derived or its own.
-- Only who owns the tables can; the api does not log in as that role. A migrator who may not make roles says so and goes on.
DO $$
DECLARE
  migrator text := current_user;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stasis_api') THEN
    BEGIN
      CREATE ROLE "stasis_api" NOLOGIN;
    EXCEPTION
      WHEN duplicate_object OR unique_violation THEN NULL;
      WHEN insufficient_privilege THEN
        RAISE NOTICE 'role stasis_api is not there and % may not create it: the api keeps the rights of whoever it logs in as. '
          'As a superuser: CREATE ROLE stasis_api NOLOGIN; then run the GRANTs of migration 20261124190100_tree.', current_user;
        RETURN;
    END;
  END IF;
  GRANT USAGE ON SCHEMA public TO "stasis_api";
  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "stasis_api";
  GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO "stasis_api";
  EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "stasis_api"', migrator);
  EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO "stasis_api"', migrator);
  IF to_regclass('public._prisma_migrations') IS NOT NULL THEN
    REVOKE ALL ON "_prisma_migrations" FROM "stasis_api";
  END IF;
  REVOKE UPDATE, DELETE ON "events", "tree_heads", "subtree_hashes" FROM "stasis_api";
END $$;
