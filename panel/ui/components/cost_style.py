"""The look of cost: figures in a row, bars beside numbers, shades of one colour."""

from __future__ import annotations

#: Shades for parts of a whole, the largest first: for light and dark.
SHADES = (
    ("#0f6466", "#5cc8c0"), ("#4a9a97", "#2f8f88"), ("#93c4c0", "#1f6662"), ("#5b6770", "#9aa7ad"),
    ("#a3adb3", "#66757c"), ("#cfd7da", "#414f55"),
)  # fmt: skip

_NAMES = "".join(
    f"--p-shade-{place}: light-dark({light}, {dark}); " for place, (light, dark) in enumerate(SHADES)
)

_PARTS = """
.p .p-figures { display: flex; flex-wrap: wrap; gap: 0.8rem 1.6rem; margin: 0;
  padding: 0.8rem 0; border-top: 1px solid var(--p-rule); border-bottom: 1px solid var(--p-rule); }
.p .p-figures > div { flex: 1 1 9.5rem; max-width: 17rem; } .p .p-figures dt, .p .p-figures dd { margin: 0; padding: 0; } .p .p-figures dt { font-size: 0.87rem; font-weight: 400; }
.p .p-figures dd b { display: block; font-size: 1.45rem; font-weight: 650; line-height: 1.3; white-space: nowrap; }
.p .p-figures dd { font-size: 0.87rem; color: var(--p-quiet); line-height: 1.35; } .p .p-figures dd b { color: var(--p-ink); }
.p .p-figures dd b.p-off { color: var(--p-quiet); font-weight: 400; }
.p-meter { position: relative; height: 0.5rem; background: var(--p-soft); border: 1px solid var(--p-rule); border-radius: 3px;
  overflow: hidden; margin: 0.35rem 0 0.15rem; min-width: 6rem; }
.p-meter > i { position: absolute; inset: 0 auto 0 0; background: var(--p-shade-0); }
.p-meter > i.p-expected { background: var(--p-shade-2); } .p-meter.p-over > i { background: var(--p-bad); }
.p-meter.p-over > i.p-expected { opacity: 0.45; }
.p-budget { display: grid; grid-template-columns: minmax(6rem, 14rem) max-content; gap: 0 0.8rem; align-items: center; }
.p-budget .p-meter { margin: 0; } .p-budget > span { font-size: 0.87rem; }
.p-stack-bar { display: flex; height: 1.1rem; gap: 2px; margin: 0.5rem 0 0.4rem; }
.p-stack-bar > i { min-width: 2px; border-radius: 1px; }
.p .p-keys { list-style: none; display: flex; flex-wrap: wrap; gap: 0.1rem 1.4rem; margin: 0; padding: 0; }
.p .p-keys li { margin: 0; padding: 0; font-size: 0.9rem; white-space: nowrap; }
.p-dot { display: inline-block; width: 0.7rem; height: 0.7rem; border-radius: 2px; margin-right: 0.35rem; vertical-align: -0.05rem; }
.p .p-bars { display: grid; grid-template-columns: fit-content(16rem) 1fr auto; gap: 0.3rem 0.9rem; align-items: center;
  margin: 0.3rem 0 0; max-width: 60rem; font-size: 0.94rem; }
.p-bars > b { font-weight: 400; text-align: right; } .p-bars > i { height: 0.8rem; background: var(--p-shade-0); border-radius: 1px; min-width: 1px; }
.p-bars > span { min-width: 0; }
.p .p-facts { columns: 1; font-size: 0.87rem; color: var(--p-quiet); margin: 0.2rem 0 0; padding-left: 1.1rem; max-width: 60rem; }
.p .p-facts li { font-size: 0.87rem; margin: 0; padding: 0.1rem 0; }
.p .p-ways th.p-right, .p .p-ways td.p-right { min-width: 7.5rem; } .p .p-ways { max-width: 64rem; }
.p .p-ways .p-best { color: var(--p-link); font-weight: 650; }
.p .p-ways tr.p-carried td { color: var(--p-quiet); font-size: 0.87rem; border-bottom: 0; font-weight: 400; }
.p .p-notes { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)); gap: 0.8rem 1.8rem; max-width: 76rem; }
.p-notes h3 { margin-top: 0; } .p .p-notes p { font-size: 0.9rem; margin: 0.15rem 0 0; }
@media (max-width: 640px) {
  .p .p-figures { display: grid; grid-template-columns: 1fr 1fr; gap: 0.7rem 1rem; } .p .p-figures dd b { font-size: 1.2rem; }
  .p-budget { grid-template-columns: 1fr; } .p-budget .p-meter { min-width: 0; }
  .p .p-bars { grid-template-columns: 1fr auto; gap: 0 0.8rem; grid-auto-flow: dense; } .p-bars > i { grid-column: 1 / -1; height: 0.5rem; margin-bottom: 0.35rem; }
  .p .p-bars > span { grid-column: 1; } .p .p-bars > b { grid-column: 2; }
}
"""

RULES = f":root {{ {_NAMES}}}{_PARTS}"
