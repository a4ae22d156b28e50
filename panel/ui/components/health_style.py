"""The look of health: the verdict above all, the picture of what stands where, rows of what happened."""

from __future__ import annotations

RULES = """
.p-verdict { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: end; gap: 0.6rem 2.5rem; }
.p-verdict h2 { margin: 0; font-size: 1.45rem; } .p-verdict h2 time, .p-verdict h2 .p-quiet { font-weight: 400; }
.p .p-uptimes { display: flex; gap: 0 1.8rem; margin: 0; padding: 0; }
.p-uptimes > div { min-width: 4.5rem; } .p .p-uptimes dt, .p .p-uptimes dd { margin: 0; padding: 0; }
.p .p-uptimes dd { font-size: 1.15rem; font-weight: 650; } .p-uptimes small { font-weight: 400; font-size: 0.8rem; }
.p-cause { border-left: 3px solid var(--p-none); padding: 0.1rem 0 0.1rem 0.8rem; }
.p-cause.p-bad { border-left-color: var(--p-bad); } .p-cause.p-warn { border-left-color: var(--p-warn); }
.p .p-cause p { color: var(--p-ink); margin: 0; max-width: 60rem; } .p-cause p + p { font-size: 0.94rem; }
[class*="st-key-cause-"] { gap: 0.1rem; } [class*="st-key-ask-"] { padding-left: 0.95rem; gap: 1.2rem; }
[class*="st-key-ask-"] button { padding: 0; min-height: 1.6rem; border: 0; }
[class*="st-key-ask-"] button p { font-size: 0.87rem; color: var(--p-link); }

.p .p-topo li { font-size: inherit; }
.p-topo { display: flex; align-items: center; overflow-x: auto; padding: 0.5rem 0; }
.p .p-topo ul { list-style: none; margin: 0; padding: 0; position: relative; }
.p .p-topo li { display: flex; align-items: center; position: relative; margin: 0; padding: 0.3rem 0 0.3rem 2.4rem; }
.p-topo li::before { content: ""; position: absolute; left: 1.2rem; width: 1.2rem; top: 50%; border-top: 1px solid var(--p-quiet); }
.p-topo li::after { content: ""; position: absolute; left: 1.2rem; top: 0; bottom: 0; border-left: 1px solid var(--p-quiet); }
.p-topo li:first-child::after { top: 50%; } .p-topo li:last-child::after { bottom: 50%; }
.p-topo li:only-child::before { left: 0; width: 2.4rem; } .p-topo li:only-child::after { display: none; }
.p-topo ul::before { content: ""; position: absolute; left: 0; width: 1.2rem; top: 50%; border-top: 1px solid var(--p-quiet); }
.p-box { border: 1px solid var(--p-rule); border-left: 3px solid currentColor; border-radius: 4px; padding: 0.3rem 0.7rem;
  min-width: 8.5rem; max-width: 15rem; flex: none; }
.p .p-box, .p .p-zone { font-size: 0.94rem; } .p-box > * { color: var(--p-ink); } .p-box .p-said, .p-box .p-fact { font-size: 0.8rem; line-height: 1.35; color: var(--p-quiet); }
.p-box .p-said { display: -webkit-box; -webkit-line-clamp: 4; -webkit-box-orient: vertical; overflow: hidden; }
.p-box.p-gone { border-style: dashed; border-left-style: solid; }
.p-zone { border: 1px solid var(--p-rule); border-radius: 4px; padding: 0.35rem 0.6rem 0.6rem; background: var(--p-soft); }
.p-zone > p { font-size: 0.87rem; font-weight: 600; } .p-zone .p-box { background: var(--p-page); }
.p-tasks { display: flex; flex-wrap: wrap; gap: 0.4rem; max-width: 29rem; }
.p-tasks .p-box { min-width: 9rem; padding: 0.25rem 0.6rem; line-height: 1.35; }
.p-behind { display: flex; align-items: center; flex: none; }
.p-behind::before { content: ""; width: 2rem; border-top: 1px solid var(--p-quiet); }
.p-topo.p-past { opacity: 0.65; }
.p .p-gone-list { list-style: none; margin: 0; padding: 0; font-size: 0.87rem; } .p .p-gone-list li { margin: 0; padding: 0.1rem 0; }
@media (max-width: 640px) {
  .p-topo, .p .p-topo li, .p-behind { display: block; } .p .p-topo li { padding: 0.25rem 0 0.25rem 0.8rem; }
  .p-topo li::before, .p-topo li::after, .p-topo ul::before, .p-behind::before { display: none; }
  .p .p-topo ul { border-left: 1px solid var(--p-quiet); margin-left: 0.6rem !important; padding-left: 0; }
  .p-box { max-width: none; } .p-behind { padding: 0.25rem 0 0 1.4rem; } .p-tasks { display: block; }
  .p-tasks .p-box { display: flex; flex-wrap: wrap; gap: 0 0.6rem; min-width: 0; } .p-tasks .p-box + .p-box { margin-top: 0.3rem; }
  .p .p-uptimes { display: grid; grid-template-columns: repeat(3, 1fr); gap: 0 0.8rem; } .p-uptimes > div { min-width: 0; }
}
[class*="st-key-history-head-"] { align-items: end; }
.p-changes { display: grid; grid-template-columns: auto auto auto 1fr; gap: 0.1rem 1.3rem; font-size: 0.87rem; align-items: baseline; }
.p-events td { font-size: 0.9rem; } @media (min-width: 641px) { .p-events td:first-child, .p-events td:last-child { white-space: nowrap; } } .p-chart-title { margin-bottom: 0 !important; } .p-chart-title small { font-weight: 400; font-size: 0.87rem; }
.p-empty { border: 1px dashed var(--p-rule); border-radius: 4px; padding: 1.2rem 0.9rem; color: var(--p-quiet); min-height: 6rem;
  display: flex; align-items: center; font-size: 0.87rem; }
"""
