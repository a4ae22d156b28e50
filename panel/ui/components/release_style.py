"""The look of releases: rows of a timeline, cells of the grid."""

from __future__ import annotations

RULES = """
[class*="st-key-release-"] { border-bottom: 1px solid var(--p-rule); padding: 0.45rem 0; }
[class*="st-key-timeline-"] { border-top: 1px solid var(--p-rule); }
.p-release { border-left: 3px solid transparent; padding-left: 0.7rem; line-height: 1.5; }
.p-release.p-serves { border-left-color: var(--p-ok); }
.p .p-release p { margin: 0; } .p-release strong { display: inline-block; min-width: 2.2rem; }
.p-release > p:first-child { display: flex; flex-wrap: wrap; gap: 0 0.7rem; align-items: baseline; }
.p-release time, .p-told { white-space: nowrap; }
.p-told { text-decoration: underline dotted var(--p-rule); text-underline-offset: 3px; }
.p td:has(.p-subject) { min-width: 8rem; }
@media (min-width: 641px) {
  [class*="st-key-release-"] { flex-wrap: nowrap !important; }
  [class*="st-key-release-"] > [data-testid="stElementContainer"]:first-child { min-width: 0; flex: 1 1 0 !important; }
}
.p-cell { min-width: 9.5rem; } .p-cell > div { line-height: 1.45; }
.p-cell a.p-next { font-weight: 650; white-space: nowrap; }
[data-testid="stRadio"] [data-testid="stCaptionContainer"] { opacity: 1; color: color-mix(in srgb, currentColor 80%, transparent); }
.p-apart .p-rows + p { margin-top: 0.6rem; }
[class*="st-key-deploy-of-"] [data-testid="stCheckbox"] label { align-items: start; }
@media (max-width: 640px) {
  .p table.p-stack td:has(.p-subject) { display: block; padding-bottom: 0.3rem; }
  .p table.p-stack td:has(.p-subject)::before { display: none; }
  .p-subject { font-size: 1.05rem; font-weight: 650; }
  .p table.p-stack td:has(> div > .p-cell) { padding-bottom: 0.5rem; }
  [class*="st-key-release-"] { flex-wrap: wrap; gap: 0.4rem; }
  [class*="st-key-release-"] [data-testid="stButton"] { padding-left: 0.9rem; }
  [class*="st-key-release-"] > [data-testid="stElementContainer"]:first-child { flex: 1 1 100% !important; width: 100% !important; }
}
"""
