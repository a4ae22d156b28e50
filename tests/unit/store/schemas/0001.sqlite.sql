BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE audit_entry (
	id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	actor VARCHAR NOT NULL, 
	role VARCHAR NOT NULL, 
	action VARCHAR NOT NULL, 
	environment VARCHAR NOT NULL, 
	detail JSON DEFAULT '{}' NOT NULL, 
	previous_hash VARCHAR NOT NULL, 
	hash VARCHAR NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (hash)
);
INSERT INTO "audit_entry" VALUES(1,'2026-01-02 03:04:05.000000','ana','admin','create','staging','{"auto_approve": false}','','h1');
CREATE TABLE environment (
	name VARCHAR NOT NULL, 
	"exists" BOOLEAN NOT NULL, 
	ready BOOLEAN NOT NULL, 
	world VARCHAR NOT NULL, 
	fingerprint VARCHAR NOT NULL, 
	url VARCHAR NOT NULL, 
	outputs JSON DEFAULT '{}' NOT NULL, 
	estimate JSON DEFAULT '{}' NOT NULL, 
	monthly_usd FLOAT, 
	created_at DATETIME, 
	updated_at DATETIME NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "environment" VALUES('staging',1,1,'aws','f1','https://staging.todo.example.com','{"cluster_name": "todo-staging"}','{"monthly_usd": 71.4}',71.4,'2026-01-02 03:05:05.000000','2026-01-02 03:06:05.000000');
CREATE TABLE health_sample (
	id INTEGER NOT NULL, 
	environment VARCHAR NOT NULL, 
	verdict VARCHAR NOT NULL, 
	since DATETIME NOT NULL, 
	report JSON DEFAULT '{}' NOT NULL, 
	checked_at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "health_sample" VALUES(1,'staging','healthy','2026-01-02 03:07:00.000000','{"verdict": "healthy"}','2026-01-02 03:08:00.000000');
CREATE TABLE release (
	id INTEGER NOT NULL, 
	environment VARCHAR NOT NULL, 
	service VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	version VARCHAR NOT NULL, 
	digest VARCHAR NOT NULL, 
	reference VARCHAR NOT NULL, 
	revision VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	detail VARCHAR NOT NULL, 
	world VARCHAR NOT NULL, 
	author VARCHAR NOT NULL, 
	run_id INTEGER, 
	started_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(run_id) REFERENCES run (id)
);
INSERT INTO "release" VALUES(1,'staging','backend',1,'container','4f2a91c','sha256:4f','','todo-staging-backend:2','live','','aws','ana',1,'2026-01-02 03:05:30.000000','2026-01-02 03:06:00.000000');
CREATE TABLE run (
	id INTEGER NOT NULL, 
	environment VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	stage VARCHAR NOT NULL, 
	active BOOLEAN NOT NULL, 
	author VARCHAR NOT NULL, 
	workflow_id VARCHAR NOT NULL, 
	auto_approve BOOLEAN NOT NULL, 
	options JSON DEFAULT '{}' NOT NULL, 
	created_at DATETIME NOT NULL, 
	started_at DATETIME, 
	ended_at DATETIME, 
	heartbeat_at DATETIME, 
	worker VARCHAR NOT NULL, 
	"add" INTEGER, 
	change INTEGER, 
	destroy INTEGER, 
	monthly_usd FLOAT, 
	plan_digest VARCHAR NOT NULL, 
	progress_done INTEGER NOT NULL, 
	progress_total INTEGER NOT NULL, 
	waiting_for VARCHAR NOT NULL, 
	cancel_requested BOOLEAN NOT NULL, 
	awaiting BOOLEAN NOT NULL, 
	decided_by VARCHAR NOT NULL, 
	comment VARCHAR NOT NULL, 
	error TEXT DEFAULT '' NOT NULL, 
	error_hint TEXT DEFAULT '' NOT NULL, 
	error_detail TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "run" VALUES(1,'staging','create','applied','checks',0,'ana','',0,'{}','2026-01-02 03:04:05.000000','2026-01-02 03:04:06.000000','2026-01-02 03:06:05.000000','2026-01-02 03:06:05.000000','host:12',51,0,0,71.4,'d1',51,51,'',0,0,'bob','go — ok','','','');
INSERT INTO "run" VALUES(2,'staging','update','planned','review',1,'ana','',0,'{"services": ["backend"]}','2026-01-03 03:04:05.000000','2026-01-03 03:04:06.000000',NULL,NULL,'host:12',0,1,0,NULL,'d2',0,1,'',0,1,'','','','','');
CREATE TABLE run_line (
	id INTEGER NOT NULL, 
	run_id INTEGER NOT NULL, 
	stage VARCHAR NOT NULL, 
	source VARCHAR NOT NULL, 
	position INTEGER, 
	level VARCHAR NOT NULL, 
	text TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(run_id) REFERENCES run (id)
);
INSERT INTO "run_line" VALUES(1,1,'apply','run-1-environment-apply',120,'info','aws_lb.it: Creation complete; it''s "done" after 5s — ü','2026-01-02 03:05:05.000000');
CREATE TABLE run_plan (
	run_id INTEGER NOT NULL, 
	stack VARCHAR NOT NULL, 
	changes JSON DEFAULT '[]' NOT NULL, 
	estimate JSON DEFAULT '{}' NOT NULL, 
	guardrails JSON DEFAULT '[]' NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (run_id, stack), 
	FOREIGN KEY(run_id) REFERENCES run (id)
);
INSERT INTO "run_plan" VALUES(2,'environment','[{"address": "aws_lb.it", "action": "update"}]','{"monthly_usd": 71.4}','[]','2026-01-03 03:04:20.000000');
CREATE TABLE run_stage (
	run_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	state VARCHAR NOT NULL, 
	detail VARCHAR NOT NULL, 
	started_at DATETIME, 
	ended_at DATETIME, 
	PRIMARY KEY (run_id, name), 
	FOREIGN KEY(run_id) REFERENCES run (id)
);
INSERT INTO "run_stage" VALUES(1,'plan',1,'done','+51 ~0 -0','2026-01-02 03:04:06.000000','2026-01-02 03:04:16.000000');
CREATE TABLE run_transition (
	id INTEGER NOT NULL, 
	run_id INTEGER NOT NULL, 
	"before" VARCHAR NOT NULL, 
	"after" VARCHAR NOT NULL, 
	actor VARCHAR NOT NULL, 
	comment VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(run_id) REFERENCES run (id)
);
INSERT INTO "run_transition" VALUES(1,1,'','queued','ana','','2026-01-02 03:04:05.000000');
CREATE TABLE worker (
	id VARCHAR NOT NULL, 
	host VARCHAR NOT NULL, 
	pid INTEGER NOT NULL, 
	version VARCHAR NOT NULL, 
	memory_mb FLOAT NOT NULL, 
	started_at DATETIME NOT NULL, 
	heartbeat_at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "worker" VALUES('host:12','host',12,'0.1.0',120.5,'2026-01-02 03:00:00.000000','2026-01-03 03:05:00.000000');
CREATE INDEX ix_audit_entry_environment ON audit_entry (environment);
CREATE INDEX health_latest ON health_sample (environment, checked_at);
CREATE INDEX ix_run_created_at ON run (created_at);
CREATE INDEX ix_run_environment ON run (environment);
CREATE UNIQUE INDEX one_active_run ON run (environment) WHERE active = 1;
CREATE INDEX ix_worker_heartbeat_at ON worker (heartbeat_at);
CREATE INDEX ix_release_environment ON release (environment);
CREATE INDEX ix_release_run_id ON release (run_id);
CREATE UNIQUE INDEX release_number ON release (environment, service, number);
CREATE INDEX ix_run_line_run_id ON run_line (run_id);
CREATE UNIQUE INDEX run_line_once ON run_line (run_id, source, position);
CREATE INDEX ix_run_transition_run_id ON run_transition (run_id);
COMMIT;
