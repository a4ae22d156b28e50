"""The pages' look beyond Streamlit's theme: one sheet of rules, sent with every page.

Colours are pairs for light and dark; Streamlit sets ``color-scheme`` with its theme, ``light-dark()`` follows it.
All text colours have a contrast of 4.5 or more on both backgrounds.
"""

from __future__ import annotations

import re

import streamlit as st

from panel.ui.components import cost_style, deploy_style, health_style, plan_style, release_style

_TOKENS = """
:root {
  --p-rule: light-dark(#d5dcdd, #334044); --p-soft: light-dark(#f3f6f6, #182124);
  --p-page: light-dark(#ffffff, #101618); --p-ink: light-dark(#1b2528, #e3eaea);
  --p-quiet: light-dark(#5b6770, #9aa7ad); --p-link: light-dark(#0f6466, #5cc8c0);
  --p-ok: light-dark(#1a7f37, #4ac26b); --p-busy: light-dark(#0b62c4, #6cb6ff);
  --p-warn: light-dark(#8a5a00, #e3b341); --p-bad: light-dark(#b42318, #ff8a80);
  --p-none: light-dark(#5b6770, #9aa7ad);
  --p-mono: ui-monospace, 'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace;
}
"""

_FRAME = """
.stApp { --p-step: 0.8rem; }
[data-testid="stMainBlockContainer"] { max-width: 150rem; padding: 5rem clamp(0.9rem, 3vw, 3rem) 4rem; }
[data-testid="stStatusWidget"], [data-testid="stDecoration"] { display: none; }
[data-testid="stElementContainer"][data-stale="true"] { opacity: 1 !important; }
[data-testid="stHeader"] { border-bottom: 1px solid var(--p-rule); }
[data-testid="stHeadingWithActionElements"] { overflow-wrap: anywhere; }
.stButton button, .stLinkButton a { box-shadow: none; }
.stTabs [role="tab"][aria-selected="true"] p { color: var(--p-link); font-weight: 600; }
[data-testid="stButtonGroup"] button[data-selected="true"] p { color: var(--p-link); font-weight: 600; }
.stHtml, .p { overflow-wrap: anywhere; }
.p { font-size: 0.94rem; }
[data-testid="stPageLink"] a { padding: 0.2rem 0; background: none; }
[data-testid="stPageLink"] a p { color: var(--p-link); text-decoration: underline; text-underline-offset: 3px; font-size: 0.94rem; }
.p, .p td, .p dd { font-variant-numeric: tabular-nums; line-height: 1.5; }
.p a { color: var(--p-link); }
.p h1 { font-size: 1.6rem; line-height: 1.25; padding: 0; margin: 0; font-weight: 650; }
.p h2 { font-size: 1.2rem; padding: 0; margin: 1.1rem 0 0.2rem; font-weight: 650; }
.p h3 { font-size: 1rem; padding: 0; margin: 0.4rem 0 0; font-weight: 650; }
.p p { margin: 0 0 0.3rem; }
.p-quiet, .p dt, .p caption { color: var(--p-quiet); }
.p-small { font-size: 0.87rem; }
.p-mono { font-family: var(--p-mono); font-size: 0.87em; }
.p-ok { color: var(--p-ok); } .p-busy { color: var(--p-busy); } .p-warn { color: var(--p-warn); }
.p-bad { color: var(--p-bad); } .p-none { color: var(--p-none); }
.p time { text-decoration: underline dotted var(--p-rule); text-underline-offset: 3px; }
.p-badge { font-weight: 650; white-space: nowrap; }
@media (max-width: 40rem) { .p-badge { white-space: normal; } }
"""

_CARDS = """
.st-key-cards { display: grid !important; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(21rem, 100%), 1fr)); align-items: stretch; }
.st-key-cards > * { width: auto !important; max-width: none; min-width: 0; height: 100%; }
.st-key-cards > * > [class*="st-key-card-"] { height: 100%; }
[class*="st-key-card-"] > [data-testid="stLayoutWrapper"]:last-child { margin-top: auto; }
[class*="st-key-card-"] [data-testid="stPageLink"] a { padding: 0; }
[class*="st-key-head-"] [data-testid="stPageLink"] a p { font-size: 1.15rem; font-weight: 650; }
.p .p-rows { display: grid; grid-template-columns: fit-content(9rem) 1fr; gap: 0.15rem 0.8rem; margin: 0; padding: 0; }
.p .p-rows dt { min-width: 4.6rem !important; }
.p .p-rows dt, .p .p-rows dd { margin: 0; padding: 0; min-width: 0; font-weight: 400; }
.p-strip { display: flex; flex-wrap: wrap; gap: 0.1rem 1.4rem; padding: 0.5rem 0; min-height: 2.5rem;
  border-top: 1px solid var(--p-rule); border-bottom: 1px solid var(--p-rule); }
.p-strip .p-badge { white-space: normal; } .p-nowrap { white-space: nowrap; }
.p-strip > :last-child { margin-left: auto; }
"""

_TABLES = """
.p-scroll { overflow-x: auto; } .p-scroll + p { margin-top: 0.5rem; }
.p table { border-collapse: collapse; width: 100%; margin: 0; }
.p thead th { overflow-wrap: normal; }
.p th { text-align: left; font-weight: 600; color: var(--p-quiet); border-bottom: 1px solid var(--p-rule); }
.p th, .p td { padding: 0.35rem 0.9rem 0.35rem 0; vertical-align: top; border-left: 0; border-right: 0; border-top: 0; }
.p td { border-bottom: 1px solid var(--p-rule); }
.p th.p-right, .p td.p-right { text-align: right; }
.p td.p-nowrap { white-space: nowrap; }
@media (max-width: 640px) {
  .p table.p-stack thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .p table.p-stack tr { display: block; border-bottom: 1px solid var(--p-rule); padding: 0.4rem 0; }
  .p table.p-stack td { display: grid; grid-template-columns: 6.5rem 1fr; border: 0; padding: 0; line-height: 1.4; text-align: left; }
  .p table.p-stack td::before { content: attr(data-name); color: var(--p-quiet); }
  .p table.p-stack td:has(> div:empty) { display: none; }
}
"""

_RUN = """
.p .p-stages { display: flex; flex-wrap: wrap; gap: 0.3rem 1.3rem; list-style: none; margin: 0; padding: 0.5rem 0;
  border-top: 1px solid var(--p-rule); border-bottom: 1px solid var(--p-rule); }
.p .p-stages li { margin: 0; padding: 0; font-size: 1rem; }
.p .p-stages li.p-now { font-weight: 650; }
.p-bar { height: 0.6rem; background: var(--p-soft); border: 1px solid var(--p-rule); border-radius: 3px; overflow: hidden; }
.p-bar > i { display: block; height: 100%; background: var(--p-busy); }
.p-bar.p-over > i { background: var(--p-bad); } .p-bar.p-fine > i { background: var(--p-ok); }
.p-live { min-height: 3.4rem; padding-top: 0.3rem; } .p-bar + p { margin-top: 0.3rem; }
.p-group { margin: 0.6rem 0 0.1rem; font-weight: 650; }
.p details > summary { cursor: pointer; list-style-position: outside; margin-left: 1.1rem; }
.p-error { border: 1px solid var(--p-bad); border-left-width: 3px; border-radius: 4px; padding: 0.7rem 0.9rem; }
.p-note { border: 1px solid var(--p-rule); border-left: 3px solid var(--p-busy); border-radius: 4px; padding: 0.6rem 0.9rem; }
.p pre { background: var(--p-soft); border: 1px solid var(--p-rule); border-radius: 4px; padding: 0.6rem; margin: 0.4rem 0 0;
  overflow-x: auto; font-family: var(--p-mono); font-size: 0.82rem; white-space: pre-wrap; }
.p-log { font-family: var(--p-mono); font-size: 0.82rem; line-height: 1.45; }
.p-log div { display: grid; grid-template-columns: 4.6rem 5rem 1fr; gap: 0 0.6rem; }
.p-log span { min-width: 0; white-space: pre-wrap; }
@media (max-width: 640px) { .p-log div { grid-template-columns: 4.6rem 1fr; } .p-log span:nth-child(2) { display: none; } }
.st-key-decision { position: sticky; bottom: 0; z-index: 5; padding: 0.7rem 0; border-top: 1px solid var(--p-rule);
  background: var(--p-page); }
"""

_JOURNEY = """
.p .p-journey { list-style: none; margin: 0.4rem 0 0; padding: 0; max-width: 68rem; }
.p .p-journey li { position: relative; display: grid; grid-template-columns: 1.1rem minmax(8rem, 12rem) 5rem 10rem 1fr;
  gap: 0 0.8rem; margin: 0; padding: 0 0 0.55rem; font-size: 0.94rem; line-height: 1.4; }
.p-journey li::before { content: ""; position: absolute; left: 0.5rem; top: 1.45rem; bottom: -0.05rem; border-left: 2px solid var(--p-rule); }
.p-journey li:last-child::before { display: none; }
.p-journey .p-dot { width: 1.1rem; text-align: center; }
.p-journey .p-word { color: var(--p-ink); } .p-journey .p-now .p-word { font-weight: 650; color: inherit; }
.p-journey .p-took, .p-journey time { text-align: right; color: var(--p-quiet); white-space: nowrap; justify-self: end; }
.p-journey .p-who, .p-journey .p-said { grid-column: 5; color: var(--p-ink); padding-left: 0.6rem; }
.p-journey .p-said::before { content: "+ "; color: var(--p-quiet); } .p-journey q { quotes: "“" "”"; }
.p-journey .p-next, .p-journey .p-next .p-word, .p-journey .p-next .p-who { color: var(--p-quiet); }
.p-journey .p-next::before, .p-journey li:has(+ .p-next)::before { border-left-style: dotted; }
.p-journey .p-next .p-who { grid-column: 3 / -1; padding-left: 0; } .p-journey .p-ends .p-who { grid-column: 2 / -1; }
@media (max-width: 640px) {
  .p .p-journey li { grid-template-columns: 1.1rem 1fr auto; }
  .p-journey .p-took { grid-column: 3; grid-row: 1; } .p-journey time { grid-column: 3; grid-row: 2; }
  .p-journey .p-who, .p-journey .p-said, .p-journey .p-next .p-who { grid-column: 2; padding-left: 0; }
  .p-journey .p-next .p-who { grid-column: 3; } .p-journey .p-ends .p-who { grid-column: 2 / -1; }
}
.p-banner { border: 1px solid var(--p-rule); border-left: 3px solid var(--p-warn); border-radius: 4px; padding: 0.6rem 0.9rem; }
.p-banner:has(.p-bad) { border-left-color: var(--p-bad); } .p-banner.p-calm { border-left-color: var(--p-none); }
.p-note.p-asks { border-left-color: var(--p-warn); }
.p ul.p-plain { list-style: none; margin: 0; padding: 0; } .p ul.p-plain li { margin: 0; padding: 0.15rem 0; }
.p-strip.p-many { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(26rem, 100%), 1fr)); }
.p-strip.p-many > :last-child { grid-column: 1 / -1; margin-left: 0; }
@media (max-width: 640px) { .st-key-decision > :has([data-testid="stTextInput"]) { flex: 1 1 100% !important; width: 100% !important; } }
@media (max-width: 640px) { .st-key-runs-filter > * { flex: 0 0 calc(50% - 0.55rem) !important; min-width: 0 !important; max-width: none; } }
.p-apart .p-badge { white-space: normal; } .p-apart { color: var(--p-ink); } .p-strip a { white-space: nowrap; }
.p h2 small { font-size: 0.87rem; font-weight: 400; }
[class*="st-key-log-moves"] button p, .st-key-runs-pages button p { font-size: 0.94rem; }
"""

_SHEET = f"<style>{_TOKENS}{_FRAME}{_CARDS}{_TABLES}{_RUN}{_JOURNEY}{plan_style.RULES}{release_style.RULES}{deploy_style.RULES}{health_style.RULES}{cost_style.RULES}</style>"

_PAIR = re.compile(r"--p-([a-z]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
_COLOURS = {name: (light, dark) for name, light, dark in _PAIR.findall(_TOKENS)}


def colour(name: str) -> str:
    """A colour (``ok``, ``bad``, ``ink``…) in the theme that the person chose: charts cannot take it from the page."""
    light, dark = _COLOURS["none" if name == "unknown" else name]
    return str(dark if st.context.theme.type == "dark" else light)


def apply() -> None:
    """Send the rules."""
    st.html(_SHEET)
