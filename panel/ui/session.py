"""Every key of ``st.session_state``, and nothing else: two pages can never take the same key by accident."""

from __future__ import annotations

#: What narrows the environments of the home page, where there are many.
HOME_WORDS = "find"
HOME_GROUP = "state"
#: A refusal to show once more after a rerun (see :mod:`panel.ui.notices`).
NOTICE = "notice"
#: What narrows the resources of a plan (words, actions, a module), the page of them that is shown, a resource that is
#: open, and which part of the plan it is: resources, outputs, drift or the text.
PLAN_FILTER = "plan-filter"
PLAN_ACTIONS = "plan-actions"
PLAN_MODULE = "plan-module"
PLAN_PAGE = "plan-page"
PLAN_ROW = "plan-row"
PLAN_VIEW = "plan-view"
#: Whether a plan that was decided on is unfolded.
PLAN_OPEN = "plan-open"
#: Which stack's plan is shown.
PLAN_STACK = "plan-stack"
#: Text and levels that narrow a log, where its window is, and whether the log is open.
LOG_FILTER = "log-filter"
LOG_LEVEL = "log-level"
LOG_PLACE = "log-place"
LOG_OPEN = "log-open"
#: Whose log is shown as it is written, the text that narrows it, and whether it stands still.
TAIL_SERVICE = "tail-service"
TAIL_FILTER = "tail-filter"
TAIL_PAUSE = "tail-pause"
#: The reviewer's comment.
COMMENT = "comment"
#: The environment whose destruction is being asked about.
ASKED = "asked-destroy"
#: The run whose forced end is being asked about, and the environment whose unlocking is.
ASKED_FORCE = "asked-force"
ASKED_UNLOCK = "asked-unlock"
#: Why a guardrail is overridden.
REASON = "reason"
#: By how many hours an environment's life is to be extended.
EXTEND = "extend"
#: What is being asked about: the environment to deploy to, what to roll back there, what to promote to where.
ASKED_DEPLOY = "asked-deploy"
ASKED_ROLLBACK = "asked-rollback"
ASKED_PROMOTE = "asked-promote"
#: What a deployment is made of: whether a service is in it, how, which image, what narrows the images, and whether
#: the built image is kept.
DEPLOY_SERVICE = "deploy-service"
DEPLOY_HOW = "deploy-how"
DEPLOY_IMAGE = "deploy-image"
DEPLOY_FIND = "deploy-find"
DEPLOY_KEEP = "deploy-keep"
#: Where a promotion goes to, and whether a service is in it.
PROMOTE_TARGET = "promote-target"
PROMOTE_SERVICE = "promote-service"
#: Where the window on a service's releases is.
TIMELINE_PLACE = "timeline-place"
#: What was typed to confirm a destruction.
CONFIRM = "confirm"
#: Health: the window of time, whose charts are shown, kinds of events and how many, and whether checks and numbers are open.
HEALTH_WINDOW = "health-window"
HEALTH_OF = "health-of"
HEALTH_KINDS = "health-kinds"
HEALTH_EVENTS = "health-events"
HEALTH_CHECKS = "health-checks"
HEALTH_NUMBERS = "health-numbers"
#: The tab of the cost page (in the address), which environment's days are shown, and by what.
COST_TAB = "show"
COST_OF = "cost-of"
COST_BY = "cost-by"
#: The fields of a comparison of costs, whose workload it is, and whether all of it is shown or what differs.
COMPARE = "compare"
COMPARE_ENVIRONMENT = "compare-environment"
COMPARE_SHOWN = "compare-shown"
#: The tab of an environment's page; also in the address.
TAB = "tab"
#: Filters of the list of runs (also in the address), and where its window is.
RUNS_ENVIRONMENT = "environment"
RUNS_KIND = "kind"
RUNS_STATE = "state"
RUNS_AUTHOR = "by"
RUNS_PLACE = "runs-place"
#: The run that a click led to, or None where it led to a notice; gone once it was followed.
FOLLOW = "follow"
#: The run whose end was already told.
SEEN = "seen"


def of(key: str, subject: object) -> str:
    """The key for one subject (a run, an environment), so that two subjects keep their own values."""
    return f"{key}-{subject}"
