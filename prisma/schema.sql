CREATE OR REPLACE FUNCTION public.refuse_ledger_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  RAISE EXCEPTION 'the ledger is append-only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = '42501';
END $function$
;

CREATE TABLE checkpoint_history (
  ledger text NOT NULL,
  checkpoint text NOT NULL,
  container text NOT NULL,
  captured_at timestamp(6) with time zone NOT NULL,
  valid_from timestamp(6) with time zone NOT NULL,
  from_position bigint NOT NULL,
  valid_to timestamp(6) with time zone,
  to_position bigint,
  bytes bigint,
  runtime text,
  CONSTRAINT checkpoint_history_pkey PRIMARY KEY (ledger, checkpoint)
);

CREATE TABLE checkpoints (
  ledger text NOT NULL,
  id text NOT NULL,
  node text NOT NULL,
  container text NOT NULL,
  phase text NOT NULL,
  open boolean NOT NULL,
  deadline timestamp(3) with time zone,
  created bigint NOT NULL,
  position bigint NOT NULL,
  body json NOT NULL,
  CONSTRAINT checkpoints_pkey PRIMARY KEY (ledger, id)
) WITH (fillfactor=50);

CREATE TABLE container_history (
  ledger text NOT NULL,
  container text NOT NULL,
  valid_from timestamp(6) with time zone NOT NULL,
  from_position bigint NOT NULL,
  status text NOT NULL,
  generation integer NOT NULL,
  run text,
  CONSTRAINT container_history_pkey PRIMARY KEY (ledger, container, valid_from, from_position) INCLUDE (status)
);

CREATE TABLE containers (
  ledger text NOT NULL,
  id text NOT NULL,
  node text NOT NULL,
  name text NOT NULL,
  status text NOT NULL,
  open boolean NOT NULL,
  deadline timestamp(3) with time zone,
  created bigint NOT NULL,
  position bigint NOT NULL,
  body json NOT NULL,
  CONSTRAINT containers_pkey PRIMARY KEY (ledger, id)
) WITH (fillfactor=50);

CREATE TABLE cursors (
  name text NOT NULL,
  ledger text NOT NULL,
  position bigint NOT NULL,
  fencing bigint NOT NULL,
  CONSTRAINT cursors_pkey PRIMARY KEY (name, ledger)
);

CREATE TABLE enrolment_tokens (
  id text NOT NULL,
  node text NOT NULL,
  hash bytea NOT NULL,
  created timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  expires timestamp(3) with time zone NOT NULL,
  used_by text,
  CONSTRAINT enrolment_tokens_pkey PRIMARY KEY (id)
);

CREATE TABLE event_facets (
  ledger text NOT NULL,
  position bigint NOT NULL,
  occurred timestamp(6) with time zone NOT NULL,
  recorded timestamp(6) with time zone NOT NULL,
  terms text[] NOT NULL,
  CONSTRAINT event_facets_pkey PRIMARY KEY (ledger, "position")
) WITH (autovacuum_vacuum_insert_scale_factor=0.02, autovacuum_analyze_scale_factor=0.02);

CREATE TABLE event_spans (
  ledger text NOT NULL,
  bucket bigint NOT NULL,
  occurred_min timestamp(6) with time zone NOT NULL,
  occurred_max timestamp(6) with time zone NOT NULL,
  recorded_min timestamp(6) with time zone NOT NULL,
  recorded_max timestamp(6) with time zone NOT NULL,
  CONSTRAINT event_spans_pkey PRIMARY KEY (ledger, bucket)
);

CREATE TABLE event_texts (
  event_id text NOT NULL,
  text text NOT NULL,
  salt text NOT NULL,
  CONSTRAINT event_texts_pkey PRIMARY KEY (event_id)
);

CREATE TABLE events (
  ledger text NOT NULL,
  position bigint NOT NULL,
  stream text NOT NULL,
  version integer NOT NULL,
  event_id text NOT NULL,
  type text NOT NULL,
  subject text NOT NULL,
  source text NOT NULL,
  occurred timestamp(6) with time zone NOT NULL,
  recorded timestamp(6) with time zone NOT NULL,
  auth_id text NOT NULL,
  correlation_id text NOT NULL,
  data jsonb NOT NULL,
  leaf bytea NOT NULL,
  leaf_hash bytea NOT NULL,
  CONSTRAINT events_pkey PRIMARY KEY (ledger, "position"),
  CONSTRAINT events_position_from_one CHECK (("position" >= 1)),
  CONSTRAINT events_version_from_one CHECK ((version >= 1))
);

CREATE TABLE idempotency_keys (
  token_id text NOT NULL,
  key text NOT NULL,
  request_digest text NOT NULL,
  status integer,
  body jsonb,
  created timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (token_id, key)
);

CREATE TABLE identities (
  id text NOT NULL,
  subject_hash bytea,
  name text,
  email text,
  joined boolean DEFAULT false NOT NULL,
  created timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  CONSTRAINT identities_pkey PRIMARY KEY (id)
);

CREATE TABLE leases (
  name text NOT NULL,
  holder text NOT NULL,
  fencing bigint NOT NULL,
  expires timestamp(3) with time zone NOT NULL,
  CONSTRAINT leases_pkey PRIMARY KEY (name)
);

CREATE TABLE ledger_heads (
  ledger text NOT NULL,
  position bigint NOT NULL,
  CONSTRAINT ledger_heads_pkey PRIMARY KEY (ledger)
);

CREATE TABLE nodes (
  ledger text NOT NULL,
  id text NOT NULL,
  status text NOT NULL,
  created bigint NOT NULL,
  position bigint NOT NULL,
  body json NOT NULL,
  CONSTRAINT nodes_pkey PRIMARY KEY (ledger, id)
) WITH (fillfactor=50);

CREATE TABLE restores (
  ledger text NOT NULL,
  id text NOT NULL,
  checkpoint text NOT NULL,
  node text NOT NULL,
  container text NOT NULL,
  phase text NOT NULL,
  open boolean NOT NULL,
  deadline timestamp(3) with time zone,
  created bigint NOT NULL,
  position bigint NOT NULL,
  body json NOT NULL,
  CONSTRAINT restores_pkey PRIMARY KEY (ledger, id)
) WITH (fillfactor=50);

CREATE TABLE subtree_hashes (
  ledger text NOT NULL,
  height smallint NOT NULL,
  index bigint NOT NULL,
  hash bytea NOT NULL,
  CONSTRAINT subtree_hashes_pkey PRIMARY KEY (ledger, height, index)
);

CREATE TABLE tokens (
  id text NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  hash bytea NOT NULL,
  created timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  expires timestamp(3) with time zone,
  revoked timestamp(3) with time zone,
  nodes text[] DEFAULT ARRAY[]::text[],
  CONSTRAINT tokens_pkey PRIMARY KEY (id)
);

CREATE TABLE tree_head_cosignatures (
  ledger text NOT NULL,
  size bigint NOT NULL,
  witness text NOT NULL,
  line text NOT NULL,
  created timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  CONSTRAINT tree_head_cosignatures_pkey PRIMARY KEY (ledger, size, witness)
);

CREATE TABLE tree_heads (
  ledger text NOT NULL,
  size bigint NOT NULL,
  root bytea NOT NULL,
  note text NOT NULL,
  created timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  CONSTRAINT tree_heads_pkey PRIMARY KEY (ledger, size)
);

CREATE INDEX checkpoint_history_newest_idx ON public.checkpoint_history USING btree (ledger, container, captured_at);

CREATE INDEX checkpoints_ledger_container_created_idx ON public.checkpoints USING btree (ledger, container, created);

CREATE INDEX checkpoints_ledger_created_idx ON public.checkpoints USING btree (ledger, created);

CREATE INDEX checkpoints_ledger_node_created_idx ON public.checkpoints USING btree (ledger, node, created);

CREATE INDEX checkpoints_open_deadline_idx ON public.checkpoints USING btree (open, deadline);

CREATE INDEX containers_ledger_created_idx ON public.containers USING btree (ledger, created);

CREATE INDEX containers_ledger_name_idx ON public.containers USING btree (ledger, name);

CREATE INDEX containers_ledger_node_created_idx ON public.containers USING btree (ledger, node, created);

CREATE INDEX containers_open_deadline_idx ON public.containers USING btree (open, deadline);

CREATE UNIQUE INDEX enrolment_tokens_hash_key ON public.enrolment_tokens USING btree (hash);

CREATE INDEX event_facets_terms_idx ON public.event_facets USING gin (terms) WITH (gin_pending_list_limit='4096');

CREATE UNIQUE INDEX events_event_id_key ON public.events USING btree (event_id);

CREATE UNIQUE INDEX events_ledger_stream_version_key ON public.events USING btree (ledger, stream, version);

CREATE INDEX idempotency_keys_created_idx ON public.idempotency_keys USING btree (created);

CREATE UNIQUE INDEX identities_subject_hash_key ON public.identities USING btree (subject_hash);

CREATE INDEX nodes_ledger_created_idx ON public.nodes USING btree (ledger, created);

CREATE INDEX restores_ledger_checkpoint_created_idx ON public.restores USING btree (ledger, checkpoint, created);

CREATE INDEX restores_ledger_container_created_idx ON public.restores USING btree (ledger, container, created);

CREATE INDEX restores_ledger_created_idx ON public.restores USING btree (ledger, created);

CREATE INDEX restores_ledger_node_created_idx ON public.restores USING btree (ledger, node, created);

CREATE INDEX restores_open_deadline_idx ON public.restores USING btree (open, deadline);

CREATE UNIQUE INDEX tokens_hash_key ON public.tokens USING btree (hash);

CREATE TRIGGER events_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.events FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();

CREATE TRIGGER subtree_hashes_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.subtree_hashes FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();

CREATE TRIGGER tree_heads_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.tree_heads FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();
