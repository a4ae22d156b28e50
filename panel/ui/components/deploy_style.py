"""The look of what ships: what changes of a service, and the parts of a stage."""

from __future__ import annotations

RULES = """
.p-change { border-bottom: 1px solid var(--p-rule); padding: 0.5rem 0 0.7rem; }
.p-change > p:first-child { display: flex; flex-wrap: wrap; gap: 0 0.9rem; align-items: baseline; }
.p-way { display: flex; flex-wrap: wrap; gap: 0 0.9rem; align-items: baseline; }
.p-way > span:nth-child(2) { color: var(--p-quiet); }
.p .p-commits { list-style: none; margin: 0.2rem 0; padding: 0; }
.p .p-commits li { display: grid; grid-template-columns: 5rem minmax(0, 1fr) minmax(0, max-content); gap: 0 0.8rem; margin: 0; padding: 0.1rem 0; }
.p-change table { max-width: 60rem; }
.p .p-parts { list-style: none; margin: 0.2rem 0 0.6rem; padding: 0; max-width: 68rem; }
.p .p-parts li { display: grid; grid-template-columns: minmax(8rem, 14rem) 9rem 14rem 1fr;
  gap: 0 0.9rem; align-items: center; margin: 0; padding: 0.1rem 0; }
.p .p-parts li > :nth-child(3):empty { display: none; }
.p-parts .p-bar { height: 0.45rem; }
@media (max-width: 640px) {
  .p .p-commits li { grid-template-columns: 5rem minmax(0, 1fr); } .p .p-commits li > :nth-child(3) { grid-column: 2; }
  .p .p-parts li { grid-template-columns: minmax(0, 1fr) max-content; padding: 0.25rem 0; }
}
"""
