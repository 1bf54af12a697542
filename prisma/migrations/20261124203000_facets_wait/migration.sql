-- Merging into the index is most of what a batch of 500 events costs, and merging 8,000 events at once costs little more
-- than merging 500: so they wait, in at most 4 MB, which each read looks through in a few milliseconds.
ALTER INDEX "event_facets_terms_idx" SET (gin_pending_list_limit = 4096);
