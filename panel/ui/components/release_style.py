"""The look of releases: rows of a timeline, cells of the grid."""

from __future__ import annotations

RULES = """
[class*="st-key-release-"] { border-bottom: 1px solid var(--p-rule); padding: 0.45rem 0; }
[class*="st-key-timeline-"] { border-top: 1px solid var(--p-rule); }
.p-release { border-left: 3px solid transparent; padding-left: 0.7rem; line-height: 1.5; }
.p-release.p-serves { border-left-color: var(--p-ok); }
.p .p-release p { margin: 0; } .p-release strong { display: inline-block; min-width: 2.2rem; }
.p-told { text-decoration: underline dotted var(--p-rule); text-underline-offset: 3px; }
.p-cell { min-width: 9.5rem; } .p-cell > div { line-height: 1.45; }
.p-cell a.p-next { font-weight: 650; white-space: nowrap; }
[class*="st-key-deploy-of-"] [data-testid="stCheckbox"] label { align-items: start; }
@media (max-width: 640px) {
  .p table.p-stack td:has(> div > .p-subject) { display: block; font-size: 1.05rem; font-weight: 650; padding-bottom: 0.2rem; }
  .p table.p-stack td:has(> div > .p-subject)::before { display: none; }
  .p table.p-stack td:has(> div > .p-cell) { padding-bottom: 0.5rem; }
  [class*="st-key-release-"] { flex-wrap: wrap; }
  [class*="st-key-release-"] > [data-testid="stElementContainer"]:first-child { flex: 1 1 100% !important; width: 100% !important; }
}
"""
