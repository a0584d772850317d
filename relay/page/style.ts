/** Style of the page: light and dark, desktop and phone. */
export const pageStyle = `:root {
  --bg: #f6f7f9; --card: #ffffff; --text: #16202c; --soft: #5b6878; --line: #dfe4ea;
  --accent: #1f5fd0; --good: #177a45; --warn: #8f5b00; --bad: #b3261e; --track: #e8ecf1;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #10151c; --card: #18202a; --text: #e6ebf1; --soft: #9aa7b6; --line: #2a3543;
    --accent: #7ba9f7; --good: #57c48a; --warn: #e0a94a; --bad: #f2857c; --track: #26303c;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--text); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
.top { display: flex; justify-content: space-between; align-items: center; gap: 1rem; flex-wrap: wrap; padding: .9rem max(1rem, calc((100vw - 1120px) / 2 + 1rem)); background: var(--card); border-bottom: 1px solid var(--line); }
.brand { display: flex; align-items: center; gap: .6rem; }
.mark { width: 22px; height: 22px; border-radius: 6px; background: linear-gradient(45deg, var(--accent) 47%, var(--card) 47% 53%, var(--accent) 53%); }
h1 { font-size: 1.1rem; margin: 0; letter-spacing: .01em; }
.sub { color: var(--soft); }
.live { display: flex; align-items: center; gap: .5rem; color: var(--soft); font-size: .9rem; }
.dot { width: .6rem; height: .6rem; border-radius: 50%; background: var(--soft); flex: none; }
.dot.good { background: var(--good); } .dot.warn { background: var(--warn); } .dot.bad { background: var(--bad); }
main { max-width: 1120px; margin: 0 auto; padding: .5rem 1rem 2rem; }
h2 { font-size: .8rem; text-transform: uppercase; letter-spacing: .07em; color: var(--soft); margin: 1.6rem 0 .6rem; }
.problems { margin-top: 1rem; padding: .7rem 1rem; border: 1px solid var(--bad); border-radius: 10px; color: var(--bad); background: var(--card); }
.problems p { margin: .15rem 0; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 1px; margin: 0; background: var(--line); border: 1px solid var(--line); border-radius: 12px; overflow: hidden; }
.facts div { background: var(--card); padding: .7rem .9rem; }
dt { color: var(--soft); font-size: .8rem; }
dd { margin: 0; font-variant-numeric: tabular-nums; font-size: 1.15rem; font-weight: 600; overflow-wrap: anywhere; }
dd small { font-weight: 400; font-size: .8rem; color: var(--soft); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); gap: 1rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.1rem; }
.card h3 { margin: 0; font-size: 1.05rem; display: flex; justify-content: space-between; gap: .5rem; align-items: center; flex-wrap: wrap; overflow-wrap: anywhere; }
.tag { font-size: .75rem; font-weight: 600; border-radius: 99px; padding: .1rem .55rem; border: 1px solid currentColor; color: var(--soft); white-space: nowrap; }
.tag.good { color: var(--good); } .tag.warn { color: var(--warn); } .tag.bad { color: var(--bad); }
.meta { color: var(--soft); font-size: .85rem; margin: .15rem 0 .8rem; overflow-wrap: anywhere; }
.steps { display: grid; grid-template-columns: repeat(4, 1fr); gap: .4rem; margin: 0 0 .8rem; }
.steps div { border-top: 3px solid var(--track); padding-top: .35rem; min-width: 0; }
.steps div.on { border-color: var(--accent); }
.steps div.final { border-color: var(--good); }
.steps dd { font-size: .98rem; }
.line { display: flex; justify-content: space-between; gap: .8rem; font-size: .87rem; padding: .2rem 0; border-top: 1px solid var(--line); }
.line span:first-child { color: var(--soft); flex: none; }
.line span:last-child { text-align: right; min-width: 0; overflow-wrap: anywhere; }
code, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .85em; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .5rem .8rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 500; } tr:last-child td { border-bottom: 0; }
form.finder { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; margin: 1rem 0 .6rem; }
form.finder[hidden] { display: none; }
.finder label { color: var(--soft); font-size: .85rem; }
.finder select, .finder input, .finder button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--soft); border-radius: 8px; padding: .4rem .6rem; }
.finder .field { display: flex; gap: .6rem; align-items: center; min-width: 0; }
.finder .field.wide, .finder input { flex: 1 1 14rem; min-width: 0; }
.finder button { cursor: pointer; color: var(--accent); }
.found .card { margin-top: .6rem; }
#proofs + .meta { margin: .5rem 0 0; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.empty { color: var(--soft); margin: .3rem 0; }
a { color: var(--accent); text-decoration: none; } a:hover, a:focus-visible { text-decoration: underline; }
footer { display: flex; justify-content: space-between; flex-wrap: wrap; gap: .5rem; max-width: 1120px; margin: 0 auto; padding: 1rem; color: var(--soft); font-size: .85rem; border-top: 1px solid var(--line); }
footer nav { display: flex; gap: 1rem; flex-wrap: wrap; }
@media (max-width: 480px) { .steps { grid-template-columns: repeat(2, 1fr); } }
`;
