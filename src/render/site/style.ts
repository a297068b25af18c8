/** The page's whole style: no font, image or sheet from elsewhere. Colours keep a contrast of 4.5 to 1 in both schemes. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf8; --card: #ffffff; --ink: #1c1f23; --soft: #565d66; --line: #d9d6d0;
  --accent: #0b5cad; --good: #1d6b3a; --warn: #8a5300; --bad: #a3201d;
  --bar: #b9cfe4; --window: #e0a93b; --done: #1d6b3a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --card: #1c2024; --ink: #e9ebee; --soft: #a7afb8; --line: #353b42;
    --accent: #7db8f0; --good: #7fce9b; --warn: #efbd6d; --bad: #f59a94;
    --bar: #35506b; --window: #c8922b; --done: #7fce9b;
  }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", sans-serif }
main, header, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.25rem }
header { padding-top: 2.5rem }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .4rem; letter-spacing: -.01em }
h2 { font-size: 1.25rem; margin: 0 0 .8rem }
h3 { font-size: 1rem; margin: 0 }
section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem 1.4rem; margin: 1.25rem 0 }
p { margin: 0 0 .7rem; max-width: 46rem }
a { color: var(--accent) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: .2rem }
.skip { position: absolute; left: -100vw }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem .8rem; z-index: 1 }
.lead, .note, caption { color: var(--soft) }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .8rem; margin: 1.3rem 0 0; padding: 0 }
.facts div { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: .8rem 1rem }
.facts dt { color: var(--soft); font-size: .85rem }
.facts dd { margin: 0; font-size: 1.15rem; font-weight: 600; overflow-wrap: anywhere }
.facts dd small { display: block; font-size: .85rem; font-weight: 400; color: var(--soft) }
.scroll { overflow-x: auto }
.scroll table { min-width: 26rem } .scroll .wide { min-width: 46rem }
table { border-collapse: collapse; width: 100% }
caption { text-align: left; padding-bottom: .5rem }
th, td { text-align: left; vertical-align: top; padding: .5rem .8rem .5rem 0; border-top: 1px solid var(--line) }
thead th { border-top: 0; font-size: .85rem; color: var(--soft); font-weight: 600; white-space: nowrap }
tbody th { font-weight: 600; overflow-wrap: anywhere; min-width: 8rem }
td small, th small { display: block; color: var(--soft); font-weight: 400; overflow-wrap: anywhere }
.d1 { padding-left: 1.1rem } .d2 { padding-left: 2.2rem } .d3 { padding-left: 3.3rem } .d4 { padding-left: 4.4rem }
.dots { letter-spacing: .1em; white-space: nowrap }
.dots b { color: var(--done); font-weight: 400 } .dots i { color: var(--soft); font-style: normal }
.good { color: var(--good) } .warn { color: var(--warn) } .bad { color: var(--bad) }
time { white-space: nowrap }
.who { list-style: none; margin: 0; padding: 0 }
.who small { display: inline; margin-left: .4em }
code, pre, kbd { font: .875rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace }
code { overflow-wrap: anywhere }
pre { background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem; margin: .5rem 0; overflow-x: auto }
details { border-top: 1px solid var(--line); padding: .6rem 0 }
summary { cursor: pointer; font-weight: 600 }
.copy { float: right; margin-left: .6rem }
.prints { margin: 0 0 .7rem } .prints div { border-top: 1px solid var(--line); padding: .5rem 0 }
.prints dt { font-weight: 600 } .prints small { display: block; color: var(--soft); font-weight: 400 }
.prints dd { margin: .3rem 0 0; display: flex; flex-flow: row-reverse wrap; gap: .3rem .8rem; align-items: start }
.prints dd code { flex: 1 1 14rem; min-width: 0 } .prints .copy { margin: 0 }
@media (max-width: 40rem) { details .copy { float: none; display: block; margin: .5rem 0 0 auto } }
@media (min-width: 46rem) { .prints div { display: grid; grid-template-columns: 14rem 1fr } .prints dd { margin: 0 } }
button, input { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--soft); border-radius: .4rem; padding: .3rem .7rem }
button { cursor: pointer }
input { width: 100%; max-width: 34rem }
label { display: block; font-weight: 600; margin-bottom: .3rem }
svg { display: block; width: 100%; height: auto; min-width: 40rem }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif }
svg .axis { stroke: var(--line) } svg .tick { fill: var(--soft) }
svg .bar { fill: var(--bar) } svg .window { fill: var(--window) } svg .today { stroke: var(--bad); stroke-width: 1.5 }
.key span::before { content: ""; display: inline-block; width: .9em; height: .6em; margin: 0 .4em 0 0; border-radius: 2px }
.key span { margin-right: 1.2em } .key .k-bar::before { background: var(--bar) } .key .k-window::before { background: var(--window) }
.key .k-today::before { background: var(--bad); width: 2px; height: .9em; vertical-align: middle }
footer { color: var(--soft); padding-bottom: 3rem; font-size: .9rem }
[hidden] { display: none }
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth } }
@media print { section { break-inside: avoid } .copy, #search { display: none } }
`;
