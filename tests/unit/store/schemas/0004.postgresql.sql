CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.audit_entry (
    id integer NOT NULL,
    at timestamp with time zone NOT NULL,
    actor character varying NOT NULL,
    role character varying NOT NULL,
    action character varying NOT NULL,
    environment character varying NOT NULL,
    detail json DEFAULT '{}'::json NOT NULL,
    previous_hash character varying NOT NULL,
    hash character varying NOT NULL
);
CREATE SEQUENCE public.audit_entry_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.audit_entry_id_seq OWNED BY public.audit_entry.id;
CREATE TABLE public.environment (
    name character varying NOT NULL,
    "exists" boolean NOT NULL,
    ready boolean NOT NULL,
    world character varying NOT NULL,
    fingerprint character varying NOT NULL,
    url character varying NOT NULL,
    outputs json DEFAULT '{}'::json NOT NULL,
    estimate json DEFAULT '{}'::json NOT NULL,
    monthly_usd double precision,
    created_at timestamp with time zone,
    updated_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    expiry_warned_at timestamp with time zone,
    drift json DEFAULT '[]'::json NOT NULL,
    drift_checked_at timestamp with time zone,
    drift_due_at timestamp with time zone,
    asleep boolean DEFAULT false NOT NULL,
    extended_until timestamp with time zone
);
CREATE TABLE public.health_sample (
    id integer NOT NULL,
    environment character varying NOT NULL,
    verdict character varying NOT NULL,
    since timestamp with time zone NOT NULL,
    report json DEFAULT '{}'::json NOT NULL,
    checked_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.health_sample_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.health_sample_id_seq OWNED BY public.health_sample.id;
CREATE TABLE public.notification (
    id integer NOT NULL,
    key character varying NOT NULL,
    event character varying NOT NULL,
    channel character varying NOT NULL,
    environment character varying NOT NULL,
    run_id integer,
    subject character varying NOT NULL,
    body text DEFAULT ''::text NOT NULL,
    link character varying NOT NULL,
    recipients json DEFAULT '[]'::json NOT NULL,
    state character varying NOT NULL,
    attempts integer NOT NULL,
    error character varying NOT NULL,
    due_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone
);
CREATE SEQUENCE public.notification_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.notification_id_seq OWNED BY public.notification.id;
CREATE TABLE public.release (
    id integer NOT NULL,
    environment character varying NOT NULL,
    service character varying NOT NULL,
    number integer NOT NULL,
    kind character varying NOT NULL,
    version character varying NOT NULL,
    digest character varying NOT NULL,
    reference character varying NOT NULL,
    revision character varying NOT NULL,
    status character varying NOT NULL,
    detail character varying NOT NULL,
    world character varying NOT NULL,
    author character varying NOT NULL,
    run_id integer,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone
);
CREATE SEQUENCE public.release_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.release_id_seq OWNED BY public.release.id;
CREATE TABLE public.run (
    id integer NOT NULL,
    environment character varying NOT NULL,
    kind character varying NOT NULL,
    state character varying NOT NULL,
    stage character varying NOT NULL,
    active boolean NOT NULL,
    author character varying NOT NULL,
    workflow_id character varying NOT NULL,
    auto_approve boolean NOT NULL,
    options json DEFAULT '{}'::json NOT NULL,
    created_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    heartbeat_at timestamp with time zone,
    worker character varying NOT NULL,
    add integer,
    change integer,
    destroy integer,
    monthly_usd double precision,
    plan_digest character varying NOT NULL,
    progress_done integer NOT NULL,
    progress_total integer NOT NULL,
    waiting_for character varying NOT NULL,
    cancel_requested boolean NOT NULL,
    awaiting boolean NOT NULL,
    decided_by character varying NOT NULL,
    comment character varying NOT NULL,
    error text DEFAULT ''::text NOT NULL,
    error_hint text DEFAULT ''::text NOT NULL,
    error_detail text DEFAULT ''::text NOT NULL,
    force_cancel boolean DEFAULT false NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    instance character varying DEFAULT ''::character varying NOT NULL,
    approvals_needed integer DEFAULT 1 NOT NULL,
    author_may_approve boolean DEFAULT true NOT NULL,
    overridden_by character varying DEFAULT ''::character varying NOT NULL,
    override_reason character varying DEFAULT ''::character varying NOT NULL,
    retry_of integer,
    drifted integer
);
CREATE TABLE public.run_approval (
    run_id integer NOT NULL,
    actor character varying NOT NULL,
    comment character varying NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.run_execution (
    run_id integer NOT NULL,
    key character varying NOT NULL,
    stack character varying NOT NULL,
    action character varying NOT NULL,
    instance character varying NOT NULL,
    host character varying NOT NULL,
    path character varying NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    status character varying NOT NULL
);
CREATE SEQUENCE public.run_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.run_id_seq OWNED BY public.run.id;
CREATE TABLE public.run_line (
    id integer NOT NULL,
    run_id integer NOT NULL,
    stage character varying NOT NULL,
    source character varying NOT NULL,
    "position" integer,
    level character varying NOT NULL,
    text text NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.run_line_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.run_line_id_seq OWNED BY public.run_line.id;
CREATE TABLE public.run_plan (
    run_id integer NOT NULL,
    stack character varying NOT NULL,
    changes json DEFAULT '[]'::json NOT NULL,
    estimate json DEFAULT '{}'::json NOT NULL,
    guardrails json DEFAULT '[]'::json NOT NULL,
    created_at timestamp with time zone NOT NULL,
    outputs json DEFAULT '[]'::json NOT NULL,
    drift json DEFAULT '[]'::json NOT NULL,
    mark json DEFAULT '{}'::json NOT NULL,
    artifact character varying DEFAULT ''::character varying NOT NULL
);
CREATE TABLE public.run_stage (
    run_id integer NOT NULL,
    name character varying NOT NULL,
    "position" integer NOT NULL,
    state character varying NOT NULL,
    detail character varying NOT NULL,
    started_at timestamp with time zone,
    ended_at timestamp with time zone
);
CREATE TABLE public.run_transition (
    id integer NOT NULL,
    run_id integer NOT NULL,
    before character varying NOT NULL,
    after character varying NOT NULL,
    actor character varying NOT NULL,
    comment character varying NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.run_transition_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.run_transition_id_seq OWNED BY public.run_transition.id;
CREATE TABLE public.state_lock (
    subject character varying NOT NULL,
    lock_id character varying NOT NULL,
    who character varying NOT NULL,
    operation character varying NOT NULL,
    created_at timestamp with time zone,
    holder character varying NOT NULL,
    evidence character varying NOT NULL,
    run_id integer,
    checked_at timestamp with time zone NOT NULL
);
CREATE TABLE public.worker (
    id character varying NOT NULL,
    host character varying NOT NULL,
    pid integer NOT NULL,
    version character varying NOT NULL,
    memory_mb double precision NOT NULL,
    started_at timestamp with time zone NOT NULL,
    heartbeat_at timestamp with time zone NOT NULL,
    instance character varying DEFAULT ''::character varying NOT NULL,
    state character varying DEFAULT 'working'::character varying NOT NULL,
    capacity integer DEFAULT 0 NOT NULL,
    runs json DEFAULT '[]'::json NOT NULL
);
ALTER TABLE ONLY public.audit_entry ALTER COLUMN id SET DEFAULT nextval('public.audit_entry_id_seq'::regclass);
ALTER TABLE ONLY public.health_sample ALTER COLUMN id SET DEFAULT nextval('public.health_sample_id_seq'::regclass);
ALTER TABLE ONLY public.notification ALTER COLUMN id SET DEFAULT nextval('public.notification_id_seq'::regclass);
ALTER TABLE ONLY public.release ALTER COLUMN id SET DEFAULT nextval('public.release_id_seq'::regclass);
ALTER TABLE ONLY public.run ALTER COLUMN id SET DEFAULT nextval('public.run_id_seq'::regclass);
ALTER TABLE ONLY public.run_line ALTER COLUMN id SET DEFAULT nextval('public.run_line_id_seq'::regclass);
ALTER TABLE ONLY public.run_transition ALTER COLUMN id SET DEFAULT nextval('public.run_transition_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0004');
INSERT INTO public.audit_entry VALUES (1, '2026-01-02 03:04:05+00', 'ana', 'admin', 'create', 'staging', '{"auto_approve": false}', '', 'h1');
INSERT INTO public.environment VALUES ('staging', true, true, 'aws', 'f1', 'https://staging.todo.example.com', '{"cluster_name": "todo-staging"}', '{"monthly_usd": 71.4}', 71.4, '2026-01-02 03:05:05+00', '2026-01-02 03:06:05+00', NULL, NULL, '[]', NULL, NULL, false, NULL);
INSERT INTO public.health_sample VALUES (1, 'staging', 'healthy', '2026-01-02 03:07:00+00', '{"verdict": "healthy"}', '2026-01-02 03:08:00+00');
INSERT INTO public.notification VALUES (1, 'run:1:applied#webhook', 'applied', 'webhook', 'staging', 1, 'staging: create done', 'Run 1 by ana.', '', '[]', 'sent', 1, '', '2026-01-02 03:06:06+00', '2026-01-02 03:06:06+00', '2026-01-02 03:06:07+00');
INSERT INTO public.release VALUES (1, 'staging', 'backend', 1, 'container', '4f2a91c', 'sha256:4f', '', 'todo-staging-backend:2', 'live', '', 'aws', 'ana', 1, '2026-01-02 03:05:30+00', '2026-01-02 03:06:00+00');
INSERT INTO public.release VALUES (2, 'staging', 'backend', 2, 'container', '5b3a91d', 'sha256:5b', '', '5b3a91d0', 'failed', '2 of its tasks stopped again', 'aws', 'ana', 1, '2026-01-02 03:06:30+00', '2026-01-02 03:06:50+00');
INSERT INTO public.run VALUES (2, 'staging', 'update', 'planned', 'review', true, 'ana', '', false, '{"services": ["backend"]}', '2026-01-03 03:04:05+00', '2026-01-03 03:04:06+00', NULL, NULL, 'host:12', 0, 1, 0, NULL, 'd2', 0, 1, '', false, true, '', '', '', '', '', false, 0, '', 1, true, '', '', NULL, NULL);
INSERT INTO public.run VALUES (1, 'staging', 'create', 'applied', 'checks', false, 'ana', '', false, '{}', '2026-01-02 03:04:05+00', '2026-01-02 03:04:06+00', '2026-01-02 03:06:05+00', '2026-01-02 03:06:05+00', 'host:12', 51, 0, 0, 71.4, 'd1', 51, 51, '', false, false, 'bob', 'go — ok', '', '', '', false, 0, '', 1, true, '', '', NULL, NULL);
INSERT INTO public.run_approval VALUES (1, 'bob', 'go — ok', '2026-01-02 03:04:30+00');
INSERT INTO public.run_execution VALUES (1, 'run-1-environment-apply', 'environment', 'apply', 'host/1', 'host', 'executions/run-1-environment-apply', '2026-01-02 03:04:40+00', '2026-01-02 03:05:40+00', 'succeeded');
INSERT INTO public.run_line VALUES (1, 1, 'apply', 'run-1-environment-apply', 120, 'info', 'aws_lb.it: Creation complete; it''s "done" after 5s — ü', '2026-01-02 03:05:05+00');
INSERT INTO public.run_plan VALUES (2, 'environment', '[{"address": "aws_lb.it", "action": "update"}]', '{"monthly_usd": 71.4}', '[]', '2026-01-03 03:04:20+00', '[]', '[]', '{}', '');
INSERT INTO public.run_stage VALUES (1, 'plan', 1, 'done', '+51 ~0 -0', '2026-01-02 03:04:06+00', '2026-01-02 03:04:16+00');
INSERT INTO public.run_transition VALUES (1, 1, '', 'queued', 'ana', '', '2026-01-02 03:04:05+00');
INSERT INTO public.state_lock VALUES ('staging', 'l1', 'ana@host', 'OperationTypeApply', '2026-01-02 03:04:41+00', 'orphaned', 'its process is gone', 1, '2026-01-02 03:10:00+00');
INSERT INTO public.worker VALUES ('host:12', 'host', 12, '0.1.0', 120.5, '2026-01-02 03:00:00+00', '2026-01-03 03:05:00+00', '', 'working', 0, '[]');
SELECT pg_catalog.setval('public.audit_entry_id_seq', 100, true);
SELECT pg_catalog.setval('public.health_sample_id_seq', 100, true);
SELECT pg_catalog.setval('public.notification_id_seq', 100, true);
SELECT pg_catalog.setval('public.release_id_seq', 100, true);
SELECT pg_catalog.setval('public.run_id_seq', 100, true);
SELECT pg_catalog.setval('public.run_line_id_seq', 100, true);
SELECT pg_catalog.setval('public.run_transition_id_seq', 100, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.audit_entry
    ADD CONSTRAINT audit_entry_hash_key UNIQUE (hash);
ALTER TABLE ONLY public.audit_entry
    ADD CONSTRAINT audit_entry_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.environment
    ADD CONSTRAINT environment_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.health_sample
    ADD CONSTRAINT health_sample_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.notification
    ADD CONSTRAINT notification_key_key UNIQUE (key);
ALTER TABLE ONLY public.notification
    ADD CONSTRAINT notification_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.release
    ADD CONSTRAINT release_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.run_approval
    ADD CONSTRAINT run_approval_pkey PRIMARY KEY (run_id, actor);
ALTER TABLE ONLY public.run_execution
    ADD CONSTRAINT run_execution_pkey PRIMARY KEY (run_id, key);
ALTER TABLE ONLY public.run_line
    ADD CONSTRAINT run_line_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.run
    ADD CONSTRAINT run_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.run_plan
    ADD CONSTRAINT run_plan_pkey PRIMARY KEY (run_id, stack);
ALTER TABLE ONLY public.run_stage
    ADD CONSTRAINT run_stage_pkey PRIMARY KEY (run_id, name);
ALTER TABLE ONLY public.run_transition
    ADD CONSTRAINT run_transition_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.state_lock
    ADD CONSTRAINT state_lock_pkey PRIMARY KEY (subject);
ALTER TABLE ONLY public.worker
    ADD CONSTRAINT worker_pkey PRIMARY KEY (id);
CREATE INDEX health_latest ON public.health_sample USING btree (environment, checked_at);
CREATE INDEX ix_audit_entry_environment ON public.audit_entry USING btree (environment);
CREATE INDEX ix_release_environment ON public.release USING btree (environment);
CREATE INDEX ix_release_run_id ON public.release USING btree (run_id);
CREATE INDEX ix_run_created_at ON public.run USING btree (created_at);
CREATE INDEX ix_run_transition_run_id ON public.run_transition USING btree (run_id);
CREATE INDEX ix_worker_heartbeat_at ON public.worker USING btree (heartbeat_at);
CREATE INDEX notification_due ON public.notification USING btree (state, due_at);
CREATE UNIQUE INDEX one_active_run ON public.run USING btree (environment) WHERE active;
CREATE UNIQUE INDEX release_number ON public.release USING btree (environment, service, number);
CREATE INDEX run_execution_open ON public.run_execution USING btree (instance) WHERE (ended_at IS NULL);
CREATE INDEX run_line_in_order ON public.run_line USING btree (run_id, id);
CREATE UNIQUE INDEX run_line_once ON public.run_line USING btree (run_id, source, "position");
CREATE INDEX run_of_environment ON public.run USING btree (environment, id);
CREATE INDEX run_open ON public.run USING btree (id) WHERE ((active IS TRUE) OR (awaiting IS TRUE));
CREATE INDEX run_retry ON public.run USING btree (retry_of);
ALTER TABLE ONLY public.release
    ADD CONSTRAINT release_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.run(id);
ALTER TABLE ONLY public.run_approval
    ADD CONSTRAINT run_approval_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.run(id);
ALTER TABLE ONLY public.run_execution
    ADD CONSTRAINT run_execution_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.run(id);
ALTER TABLE ONLY public.run_line
    ADD CONSTRAINT run_line_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.run(id);
ALTER TABLE ONLY public.run_plan
    ADD CONSTRAINT run_plan_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.run(id);
ALTER TABLE ONLY public.run_stage
    ADD CONSTRAINT run_stage_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.run(id);
ALTER TABLE ONLY public.run_transition
    ADD CONSTRAINT run_transition_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.run(id);
