BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
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
CREATE TABLE "environment" (
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
	expires_at DATETIME, 
	expiry_warned_at DATETIME, 
	drift JSON DEFAULT '[]' NOT NULL, 
	drift_checked_at DATETIME, 
	drift_due_at DATETIME, 
	asleep BOOLEAN DEFAULT 0 NOT NULL, extended_until DATETIME, 
	PRIMARY KEY (name)
);
INSERT INTO "environment" VALUES('staging',1,1,'aws','f1','https://staging.todo.example.com','{"cluster_name": "todo-staging"}','{"monthly_usd": 71.4}',71.4,'2026-01-02 03:05:05.000000','2026-01-02 03:06:05.000000',NULL,NULL,'[]',NULL,NULL,0,NULL);
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
CREATE TABLE notification (
	id INTEGER NOT NULL, 
	"key" VARCHAR NOT NULL, 
	event VARCHAR NOT NULL, 
	channel VARCHAR NOT NULL, 
	environment VARCHAR NOT NULL, 
	run_id INTEGER, 
	subject VARCHAR NOT NULL, 
	body TEXT DEFAULT '' NOT NULL, 
	link VARCHAR NOT NULL, 
	recipients JSON DEFAULT '[]' NOT NULL, 
	state VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	error VARCHAR NOT NULL, 
	due_at DATETIME NOT NULL, 
	created_at DATETIME NOT NULL, 
	sent_at DATETIME, 
	PRIMARY KEY (id), 
	UNIQUE ("key")
);
INSERT INTO "notification" VALUES(1,'run:1:applied#webhook','applied','webhook','staging',1,'staging: create done','Run 1 by ana.','','[]','sent',1,'','2026-01-02 03:06:06.000000','2026-01-02 03:06:06.000000','2026-01-02 03:06:07.000000');
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
INSERT INTO "release" VALUES(2,'staging','backend',2,'container','5b3a91d','sha256:5b','','5b3a91d0','failed','2 of its tasks stopped again','aws','ana',1,'2026-01-02 03:06:30.000000','2026-01-02 03:06:50.000000');
CREATE TABLE "run" (
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
	error TEXT DEFAULT ('') NOT NULL, 
	error_hint TEXT DEFAULT ('') NOT NULL, 
	error_detail TEXT DEFAULT ('') NOT NULL, 
	force_cancel BOOLEAN DEFAULT 0 NOT NULL, 
	priority INTEGER DEFAULT '0' NOT NULL, 
	instance VARCHAR DEFAULT '' NOT NULL, 
	approvals_needed INTEGER DEFAULT '1' NOT NULL, 
	author_may_approve BOOLEAN DEFAULT 1 NOT NULL, 
	overridden_by VARCHAR DEFAULT '' NOT NULL, 
	override_reason VARCHAR DEFAULT '' NOT NULL, 
	retry_of INTEGER, 
	drifted INTEGER, 
	PRIMARY KEY (id)
);
INSERT INTO "run" VALUES(1,'staging','create','applied','checks',0,'ana','',0,'{}','2026-01-02 03:04:05.000000','2026-01-02 03:04:06.000000','2026-01-02 03:06:05.000000','2026-01-02 03:06:05.000000','host:12',51,0,0,71.4,'d1',51,51,'',0,0,'bob','go — ok','','','',0,0,'',1,1,'','',NULL,NULL);
INSERT INTO "run" VALUES(2,'staging','update','planned','review',1,'ana','',0,'{"services": ["backend"]}','2026-01-03 03:04:05.000000','2026-01-03 03:04:06.000000',NULL,NULL,'host:12',0,1,0,NULL,'d2',0,1,'',0,1,'','','','','',0,0,'',1,1,'','',NULL,NULL);
CREATE TABLE run_approval (
	run_id INTEGER NOT NULL, 
	actor VARCHAR NOT NULL, 
	comment VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (run_id, actor), 
	FOREIGN KEY(run_id) REFERENCES run (id)
);
INSERT INTO "run_approval" VALUES(1,'bob','go — ok','2026-01-02 03:04:30.000000');
CREATE TABLE run_execution (
	run_id INTEGER NOT NULL, 
	"key" VARCHAR NOT NULL, 
	stack VARCHAR NOT NULL, 
	action VARCHAR NOT NULL, 
	instance VARCHAR NOT NULL, 
	host VARCHAR NOT NULL, 
	path VARCHAR NOT NULL, 
	started_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	status VARCHAR NOT NULL, 
	PRIMARY KEY (run_id, "key"), 
	FOREIGN KEY(run_id) REFERENCES run (id)
);
INSERT INTO "run_execution" VALUES(1,'run-1-environment-apply','environment','apply','host/1','host','executions/run-1-environment-apply','2026-01-02 03:04:40.000000','2026-01-02 03:05:40.000000','succeeded');
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
CREATE TABLE "run_plan" (
	run_id INTEGER NOT NULL, 
	stack VARCHAR NOT NULL, 
	changes JSON DEFAULT '[]' NOT NULL, 
	estimate JSON DEFAULT '{}' NOT NULL, 
	guardrails JSON DEFAULT '[]' NOT NULL, 
	created_at DATETIME NOT NULL, 
	outputs JSON DEFAULT '[]' NOT NULL, 
	drift JSON DEFAULT '[]' NOT NULL, 
	mark JSON DEFAULT '{}' NOT NULL, 
	artifact VARCHAR DEFAULT '' NOT NULL, 
	PRIMARY KEY (run_id, stack), 
	FOREIGN KEY(run_id) REFERENCES run (id)
);
INSERT INTO "run_plan" VALUES(2,'environment','[{"address": "aws_lb.it", "action": "update"}]','{"monthly_usd": 71.4}','[]','2026-01-03 03:04:20.000000','[]','[]','{}','');
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
CREATE TABLE state_lock (
	subject VARCHAR NOT NULL, 
	lock_id VARCHAR NOT NULL, 
	who VARCHAR NOT NULL, 
	operation VARCHAR NOT NULL, 
	created_at DATETIME, 
	holder VARCHAR NOT NULL, 
	evidence VARCHAR NOT NULL, 
	run_id INTEGER, 
	checked_at DATETIME NOT NULL, 
	PRIMARY KEY (subject)
);
INSERT INTO "state_lock" VALUES('staging','l1','ana@host','OperationTypeApply','2026-01-02 03:04:41.000000','orphaned','its process is gone',1,'2026-01-02 03:10:00.000000');
CREATE TABLE "worker" (
	id VARCHAR NOT NULL, 
	host VARCHAR NOT NULL, 
	pid INTEGER NOT NULL, 
	version VARCHAR NOT NULL, 
	memory_mb FLOAT NOT NULL, 
	started_at DATETIME NOT NULL, 
	heartbeat_at DATETIME NOT NULL, 
	instance VARCHAR DEFAULT '' NOT NULL, 
	state VARCHAR DEFAULT 'working' NOT NULL, 
	capacity INTEGER DEFAULT '0' NOT NULL, 
	runs JSON DEFAULT '[]' NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "worker" VALUES('host:12','host',12,'0.1.0',120.5,'2026-01-02 03:00:00.000000','2026-01-03 03:05:00.000000','','working',0,'[]');
CREATE INDEX ix_audit_entry_environment ON audit_entry (environment);
CREATE INDEX health_latest ON health_sample (environment, checked_at);
CREATE INDEX ix_release_environment ON release (environment);
CREATE INDEX ix_release_run_id ON release (run_id);
CREATE UNIQUE INDEX release_number ON release (environment, service, number);
CREATE UNIQUE INDEX run_line_once ON run_line (run_id, source, position);
CREATE INDEX ix_run_transition_run_id ON run_transition (run_id);
CREATE INDEX notification_due ON notification (state, due_at);
CREATE UNIQUE INDEX one_active_run ON run (environment) WHERE active = 1;
CREATE INDEX ix_run_created_at ON run (created_at);
CREATE INDEX ix_worker_heartbeat_at ON worker (heartbeat_at);
CREATE INDEX run_open ON run (id) WHERE active IS 1 OR awaiting IS 1;
CREATE INDEX run_of_environment ON run (environment, id);
CREATE INDEX run_retry ON run (retry_of);
CREATE INDEX run_line_in_order ON run_line (run_id, id);
CREATE INDEX run_execution_open ON run_execution (instance) WHERE ended_at IS NULL;
COMMIT;
