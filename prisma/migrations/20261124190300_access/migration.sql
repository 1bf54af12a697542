-- A token may be held to some nodes.
ALTER TABLE "tokens" ADD COLUMN "nodes" TEXT[] DEFAULT ARRAY[]::TEXT[];
