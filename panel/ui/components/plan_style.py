"""The look of a plan's review: quiet rows that open, attributes before and after, and text in the colours of its marks."""

from __future__ import annotations

#: Rules of the sheet that :mod:`panel.ui.components.style` sends.
RULES = """
.p h3.p-group { margin: 0.9rem 0 0.2rem; }
.p p.p-module { margin: 0; padding: 0.35rem 0 0.15rem 0.2rem; color: var(--p-quiet); border-bottom: 1px solid var(--p-rule); }
[class*="st-key-changes-"] summary, [class*="st-key-changes-"] summary * { opacity: 1; }
[class*="st-key-plan-filters-"] [data-testid="stButtonGroup"] > div { flex-wrap: wrap; overflow: visible; }
[class*="st-key-plan-parts-"], [class*="st-key-plan-filters-"] { padding-top: 0.3rem; row-gap: 0.4rem; }
[class*="st-key-changes-"] { border-top: 1px solid var(--p-rule); }
[class*="st-key-changes-"] details { border-bottom: 1px solid var(--p-rule); }
[class*="st-key-changes-"] summary { padding: 0.22rem 0.2rem; min-height: 0; width: 100%; border-radius: 0; color: inherit; }
[class*="st-key-changes-"] summary:hover { background: var(--p-soft); color: inherit; }
[class*="st-key-changes-"] summary > span { flex-direction: row-reverse; justify-content: flex-end; width: 100%; gap: 0.3rem; }
[class*="st-key-changes-"] summary > span > div { min-width: 0; flex: 1 1 auto; }
[class*="st-key-changes-"] summary p { font-family: var(--p-mono); font-size: 0.84rem; line-height: 1.45;
  overflow-wrap: anywhere; color: light-dark(#1b2528, #e6edef); position: relative; padding-left: 1.5rem; }
[class*="st-key-changes-"] summary strong { position: absolute; left: 0; font-weight: 700; }
[class*="st-key-changes-"] summary em { font-style: normal; color: var(--p-quiet); margin-left: 0.6rem; }
[class*="st-key-changes-delete-"] summary strong, [class*="st-key-changes-replace-"] summary strong { color: var(--p-bad); }
[class*="st-key-changes-update-"] summary strong { color: var(--p-warn); }
[class*="st-key-changes-create-"] summary strong { color: var(--p-ok); }
[class*="st-key-changes-"] [data-testid="stExpanderDetails"] { padding: 0.1rem 0 0.7rem 1.9rem; }
.p table.p-values { table-layout: fixed; }
.p table.p-values th, .p table.p-values td { padding: 0.18rem 0.9rem 0.18rem 0; font-size: 0.82rem; line-height: 1.45; }
.p table.p-values tbody th { font-family: var(--p-mono); font-weight: 400; color: inherit; overflow-wrap: anywhere;
  border-bottom: 1px solid var(--p-rule); }
.p table.p-values tbody tr:last-child > * { border-bottom: 0; }
.p table.p-values td { font-family: var(--p-mono); white-space: pre-wrap; overflow-wrap: anywhere; }
.p table.p-values th:first-child { width: 28%; }
.p pre.p-diff { margin: 0; padding: 0.35rem 0.6rem; line-height: 1.45; }
.p pre.p-text { max-height: 75vh; overflow: auto; white-space: pre; font-size: 0.8rem; }
@media (max-width: 640px) {
  .p table.p-values thead { position: absolute; clip-path: inset(50%); }
  .p table.p-values tr { display: block; border-bottom: 1px solid var(--p-rule); padding: 0.3rem 0; }
  .p table.p-values tbody th, .p table.p-values td { display: block; width: auto !important; border: 0; padding: 0; }
  .p table.p-values tbody th { font-weight: 600; }
  .p table.p-values td[data-name] { display: grid; grid-template-columns: 3.6rem 1fr; }
  .p table.p-values td[data-name]::before { content: attr(data-name); color: var(--p-quiet); }
  [class*="st-key-changes-"] [data-testid="stExpanderDetails"] { padding-left: 0.4rem; }
}
"""
